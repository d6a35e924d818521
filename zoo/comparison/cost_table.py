"""A record of costs as tables; and the same record from a file of pytest-benchmark."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct

from zoo.comparison.cost import INFERENCE_BATCHES
from zoo.comparison.cost_record import BenchmarkReport, CostEntry, MeasuredWith
from zoo.comparison.row_schema import Statistic
from zoo.comparison.schema import Conditions
from zoo.errors import ZooError
from zoo.reading import text_of
from zoo.runs.codec import convert
from zoo.runs.record import Number, Whole


def _rate(value: float) -> str:
    return f"{value:,.0f}"


def _milliseconds(value: float) -> str:
    return f"{1e3 * value:.2f}"


def _seconds(value: float) -> str:
    return f"{value:.2f}"


THROUGHPUT = {
    "train": ("training samples/s", _rate),
    **{f"infer_{batch}": (f"batch {batch} samples/s", _rate) for batch in INFERENCE_BATCHES},
}
TIMES = {
    "latency_p50": ("latency p50 ms", _milliseconds),
    "latency_p99": ("p99 ms", _milliseconds),
    "start_up": ("start-up s", _seconds),
    "compile": ("compile training s", _seconds),
    "compile_inference": ("compile inference s", _seconds),
}
"""For each measure its title and how it is written."""

Measures = Mapping[str, tuple[str, Callable[[float], str]]]


def grid(report: BenchmarkReport, measures: Measures) -> tuple[list[str], list[list[str]]]:
    """A row for each architecture, the A/A row last: medians, with quartiles in brackets."""
    there = [name for name in measures if any(name in e.measures for _, e in report.rows())]
    rows = [
        [name, *(_cell(entry.measures.get(m), measures[m][1]) for m in there)]
        for name, entry in report.rows()
    ]
    return ["architecture", *(measures[name][0] for name in there)], rows


def _cell(stat: Statistic | None, write: Callable[[float], str]) -> str:
    if stat is None:
        return "-"
    if stat.n < 2:
        return write(stat.median)
    return f"{write(stat.median)} [{write(stat.q1)}, {write(stat.q3)}]"


def foot(report: BenchmarkReport) -> list[str]:
    """What the numbers are, under what conditions, and the noise floor."""
    lines = [
        f"medians [quartiles] over {_rounds(report.settings)}; training batch "
        f"{report.settings.batch_size}; start-up: from the process' start to a built model",
    ]
    if report.conditions:
        lines.append("conditions: " + ", ".join(f"{k} {v}" for k, v in report.conditions.items()))
    if report.noise:
        ratios = ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in report.noise.items())
        lines.append(f"noise floor: the first architecture again over its first row: {ratios}")
    lines += [f"{name}: {text}" for name, text in (report.baselines or {}).items()]
    lines += [f"FAILED: {name}: {cause}" for name, cause in report.problems.items()]
    return lines


def _rounds(settings: MeasuredWith) -> str:
    if settings.processes is UNSET or settings.rounds is UNSET:
        return "the rounds of pytest-benchmark, in one process"
    return (
        f"{settings.rounds * settings.processes} rounds in {settings.processes} fresh processes "
        "each, measured in turn, warm"
    )


def read(path: Path) -> BenchmarkReport:
    """A record of `zoo bench`, or what `pytest bench/ --benchmark-json FILE` wrote.

    Raises:
        ZooError: the file is neither, or cannot be read.
    """
    try:
        content = json.loads(text_of(path))
    except OSError as error:
        raise ZooError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise ZooError(f"{path}: is not JSON ({error}).") from error
    if isinstance(content, dict) and "benchmarks" in content:
        return _of_pytest(path, content)
    return BenchmarkReport.read(path)


class _Stats(Struct):
    """Seconds over pytest-benchmark's rounds."""

    median: Number
    q1: Number
    q3: Number
    rounds: Whole


class _Settings(Struct):
    batch_size: Whole


class _Extra(Struct):
    """What our benchmarks say of themselves: a measure of an architecture, or a ratio to other code."""

    measure: str | None = None
    architecture: str = ""
    images: Whole = 0
    latency_p99: Number = 0.0
    fresh_process: dict[str, Number] = {}
    conditions: Conditions = {}
    settings: _Settings | None = None
    ratio: Number | None = None
    baseline: str | None = None
    yardstick: str | None = None
    """As it was called."""


class _Benchmark(Struct):
    name: str
    extra_info: _Extra
    stats: _Stats


class _PytestFile(Struct):
    benchmarks: list[_Benchmark]
    datetime: str = ""


def _of_pytest(path: Path, content: Any) -> BenchmarkReport:
    try:
        made = convert(content, _PytestFile)
        report = _report_of(made)
    except (ValueError, ArithmeticError) as error:
        raise ZooError(f"{path}: is damaged ({error}).") from error
    if not report.entries and not report.baselines:
        raise ZooError(
            f"{path}: has no benchmark of an architecture. Make one: pytest bench/ "
            "--benchmark-json FILE.json"
        )
    return report


def _report_of(made: _PytestFile) -> BenchmarkReport:
    report = BenchmarkReport(
        created=made.datetime,
        settings=MeasuredWith(batch_size=None),
        conditions={},
        entries={},
        noise=None,
        problems={},
        baselines={},
    )
    baselines: dict[str, str] = {}
    for each in made.benchmarks:
        extra = each.extra_info
        baseline = extra.baseline or extra.yardstick
        if extra.ratio is not None and baseline is not None:
            baselines[each.name] = f"{extra.ratio:.2f} × the time of {baseline}"
        if extra.measure is None:
            continue
        entry = report.entries.setdefault(extra.architecture, CostEntry(measures={}))
        entry.measures |= _measures(extra.measure, extra, each.stats)
        report.conditions = extra.conditions
        report.settings.batch_size = extra.settings.batch_size if extra.settings else None
    report.baselines = baselines
    return report


def _measures(name: str, extra: _Extra, stats: _Stats) -> dict[str, Statistic]:
    """Images per second, where a slow quartile of seconds is a low one of the rate; and seconds."""
    rate = Statistic(
        median=extra.images / stats.median,
        q1=extra.images / stats.q3,
        q3=extra.images / stats.q1,
        n=stats.rounds,
    )
    seconds = dict(extra.fresh_process)
    if name == "infer_1":
        seconds |= {"latency_p50": stats.median, "latency_p99": extra.latency_p99}
    return {
        name: rate,
        **{key: Statistic(median=value, q1=value, q3=value, n=1) for key, value in seconds.items()},
    }
