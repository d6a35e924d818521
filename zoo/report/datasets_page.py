"""A comparison over several datasets as one HTML file that fetches nothing."""

from collections.abc import Callable
from typing import Any

from zoo.comparison.equivalence import in_words
from zoo.formatting import p_value
from zoo.report import words
from zoo.report.filling import asset, fill, hash_of
from zoo.studies.datasets_schema import DatasetsPair, DatasetsReport
from zoo.studies.datasets_table import foot, told_apart_by, verdict


def render(report: DatasetsReport) -> str:
    """The page, one self-contained HTML text; equal input gives equal bytes."""
    filters: dict[str, Callable[..., Any]] = {
        "plain": words.plain,
        "label": words.label,
        "p_value": p_value,
    }
    return fill("datasets.html.j2", _context(report), filters)


def _context(report: DatasetsReport) -> dict[str, Any]:
    # Matplotlib is imported here, when a page is made, and not with this module.
    from zoo.report import ranks_figure, svg

    keys = svg.assign_keys([row.name for row in report.rows])
    script = asset("theme.js")
    metric = report.judged_by
    return {
        "report": report,
        "metric": metric,
        "style": asset("theme.css") + asset("style.css"),
        "script": script,
        "script_hash": hash_of(script),
        "keys": keys,
        "verdict": verdict(report),
        "diagram": ranks_figure.draw_ranks(report, keys),
        "region": in_words(metric, report.rope),
        "pairs": [_pair(pair, report) for pair in report.pairs],
        "matrix": [_scores(report, place) for place in range(len(report.datasets))],
        "foot": [line for line in foot(report) if line.startswith(("n:", "friedman:", "region"))],
        "experiment": {} if not report.experiment else report.experiment,
    }


def _pair(pair: DatasetsPair, report: DatasetsReport) -> dict[str, Any]:
    metric = report.judged_by
    return {
        "first": pair.first,
        "second": pair.second,
        "counts": f"{pair.wins} / {pair.ties} / {pair.losses}",
        "mean": words.signed(pair.mean_difference, metric),
        "p": pair.p,
        "p_adjusted": pair.p_adjusted,
        "conclusion": told_apart_by(pair),
        "different": pair.different,
        "bayes": pair.bayes,
    }


def _scores(report: DatasetsReport, place: int) -> dict[str, Any]:
    """A dataset's row of the matrix; the best cells are marked."""
    metric = report.judged_by
    values = [row.scores[place] for row in report.rows]
    best = max(metric.sign * value for value in values)
    return {
        "dataset": report.datasets[place],
        "cells": [(metric.text(value), metric.sign * value >= best - 1e-10) for value in values],
    }
