"""The metrics by which architectures can be compared: names, units, directions.

`zoo.classification` computes them, `zoo.influence` says what each test sample adds to them, and
docs/metrics.md when to use which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zoo.errors import UsageError
from zoo.suggest import unknown

MetricName = Literal[
    "accuracy", "balanced_accuracy", "macro_f1", "mcc", "log_loss", "ece"
]  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as it is asked for, `metric="macro_f1"`.
        title: as people read it.
        percent: whether it is a share that is written in per cent, and its differences in points.
        lower_is_better: true for losses and errors.
        low, high: its range; None: without an end.
        definition: in a sentence.
    """

    name: MetricName
    title: str
    definition: str
    percent: bool = True
    lower_is_better: bool = False
    low: float = 0.0
    high: float | None = 1.0

    @property
    def unit(self) -> str:
        """`%`, or nothing."""
        return "%" if self.percent else ""

    @property
    def sign(self) -> int:
        """Times this, more is better."""
        return -1 if self.lower_is_better else 1

    def text(self, value: float) -> str:
        """A value without its unit: `97.31`, `0.9412`."""
        return f"{100 * value:.2f}" if self.percent else f"{value:.4f}"

    def with_unit(self, value: float) -> str:
        """A value as it is read alone: `97.31 %`, `0.9412`."""
        return f"{self.text(value)} {self.unit}".rstrip()

    def interval(self, ends: tuple[float, float]) -> str:
        """`96.80 to 97.75`"""
        return f"{self.text(ends[0])} to {self.text(ends[1])}"

    def difference(self, value: float) -> str:
        """A difference in points or as it is, signed: `+0.12`, `-0.0312`."""
        return f"{100 * value:+.2f}" if self.percent else f"{value:+.4f}"

    @property
    def points(self) -> str:
        """What differences are written in: `points`, or nothing."""
        return "points" if self.percent else ""

    @property
    def short(self) -> str:
        """The title without what every metric of a comparison is of: `accuracy`."""
        return self.title.removeprefix("test ")


_ALL = (
    Metric(
        "accuracy",
        "test accuracy",
        "Share of the test set that is classified correctly.",
    ),
    Metric(
        "balanced_accuracy",
        "balanced accuracy",
        "Mean recall of the classes: each class counts the same, however many samples it has.",
    ),
    Metric(
        "macro_f1",
        "macro F1",
        "Mean F1 of the classes, the harmonic mean of precision and recall.",
    ),
    Metric(
        "mcc",
        "MCC",
        "Matthews' correlation coefficient of labels and answers, -1 to 1; 0 is guessing.",
        percent=False,
        low=-1.0,
    ),
    Metric(
        "log_loss",
        "log loss",
        "Mean cross-entropy (natural logarithm) of the probabilities; lower is better.",
        percent=False,
        lower_is_better=True,
        high=None,
    ),
    Metric(
        "ece",
        "ECE",
        "Expected calibration error over 15 bins of confidence: how far confidence is from "
        "accuracy; lower is better.",
        lower_is_better=True,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
ACCURACY = METRICS["accuracy"]

ROBUST = ("balanced_accuracy", "macro_f1", "mcc")
"""Those that a model that always answers the largest class does badly by."""

MOST_CLASSES = 20
"""Above so many classes, a table of them has only those with the lowest F1."""
FEWEST = 12


def classes_shown(f1: Sequence[float]) -> list[int]:
    """The places of the classes that a table of classes has, by their F1: all, or the `FEWEST` lowest."""
    places = list(range(len(f1)))
    return places if len(f1) <= MOST_CLASSES else sorted(places, key=f1.__getitem__)[:FEWEST]


def find_metric(name: str) -> Metric:
    """The metric of a name.

    Raises:
        UsageError: there is none.

    Example:
        >>> find_metric("macro_f1").title
        'macro F1'
    """
    if name not in METRICS:
        raise UsageError(unknown("metric", name, METRICS))
    return METRICS[name]
