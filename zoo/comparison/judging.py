"""What an architecture's runs predicted, in numbers: right or wrong, the metrics, those of each class."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.classification import Scores, scores
from zoo.comparison.cross_validation import FoldResult, FoldSamples, estimate
from zoo.comparison.estimates import Estimate, Sampled, mean_accuracy, mean_metric
from zoo.comparison.results import Result
from zoo.comparison.row_schema import ClassTable
from zoo.errors import ZooError
from zoo.influence import effective_samples, sample_values
from zoo.runs.run import Run
from zoo.scoring import ACCURACY, METRICS, Metric


@dataclass(frozen=True)
class Judged(ABC):
    """The predictions of an architecture's runs.

    Attributes:
        metrics: by name, the mean over runs of each metric.
        classes: of each class, the mean over runs.
        support: test samples of each class.
    """

    metrics: dict[str, float]
    classes: ClassTable
    support: list[int]

    @property
    @abstractmethod
    def metric(self) -> Metric:
        """The chosen metric."""

    @property
    @abstractmethod
    def accuracies(self) -> np.ndarray:
        """The accuracy of each run."""

    @property
    @abstractmethod
    def values(self) -> np.ndarray:
        """The chosen metric of each run."""

    @abstractmethod
    def accuracy(self) -> Estimate:
        """The mean accuracy with its interval."""

    @abstractmethod
    def estimate(self) -> Estimate:
        """The mean of the chosen metric with its interval."""

    @property
    def order(self) -> float:
        """By which the best comes first."""
        return -self.metric.sign * float(self.values.mean())


@dataclass(frozen=True)
class JudgedSeeds(Judged):
    """Runs with different seeds, all tested on the same samples.

    Attributes:
        correct: `(seeds, examples)`: 1.0 where a run predicts the label.
        sampled: the values of the chosen metric.
    """

    correct: np.ndarray
    sampled: Sampled

    @property
    def metric(self) -> Metric:
        return self.sampled.metric

    @property
    def accuracies(self) -> np.ndarray:
        return self.correct.mean(axis=1)

    @property
    def values(self) -> np.ndarray:
        return self.sampled.values.mean(axis=1)

    def accuracy(self) -> Estimate:
        return mean_accuracy(self.correct)

    def estimate(self) -> Estimate:
        return mean_metric(self.sampled)


@dataclass(frozen=True)
class JudgedFolds(Judged):
    """Runs of the folds of a cross-validation, each tested on samples of its own.

    Attributes:
        right: accuracy by fold.
        chosen: the chosen metric by fold.
    """

    right: FoldSamples
    chosen: FoldSamples

    @property
    def metric(self) -> Metric:
        return self.chosen.metric

    @property
    def accuracies(self) -> np.ndarray:
        return self.right.means

    @property
    def values(self) -> np.ndarray:
        return self.chosen.means

    def accuracy(self) -> Estimate:
        return estimate(self.right)

    def estimate(self) -> Estimate:
        return estimate(self.chosen)


def judge_folds(result: Result, metric: Metric, done: Callable[[int], object]) -> JudgedFolds:
    """The same of the runs of a cross-validation's folds.

    Raises:
        ZooError: predictions cannot be read, or the metric cannot be computed from them.
    """
    right, values, found, tested = [], [], [], []
    for run in result.runs:
        done(1)
        logits, labels = _read(run)
        assert run.fold
        trained = run.record.dataset.sizes.train
        correct = sample_values(ACCURACY, logits, labels)
        right.append(FoldResult(run.fold, correct, trained))
        chosen = correct if metric.name == "accuracy" else _values(run, metric, logits, labels)
        values.append(FoldResult(run.fold, chosen, trained))
        found.append(_Summary.of(scores(logits, labels)))
        if run.fold.seed == result.runs[0].record.fold.seed:  # type: ignore[union-attr]
            tested.append(labels)
    together = np.concatenate(tested)
    return JudgedFolds(
        _mean_metrics(found),
        _class_table(found),
        np.sum([each.support for each in found[: len(tested)]], axis=0).tolist(),
        FoldSamples(ACCURACY, right, float(len(together))),
        FoldSamples(metric, values, effective_samples(metric, together)),
    )


def judge(result: Result, metric: Metric, done: Callable[[int], object]) -> JudgedSeeds:
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
    return JudgedSeeds(
        _mean_metrics(found),
        _class_table(found),
        found[0].support,
        right,
        Sampled(metric, table, effective_samples(metric, labels)),
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
    support = np.sum([each.support for each in found], axis=0)
    return ClassTable(
        precision=precision,
        recall=[share if count else None for share, count in zip(recall, support, strict=True)],
        f1=f1,
    )
