"""A comparison's report with plain numbers, a row for each architecture: CSV, and data frames."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from zoo.comparison.fronts_schema import AXES, FrontEntry
from zoo.comparison.row_schema import Row, Statistic
from zoo.comparison.schema import ComparisonReport, Ensemble
from zoo.printable import printable
from zoo.scoring import METRICS, Metric

CSV_STATS = (
    "train_images_per_second",
    "inference_images_per_second",
    "latency_p50",
    "latency_p99",
    "compile_seconds",
)


def as_csv(report: ComparisonReport) -> str:
    """A line for each architecture, with plain numbers: shares, seconds, bytes, samples/s.

    The ensemble of its seeds is in the same line; that of all architectures has none.
    """
    text = io.StringIO()
    rows = flat_rows(report)
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def flat_rows(report: ComparisonReport) -> list[dict[str, Any]]:
    """A row for each architecture, with plain numbers, and the ensemble of its seeds."""
    own = {each.architectures[0]: each for each in report.ensembles if len(each.architectures) == 1}
    places = {(front.cost, entry.name): entry for front in report.fronts for entry in front.entries}
    rows = []
    for row in report.rows:
        flat = _flat(row, own.get(row.name), report.judged_by)
        rows.append({**flat, **_fronts(row, places), "problem": row.problem})
    return rows


def _fronts(row: Row, places: Mapping[tuple[str, str], FrontEntry]) -> dict[str, Any]:
    """Whether it is on each Pareto front: `front`, `dominated`, `cannot tell`; None: not measured."""
    seconds = places.get(("train_seconds", row.name))
    states = {key: places.get((key, row.name)) for key in AXES}
    return {
        "train_seconds": seconds and seconds.cost,
        **{f"front_{key}": each and each.state for key, each in states.items()},
    }


FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet carries out (owasp.org/www-community/attacks/CSV_Injection)."""


def cell(value: Any) -> Any:
    """A text as no formula; a number as it is."""
    if not isinstance(value, str):
        return value
    return printable(f"'{value}" if value.startswith(FORMULA) else value)


def _flat(row: Row, ensemble: Ensemble | None, metric: Metric) -> dict[str, Any]:
    best, worst = row.rank or (None, None)
    low, high = row.interval or (None, None)
    target = row.target
    flat: dict[str, Any] = {
        "architecture": row.name,
        "status": row.status,
        "rank_best": best,
        "rank_worst": worst,
        "test_accuracy": row.accuracy,
        "interval_low": low,
        "interval_high": high,
        **{f"test_{name}": row.scores.get(name) for name in METRICS if name != "accuracy"},
        **_chosen(row, metric),
        "seeds": len(row.seeds),
        **({} if row.folds is UNSET else {"folds": len(row.folds)}),
        "input": row.conversion or None,
        "parameters": row.parameters,
        "flops_per_sample": row.flops,
        "target_reached": target and target.reached,
        "epochs_to_target": target and target.epochs,
        "seconds_to_target": target and target.seconds,
        "peak_memory_bytes": row.peak_memory,
        "pareto": row.pareto,
    }
    for key in CSV_STATS:
        stat: Statistic | None = getattr(row, key)
        flat |= {
            key: stat and stat.median,
            f"{key}_q1": stat and stat.q1,
            f"{key}_q3": stat and stat.q3,
        }
    low, high = ensemble.interval if ensemble else (None, None)
    flat |= {
        "ensemble_members": ensemble and ensemble.members,
        "ensemble_accuracy": ensemble and ensemble.accuracy,
        "ensemble_interval_low": low,
        "ensemble_interval_high": high,
    }
    return flat


def _chosen(row: Row, metric: Metric) -> dict[str, Any]:
    """The metric by which architectures are ranked; the accuracy's own columns are always there."""
    low, high = row.judged_interval or (None, None)
    return {
        "metric": metric.name,
        "metric_value": row.judged,
        "metric_interval_low": low,
        "metric_interval_high": high,
    }
