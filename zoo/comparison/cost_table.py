"""A record of costs as tables; and the same record from a file of pytest-benchmark."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoo.comparison import benchmark
from zoo.comparison.cost import INFERENCE_BATCHES
from zoo.errors import ZooError
from zoo.reading import text_of


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

AGAINST = "against"


def grid(
    record: Mapping[str, Any], measures: Mapping[str, tuple[str, Callable[[float], str]]]
) -> tuple[list[str], list[list[str]]]:
    """A row for each architecture, the A/A row last: medians, with quartiles in brackets."""
    entries = dict(record["entries"])
    if record.get("again"):
        entries[next(iter(entries)) + benchmark.AGAIN] = record["again"]
    there = [m for m in measures if any(m in entry["measures"] for entry in entries.values())]
    rows = [
        [name, *(_cell(entry["measures"].get(m), measures[m][1]) for m in there)]
        for name, entry in entries.items()
    ]
    return ["architecture", *(measures[m][0] for m in there)], rows


def _cell(stat: Mapping[str, Any] | None, write: Callable[[float], str]) -> str:
    if stat is None:
        return "-"
    if stat["n"] < 2:
        return write(stat["median"])
    return f"{write(stat['median'])} [{write(stat['q1'])}, {write(stat['q3'])}]"


def foot(record: Mapping[str, Any]) -> list[str]:
    """What the numbers are, under what conditions, and the noise floor."""
    settings = record["settings"]
    lines = [
        "medians [quartiles] over "
        + (
            f"{settings['rounds'] * settings['processes']} rounds in {settings['processes']} fresh "
            "processes each, measured in turn, warm"
            if settings.get("processes")
            else "the rounds of pytest-benchmark, in one process"
        )
        + f"; training batch {settings['batch_size']}; start-up: from the process' start to a built "
        "model",
    ]
    if record["conditions"]:
        lines.append(
            "conditions: " + ", ".join(f"{k} {v}" for k, v in record["conditions"].items())
        )
    if record["noise"]:
        ratios = ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in record["noise"].items())
        lines.append(f"noise floor: the first architecture again over its first row: {ratios}")
    lines += [f"{name}: {text}" for name, text in record.get("yardsticks", {}).items()]
    lines += [f"FAILED: {name}: {cause}" for name, cause in record["problems"].items()]
    return lines


def read(path: Path) -> dict[str, Any]:
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
        try:
            return _of_pytest(path, content)
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            raise ZooError(f"{path}: is damaged ({type(error).__name__}: {error}).") from error
    return benchmark.read(path)


def _of_pytest(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    entries: dict[str, dict[str, Any]] = {}
    yardsticks, conditions, batch = {}, {}, None
    for each in content["benchmarks"]:
        extra, stats = each["extra_info"], each["stats"]
        if "ratio" in extra and "yardstick" in extra:
            yardsticks[each["name"]] = f"{extra['ratio']:.2f} × the time of {extra['yardstick']}"
        if "measure" not in extra:
            continue
        measures = entries.setdefault(extra["architecture"], {"measures": {}})["measures"]
        measures[extra["measure"]] = _rates(extra["images"], stats)
        measures |= {
            name: {"median": value, "q1": value, "q3": value, "n": 1}
            for name, value in extra.get("fresh_process", {}).items()
        }
        if extra["measure"] == "infer_1":
            measures |= _latencies(extra, stats)
        conditions, batch = extra["conditions"], extra["settings"]["batch_size"]
    if not entries and not yardsticks:
        raise ZooError(
            f"{path}: has no benchmark of an architecture. Make one: pytest bench/ "
            "--benchmark-json FILE.json"
        )
    return {
        "schema": benchmark.SCHEMA,
        "created": content.get("datetime", ""),
        "settings": {"batch_size": batch},
        "conditions": conditions,
        "entries": entries,
        "again": None,
        "noise": None,
        "problems": {},
        "yardsticks": yardsticks,
    }


def _rates(images: int, stats: Mapping[str, Any]) -> dict[str, Any]:
    """Images per second; a slow quartile of seconds is a low quartile of the rate."""
    return {
        "median": images / stats["median"],
        "q1": images / stats["q3"],
        "q3": images / stats["q1"],
        "n": stats["rounds"],
    }


def _latencies(extra: Mapping[str, Any], stats: Mapping[str, Any]) -> dict[str, Any]:
    values = {"latency_p50": stats["median"], "latency_p99": extra["latency_p99"]}
    return {
        name: {"median": value, "q1": value, "q3": value, "n": 1} for name, value in values.items()
    }
