"""What an architecture's runs predicted, in numbers: right or wrong, the metrics, those of each class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.classification import Scores, scores
from zoo.comparison.estimates import Sampled
from zoo.comparison.results import Result
from zoo.comparison.row_schema import ClassTable
from zoo.errors import ZooError
from zoo.influence import effective_samples, sample_values
from zoo.runs.run import Run
from zoo.scoring import ACCURACY, METRICS, Metric


@dataclass(frozen=True)
class Judged:
    """The predictions of an architecture's runs.

    Attributes:
        correct: `(seeds, examples)`: 1.0 where a run predicts the label.
        sampled: the values of the chosen metric.
        metrics: by name, the mean over seeds of each metric.
        classes: of each class, the mean over seeds.
        support: test samples of each class.
    """

    correct: np.ndarray
    sampled: Sampled
    metrics: dict[str, float]
    classes: ClassTable
    support: list[int]

    @property
    def order(self) -> float:
        """By which the best comes first."""
        return -self.sampled.metric.sign * float(self.sampled.values.mean())


def judge(result: Result, metric: Metric, done: Callable[[int], object]) -> Judged:
    """Read the predictions of all runs of a result; `done` is called for each.

    Raises:
        ZooError: predictions cannot be read, or the metric cannot be computed from them.
    """
    correct, values, found = [], [], []
    for run in result.runs:
        done(1)
        logits, labels = _read(run)
        correct.append(sample_values(ACCURACY, logits, labels))
        if metric.name != "accuracy":
            values.append(_values(run, metric, logits, labels))
        found.append(_Summary.of(scores(logits, labels)))
    right = np.stack(correct)
    table = np.stack(values) if values else right
    return Judged(
        right,
        Sampled(metric, table, effective_samples(metric, labels)),
        _mean_metrics(found),
        _class_table(found),
        found[0].support,
    )


def _read(run: Run) -> tuple[np.ndarray, np.ndarray]:
    try:
        return run.read_predictions()
    except (OSError, ValueError, KeyError) as error:
        raise ZooError(f"{run.folder}/predictions.npz: cannot be read ({error}).") from error


def _values(run: Run, metric: Metric, logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if len(labels) < 2:
        raise ZooError(
            f"`metric={metric.name!r}` needs at least two test samples; {run.name} has one."
        )
    values = sample_values(metric, logits, labels)
    if not np.isfinite(values).all():
        raise ZooError(
            f"{run.folder}/predictions.npz: has values that are not finite, so the run has no "
            f"{metric.title}. Leave it out, or compare by `metric='accuracy'`."
        )
    return values


@dataclass(frozen=True)
class _Summary:
    """What is kept of a run's scores: a few numbers, and four for each class."""

    metrics: dict[str, float]
    shares: np.ndarray
    support: list[int]

    @classmethod
    def of(cls, found: Scores) -> "_Summary":
        shares = np.array([(each.precision, each.recall, each.f1) for each in found.classes])
        metrics = {name: float(getattr(found, name)) for name in METRICS}
        return cls(metrics, shares, [each.support for each in found.classes])


def _mean_metrics(found: Sequence[_Summary]) -> dict[str, float]:
    """Without those that are not finite: the logits of a run may be NaN."""
    means = {name: float(np.mean([each.metrics[name] for each in found])) for name in METRICS}
    return {name: value for name, value in means.items() if np.isfinite(value)}


def _class_table(found: Sequence[_Summary]) -> ClassTable:
    precision, recall, f1 = np.mean([each.shares for each in found], axis=0).T.tolist()
    return ClassTable(
        precision=precision,
        recall=[
            share if count else None for share, count in zip(recall, found[0].support, strict=True)
        ],
        f1=f1,
    )
