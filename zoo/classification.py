"""Metrics of a classifier beyond accuracy, from its logits and the labels.

They are those of scikit-learn under the same names (a test compares them); computed here from one
confusion matrix, because importing scikit-learn's metrics takes longer than most test sets.
"""

from dataclasses import dataclass

import numpy as np

from zoo.metrics import log_probabilities

CALIBRATION_BINS = 15
"""Guo et al. 2017, "On calibration of modern neural networks", use fifteen bins of equal width."""


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
        confusion: `(classes, classes)` counts, a row for each true class.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    mcc: float
    log_loss: float
    calibration_error: float
    classes: tuple[ClassScores, ...]
    confusion: np.ndarray


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
    confusion = _confusion(labels, answers, logits.shape[-1])
    each = _by_class(confusion)
    known = [one for one in each if one.support]
    f1_of = [one.f1 for one, seen in zip(each, _seen(confusion), strict=True) if seen]
    log_probability = log_probabilities(logits)
    return Scores(
        accuracy=float((answers == labels).mean()),
        balanced_accuracy=float(np.mean([one.recall for one in known])),
        macro_f1=float(np.mean(f1_of)),
        mcc=_mcc(confusion),
        log_loss=float(-log_probability[np.arange(len(labels)), labels].mean()),
        calibration_error=_calibration_error(np.exp(log_probability), answers == labels),
        classes=each,
        confusion=confusion,
    )


def _confusion(labels: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    pairs = labels.astype("int64") * classes + answers
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _by_class(confusion: np.ndarray) -> tuple[ClassScores, ...]:
    found = []
    for hit, support, answered in zip(
        confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0), strict=True
    ):
        precision = hit / answered if answered else 0.0
        recall = hit / support if support else float("nan")
        f1 = 2 * hit / (support + answered) if support + answered else 0.0
        found.append(ClassScores(float(precision), float(recall), float(f1), int(support)))
    return tuple(found)


def _seen(confusion: np.ndarray) -> np.ndarray:
    """Which classes have samples or answers."""
    return (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0


def _mcc(confusion: np.ndarray) -> float:
    matrix = confusion.astype("float64")
    total, right = matrix.sum(), matrix.trace()
    true, answered = matrix.sum(axis=1), matrix.sum(axis=0)
    spread = (total**2 - (true**2).sum()) * (total**2 - (answered**2).sum())
    if spread == 0:
        return 0.0
    return float((right * total - true @ answered) / np.sqrt(spread))


def _calibration_error(probabilities: np.ndarray, right: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over bins of confidence, weighted by their samples."""
    confidence = probabilities.max(axis=-1)
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    bins = np.digitize(confidence, edges[1:-1], right=True)
    count = np.bincount(bins, minlength=CALIBRATION_BINS)
    gap = np.bincount(bins, confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gap).sum() / count.sum())
