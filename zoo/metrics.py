"""What can be said about an accuracy from the examples it was measured on."""

import functools
from collections.abc import Iterable

import numpy as np

NEAR_MAJORITY = 1.5
"""The largest class is named beside an accuracy if it has so many times its share among equals."""
MISLEADS = 0.25
"""Accuracy misleads if always answering the largest class is so far on the way from 1 / classes, its
share among equals, to 1: from 62.5 % of two classes, 50 % of three, 32.5 % of ten."""
ADVICE = "compare by `metric='balanced_accuracy'`"


def loss_and_accuracy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and the share of right answers, from logits."""
    loss = -log_probabilities(logits)[np.arange(len(labels)), labels].mean()
    return float(loss), float((logits.argmax(axis=-1) == labels).mean())


def log_mean_probability(several: Iterable[np.ndarray]) -> np.ndarray:
    """The logarithm of the mean of several answers' softmax probabilities, float64.

    Each answer is logits `(N, classes)`; they are taken one at a time, so that they may be made as
    they are asked for. The result is logits again, whose softmax is the mean.
    """
    mean = MeanProbability()
    for logits in several:
        mean.add(log_probabilities(logits))
    return mean.logarithm


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """The logarithm of softmax, float64."""
    from scipy.special import log_softmax

    return log_softmax(logits.astype("float64"), axis=-1)


class MeanProbability:
    """The mean of several answers' probabilities, which are added one at a time."""

    def __init__(self) -> None:
        self._total, self.count = np.array(-np.inf), 0

    def add(self, answer: np.ndarray) -> None:
        """Add an answer: logarithms of probabilities `(N, classes)`."""
        self._total = np.logaddexp(self._total, answer)
        self.count += 1

    @property
    def logarithm(self) -> np.ndarray:
        """Logits again, whose softmax is the mean."""
        return self._total - np.log(self.count)


@functools.lru_cache(maxsize=4096)
def accuracy_interval(correct: int, examples: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy, for new examples of the same kind (Wilson 1927).

    It holds the sampling of the test set only, not what another seed would give.
    """
    from scipy.stats import binomtest

    interval = binomtest(correct, examples).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def wilson(share: float, count: float) -> tuple[float, float]:
    """The same for a share of an effective number of examples, which need not be whole."""
    from scipy.stats import norm

    z = float(norm.ppf(0.975))
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    margin = z / (1 + z**2 / count) * (share * (1 - share) / count + (z / (2 * count)) ** 2) ** 0.5
    return min(max(middle - margin, 0.0), share), max(min(middle + margin, 1.0), share)


def majority(labels: np.ndarray) -> tuple[int, float]:
    """The largest class and its share: the accuracy of always answering it."""
    counts = np.bincount(labels)
    return int(counts.argmax()), float(counts.max() / counts.sum())


def misleads(share: float, classes: int) -> bool:
    """Whether the largest class, with this share of the test samples, makes accuracy misleading."""
    return classes > 1 and share >= 1 / classes + MISLEADS * (1 - 1 / classes)


def majority_lines(
    low: float, share: float, largest: str, classes: int, advice: str = ADVICE
) -> list[str]:
    """What the largest class explains of an accuracy, or may; empty where its share is an ordinary one.

    Args:
        low: the lower end of the accuracy's interval.
        share: that of the largest class, `largest`, among the test samples.
        advice: what is said to do where accuracy misleads.

    Example:
        >>> majority_lines(0.97, 0.12, "x", 10)
        []
    """
    lines = []
    if low <= share:
        lines.append(
            f"cannot be told from always answering {largest!r}, which is right for {100 * share:.2f} %"
        )
    if misleads(share, classes):
        lines.append(
            f"accuracy misleads: the largest class {largest!r} has {100 * share:.0f} % of the test set, "
            f"and a model that always answers it reaches that; {advice}"
        )
    elif not lines and share > NEAR_MAJORITY / classes:
        lines.append(f"always answering {largest!r} is right for {100 * share:.2f} %")
    return lines
