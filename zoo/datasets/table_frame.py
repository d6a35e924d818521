"""A table as it was read: columns of numbers and of text, and how each is written."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from zoo.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Decimal = Literal["point", "comma"]
MISSING = ("", "?", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "-")
"""Cells of numeric columns that stand for a missing value."""
MOST_COLUMNS = 200_000
LISTED = 12
EXACT = 2**53
"""Whole numbers up to it are exact in float64."""
_POINT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?$", re.ASCII)


@dataclass(frozen=True)
class Table:
    """A file's columns.

    Attributes:
        frame: numeric columns float64 with NaN for missing, or int64 if float64 cannot hold their whole
            numbers; others text, dates or lists (Parquet).
        header: whether the file names its columns; else they are "1", "2", ...
        notes: how the file was read, where that is not what everybody would expect.
    """

    path: Path
    frame: "pd.DataFrame"
    header: bool
    notes: tuple[str, ...] = ()
    decimal: Decimal = "point"

    @cached_property
    def lists(self) -> frozenset[str]:
        """The columns whose cells are lists, as Parquet has them."""
        kinds = zip(self.frame.columns, self.frame.dtypes, strict=True)
        texts = [name for name, kind in kinds if str(kind) == "object"]
        return frozenset(name for name in texts if any(map(_is_list, self.frame[name])))

    @cached_property
    def values(self) -> frozenset[str]:
        """The columns of numbers or of lists of them."""
        kinds = zip(self.frame.columns, self.frame.dtypes, strict=True)
        numbers = (name for name, kind in kinds if kind in ("float64", "int64", "uint64"))
        return self.lists | frozenset(numbers)

    def listed(self) -> str:
        """The columns, for messages."""
        names = list(self.frame.columns)
        more = f", ... ({len(names):,} in all)" if names[LISTED:] else ""
        return f"it has {', '.join(repr(name[:60]) for name in names[:LISTED])}{more}"

    def fault(self, name: str) -> str:
        """The first cell of a text column that is no number: `'x' in row 3`; rows count from 1."""
        for row, cell in enumerate(self.frame[name], 1):
            if str(cell) not in MISSING and not is_number(str(cell), self.decimal):
                return f"{str(cell)[:40]!r} in row {row}"
        return "text"

    def mostly_numbers(self, name: str) -> bool:
        """Whether more than half of a text column's cells are numbers or missing."""
        cells = list(map(str, self.frame[name]))
        good = sum(cell in MISSING or is_number(cell, self.decimal) for cell in cells)
        return 2 * good > len(cells) and any(is_number(cell, self.decimal) for cell in cells)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def is_number(cell: str, decimal: Decimal | None = None) -> bool:
    """Whether a cell is a finite number, with that decimal mark, or (None) with one of the two."""
    if decimal != "comma" and _POINT.match(cell):
        return True
    return decimal != "point" and bool(_COMMA.match(cell))


def is_cell(cell: str, decimal: Decimal | None = None) -> bool:
    """Whether a cell is a number or missing."""
    return cell in MISSING or is_number(cell, decimal)


def check_names(path: Path, names: Sequence[str]) -> None:
    """
    Raises:
        DataError: there are too many columns, or two of one name.
    """
    if len(names) > MOST_COLUMNS:
        raise DataError(f"{path}: has {len(names):,} columns; at most {MOST_COLUMNS:,} are read.")
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise DataError(f"{path}: has two columns {name!r}; give each a name of its own.")
