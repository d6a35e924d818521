"""Reading CSV and TSV files; every refusal names the file. Each number becomes the nearest float64."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.datasets.bounds import check_total
from zoo.datasets.table_dialect import Dialect, dialect
from zoo.datasets.table_frame import EXACT, MISSING, Decimal, Table, check_names, is_number
from zoo.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

OF_TEXT, OF_CELL = 3, 20
"""Bytes of memory that a character and a cell take while they are read."""
BLOCK = 2**24
"""Bytes that are parsed at a time; more if a line is longer."""


def read_text(path: Path, decimal: Decimal | None) -> Table:
    """Read a text file whose cells are separated by commas, semicolons, tabs, bars or spaces.

    Raises:
        DataError: it is no such file, or could be read in two ways.
    """
    text = _decoded(path)
    written = dialect(path, text, decimal)
    check_total(path, len(text) * OF_TEXT + OF_CELL * written.columns * (text.count("\n") + 1))
    if written.header:
        check_names(path, written.header)
    body = text[written.body :]
    if written.separator is None:
        body = "\n".join("\t".join(line.split()) for line in body.split("\n"))
    if not body.strip():
        raise DataError(f"{path}: has no rows.")
    del text
    columns, names = _columns(path, body, written)
    check_names(path, names)
    frame, notes = _frame(columns, names, written)
    return Table(path, frame, written.header is not None, (*written.notes, *notes), written.decimal)


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


def _columns(path: Path, body: str, written: Dialect) -> tuple[list[Any], list[str]]:
    """The cells of each column as Arrow's text, and the columns' names."""
    import pyarrow

    names = written.header or [str(place + 1) for place in range(written.columns)]
    delimiter = written.separator or "\t"
    try:
        table = _parsed(body, delimiter, names)
    except (pyarrow.ArrowException, ValueError):
        try:
            body, names = _mended(path, body, delimiter, written)
            table = _parsed(body, delimiter, names)
        except (pyarrow.ArrowException, ValueError) as error:
            first = next(iter(str(error).splitlines()), "")
            raise DataError(f"{path}: is no table ({first[:100]}).") from error
    return table.columns, names


def _parsed(body: str, delimiter: str, names: list[str]) -> Any:
    import pyarrow
    from pyarrow import csv as arrow

    content = body.encode()
    longest = max(map(len, io.BytesIO(content))) if len(content) > BLOCK else len(content)
    # Arrow's own names, as people's may be anything
    own = [str(place) for place in range(len(names))]
    return arrow.read_csv(
        pyarrow.BufferReader(content),
        read_options=arrow.ReadOptions(
            column_names=own, block_size=max(BLOCK, 2 * longest), use_threads=False
        ),
        parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values='"' in body),
        convert_options=arrow.ConvertOptions(
            column_types=dict.fromkeys(own, pyarrow.large_string()), strings_can_be_null=False
        ),
    )


def _mended(path: Path, body: str, delimiter: str, written: Dialect) -> tuple[str, list[str]]:
    """Rows of unequal length: filled up where no header counts the columns, else refused."""
    rows = list(_rows(path, body, delimiter))
    width = written.columns
    if not written.header:
        width = max((len(row) for _, row in rows), default=width)
    check_total(path, len(body) * OF_TEXT + OF_CELL * width * len(rows))
    made = io.StringIO()
    write = csv.writer(made, delimiter=delimiter, lineterminator="\n")
    for line, row in rows:
        if len(row) > width and not any(row[width:]):  # separators at its end
            del row[width:]
        if len(row) > width or (written.header and len(row) < width):
            raise DataError(
                f"{path} row {line}: has {len(row)} cells, and the first line has {width}."
            )
        write.writerow(row + [""] * (width - len(row)))
    return made.getvalue(), written.header or [str(place + 1) for place in range(width)]


def _rows(path: Path, body: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = (line + "\n" for line in body.split("\n"))
    try:
        number = 0
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True):
            if len(row) > 1 or any(cell.strip() for cell in row):
                number += 1
                yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        raise DataError(f"{path}: is no table ({error}).") from error


def _frame(
    columns: list[Any], names: list[str], written: Dialect
) -> tuple["pd.DataFrame", list[str]]:
    import pandas as pd

    numbers: dict[str, np.ndarray] = {}
    others: dict[str, np.ndarray] = {}
    notes, left = [], []
    for place, (name, cells) in enumerate(zip(names, columns, strict=True)):
        values = column(cells, written.decimal)
        nameless = written.header is not None and name == f"Unnamed: {place}"
        if nameless and values.dtype == "float64" and np.isnan(values).all():
            notes.append("a column without name and values is left out")
            continue
        left.append(name)
        (numbers if values.dtype == "float64" else others)[name] = values
    rows = len(columns[0])
    block = np.empty((len(numbers), rows)).T
    for place, name in enumerate(list(numbers)):
        block[:, place] = numbers.pop(name)
    known = [name for name in left if name not in others]
    frame = pd.DataFrame(block, columns=known, copy=False)
    if others:
        frame = pd.concat([frame, pd.DataFrame(others)], axis=1)[left]
    return frame, list(dict.fromkeys(notes))


def column(cells: Any, decimal: Decimal) -> np.ndarray:
    """Text as numbers: float64 if each cell is a number or missing; else the text, as objects.

    Whole numbers that float64 cannot hold are int64, or stay text if that cannot either.
    """
    import pyarrow
    from pyarrow import compute

    if decimal == "point":
        try:
            values = compute.cast(cells, pyarrow.float64()).to_numpy()
            return _exact(cells.to_pylist, values) if _are_large(values) else values
        except pyarrow.ArrowInvalid:
            pass
    texts = [cell.strip() for cell in cells.to_pylist()]
    whole = np.array(texts, object)
    values = np.full(len(texts), np.nan)
    for place, cell in enumerate(texts):
        if cell in MISSING:
            continue
        if not is_number(cell, decimal) and cell.lstrip("+-").lower() not in ("inf", "infinity"):
            return whole
        values[place] = float(cell.replace(",", ".") if decimal == "comma" else cell)
    return _exact(lambda: texts, values) if _are_large(values) else values


def _are_large(values: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        return bool((np.abs(values) > EXACT).any())


def _exact(texts: Any, values: np.ndarray) -> np.ndarray:
    """Identifiers and times of many digits: none may become another."""
    cells = [cell.strip() for cell in texts()]
    if not all(cell.lstrip("+-").isdigit() for cell in cells):
        return values
    numbers = list(map(int, cells))
    if all(abs(number) < 2**63 for number in numbers):
        return np.array(numbers, "int64")
    return np.array(cells, object)
