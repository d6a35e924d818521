"""Printing results: tables for people, JSON for programs."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zoo.recipe import Recipe

WIDE = 10_000
"""Columns of a table that goes to a file or a pipe, where nothing should be cut."""


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False
) -> None:
    """A table without lines. The last column wraps on a terminal that is too narrow.

    `numbers`: all columns but the first and the last stand to the right.
    """
    rows = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    indent = sum(widths[:-1]) + 2 * (len(widths) - 1)
    room = (shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE) - indent
    lines = []
    for number, row in enumerate([columns, *rows]):
        start = "  ".join(
            text.rjust(width) if numbers and place else text.ljust(width)
            for place, (text, width) in enumerate(zip(row[:-1], widths, strict=False))
        )
        last, *more = _wrapped(row[-1], room)
        lead = start + "  " if len(row) > 1 else ""
        text = f"{lead}{last}".rstrip() + "".join(f"\n{' ' * indent}{line}" for line in more)
        lines.append(click.style(text, bold=True) if number == 0 else text)
    click.echo("\n".join(lines))  # in one piece: each echo is flushed


def _wrapped(text: str, room: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, max(20, room)) or [""]


def wrapped(line: str) -> str:
    """`name: text` folded for the terminal, further lines indented; as it is elsewhere."""
    import textwrap

    if not sys.stdout.isatty():
        return line
    width = max(40, min(120, shutil.get_terminal_size().columns))
    return textwrap.fill(line, width, subsequent_indent="    ", break_on_hyphens=False)


def percent(share: float, digits: int = 2) -> str:
    """`99.41 %`"""
    return f"{100 * share:.{digits}f} %"


def views(recipe: "Recipe") -> str:
    """`, test_shift 1: mean over 9 views`; empty where the image alone is answered."""
    if not recipe.test_shift:
        return ""
    return f", test_shift {recipe.test_shift}: mean over {recipe.views} views"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: float) -> str:
    """`640`, `92.3 k`, `1.2 M`: three digits and a decimal prefix."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count:.0f}"
