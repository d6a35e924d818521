"""How a text file of a table is written: separator, header, decimal mark; found in its first lines."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from zoo.datasets.table_frame import MISSING, Decimal, is_cell, is_number
from zoo.errors import DataError

LINES, LOOKED_AT = 50, 2**20
"""Lines that are looked at; after the second only as long as they have fewer characters in all."""
SEPARATORS = ("\t", ";", ",", "|", None)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+$", re.ASCII)


@dataclass(frozen=True)
class Dialect:
    """How a text file is written.

    Attributes:
        separator: None: spaces.
        header: the names of the columns; None: it has none.
        columns: how many cells the first row has.
        body: at which character of the text the first sample begins.
        notes: what is not plain.
    """

    separator: str | None
    header: list[str] | None
    columns: int
    body: int
    decimal: Decimal
    notes: tuple[str, ...]


def dialect(path: Path, text: str, decimal: Decimal | None) -> Dialect:
    """Find out how `text`, whose lines end with a newline alone, is written.

    Raises:
        DataError: it is no table, or could be read in two ways.
    """
    start, asked = _said_by_excel(text)
    lines = _first_lines(text, start)
    if not lines:
        raise DataError(f"{path}: is empty.")
    if lines[0][1].lstrip().startswith("#"):
        raise DataError(
            f"{path}: begins with a comment, {lines[0][1].strip()[:40]!r}; take out its lines that begin "
            "with #. The first line names the columns, or is a sample."
        )
    separator = asked or _separator(path, [line for _, line in lines])
    rows = rows_of(path, [line for _, line in lines], separator)
    header, skipped, notes = _header(path, rows[0], rows[1:])
    chosen = decimal or _decimal(path, rows[1:] or rows, separator)
    if chosen == "comma" and not decimal:
        notes.append(f"{path.name}: numbers have decimal commas")
    return Dialect(
        separator,
        _named(header) if header else None,
        len(rows[0]),
        lines[0][0] if skipped else start,
        chosen,
        tuple(notes),
    )


def _said_by_excel(text: str) -> tuple[int, str | None]:
    """Excel's first line `sep=;`: where it ends, and the separator."""
    found = re.match(r'"?sep=([;,\t|])"?\n', text)
    return (found.end(), found.group(1)) if found else (0, None)


def _first_lines(text: str, start: int) -> list[tuple[int, str]]:
    """Lines that are not blank, and where each ends."""
    found: list[tuple[int, str]] = []
    first = start
    while start < len(text) and len(found) <= LINES:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            found.append((min(end + 1, len(text)), text[start:end]))
        start = end + 1
        if len(found) > 1 and start - first > LOOKED_AT:
            break
    return found


def rows_of(path: Path, lines: Sequence[str], separator: str | None) -> list[list[str]]:
    """The cells of lines, without spaces around them."""
    if separator is None:
        return [line.split() for line in lines]
    try:
        rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=True)
        return [[cell.strip() for cell in row] for row in rows if row]
    except csv.Error as error:
        raise DataError(f"{path}: is no table ({error}).") from error


def _separator(path: Path, lines: Sequence[str]) -> str | None:
    """The separator with which most cells are numbers, all lines being alike; None: spaces."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    scored = []
    for place, separator in enumerate(SEPARATORS):
        try:
            rows = rows_of(path, lines, separator)
        except DataError:
            continue
        widths = [len(row) for row in rows]
        if max(widths) < 2 or (separator is None and len(set(widths)) > 1):
            continue
        cells = [cell for row in rows[1:] or rows for cell in row]
        good = sum(map(is_cell, cells))
        alike = sum(width == widths[0] for width in widths)
        scored.append((good / len(cells), alike, len(cells), -place, separator))
    if not scored:
        raise DataError(
            f"{path}: has one column only; a table has values and labels, separated by commas, "
            "semicolons or tabs."
        )
    return max(scored, key=lambda each: each[:4])[-1]


def _header(
    path: Path, first: list[str], rest: Sequence[Sequence[str]]
) -> tuple[list[str] | None, bool, list[str]]:
    """The names of the columns, whether the first row is no sample, and notes."""
    if _is_count(first):
        named = first if first[0] == "" else None
        return named, True, [] if named else ["the first row counts the columns; it is no sample"]
    texts = [place for place, cell in enumerate(first) if not is_cell(cell)]
    numbers = [cell for cell in first if is_number(cell)]
    if not texts:
        return None, False, []
    if not numbers:
        return first, True, []
    below = {place: {row[place] for row in rest if place < len(row)} for place in texts}
    over = any(cells - set(MISSING) and all(map(is_cell, cells)) for cells in below.values())
    again = any(first[place] in cells for place, cells in below.items())
    if again and not over:
        return None, False, []
    if not again and (over or _is_even(numbers)):
        return first, True, []
    raise DataError(
        f"{path}: is its first row, {', '.join(first[:4])[:60]}, a sample or the names of columns? Put a "
        "row of names before it: t0, t1, ..., label."
    )


def _is_count(cells: Sequence[str]) -> bool:
    """Whether a row is the names that pandas gives to nameless columns: 0, 1, 2, ...; no sample."""
    cells = cells[1:] if cells[0] == "" else cells
    return len(cells) > 2 and any(
        list(cells) == [str(start + place) for place in range(len(cells))] for start in (0, 1)
    )


def _is_even(cells: Sequence[str]) -> bool:
    """Whether numbers are times: each larger than the one before by the same."""
    values = [float(cell.replace(",", ".")) for cell in cells]
    apart = [after - before for before, after in pairwise(values)]
    return bool(apart) and min(apart) > 0 and max(apart) <= 1.01 * min(apart)


def _named(header: Sequence[str]) -> list[str]:
    """As pandas calls columns without a name."""
    return [name or f"Unnamed: {place}" for place, name in enumerate(header)]


def _decimal(path: Path, rows: Sequence[Sequence[str]], separator: str | None) -> Decimal:
    """Where commas separate cells, numbers have points; else the cells tell."""
    if separator == ",":
        return "point"
    cells = [cell for row in rows for cell in row if is_number(cell) or _GROUPED.match(cell)]
    commas = [cell for cell in cells if "," in cell]
    if not commas:
        return "point"
    if any("." in cell for cell in cells) or all(_GROUPED.match(cell) for cell in commas):
        raise DataError(
            f"{path}: has {commas[0]!r}, whose comma may separate thousands or decimals. Use "
            "`data_parameters={'decimal': 'comma'}`, or write numbers without thousands separators."
        )
    return "comma"
