"""A study as one HTML file that fetches nothing."""

from collections.abc import Callable
from typing import Any

from msgspec import to_builtins

from zoo.formatting import duration
from zoo.parameters import as_text
from zoo.report import words
from zoo.report.filling import asset, fill, hash_of
from zoo.tuning.tuning_report import TunedRow, TuningReport

OBJECTIVES = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}


def render(report: TuningReport) -> str:
    """The page, one self-contained HTML text; equal input gives equal bytes."""
    filters: dict[str, Callable[..., Any]] = {"plain": words.plain, "duration": duration}
    return fill("tuning.html.j2", _context(report), filters)


def _context(report: TuningReport) -> dict[str, Any]:
    # Matplotlib is imported here, when a page is made, and not with this module.
    from zoo.report import svg, tuning_figures

    script = asset("theme.js")
    keys = svg.assign_keys([row.name for row in report.rows])
    return {
        "report": report,
        "what": OBJECTIVES[report.objective],
        "style": asset("theme.css") + asset("style.css"),
        "script": script,
        "script_hash": hash_of(script),
        "keys": keys,
        "verdict": verdict(report),
        "rows": [_row(row, report.objective) for row in report.rows],
        "figures": tuning_figures.draw(report, keys),
        "spaces": {row.name: [_dimension(each) for each in row.space] for row in report.rows},
        "notes": [note.replace("`", "") for note in report.notes],
        "versions": to_builtins(report.versions),
    }


def verdict(report: TuningReport) -> str:
    """In a sentence: who leads with the defaults, who after tuning, and whether that is certain."""
    rows = [row for row in report.rows if row.best is not None]
    if not rows:
        return "No trial is complete yet."
    first = rows[0]
    before = [row.name for row in rows if row.default_rank == 1]
    if len(rows) == 1:
        return f"{first.name} was tuned alone; the best trial is number {first.best_trial}."
    after = [row.name for row in rows if row.tuned_rank == 1]
    lead = f"With the defaults {' and '.join(before)} leads" if before else "No default is complete"
    end = f"{lead}; after equal tuning {' and '.join(after)} leads."
    rivals = [row.name for row in rows if row.tuned_ranks and row.tuned_ranks[0] == 1]
    if len(rivals) > 1:
        return f"{end} By the validation samples and the trials alone, {' or '.join(rivals)} may be first."
    return end


def _row(row: TunedRow, objective: str) -> dict[str, Any]:
    from zoo.report.tuning_figures import score

    return {
        "name": row.name,
        "row": row,
        "default": score(row.default, objective),
        "best": score(row.best, objective),
        "default_rank": _rank(row.default_rank, row.default_ranks),
        "tuned_rank": _rank(row.tuned_rank, row.tuned_ranks),
        "trials": sum(row.counts.values()),
        "pruned": row.counts.get("pruned", 0),
        "lost": row.counts.get("failed", 0) + row.counts.get("diverged", 0),
        "changed": [(name.partition(".")[2], as_text(v)) for name, v in row.changed.items()],
    }


def _rank(rank: int | None, between: tuple[int, int] | None) -> str:
    if rank is None:
        return "—"
    if between is None or between[0] == between[1] == rank:
        return str(rank)
    return f"{rank} ({between[0]} to {between[1]})"


def _dimension(space: dict[str, Any]) -> dict[str, str]:
    if "values" in space:
        drawn = " | ".join(map(as_text, space["values"]))
    else:
        drawn = f"{space['low']} to {space['high']}" + (", logarithmic" if space["log"] else "")
    table, _, key = space["name"].partition(".")
    return {"key": key, "of": table, "drawn": drawn, "default": as_text(space["default"])}
