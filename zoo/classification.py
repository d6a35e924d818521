"""Metrics of a classifier beyond accuracy, from its logits and the labels.

They are those of scikit-learn under the same names (a test compares them); computed here from counts
of each class, because importing scikit-learn's metrics takes longer than most test sets.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo.metrics import accuracy_interval, log_probabilities, majority

INTERVAL_METHOD = "Wilson score interval, 95 %"
CALIBRATION_BINS = 15
"""Of equal width, as in Guo et al. 2017, "On calibration of modern neural networks" (ICML), after
Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning"
(AAAI)."""


@dataclass(frozen=True)
class ClassScores:
    """How one class is recognised.

    Attributes:
        precision: share of the samples answered with this class that are of it; 0 if there are none.
        recall: share of its samples that are answered with it; NaN without samples.
        f1: the harmonic mean of both.
        support: how many samples are of this class.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """Metrics on one test set.

    Attributes:
        accuracy: share of right answers.
        balanced_accuracy: mean recall of the classes that have samples.
        macro_f1: mean F1 of the classes that have samples or answers.
        mcc: Matthews' correlation coefficient for several classes (Gorodkin 2004), -1 to 1; 0 if all
            samples or all answers are of one class.
        log_loss: mean cross-entropy, natural logarithm.
        calibration_error: expected calibration error over 15 bins of confidence, 0 to 1.
        classes: those of each class, in label order.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    mcc: float
    log_loss: float
    calibration_error: float
    classes: tuple[ClassScores, ...]
    _labels: np.ndarray = field(repr=False, compare=False)
    _answers: np.ndarray = field(repr=False, compare=False)

    @property
    def ece(self) -> float:
        """`calibration_error` by its name as a metric."""
        return self.calibration_error

    @property
    def confusion(self) -> np.ndarray:
        """`(classes, classes)` counts, a row for each true class; made when it is asked for."""
        classes = len(self.classes)
        pairs = self._labels.astype("int64") * classes + self._answers
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True)
class Counts:
    """What precision, recall, F1 and MCC are made of; `(classes,)` each.

    Attributes:
        hits: right answers.
        support: samples.
        answered: answers.
    """

    hits: np.ndarray
    support: np.ndarray
    answered: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, answers: np.ndarray, classes: int) -> "Counts":
        """Count answers `(N,)` to samples with labels `(N,)`."""
        right = labels[answers == labels]
        hits, support, answered = (
            np.bincount(each, minlength=classes).astype("float64")
            for each in (right, labels, answers)
        )
        return cls(hits, support, answered)

    @property
    def recall(self) -> np.ndarray:
        """NaN for a class without samples."""
        return _share(self.hits, self.support, np.nan)

    @property
    def precision(self) -> np.ndarray:
        """0 for a class that is never answered."""
        return _share(self.hits, self.answered, 0.0)

    @property
    def f1(self) -> np.ndarray:
        """0 for a class with neither samples nor answers."""
        return _share(2 * self.hits, self.support + self.answered, 0.0)

    @property
    def seen(self) -> np.ndarray:
        """Which classes have samples or answers."""
        return self.support + self.answered > 0

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have samples."""
        return float(self.recall[self.support > 0].mean())

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that have samples or answers."""
        return float(self.f1[self.seen].mean())

    @property
    def mcc(self) -> float:
        """Matthews' coefficient; 0 if all samples or all answers are of one class."""
        return float(
            mcc(
                self.support.sum(),
                self.hits.sum(),
                self.support @ self.answered,
                (self.support**2).sum(),
                (self.answered**2).sum(),
            )
        )


def _share(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), otherwise), where=whole > 0)


def mcc(
    total: np.ndarray, right: np.ndarray, both: np.ndarray, true: np.ndarray, answered: np.ndarray
) -> np.ndarray:
    """Matthews' coefficient from sums over classes (Gorodkin 2004); numbers, or arrays of them.

    Args:
        total, right: samples, and right answers.
        both: of samples times answers.
        true, answered: of squared samples, and of squared answers.
    """
    spread = (total**2 - true) * (total**2 - answered)
    found = np.zeros(np.shape(spread))
    np.divide(right * total - both, np.sqrt(spread), out=found, where=spread > 0)
    return found


def scores(logits: np.ndarray, labels: np.ndarray) -> Scores:
    """The metrics of answers.

    Args:
        logits: `(N, classes)`.
        labels: `(N,)`, from 0 to the number of classes less one.

    Returns:
        All metrics; see `Scores`.

    Example:
        >>> import numpy as np
        >>> round(scores(np.eye(2)[[0, 1, 1, 1]], np.array([0, 0, 1, 1])).balanced_accuracy, 3)
        0.75
    """
    answers = logits.argmax(axis=-1)
    counts = Counts.of(labels, answers, logits.shape[-1])
    log_probability = log_probabilities(logits)
    return Scores(
        accuracy=float((answers == labels).mean()),
        balanced_accuracy=counts.balanced_accuracy,
        macro_f1=counts.macro_f1,
        mcc=counts.mcc,
        log_loss=float(-log_probability[np.arange(len(labels)), labels].mean()),
        calibration_error=_calibration_error(log_probability, answers == labels),
        classes=_by_class(counts),
        _labels=labels,
        _answers=answers,
    )


def _by_class(counts: Counts) -> tuple[ClassScores, ...]:
    columns = (counts.precision, counts.recall, counts.f1, counts.support.astype(int))
    rows = zip(*(each.tolist() for each in columns), strict=True)
    return tuple(ClassScores(*row) for row in rows)


def confidence_bins(log_probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each answer: its confidence (the highest probability) and its bin, from 0."""
    confidence = np.exp(log_probability.max(axis=-1))
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    return confidence, np.digitize(confidence, edges[1:-1], right=True)


def _calibration_error(log_probability: np.ndarray, right: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over bins of confidence, weighted by their samples."""
    confidence, bins = confidence_bins(log_probability)
    gap = np.bincount(bins, confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gap).sum() / len(right))


def measured(logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The metrics on a test set, under the names that run.json has."""
    return recorded(scores(logits, labels), labels)


def recorded(found: Scores, labels: np.ndarray) -> dict[str, Any]:
    """The same of scores that are there already."""
    correct = round(found.accuracy * len(labels))
    largest, share = majority(labels)
    return {
        "test_loss": found.log_loss,
        "test_accuracy": found.accuracy,
        "test_correct": correct,
        "test_examples": len(labels),
        "test_accuracy_interval": list(accuracy_interval(correct, len(labels))),
        "interval_method": INTERVAL_METHOD,
        "majority_class": largest,
        "majority_share": share,
        "test_balanced_accuracy": found.balanced_accuracy,
        "test_macro_f1": found.macro_f1,
        "test_mcc": found.mcc,
        # NaN, from logits that are, is no number of a record.
        "test_ece": found.ece if np.isfinite(found.ece) else None,
        "test_precision": [each.precision for each in found.classes],
        "test_recall": [each.recall if each.support else None for each in found.classes],
        "test_f1": [each.f1 for each in found.classes],
        "test_support": [each.support for each in found.classes],
    }
