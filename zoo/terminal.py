"""Printing results: tables for people, JSON for programs."""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from zoo.printable import printable

OUR_STYLES = re.compile(r"\x1b\[(?:0|1|3[1-3])m")
"""What `style` writes, and nothing that hides, moves or links."""

WIDE = 10_000
"""Columns of a table that goes to a file or a pipe, where nothing should be cut."""


def echo(text: Any = "", *, err: bool = False, nl: bool = True, lines: bool = False) -> None:
    r"""Print, as a terminal may be given it: names from outside may hold escape sequences.

    What does not print is spelled, as in `\x1b`; our own styles are left. So are line breaks at
    both ends, and those within only with `lines`: a name must not make a line of its own.
    """
    lead, text, end = _split(str(text))
    kept = "\n" if lines else ""
    safe = [printable(part, kept=kept) for part in OUR_STYLES.split(text)]
    styles = [*OUR_STYLES.findall(text), end]
    shown = lead + "".join(part + own for part, own in zip(safe, styles, strict=True))
    click.echo(shown, err=err, nl=nl)


def style(text: str, *, fg: str | None = None, bold: bool | None = None) -> str:
    """The text in a colour or bold, for `echo`."""
    lead, text, end = _split(text)
    return lead + click.style(printable(text, kept="\n"), fg=fg, bold=bold) + end


def secho(
    text: str,
    *,
    fg: str | None = None,
    bold: bool | None = None,
    err: bool = False,
    lines: bool = False,
) -> None:
    """Print in a colour or bold, as `echo` does."""
    echo(style(text, fg=fg, bold=bold), err=err, lines=lines)


def _split(text: str) -> tuple[str, str, str]:
    """Line breaks before, the text, line breaks after."""
    body = text.strip("\n")
    lead = len(text) - len(text.lstrip("\n"))
    return text[:lead], body, text[lead + len(body) :]


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False
) -> None:
    """A table without lines. The last column wraps on a terminal that is too narrow.

    `numbers`: all columns but the first and the last stand to the right.
    """
    rows = [tuple(map(_cell, row)) for row in rows]
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
        lines.append(style(text, bold=True) if number == 0 else text)
    echo("\n".join(lines), lines=True)  # in one piece: each echo is flushed


def _cell(text: Any) -> str:
    return printable(" ".join(str(text).splitlines()))


def _wrapped(text: str, room: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, max(20, room)) or [""]


def wrapped(text: str) -> str:
    """`name: text` folded for the terminal, further lines indented; as it is elsewhere."""
    import textwrap

    text = " ".join(text.splitlines())
    if not sys.stdout.isatty():
        return text
    width = max(40, min(120, shutil.get_terminal_size().columns))
    return textwrap.fill(text, width, subsequent_indent="    ", break_on_hyphens=False)
