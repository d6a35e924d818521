"""An advice as one HTML file that fetches nothing."""

from collections.abc import Callable
from typing import Any

from zoo.advising.advice_record import AdviceRecord
from zoo.advising.advice_rows import candidate_grid, foot
from zoo.advising.candidates import megabytes, milliseconds
from zoo.comparison import columns, table
from zoo.formatting import duration, percent, size
from zoo.report import words
from zoo.report.filling import asset, fill, hash_of


def render(record: AdviceRecord) -> str:
    """The page, one self-contained HTML text; equal input gives equal bytes."""
    filters: dict[str, Callable[..., Any]] = {
        "plain": words.plain,
        "duration": duration,
        "percent": percent,
    }
    return fill("advice.html.j2", _context(record), filters)


def _context(record: AdviceRecord) -> dict[str, Any]:
    # Matplotlib is imported here, when a page is made, and not with this module.
    from zoo.report import figures, svg

    script = asset("theme.js")
    report = record.report
    keys = svg.assign_keys([row.name for row in report.rows]) if report else {}
    return {
        "record": record,
        "asked": record.asked,
        "limits": limits_in_words(record),
        "style": asset("theme.css") + asset("style.css"),
        "script": script,
        "script_hash": hash_of(script),
        "verdict": record.recommendation.text if record.recommendation else "Not finished.",
        "candidates": candidate_grid(record),
        "foot": foot(record),
        "figure": figures.draw(report, {}, keys)["fronts"] if report else None,
        "learned": table.grid(report, (columns.LEARNS,)) if report else None,
        "pairs": table.pair_grid(report) if report and report.pairs else None,
    }


def limits_in_words(record: AdviceRecord) -> str:
    """`latency at most 5 ms, memory at most 200 MB`"""
    asked = record.asked
    found = []
    if asked.latency is not None:
        found.append(f"latency at most {milliseconds(asked.latency)}")
    if asked.memory is not None:
        found.append(f"memory at most {megabytes(asked.memory)}")
    if asked.parameters is not None:
        found.append(f"at most {size(asked.parameters)} parameters")
    return ", ".join(found) or "no limits"
