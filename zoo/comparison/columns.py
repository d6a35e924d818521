"""The table's columns: what each says, and how it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zoo.comparison.schema import Interval, Row, Statistic, TimeToTarget
from zoo.formatting import hundredths, size

SEES, IS, LEARNS, COSTS = "sees", "is", "learns", "costs"
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


def interval(value: Interval) -> str:
    """`99.20 to 99.47`"""
    return f"{hundredths(value[0])} to {hundredths(value[1])}"


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
        hundredths,
    ),
    Column(
        "interval",
        "95 % interval",
        "%",
        LEARNS,
        "Where the mean accuracy would lie for new seeds on new samples of the same kind. It covers "
        "the variation of seeds and of samples; with one seed only that of samples.",
        interval,
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
)


def write(column: Column, row: Row) -> str:
    """The row's cell as people read it."""
    key = "target" if column.key == "epochs_to_target" else column.key
    value = getattr(row, key)
    return NOTHING if value is None else column.text(value)


def title(column: Column) -> str:
    """With its unit, unless it says it already: `training samples/s`, `s to target`."""
    said = not column.unit or column.unit in column.title.split()
    return column.title if said else f"{column.title} {column.unit}"
