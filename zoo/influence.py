"""What each test sample adds to a metric: by this, any metric is a mean over samples.

The values are those of the jackknife (Tukey 1958; Efron and Tibshirani 1993, chapter 11): the metric
without a sample says what that sample adds. For accuracy and log loss they are the samples' own values.
A mean's analysis of variance (`zoo.comparison.significance`) is then valid for every metric, pairs by
sample and counts seeds, and needs no random numbers. docs/metrics.md has what a simulation of it showed.
"""

from collections.abc import Callable

import numpy as np

from zoo.classification import CALIBRATION_BINS, Counts, confidence_bins, mcc
from zoo.metrics import log_probabilities
from zoo.scoring import Metric


def sample_values(metric: Metric, logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A value for each test sample; their mean is the metric.

    Args:
        metric: which one.
        logits: `(N, classes)`.
        labels: `(N,)`, from 0.

    Returns:
        `(N,)`, float64.

    Example:
        >>> from zoo.scoring import METRICS
        >>> logits, labels = np.eye(2)[[0, 1, 1, 1]], np.array([0, 0, 1, 1])
        >>> sample_values(METRICS["balanced_accuracy"], logits, labels).round(2).tolist()
        [1.5, 0.0, 0.75, 0.75]
    """
    answers = logits.argmax(axis=-1)
    right = (answers == labels).astype("float64")
    if metric.name == "accuracy":
        return right
    if metric.name == "log_loss":
        return -log_probabilities(logits)[np.arange(len(labels)), labels]
    if metric.name == "ece":
        value, without = _ece(logits, right)
    else:
        counts = Counts.of(labels, answers, logits.shape[-1])
        value = float(getattr(counts, metric.name))
        without = _WITHOUT[metric.name](counts, labels, answers, right)
    return _around(value, without)


def _around(value: float, without: np.ndarray) -> np.ndarray:
    """From the metric, and the metric without each sample, values whose mean is the metric."""
    added = (len(without) - 1) * (value - without)
    values: np.ndarray = value + added - added.mean()
    return values


def _balanced_accuracy(
    counts: Counts, labels: np.ndarray, answers: np.ndarray, right: np.ndarray
) -> np.ndarray:
    recall, known = counts.recall[labels], int((counts.support > 0).sum())
    rest = counts.support[labels] - 1
    total = counts.balanced_accuracy * known - recall
    own = np.divide(counts.hits[labels] - right, rest, out=np.zeros(len(rest)), where=rest > 0)
    # The only sample of a class takes the class with it.
    return (total + own) / np.maximum(np.where(rest > 0, known, known - 1), 1)


def _macro_f1(
    counts: Counts, labels: np.ndarray, answers: np.ndarray, right: np.ndarray
) -> np.ndarray:
    f1, size = counts.f1, counts.support + counts.answered
    total, seen = f1.sum() - f1[labels], np.full(len(labels), counts.seen.sum(), "float64")
    hit = right.astype(bool)
    total = np.where(hit, total, total - f1[answers])
    for classes, taken, there in (
        (labels, 1 + right, np.ones(len(labels), bool)),
        (answers, np.ones(len(labels)), ~hit),
    ):
        rest = size[classes] - taken
        hits = 2 * (counts.hits[classes] - (right if classes is labels else 0))
        own = np.divide(hits, rest, out=np.zeros(len(rest)), where=rest > 0)
        total = total + np.where(there, own, 0)
        seen -= there & (rest <= 0)
    return total / np.maximum(seen, 1)


def _mcc(counts: Counts, labels: np.ndarray, answers: np.ndarray, right: np.ndarray) -> np.ndarray:
    support, answered = counts.support, counts.answered
    return mcc(
        np.full(len(labels), support.sum() - 1),
        counts.hits.sum() - right,
        support @ answered - answered[labels] - support[answers] + right,
        (support**2).sum() - 2 * support[labels] + 1,
        (answered**2).sum() - 2 * answered[answers] + 1,
    )


_WITHOUT: dict[str, Callable[..., np.ndarray]] = {
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
    "mcc": _mcc,
}
"""The metric without each sample, in closed form: `(N,)`."""


def _ece(logits: np.ndarray, right: np.ndarray) -> tuple[float, np.ndarray]:
    confidence, bins = confidence_bins(log_probabilities(logits))
    gap = np.bincount(bins, confidence - right, minlength=CALIBRATION_BINS)
    total, own = np.abs(gap).sum(), gap[bins]
    without = total - np.abs(own) + np.abs(own - (confidence - right))
    return float(total / len(right)), without / max(len(right) - 1, 1)


def effective_samples(metric: Metric, labels: np.ndarray) -> float:
    """The number of test samples in equal classes that would say as much about the metric.

    `(number of classes)² / Σ 1 / n` over classes of `n` samples, for metrics in which each class counts
    the same; else the number of samples.
    """
    if metric.name not in _WITHOUT:
        return float(len(labels))
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    return float(len(counts) ** 2 / (1 / counts).sum())
