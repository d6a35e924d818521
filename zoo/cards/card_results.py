"""What a model card says of a run's test results: metrics with intervals, classes, confusions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.runs.run import Run
from zoo.scoring import METRICS, Metric

if TYPE_CHECKING:
    import numpy as np

CONFUSIONS = 3
"""Pairs of classes that are named at most."""
FEWEST = 2
"""Fewer samples of a pair than this are chance."""


@dataclass(frozen=True)
class Result:
    """A metric on the test set, with its 95 % interval for new samples of the same kind."""

    metric: Metric
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Confusion:
    """Test samples of one class that were answered with another.

    Attributes:
        count, of: how many, and how many samples the class has.
        low, high: the 95 % interval of their share.
    """

    actual: str
    predicted: str
    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class ClassRow:
    """One class: precision, recall (None without samples), F1 and its test samples."""

    name: str
    precision: float
    recall: float | None
    f1: float
    support: int


def results(run: Run) -> list[Result]:
    """All metrics, computed from the run's stored logits; empty where the test set was not read.

    Raises:
        ZooError: `predictions.npz` is missing or damaged.
    """
    if not run.tested:
        return []
    from zoo.comparison.estimates import Sampled, mean_metric
    from zoo.influence import effective_samples, sample_values

    logits, labels = run.read_predictions()
    found = []
    for metric in METRICS.values():
        values = sample_values(metric, logits, labels)
        known = mean_metric(Sampled(metric, values[None], effective_samples(metric, labels)))
        found.append(Result(metric, known.value, known.low, known.high))
    return found


def confusions(run: Run) -> list[Confusion]:
    """The pairs of classes that are confused most often, the worst first; few or none if all is right."""
    import numpy as np

    from zoo.classification import scores

    logits, labels = run.read_predictions()
    counts = scores(logits, labels).confusion
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:CONFUSIONS]
    pairs = [divmod(int(each), len(counts)) for each in order]
    return [
        _confusion(run, counts, actual, predicted)
        for actual, predicted in pairs
        if wrong[actual, predicted] >= FEWEST
    ]


def _confusion(run: Run, counts: "np.ndarray", actual: int, predicted: int) -> Confusion:
    from zoo.metrics import accuracy_interval

    names = run.record.dataset.classes
    count, of = int(counts[actual, predicted]), int(counts[actual].sum())
    return Confusion(names[actual], names[predicted], count, of, *accuracy_interval(count, of))


def class_rows(run: Run) -> list[ClassRow]:
    """The classes, or those with the lowest F1 where they are many; all from the stored logits."""
    from zoo.classification import scores
    from zoo.scoring import classes_shown

    logits, labels = run.read_predictions()
    found, names = scores(logits, labels).classes, run.record.dataset.classes
    rows = [
        ClassRow(name, each.precision, each.recall if each.support else None, each.f1, each.support)
        for name, each in zip(names, found, strict=True)
    ]
    return [rows[place] for place in classes_shown([each.f1 for each in rows])]
