"""What can be said about an accuracy from the examples it was measured on."""

from collections.abc import Iterable
from typing import Any

import numpy as np

INTERVAL_METHOD = "Wilson score interval, 95 %"
NEAR_MAJORITY = 1.5
"""The largest class is named beside an accuracy if it has so many times its share among equals."""


def loss_and_accuracy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and the share of right answers, from logits."""
    from scipy.special import log_softmax

    log_probabilities = log_softmax(logits.astype("float64"), axis=-1)
    loss = -log_probabilities[np.arange(len(labels)), labels].mean()
    return float(loss), float((logits.argmax(axis=-1) == labels).mean())


def log_mean_probability(several: Iterable[np.ndarray]) -> np.ndarray:
    """The logarithm of the mean of several answers' softmax probabilities, float64.

    Each answer is logits `(N, classes)`; they are taken one at a time, so that they may be made as
    they are asked for. The result is logits again, whose softmax is the mean.
    """
    from scipy.special import log_softmax

    total, count = np.array(-np.inf), 0
    for logits in several:
        total = np.logaddexp(total, log_softmax(logits.astype("float64"), axis=-1))
        count += 1
    return total - np.log(count)


def accuracy_interval(correct: int, examples: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy, for new examples of the same kind (Wilson 1927).

    It holds the sampling of the test set only, not what another seed would give.
    """
    from scipy.stats import binomtest

    interval = binomtest(correct, examples).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def majority(labels: np.ndarray) -> tuple[int, float]:
    """The largest class and its share: the accuracy of whoever always answers it."""
    counts = np.bincount(labels)
    return int(counts.argmax()), float(counts.max() / counts.sum())


def explained_by_majority(low: float, share: float, largest: str, classes: int) -> str:
    """A line where the largest class explains an accuracy, or may; else empty.

    Args:
        low: the lower end of the accuracy's interval.
        share: that of the largest class, `largest`, among the test samples.
    """
    if low <= share:
        return (
            f"no better than always answering {largest!r}, which is right for {100 * share:.2f} %"
        )
    if share > NEAR_MAJORITY / classes:
        return f"always answering {largest!r} is right for {100 * share:.2f} %"
    return ""


def measured(logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Loss, accuracy and its interval on a test set, under the names that run.json has."""
    loss, accuracy = loss_and_accuracy(logits, labels)
    correct = round(accuracy * len(labels))
    largest, share = majority(labels)
    return {
        "test_loss": loss,
        "test_accuracy": accuracy,
        "test_correct": correct,
        "test_examples": len(labels),
        "test_accuracy_interval": list(accuracy_interval(correct, len(labels))),
        "interval_method": INTERVAL_METHOD,
        "majority_class": largest,
        "majority_share": share,
    }
