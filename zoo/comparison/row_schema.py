"""What a comparison's report holds of one architecture, typed.

Fields of which the default is `UNSET` are left out of the JSON where they are not set: records of
older versions do not have them.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from zoo.runs.record import Number, Whole

Interval = tuple[Number, Number]


class Statistic(Struct, kw_only=True):
    """A measure over rounds or runs: median, quartiles, how many, and each value if they are kept."""

    median: Number
    q1: Number
    q3: Number
    n: Whole
    values: list[Number] | UnsetType = UNSET

    @property
    def summary(self) -> "Statistic":
        """The same without the values."""
        return Statistic(median=self.median, q1=self.q1, q3=self.q3, n=self.n)


class ClassTable(Struct, kw_only=True):
    """Shares of each class, mean over seeds; the recall of a class without test samples is None."""

    precision: list[Number]
    recall: list[Number | None]
    f1: list[Number]


class FailedSeed(Struct, kw_only=True):
    """A seed without a result, and why."""

    seed: Whole
    status: str
    cause: str


class TimeToTarget(Struct, kw_only=True):
    """How many of the seeds reached the target accuracy, and the median epochs and seconds of those."""

    reached: Whole
    of: Whole
    epochs: Number | None
    seconds: Number | None


class Row(Struct, kw_only=True):
    """An architecture: what it learned, is and costs; without runs most of it is None.

    Attributes:
        status: `ok`, `partial` (some seeds failed) or `failed` (all did).
        folds: of each run, `fold 2 of 5`; left out where the runs are not of folds.
        accuracies: of each seed or fold.
        interval: 95 % interval of `accuracy`, the mean.
        metric_value, metric_interval, metric_values: the same of the chosen metric; left out if that is
            the accuracy. Use `judged`, `judged_interval` and `judged_values`.
        metrics: each metric, mean over seeds.
        rank: the best and the worst rank consistent with the tests.
        peak_memory: in bytes.
        text: each column's cell as people read it.
        from_runs: whether training speed is what the runs saw, for want of a benchmark.
    """

    accuracy: Number | None
    interval: Interval | None
    rank: tuple[Whole, Whole] | None
    parameters: Whole | None
    flops: Whole | None
    peak_memory: Whole | None
    target: TimeToTarget | None
    train_images_per_second: Statistic | None
    inference_images_per_second: Statistic | None
    latency_p50: Statistic | None
    latency_p99: Statistic | None
    compile_seconds: Statistic | None
    name: str
    status: Literal["ok", "partial", "failed"]
    problem: str
    failures: list[FailedSeed] = []
    seeds: list[Whole]
    folds: list[str] | UnsetType = UNSET
    accuracies: list[Number]
    pareto: bool
    origin: dict[str, Any] | None
    layout: str | None
    conversion: str | UnsetType | None = UNSET
    hyperparameters: dict[str, Any]
    input: dict[str, Any] | UnsetType = UNSET
    recipe: str | UnsetType = UNSET
    from_runs: bool | UnsetType = UNSET
    metric_value: Number | UnsetType = UNSET
    metric_interval: Interval | UnsetType = UNSET
    metric_values: list[Number] | UnsetType = UNSET
    metrics: dict[str, Number] | UnsetType = UNSET
    classes: ClassTable | UnsetType = UNSET
    text: dict[str, str] = {}

    @property
    def scores(self) -> dict[str, float]:
        """Its `metrics`; empty in a report of before they were recorded."""
        return {} if self.metrics is UNSET else self.metrics

    @property
    def judged(self) -> float | None:
        """Its value in the chosen metric, mean over seeds; None without runs."""
        return self.accuracy if self.metric_value is UNSET else self.metric_value

    @property
    def judged_interval(self) -> Interval | None:
        """The 95 % interval of `judged`."""
        return self.interval if self.metric_interval is UNSET else self.metric_interval

    @property
    def judged_values(self) -> list[float]:
        """The chosen metric of each seed."""
        return self.accuracies if self.metric_values is UNSET else self.metric_values
