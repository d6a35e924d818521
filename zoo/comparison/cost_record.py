"""What a cost benchmark measured, typed: the file of `zoo bench`, and what `zoo.benchmark` returns."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from zoo import atomic
from zoo.comparison.report_file import read
from zoo.comparison.row_schema import Statistic
from zoo.comparison.schema import SCHEMA, Conditions
from zoo.errors import ZooError
from zoo.frames import as_frame
from zoo.runs.record import Number, Whole

AGAIN = " (again)"
"""The A/A row: the first architecture a second time; how far the two differ is noise."""

THROUGHPUT = "infer_256"
"""The measure of inference throughput in a comparison's table and on its Pareto front."""

IN_WORDS = ("train", THROUGHPUT, "latency_p50")
"""Measures whose noise is told in a sentence."""


class MeasuredWith(Struct, kw_only=True):
    """How it was measured; without processes and rounds by pytest-benchmark, in one process."""

    batch_size: Whole | None
    processes: Whole | UnsetType = UNSET
    rounds: Whole | UnsetType = UNSET


class CostEntry(Struct, kw_only=True):
    """An architecture: what was measured, and under what conditions.

    Attributes:
        identity: that of its runs, without seed, with the benchmark's batch size.
        parameters: trainable numbers in the model.
        flops: floating-point operations of one sample's forward pass.
        peak_memory: the most bytes that a process held.
        measures: samples per second (`train`, `infer_N`), seconds (the others).
    """

    identity: dict[str, Any] | UnsetType = UNSET
    conditions: Conditions | UnsetType = UNSET
    parameters: Whole | UnsetType | None = UNSET
    flops: Whole | UnsetType | None = UNSET
    engine: dict[str, Any] | UnsetType = UNSET
    peak_memory: Whole | UnsetType = UNSET
    measures: dict[str, Statistic]


class BenchmarkReport(Struct, kw_only=True):
    """What architectures cost: training, inference, latency, start-up, compiling.

    Attributes:
        entries: by name; those that failed are in `problems`, with the cause.
        again: the first architecture, measured a second time.
        noise: for each measure, the median of `again` over that of the first architecture.
        baselines: comparisons with other code, in words, by name; pytest-benchmark's alone.
    """

    schema: int = SCHEMA
    created: str
    settings: MeasuredWith
    conditions: Conditions | None
    entries: dict[str, CostEntry]
    again: CostEntry | None = None
    noise: dict[str, Number] | None
    problems: dict[str, str]
    baselines: dict[str, str] | UnsetType = field(default=UNSET, name="yardsticks")

    def rows(self) -> Iterator[tuple[str, CostEntry]]:
        """Each architecture's name and entry, the A/A row last."""
        yield from self.entries.items()
        if self.again is not None:
            yield next(iter(self.entries)) + AGAIN, self.again

    def to_frame(self) -> Any:
        """A row for each architecture: median and quartiles of each measure, in samples/s or seconds.

        A pandas DataFrame, or a dictionary of arrays without pandas.

        Example:
            >>> zoo.benchmark(["cnn"], "digits").to_frame()["train"]  # doctest: +SKIP
        """
        rows = list(self.rows())
        measures = dict.fromkeys(name for _, entry in rows for name in entry.measures)
        columns: dict[str, list[Any]] = {"architecture": [name for name, _ in rows]}
        for measure in measures:
            found = [entry.measures.get(measure) for _, entry in rows]
            columns[measure] = [each and each.median for each in found]
            columns[f"{measure}_q1"] = [each and each.q1 for each in found]
            columns[f"{measure}_q3"] = [each and each.q3 for each in found]
        for fact in ("parameters", "flops", "peak_memory"):
            columns[fact] = [getattr(entry, fact) or None for _, entry in rows]
        return as_frame(columns)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it: plain values."""
        return msgspec.to_builtins(self)

    def write(self, path: Path) -> None:
        """Write it as JSON, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, json.dumps(self.to_dict(), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "BenchmarkReport":
        """The report in a file.

        Raises:
            ZooError: it cannot be read, is damaged (the field is named), or of a newer schema.
        """
        report = read(path, cls, SCHEMA, "record of zoo bench")
        if fault := _fault(report):
            raise ZooError(f"{path}: is damaged ({fault}).")
        return report

    def __repr__(self) -> str:
        return f"<BenchmarkReport of {', '.join(self.entries) or 'nothing'}>"


def _fault(report: BenchmarkReport) -> str:
    """What a benchmark of ours always has, and this one lacks; empty: nothing."""
    for name, entry in [*report.entries.items(), ("again", report.again)]:
        if entry is None:
            continue
        place = name if name == "again" else f"entries.{name}"
        if entry.identity is UNSET or not isinstance(entry.identity.get("recipe"), dict):
            return f"{place}.identity: it has no recipe"
        if entry.conditions is UNSET:
            return f"{place}.conditions: it is missing"
    missing = [name for name in IN_WORDS if name not in (report.noise or dict.fromkeys(IN_WORDS))]
    return f"noise.{missing[0]}: it is missing" if missing else ""


def spread(values: Sequence[float]) -> Statistic:
    """Median and quartiles, with the values; quartiles of one value are the value."""
    if len(values) > 1:
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    else:
        low = middle = high = values[0]
    return Statistic(median=middle, q1=low, q3=high, n=len(values), values=list(values))


def noise(first: CostEntry | None, again: CostEntry | None) -> dict[str, float] | None:
    """For each measure, the second median over the first."""
    if not first or not again:
        return None
    return {
        measure: again.measures[measure].median / stat.median
        for measure, stat in first.measures.items()
        if stat.median
    }


def cost_identity(identity: Mapping[str, Any], batch_size: int | None) -> dict[str, Any]:
    """What two measurements of cost must share: a run's identity without seed and batch size."""
    recipe = {**identity["recipe"], "batch_size": batch_size}
    return {**{k: v for k, v in identity.items() if k != "seed"}, "recipe": recipe}
