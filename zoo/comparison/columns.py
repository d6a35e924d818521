"""The table's columns: what each says, and how it is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from zoo.comparison.row_schema import Row, Statistic, TimeToTarget
from zoo.formatting import size
from zoo.scoring import ACCURACY, METRICS, Metric

SEES, IS, LEARNS, SCORES, COSTS = "sees", "is", "learns", "scores", "costs"
NOTHING = "-"


@dataclass(frozen=True)
class Column:
    """A column: its key in a row, title, unit, group and explanation; `text` writes a cell."""

    key: str
    title: str
    unit: str
    group: str
    explanation: str
    text: Callable[[Any], str]


def _rank(value: tuple[int, int]) -> str:
    best, worst = value
    return str(best) if best == worst else f"{best} to {worst}"


def _stat(text: Callable[[float], str]) -> Callable[[Statistic], str]:
    return lambda stat: text(stat.median)


def _target(target: TimeToTarget) -> str:
    if target.seconds is None:
        return "missed"
    text = f"{target.seconds:.3g}"
    return text if target.reached == target.of else f"{text} ({target.reached} of {target.of})"


def _epochs(target: TimeToTarget) -> str:
    return "missed" if target.epochs is None else f"{target.epochs:g}"


def _score(metric: Metric) -> Column:
    """A metric beside the accuracy."""
    return Column(
        metric.name,
        metric.title,
        metric.unit,
        SCORES,
        f"{metric.definition} Mean over seeds; see docs/metrics.md.",
        metric.text,
    )


COLUMNS = (
    Column(
        "rank",
        "rank",
        "",
        LEARNS,
        "The ranks by test accuracy that are consistent with the tests, from best to worst, over all "
        "pairs together at the 5 % level. Architectures that cannot be told apart share ranks: if "
        "four cannot be told apart, each has 1 to 4.",
        _rank,
    ),
    Column(
        "accuracy",
        "test accuracy",
        "%",
        LEARNS,
        "Share of the test set that is classified correctly, mean over seeds. Each run reads the "
        "test set once, after training.",
        ACCURACY.text,
    ),
    Column(
        "interval",
        "95 % interval",
        "%",
        LEARNS,
        "Where the mean accuracy would lie for new seeds on new samples of the same kind. It covers "
        "the variation of seeds and of samples; with one seed only that of samples.",
        ACCURACY.interval,
    ),
    Column(
        "epochs_to_target",
        "epochs to target",
        "",
        LEARNS,
        "Epochs until the validation accuracy first reaches the target, median over the seeds that "
        "reach it. 'missed': none did. The test set is not used, because it is read once.",
        _epochs,
    ),
    Column(
        "target",
        "s to target",
        "s",
        LEARNS,
        "Seconds of training steps until then, median over the seeds that reach it, without "
        "loading, compiling and validating; in brackets, how many of the seeds reached it.",
        _target,
    ),
    Column(
        "conversion",
        "input",
        "",
        SEES,
        "How a sample of the dataset reaches the model: as stored, or by which conversion. All of them "
        "keep every pixel; docs/layouts.md shows each.",
        str,
    ),
    Column("parameters", "parameters", "", IS, "Trainable numbers in the model.", "{:,}".format),
    Column(
        "flops",
        "FLOPs",
        "",
        IS,
        "Floating-point operations of one sample's forward pass: twice the multiply-adds of "
        "convolutions and matrix products.",
        size,
    ),
    Column(
        "train_images_per_second",
        "training",
        "samples/s",
        COSTS,
        "Samples per second in training steps of one fixed batch size, compiled and warm, with the "
        "recipe's augmentation; median over rounds in fresh processes, measured in turn.",
        _stat("{:,.0f}".format),
    ),
    Column(
        "inference_images_per_second",
        "inference",
        "samples/s",
        COSTS,
        "Samples per second at batch 256, from stored samples to logits in host memory; median over "
        "rounds. zoo bench shows the other batch sizes.",
        _stat("{:,.0f}".format),
    ),
    Column(
        "latency_p50",
        "p50",
        "ms",
        COSTS,
        "Latency of one sample (batch 1): half of the calls take at most this.",
        _stat(lambda seconds: f"{1e3 * seconds:.2f}"),
    ),
    Column(
        "latency_p99",
        "p99",
        "ms",
        COSTS,
        "Latency of one sample (batch 1): 99 % of the calls take at most this.",
        _stat(lambda seconds: f"{1e3 * seconds:.2f}"),
    ),
    Column(
        "peak_memory",
        "memory",
        "GiB",
        COSTS,
        "The most memory that a training held: the process' own on a CPU, the device's on a GPU.",
        lambda held: f"{held / 2**30:.2f}",
    ),
    Column(
        "compile_seconds",
        "compile",
        "s",
        COSTS,
        "Seconds to compile the training step: tracing, and what the first call takes longer than "
        "the second.",
        _stat("{:.2f}".format),
    ),
    Column(
        "pareto",
        "Pareto",
        "",
        COSTS,
        "★ where no other architecture is better in both test accuracy and inference samples/s, "
        "by the values in this table: what is chosen from if nothing else matters.",
        lambda on: "★" if on else "",
    ),
    *(_score(metric) for metric in METRICS.values() if metric.name != "accuracy"),
)


_OF_FOLDS = {
    "accuracy": "Share of the samples of a fold that is classified correctly, mean over folds. The folds "
    "are of the training set; the test set is not read.",
    "interval": "Where the mean accuracy would lie for other training sets of this size and other samples "
    "of the same kind, by Nadeau and Bengio's variance.",
    "judged_interval": "Where the mean would lie for other training sets of this size and other samples of "
    "the same kind, by Nadeau and Bengio's variance.",
}
"""What some columns say of a cross-validation."""


def of(metric: Metric, *, folds: bool = False) -> tuple[Column, ...]:
    """The columns of a comparison by this metric, of seeds or of folds."""
    if not folds:
        return _of_seeds(metric)
    return tuple(
        replace(
            each,
            explanation=_OF_FOLDS.get(
                each.key, each.explanation.replace("Mean over seeds", "Mean over folds")
            ),
        )
        for each in _of_seeds(metric)
    )


def _of_seeds(metric: Metric) -> tuple[Column, ...]:
    """The metric stands where the accuracy and its interval do."""
    if metric.name == "accuracy":
        return COLUMNS
    found = []
    for column in COLUMNS:
        if column.key == "rank":
            by = column.explanation.replace("by test accuracy", f"by {metric.title}")
            found += [replace(column, explanation=by), *_judged(metric)]
        elif column.key == "pareto":
            by = column.explanation.replace("test accuracy", metric.title)
            found.append(replace(column, explanation=by))
        elif column.key not in ("interval", metric.name):
            found.append(column)
    return tuple(found)


def _judged(metric: Metric) -> tuple[Column, Column]:
    """The chosen metric and its interval."""
    return (
        Column(
            "judged",
            metric.title,
            metric.unit,
            LEARNS,
            f"{metric.definition} Mean over seeds. Architectures are ranked by it.",
            metric.text,
        ),
        Column(
            "judged_interval",
            "95 % interval",
            metric.unit,
            LEARNS,
            f"Where the mean {metric.title} would lie for new seeds on new test sets of this size. It "
            "covers the variation of seeds and of samples; with one seed only that of samples.",
            metric.interval,
        ),
    )


def value(row: Row, key: str) -> Any:
    """What a row has in a column; None for nothing."""
    if key in METRICS and key != "accuracy":
        return row.scores.get(key)
    return getattr(row, "target" if key == "epochs_to_target" else key, None)


def write(column: Column, row: Row) -> str:
    """The row's cell as people read it."""
    found = value(row, column.key)
    return NOTHING if found is None else column.text(found)


def title(column: Column) -> str:
    """With its unit, unless it says it already: `training samples/s`, `s to target`."""
    said = not column.unit or column.unit in column.title.split()
    return column.title if said else f"{column.title} {column.unit}"
