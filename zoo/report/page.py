"""A comparison as one HTML file that fetches nothing."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from msgspec import UNSET, to_builtins

from zoo.comparison import columns, table
from zoo.comparison.diagnostics_schema import Diagnostics, Disagreement
from zoo.comparison.equivalence import in_words
from zoo.comparison.row_schema import Row, Statistic
from zoo.comparison.schema import ColumnInfo, ComparisonReport, CostSummary, NoiseFloor, Pair
from zoo.comparison.verdict import of_pair, verdict
from zoo.formatting import hundredths, listed, p_value, percent
from zoo.report import words
from zoo.report.class_table import class_tables
from zoo.report.filling import asset, fill, hash_of
from zoo.scoring import MOST_CLASSES, Metric

MATRIX_CLASSES = 20
"""Above so many classes a confusion matrix is no longer read; its worst pairs are."""
WORST_PAIRS = 12
SHADES = 5
TARGETS = {"target": "seconds", "epochs_to_target": "epochs"}
"""The columns made of a row's `target`, and the part that each sorts by."""
GROUPS = {
    "learns": "what it learns",
    "scores": "by other metrics",
    "sees": "what it sees",
    "is": "what it is",
    "costs": "what it costs",
}


def render(report: ComparisonReport, diagnostics: Diagnostics) -> str:
    """The page, one self-contained HTML text; equal input gives equal bytes."""
    filters: dict[str, Callable[..., Any]] = {
        "plain": words.plain,
        "label": words.label,
        "signed": words.signed,
        "p_value": p_value,
        "listed": listed,
        "percent": percent,
        "hundredths": hundredths,
        "measure": _measure,
        "capitalized": words.capitalized,
    }
    return fill("template.html.j2", _context(report, diagnostics), filters)


def _context(report: ComparisonReport, diagnostics: Diagnostics) -> dict[str, Any]:
    """Everything the template shows, computed; the template only lays it out."""
    # Matplotlib is imported here, when a page is made, and not with this module.
    from zoo.report import figures, svg

    rows = report.rows
    keys = svg.assign_keys([row.name for row in rows])
    classes = report.dataset.classes
    style, script = asset("theme.css") + asset("style.css"), asset("theme.js") + asset("page.js")
    return {
        "report": report,
        "recipe": report.recipe,
        "dataset": to_builtins(report.dataset),
        "harness": to_builtins(report.harness),
        "style": style,
        "script": script,
        "script_hash": hash_of(script),
        "verdict": verdict(report),
        "keys": keys,
        "groups": _groups(report.columns),
        "columns": [_column(column, rows) for column in report.columns],
        "table": [_table_row(row, report.columns) for row in rows],
        "seeds": _seeds(rows),
        "unit": "seed" if report.folds is UNSET else "fold",
        "metric": report.judged_by,
        "what": report.judged_by.short,
        "classes": class_tables(report),
        "all_classes": len(classes) <= MOST_CLASSES,
        "ensembles": report.ensembles,
        "pairs": [_pair(pair, report.judged_by) for pair in report.pairs],
        "margin": "" if report.rope is UNSET else in_words(report.judged_by, report.rope),
        "figures": figures.draw(report, diagnostics.curves, keys),
        "fronts": table.front_grid(report),
        "unmeasured": [
            row.name
            for row in rows
            if row.accuracy is not None and not row.inference_images_per_second
        ],
        "confusions": _confusions(diagnostics.confusions, classes),
        "matrices": len(classes) <= MATRIX_CLASSES,
        "shades": SHADES,
        "cost": _cost(report.cost),
        "own_costs": any(row.from_runs for row in rows),
        "noise": _noise(report.noise, report.judged_by),
        "environment": _environment(report),
        "origins": {
            row.name: {
                key: value
                for key, value in {"layout": row.layout, **(row.origin or {})}.items()
                if value
            }
            for row in rows
        },
        "disagreements": [_disagreement(item, classes) for item in diagnostics.disagreements],
    }


def _groups(columns: list[ColumnInfo]) -> list[tuple[str, int]]:
    """The titles over neighbouring columns and how many columns each covers."""
    return [
        (GROUPS.get(group, group), len(list(members)))
        for group, members in groupby(columns, key=lambda column: column.group)
    ]


def _column(column: ColumnInfo, rows: list[Row]) -> dict[str, Any]:
    """A column, with its unit only where the cells do not say it."""
    key, unit = column.key, column.unit
    texts = [column.title, *(row.text.get(key) or "" for row in rows)]
    said = any(unit in text.split() for text in texts)
    return {
        **to_builtins(column),
        "unit": "" if said else unit,
        "sortable": any(sort_value(row, key) is not None for row in rows),
    }


def sort_value(row: Row, key: str) -> float | None:
    """The number by which a column sorts a row; None sorts last."""
    if key in TARGETS:
        target = row.target
        return getattr(target, TARGETS[key]) if target and target.reached else None
    if key == "rank":
        return row.rank[0] if row.rank else None
    value = columns.value(row, key)
    if isinstance(value, Statistic):
        return value.median
    return float(value) if isinstance(value, int | float) else None


def _table_row(row: Row, columns: list[ColumnInfo]) -> dict[str, Any]:
    cells = []
    for column in columns:
        key = column.key
        missed = key in TARGETS and row.target is not None and not row.target.reached
        text = row.text.get(key, "missed" if missed else "—")
        cells.append({"text": text, "sort": sort_value(row, key), "missed": missed})
    return {"name": row.name, "row": row, "cells": cells}


def _environment(report: ComparisonReport) -> dict[str, Any]:
    """The conditions that have no table of their own, and the target."""
    shown = {
        key: value
        for key, value in to_builtins(report.conditions).items()
        if key not in ("machine", "versions")
    }
    device = report.conditions.device
    shown["device"] = f"{device.name} ({device.kind})"
    shown["target"] = percent(report.target)
    return shown


def _cost(cost: CostSummary | None) -> dict[str, Any]:
    """How costs were measured; what was measured is in the table."""
    return {
        k: v for k, v in to_builtins(cost or {}).items() if v and k not in ("conditions", "entries")
    }


def _measure(value: float, metric: Metric) -> str:
    return metric.with_unit(value)


def _noise(noise: NoiseFloor, metric: Metric) -> dict[str, Any]:
    accuracy, own = noise.accuracy, noise.metric_value
    found = {"accuracy": None if accuracy is None else f"{100 * accuracy:.2f} points"}
    if own is not UNSET:
        found[metric.title] = f"{metric.text(own)} {metric.points}".rstrip()
    return {**found, "cost": noise.cost}


def _seeds(rows: list[Row]) -> list[tuple[str, list[str]]]:
    """The seeds or folds that architectures share, and which those are."""
    shared: dict[str, list[str]] = {}
    for row in rows:
        if row.seeds:
            each = row.seeds if row.folds is UNSET else [f.removeprefix("fold ") for f in row.folds]
            shared.setdefault(listed(each), []).append(row.name)
    return list(shared.items())


def _pair(pair: Pair, metric: Metric) -> dict[str, Any]:
    told = {"conclusion": of_pair(pair, metric), "equivalent": pair.equivalent}
    return {**to_builtins(pair), **told}


def _confusions(confusions: dict[str, list[list[int]]], classes: list[str]) -> list[dict[str, Any]]:
    """For each architecture: its matrix with shades, and its most frequent errors.

    The shades of all matrices mean the same numbers; the diagonal has none.
    """
    errors = [
        count
        for matrix in confusions.values()
        for true, counts in enumerate(matrix)
        for answer, count in enumerate(counts)
        if answer != true
    ]
    most = max(errors, default=0)
    return [_confusion(name, matrix, classes, most) for name, matrix in confusions.items()]


def _confusion(name: str, matrix: list[list[int]], classes: list[str], most: int) -> dict[str, Any]:
    def shade(true: int, answer: int, count: int) -> int:
        # The root lets single errors be seen beside the frequent ones.
        return 0 if answer == true or not count else round((SHADES - 1) * (count / most) ** 0.5) + 1

    worst = sorted(
        (
            (count, true, answer)
            for true, counts in enumerate(matrix)
            for answer, count in enumerate(counts)
            if count and answer != true
        ),
        key=lambda error: (-error[0], *error[1:]),
    )
    return {
        "name": name,
        "total": sum(map(sum, matrix)),
        # Wide enough for the longest number, in rem.
        "cell": max(1.7, 0.45 * max(len(str(n)) for counts in matrix for n in counts)),
        "errors": sum(count for count, *_ in worst),
        "rows": [
            (classes[true], [(n, shade(true, answer, n)) for answer, n in enumerate(counts)])
            for true, counts in enumerate(matrix)
        ],
        "worst": [
            {"true": classes[true], "answer": classes[answer], "count": n, "of": sum(matrix[true])}
            for n, true, answer in worst[:WORST_PAIRS]
        ],
    }


def _disagreement(item: Disagreement, classes: list[str]) -> dict[str, Any]:
    answers = [
        {
            "name": name,
            "marks": [(classes[answer], answer == item.label) for answer in given.classes],
        }
        for name, given in item.answers.items()
    ]
    return {
        "index": item.index,
        "image": item.image,
        "true": classes[item.label],
        "answers": answers,
    }
