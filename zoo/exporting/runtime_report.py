"""What runtimes were measured to take for the same models, and how they compare."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zoo import atomic
from zoo.comparison.cost_record import spread
from zoo.comparison.estimates import LEVEL
from zoo.comparison.row_schema import Statistic
from zoo.exporting.runtime_names import LATENCY, THROUGHPUT, Runtime
from zoo.frames import as_frame

Times = Mapping[str, Mapping[str, Sequence[float]]]
"""Of one process: by runtime and measure, a value for each round."""


class SpeedRatio(Struct, kw_only=True):
    """How many times as fast a runtime is as the first one.

    Attributes:
        value: the geometric mean over processes.
        low, high: its 95 % interval: Student's t of the logarithms of the processes' ratios. None with
            one process, which cannot say how much a process matters.
        verdict: `faster`, `slower`, or `cannot tell`.
    """

    value: float
    low: float | None
    high: float | None
    verdict: str

    @classmethod
    def of(cls, ratios: Sequence[float]) -> "SpeedRatio":
        """From a ratio for each process."""
        logs = [math.log(each) for each in ratios]
        mean = statistics.fmean(logs)
        if len(logs) < 2:
            return cls(value=math.exp(mean), low=None, high=None, verdict="cannot tell")
        from scipy import stats

        reach = stats.t.ppf((1 + LEVEL) / 2, len(logs) - 1)
        margin = float(reach) * statistics.stdev(logs) / math.sqrt(len(logs))
        low, high = math.exp(mean - margin), math.exp(mean + margin)
        verdict = "faster" if low > 1 else "slower" if high < 1 else "cannot tell"
        return cls(value=math.exp(mean), low=low, high=high, verdict=verdict)


class RuntimeSpeed(Struct, kw_only=True):
    """A model in a runtime.

    Attributes:
        latency: seconds of a call with one sample.
        throughput: samples per second in calls with a batch.
        latency_ratio, throughput_ratio: beside the first runtime; None for that one.
    """

    latency: Statistic
    throughput: Statistic
    latency_ratio: SpeedRatio | None
    throughput_ratio: SpeedRatio | None


class RuntimeReport(Struct, kw_only=True):
    """The speed of architectures in several runtimes.

    Attributes:
        runtimes: in the order they were asked for; ratios are to the first.
        batch: samples in a call of `throughput`.
        processes, rounds: fresh processes for each architecture, and rounds in each.
        entries: by architecture and runtime.
        problems: why an architecture could not be measured.
    """

    created: str
    dataset: str
    runtimes: list[Runtime]
    batch: int
    processes: int
    rounds: int
    threads: int
    machine: dict[str, Any]
    versions: dict[str, str]
    entries: dict[str, dict[str, RuntimeSpeed]]
    problems: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it: plain values."""
        return msgspec.to_builtins(self)

    def to_frame(self) -> Any:
        """A row for each architecture and runtime: medians, ratios and their intervals.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        rows = [(n, r, s) for n, speeds in self.entries.items() for r, s in speeds.items()]
        columns: dict[str, list[Any]] = {
            "architecture": [name for name, _, _ in rows],
            "runtime": [runtime for _, runtime, _ in rows],
            LATENCY: [speed.latency.median for _, _, speed in rows],
            THROUGHPUT: [speed.throughput.median for _, _, speed in rows],
        }
        for measure in (LATENCY, THROUGHPUT):
            ratios = [getattr(speed, f"{measure}_ratio") for _, _, speed in rows]
            for part in ("value", "low", "high", "verdict"):
                columns[f"{measure}_ratio_{part}"] = [
                    each and getattr(each, part) for each in ratios
                ]
        return as_frame(columns)

    def write(self, path: Path) -> None:
        """Write it as JSON, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, json.dumps(self.to_dict(), indent=2) + "\n")

    def __repr__(self) -> str:
        return f"<RuntimeReport of {', '.join(self.entries) or 'nothing'}>"


def speeds_of(processes: Sequence[Times], runtimes: Sequence[str]) -> dict[str, RuntimeSpeed]:
    """An architecture's speeds, from what each of its processes measured."""
    first, found = runtimes[0], {}
    for name in runtimes:
        ratios: dict[str, SpeedRatio | None] = {LATENCY: None, THROUGHPUT: None}
        if name != first:
            ratios = {
                measure: SpeedRatio.of([_ratio(each, name, first, measure) for each in processes])
                for measure in ratios
            }
        found[name] = RuntimeSpeed(
            latency=spread([x for each in processes for x in each[name][LATENCY]]),
            throughput=spread([x for each in processes for x in each[name][THROUGHPUT]]),
            latency_ratio=ratios[LATENCY],
            throughput_ratio=ratios[THROUGHPUT],
        )
    return found


def _ratio(times: Times, name: str, first: str, measure: str) -> float:
    """How many times as fast, in one process: the median of its rounds' ratios."""
    pairs = zip(times[name][measure], times[first][measure], strict=True)
    ratios = [ours / theirs for ours, theirs in pairs]
    middle = statistics.median(ratios)
    return 1 / middle if measure == LATENCY else middle


TITLES = ("architecture", "runtime", "one sample ms", "times as fast", "batch", "times as fast ")


def grid(report: RuntimeReport) -> tuple[list[str], list[list[str]]]:
    """A row for each architecture and runtime: medians with quartiles, ratios with intervals."""
    titles = [*TITLES]
    titles[4] = f"batch {report.batch} samples/s"
    rows = [
        [
            name,
            runtime,
            _spread(speed.latency, 1e3, "{:,.2f}"),
            _ratio_text(speed.latency_ratio),
            _spread(speed.throughput, 1, "{:,.0f}"),
            _ratio_text(speed.throughput_ratio),
        ]
        for name, speeds in report.entries.items()
        for runtime, speed in speeds.items()
    ]
    return titles, rows


def _spread(found: Statistic, factor: float, form: str) -> str:
    middle, low, high = (form.format(factor * each) for each in (found.median, found.q1, found.q3))
    return f"{middle} [{low}, {high}]" if found.n > 1 else middle


def _ratio_text(ratio: SpeedRatio | None) -> str:
    if ratio is None:
        return ""
    if ratio.low is None or ratio.high is None:
        return f"{ratio.value:.2f}"
    known = "" if ratio.verdict != "cannot tell" else " (cannot tell)"
    return f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]{known}"


def foot(report: RuntimeReport) -> list[str]:
    """What the numbers are."""
    once = report.processes == 1
    interval = (
        "no interval from one process"
        if once
        else "with their 95 % interval over processes (Student's t of logarithms)"
    )
    lines = [
        f"medians [quartiles] over {report.rounds} rounds in {report.processes} fresh "
        f"process{'' if once else 'es'} each, runtimes in turn; new weights, float32, CPU, "
        f"{report.threads} threads",
        f"times as fast as {report.runtimes[0]}, {interval}",
        "versions: " + ", ".join(f"{k} {v}" for k, v in report.versions.items()),
    ]
    return lines + [f"FAILED: {name}: {cause}" for name, cause in report.problems.items()]
