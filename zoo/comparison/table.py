"""A comparison's report as text: Markdown, CSV, the table's foot, what the columns mean."""

import csv
import io
from typing import Any

from zoo.comparison import columns, verdict
from zoo.comparison.columns import COLUMNS, title
from zoo.comparison.methods import ENSEMBLE
from zoo.comparison.schema import (
    ComparisonReport,
    Ensemble,
    HarnessInfo,
    Row,
    Statistic,
)
from zoo.datasets import dataset as datasets
from zoo.environment import cores_in_words
from zoo.formatting import p_value
from zoo.printable import printable
from zoo.scoring import METRICS, Metric

CSV_STATS = (
    "train_images_per_second",
    "inference_images_per_second",
    "latency_p50",
    "latency_p99",
    "compile_seconds",
)


def grid(report: ComparisonReport, groups: tuple[str, ...]) -> tuple[list[str], list[list[str]]]:
    """Titles and cells of the columns of these groups, the architecture's name first.

    Reports of before there was a column say nothing in it.
    """
    if not any(row.metrics for row in report.rows):
        groups = tuple(group for group in groups if group != columns.SCORES)
    chosen = [column for column in columns.of(report.judged_by) if column.group in groups]
    cells = [
        [row.name, *(row.text.get(column.key, columns.NOTHING) for column in chosen)]
        for row in report.rows
    ]
    return ["architecture", *map(title, chosen)], cells


def pair_grid(report: ComparisonReport) -> tuple[list[str], list[list[str]]]:
    """Every pair: by how much the first is better, and whether that is significant."""
    metric = report.judged_by
    cells = [
        [
            f"{pair.first} - {pair.second}",
            metric.difference(pair.difference),
            " to ".join(map(metric.difference, pair.interval)),
            p_value(pair.p),
            p_value(pair.p_adjusted),
            verdict.of_pair(pair, metric),
        ]
        for pair in report.pairs
    ]
    titles = [
        "difference",
        metric.points or metric.title,
        "95 % interval",
        "p",
        "p, all pairs",
        "verdict",
    ]
    return titles, cells


def ensemble_grid(report: ComparisonReport) -> tuple[list[str], list[list[str]]]:
    """Every ensemble; none in a report of before there were any."""
    metric = report.judged_by
    cells = [
        [each.name, str(each.members), *_ensemble_cells(each, metric)] for each in report.ensembles
    ]
    what = f"{metric.title} {metric.unit}".rstrip()
    mean = f"mean of its members {metric.unit}".rstrip()
    return ["ensemble", "members", what, "95 % interval", mean], cells


def _ensemble_cells(each: Ensemble, metric: Metric) -> list[str]:
    value, interval, members = each.judged
    return [metric.text(value), metric.interval(interval), metric.text(members)]


def foot(report: ComparisonReport) -> list[str]:
    """The lines under the table: n, what ± is, device, versions, recipe, noise floor, notes."""
    where, recipe, data = report.conditions, report.recipe, report.dataset
    counts = {len(row.seeds) for row in report.rows if row.seeds}
    seeds = " to ".join(map(str, sorted({min(counts), max(counts)})))
    versions = ", ".join(f"{name} {version}" for name, version in where.versions.items())
    cores = f", {cores_in_words(where.cores)}" if where.device.kind == "cpu" else ""
    lines = [
        f"n: {seeds} seeds each, {data.sizes['test']:,} test samples of "
        f"{datasets.title(data.name, data.chosen)}, "
        f"{data.sizes['train']:,} training samples",
        *_metric(report),
        f"interval: {report.methods['interval']}",
        f"differences: {report.methods['difference']}",
        f"rank: {report.methods['rank']}",
        *([f"ensembles: {report.methods['ensemble']}"] if report.ensembles else []),
        *_inputs(report),
        f"recipe: {recipe['name']} ({recipe['digest']}): {recipe['summary']}",
        f"device: {where.device.kind}, {where.device.name}{cores}; "
        f"{where.backend}, {where.precision}; {versions}",
        f"costs: {_costs(report)}",
        f"target: validation accuracy {100 * report.target:g} %",
    ]
    if report.noise.text:
        lines.append(f"noise floor: {report.noise.text}")
    if report.harness:
        lines.append(f"harness: {_harness(report.harness)}")
    lines += [f"MIXED: {line}" for line in report.mixed]
    lines += [f"note: {line}" for line in report.notes]
    lines += [f"FAILED: {row.name}: {row.problem}" for row in report.rows if row.problem]
    return lines


def _metric(report: ComparisonReport) -> list[str]:
    """By what is compared, unless by accuracy."""
    metric = report.judged_by
    return [] if metric.name == "accuracy" else [f"metric: {metric.title}: {metric.definition}"]


def _inputs(report: ComparisonReport) -> list[str]:
    """How samples reach each model; none in a report of before that was recorded."""
    whose: dict[str, list[str]] = {}
    for row in report.rows:
        if row.conversion:
            whose.setdefault(row.conversion, []).append(row.name)
    words = [f"{conversion} ({', '.join(names)})" for conversion, names in whose.items()]
    return [f"input: {'; '.join(words)}"] if words else []


def _costs(report: ComparisonReport) -> str:
    cost = report.cost
    if cost is None:
        return (
            "not measured by a benchmark; training samples/s and compile are what the runs saw "
            "(zoo bench measures)"
        )
    return (
        f"medians over {(cost.rounds or 0) * (cost.processes or 0)} rounds in {cost.processes} fresh "
        f"processes each, measured in turn; training batch {cost.batch_size}; inference batch 256; "
        f"measured {cost.created[:16].replace('T', ' ')} UTC"
    )


def _harness(harness: HarnessInfo) -> str:
    if not harness.trained:
        return "every run was cached"
    return (
        f"{harness.trained} runs trained, {harness.reused} cached; "
        f"{harness.wall_seconds:.0f} s of wall time for {harness.phases_seconds:.0f} s in the "
        "runs' own phases"
        + (f" ({100 * harness.overhead:.1f} % more)" if harness.overhead is not None else "")
        + (f", {harness.jobs} at a time" if harness.jobs > 1 else "")
        + (", the seeds of an architecture together" if harness.together else "")
    )


def markdown(report: ComparisonReport) -> str:
    """The whole table, the ensembles, the pairs and the foot."""
    groups = (columns.LEARNS, columns.SCORES, columns.SEES, columns.IS, columns.COSTS)
    titles, cells = grid(report, groups)
    parts = [markdown_table(titles, cells)]
    if report.ensembles:
        parts.append(markdown_table(*ensemble_grid(report)))
    if report.pairs:
        parts.append(markdown_table(*pair_grid(report)))
    parts.append("".join(f"- {_escaped(line)}\n" for line in foot(report)))
    return "\n".join(parts)


def markdown_table(titles: list[str], cells: list[list[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    rule = [":--", *["--:"] * (len(titles) - 1)]
    rows = [titles, rule, *[[_escaped(cell) for cell in row] for row in cells]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _escaped(text: str) -> str:
    return printable(text.replace("|", "\\|").replace("\n", " "))


def as_csv(report: ComparisonReport) -> str:
    """A line for each architecture, with plain numbers: shares, seconds, bytes, samples/s.

    The ensemble of its seeds is in the same line; that of all architectures has none.
    """
    text = io.StringIO()
    rows = flat_rows(report)
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def flat_rows(report: ComparisonReport) -> list[dict[str, Any]]:
    """A row for each architecture, with plain numbers, and the ensemble of its seeds."""
    own = {each.architectures[0]: each for each in report.ensembles if len(each.architectures) == 1}
    return [_flat(row, own.get(row.name), report.judged_by) for row in report.rows]


FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet carries out (owasp.org/www-community/attacks/CSV_Injection)."""


def _cell(value: Any) -> Any:
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
        **{f"test_{name}": row.metrics.get(name) for name in METRICS if name != "accuracy"},
        **_chosen(row, metric),
        "seeds": len(row.seeds),
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
    return {**flat, "problem": row.problem}


def _chosen(row: Row, metric: Metric) -> dict[str, Any]:
    """The metric by which architectures are ranked; the accuracy's own columns are always there."""
    low, high = row.judged_interval or (None, None)
    return {
        "metric": metric.name,
        "metric_value": row.judged,
        "metric_interval_low": low,
        "metric_interval_high": high,
    }


def explanations() -> list[tuple[str, str]]:
    """Each column's title and what it says; the ensembles' lines too."""
    return [
        *((title(column), column.explanation) for column in COLUMNS),
        ("ensembles", ENSEMBLE),
    ]
