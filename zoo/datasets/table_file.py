"""Reading CSV, TSV and Parquet files whole, as a pandas DataFrame; every refusal names the file.

Numbers are read as they are written: each decimal becomes the nearest float64.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo.datasets.bounds import check_expansion, check_regular, check_total
from zoo.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd

Decimal = Literal["point", "comma"]
TEXT, PARQUET = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
SUFFIXES = (*TEXT, *PARQUET)
MISSING = ("", "?", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "-")
"""Cells of numeric columns that stand for a missing value."""
MOST_COLUMNS = 200_000
PEAK = 8
"""Bytes of memory that a byte of text takes while it is read."""
LOOKED_AT = 2**20
"""Bytes that tell how a text file is written."""
LINES = 50
EXTRA = "reading tables needs pandas and pyarrow: pip install 'archzoo[tables]'."


@dataclass(frozen=True)
class Table:
    """A file's columns.

    Attributes:
        frame: numeric columns float64 with NaN for missing; others text, or whatever Parquet has.
        header: whether the file names its columns; else they are "1", "2", ...
        notes: how the file was read, where that is not what everybody would expect.
    """

    path: Path
    frame: "pd.DataFrame"
    header: bool
    notes: tuple[str, ...] = ()

    def fault(self, name: str) -> str:
        """The first cell of a text column that is no number: `'x' in row 3`; rows count from 1."""
        for row, cell in enumerate(self.frame[name], 1):
            if not _is_number(str(cell)) and str(cell) not in MISSING:
                return f"{str(cell)[:40]!r} in row {row}"
        return "text"


def read_table_file(path: Path, decimal: Decimal | None = None) -> Table:
    """Read a CSV, TSV or Parquet file.

    Args:
        path: the file. How text is separated (comma, semicolon, tab, bar, spaces) is recognised.
        decimal: of text; None: recognised where certain.

    Raises:
        DataError: it is damaged, too large, or not such a file.
        UsageError: pandas or pyarrow is not installed; or numbers could be read in two ways.
    """
    check_regular(path)
    size = path.stat().st_size
    check_total(path, size if path.suffix.lower() in PARQUET else PEAK * size)
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise UsageError(f"{path}: {EXTRA}") from error
    try:
        if path.suffix.lower() in PARQUET:
            return _parquet(path, decimal)
        return _text(path, decimal)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _parquet(path: Path, decimal: Decimal | None) -> Table:
    if decimal:
        raise UsageError(f"{path}: decimal goes with text files; leave it out.")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(f"{path}: {EXTRA}") from error
    try:
        file = pyarrow.parquet.ParquetFile(path)
        _check_parquet(path, file)
        frame = file.read(use_threads=True).to_pandas()
    except (pyarrow.ArrowException, ValueError, KeyError, OverflowError, TypeError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{path}: is no Parquet file that can be read ({first}).") from error
    if frame.index.names != [None]:  # pandas keeps a named index apart
        frame = frame.reset_index()
    frame.columns = [str(name) for name in frame.columns]
    _check_names(path, list(frame.columns))
    return Table(path, _numeric(frame), header=True)


def _check_parquet(path: Path, file: Any) -> None:
    about = file.metadata
    unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if about.num_columns > MOST_COLUMNS:
        raise DataError(
            f"{path}: has {about.num_columns:,} columns; at most {MOST_COLUMNS:,} are read."
        )
    check_total(path, max(unpacked, 8 * about.num_rows * about.num_columns))
    check_expansion(str(path), unpacked, path.stat().st_size, "It is not read.")


def _numeric(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Numbers of any type as float64; whole numbers of text columns stay as they are."""
    from pandas.api import types

    for name in frame.columns:
        kind = frame[name].dtype
        if types.is_numeric_dtype(kind) and not types.is_bool_dtype(kind):
            frame[name] = frame[name].astype("float64")
    return frame


@dataclass(frozen=True)
class _Written:
    """How a text file is written."""

    separator: str | None
    header: list[str] | None
    skipped: int
    columns: int
    decimal: Decimal
    notes: tuple[str, ...]


def _text(path: Path, decimal: Decimal | None) -> Table:
    text = _decoded(path)
    written = _written(path, text, decimal)
    names = written.header or [str(number + 1) for number in range(written.columns)]
    _check_names(path, names)
    frame = _parsed(path, text, written, names)
    if frame.empty:
        raise DataError(f"{path}: has no rows.")
    return Table(path, frame, written.header is not None, written.notes)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8 (a spreadsheet calls it "
            "CSV UTF-8)."
        ) from error
    if "\0" in text:
        raise DataError(f"{path}: has a zero byte; this is no text file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _written(path: Path, text: str, decimal: Decimal | None) -> _Written:
    head = text[:LOOKED_AT]
    lines = [line for line in head.split("\n")[: LINES + 1] if line.strip()]
    if not lines:
        raise DataError(f"{path}: is empty.")
    separator = _separator(path, lines)
    rows = _rows(path, lines, separator)
    first, rest = rows[0], rows[1:] or rows
    numbered = _is_count(first)
    header = None if all(_is_number(cell) or cell in MISSING for cell in first) else first
    if numbered and first[0] == "":
        header = first
    columns = len(first) if header or numbered else _most_fields(text, separator)
    if columns > MOST_COLUMNS:
        raise DataError(f"{path}: has {columns:,} columns; at most {MOST_COLUMNS:,} are read.")
    cells = len(first) * max(1, text.count("\n"))
    check_total(path, 8 * cells)
    chosen = decimal or _decimal(path, rest, separator)
    notes = []
    if chosen == "comma" and not decimal:
        notes.append(f"{path.name}: numbers have decimal commas")
    skipped = int(numbered or header is not None)
    return _Written(separator, header, skipped, columns, chosen, tuple(notes))


def _is_count(cells: Sequence[str]) -> bool:
    """Whether a row is the names that pandas gives to nameless columns: 0, 1, 2, ...; no sample."""
    cells = cells[1:] if cells[0] == "" else cells
    return len(cells) > 2 and any(
        cells == [str(start + place) for place in range(len(cells))] for start in (0, 1)
    )


def _separator(path: Path, lines: Sequence[str]) -> str | None:
    """The separator with which most cells are numbers, all lines being alike; None: spaces."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    scored = []
    for place, separator in enumerate(("\t", ";", ",", "|", None)):
        try:
            rows = _rows(path, lines, separator)
        except DataError:
            continue
        widths = [len(row) for row in rows]
        if max(widths) < 2 or (separator is None and len(set(widths)) > 1):
            continue
        cells = [cell for row in rows[1:] or rows for cell in row]
        good = sum(_is_number(cell) or cell in MISSING for cell in cells)
        alike = sum(width == widths[0] for width in widths)
        scored.append((good / len(cells), alike, len(cells), -place, separator))
    if not scored:
        raise DataError(
            f"{path}: has one column only; a table has values and labels, separated by commas, "
            "semicolons or tabs."
        )
    return max(scored, key=lambda each: each[:4])[-1]


def _rows(path: Path, lines: Sequence[str], separator: str | None) -> list[list[str]]:
    if separator is None:
        return [line.split() for line in lines]
    try:
        rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=True)
        return [[cell.strip() for cell in row] for row in rows if row]
    except csv.Error as error:
        raise DataError(f"{path}: is no table ({error}).") from error


def _most_fields(text: str, separator: str | None) -> int:
    """Of files without a header, whose rows may have unequal lengths."""
    lines = text.split("\n")
    if separator is None:
        return max(len(line.split()) for line in lines)
    return max(line.count(separator) for line in lines) + 1


_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+$")


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.match(cell))


def _decimal(path: Path, rows: Sequence[Sequence[str]], separator: str | None) -> Decimal:
    """Where commas separate cells, numbers have points; else the cells tell."""
    if separator == ",":
        return "point"
    cells = [cell for row in rows for cell in row if _is_number(cell)]
    commas = [cell for cell in cells if "," in cell]
    if not commas:
        return "point"
    if any("." in cell for cell in cells) or all(_GROUPED.match(cell) for cell in commas):
        raise UsageError(
            f"{path}: has {commas[0]!r}, whose comma may separate thousands or decimals. Use "
            "`data_parameters={'decimal': 'comma'}`, or write numbers without thousands separators."
        )
    return "comma"


def _parsed(path: Path, text: str, written: _Written, names: list[str]) -> "pd.DataFrame":
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=r"\s+" if written.separator is None else written.separator,
            header=None,
            names=names,
            skiprows=written.skipped,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            skip_blank_lines=True,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        first = next(iter(str(error).splitlines()), "")
        found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", first)
        if found:
            wanted, line, seen = found.groups()
            raise DataError(
                f"{path} line {line}: has {seen} cells, and the lines before have {wanted}."
            ) from error
        raise DataError(f"{path}: is no table ({first.strip()}).") from error
    return pd.DataFrame({name: _column(frame[name], written.decimal) for name in names})


def _column(cells: "pd.Series", decimal: Decimal) -> "pd.Series":
    """float64 if each cell is a number or missing; else the text as it is."""
    import numpy as np

    cells = cells.fillna("").str.strip()
    missing = cells.isin(MISSING).to_numpy(bool)
    numbers = np.full(len(cells), np.nan)
    given = cells.to_numpy(object)[~missing]
    try:
        plain = [cell.replace(",", ".") for cell in given] if decimal == "comma" else given
        if any("_" in cell for cell in plain):  # Python's own, nobody's table
            return cells
        numbers[~missing] = [float(cell) for cell in plain]
    except ValueError:
        return cells
    import pandas as pd

    return pd.Series(numbers, index=cells.index)


def _check_names(path: Path, names: list[str]) -> None:
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1 and name]:
        raise DataError(f"{path}: has two columns {twice[0]!r}; give each a name of its own.")
    if names.count("") > 1:
        raise DataError(f"{path}: has columns without a name; name them, or leave them out.")
