"""The series in a table: a row each (wide), or a row for each of their steps (long)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.datasets.folders import SPLITS
from zoo.datasets.series import SeriesSet
from zoo.datasets.table_columns import Asked, Columns, check_numbers
from zoo.datasets.table_frame import EXACT, Table
from zoo.datasets.table_steps import by_channel
from zoo.datasets.table_times import Gaps, by_time, plain
from zoo.datasets.unequal import lengths
from zoo.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TableSeries(SeriesSet):
    """The series of a table, in the order in which they begin.

    Attributes:
        labels: `(N,)` as they are written.
        splits: `(N,)`, `train`, `validation` or `test`; None: the table has no such column.
        groups: `(N,)` text, empty for none; None: no such column.
        notes: what was found, where that is not plain.
    """

    labels: np.ndarray
    splits: np.ndarray | None
    groups: np.ndarray | None
    notes: tuple[str, ...]


def series_of(table: Table, columns: Columns, asked: Asked, gaps: Gaps) -> TableSeries:
    """The series of a table.

    Raises:
        DataError: what should be of a series is not the same in all its rows; a time is there twice,
            or times are unequally far apart and `gaps` is `refuse`; or values are no finite float32.
    """
    check_numbers(table, columns.values)
    read = _wide if columns.form == "wide" else _long
    return read(table, columns, asked, gaps)


def _wide(table: Table, columns: Columns, asked: Asked, gaps: Gaps) -> TableSeries:
    notes = []
    lists = [name for name in columns.values if name in table.lists]
    if lists:
        series = _from_lists(table, columns, lists)
    else:
        channels = by_channel(table, columns.values, asked.form == "wide")
        if [name for steps in zip(*channels, strict=True) for name in steps] != list(
            columns.values
        ):
            notes.append("steps are in the order of the numbers in the columns' names")
        if len(channels) > 1:
            notes.append(
                f"{len(channels)} channels of {len(channels[0])} steps, by the columns' names: "
                f"{channels[0][0]}, ..., {channels[1][0]}, ..."
            )
        values = np.stack([_float32(table, names) for names in channels], axis=-1)
        # rows of unequal length are filled up with missing values at their ends
        series = [each[:count] for each, count in zip(values, lengths(values), strict=True)]
    _check_not_empty(table, series)
    rows = np.arange(len(table.frame))
    return _with_columns(table, columns, series, rows, notes)


def _from_lists(table: Table, columns: Columns, lists: list[str]) -> list[np.ndarray]:
    """Parquet's lists: one column a channel, one list a sample."""
    if odd := [name for name in columns.values if name not in lists]:
        raise DataError(
            f"{table.path}: {lists[0]!r} has lists and {odd[0]!r} numbers; leave one out with drop."
        )
    found = []
    for row, cells in enumerate(zip(*(table.frame[name] for name in lists), strict=True), 1):
        try:
            channels = [np.asarray(cell, "float64") for cell in cells]
            found.append(_checked(table, np.stack(channels, axis=1), lists))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{table.path} row {row}: its lists are not numbers, as many in each."
            ) from error
    return found


def _float32(table: Table, names: Sequence[str]) -> np.ndarray:
    return _checked(table, table.frame[list(names)].to_numpy("float64"), names)


def _checked(table: Table, values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """
    Raises:
        DataError: a value is infinite, or too large for float32.
    """
    with np.errstate(over="ignore"):
        made = values.astype("float32")
    if (wrong := np.isinf(made)).any():
        column = names[int(np.argwhere(wrong)[0][-1])]
        raise DataError(
            f"{table.path}: the column {column!r} has a value that is infinite or too large for "
            "float32 (3.4e38)."
        )
    return made


def _check_not_empty(table: Table, series: Sequence[np.ndarray]) -> None:
    for row, each in enumerate(series, 1):
        if not len(each):
            raise DataError(f"{table.path} row {row}: has no value; leave it out.")


def _long(table: Table, columns: Columns, asked: Asked, gaps: Gaps) -> TableSeries:
    import pandas as pd

    frame, notes = table.frame, []
    if lists := [name for name in columns.values if name in table.lists]:
        raise DataError(
            f"{table.path}: {lists[0]!r} has lists, which are series of their own; leave it out: "
            f"`data_parameters={{'drop': {lists[0]!r}}}`."
        )
    if columns.id is None:
        raise DataError(
            f"{table.path}: which column says what rows are one series? Choose: "
            "`data_parameters={'id': 'COLUMN'}`."
        )
    numbers, names = pd.factorize(frame[columns.id])
    if (lacking := (numbers < 0) | (frame[columns.id] == "").to_numpy(bool)).any():
        row = int(np.flatnonzero(lacking)[0]) + 1
        raise DataError(f"{table.path} row {row}: has no {columns.id!r}.")
    if columns.time is None:
        notes.append("no column of time; steps are in the order of the rows")
        order = np.argsort(numbers, kind="stable")
        if (again := np.flatnonzero(np.diff(order) != 1)).size:
            raise DataError(
                f"{table.path}: the rows of the series {plain(names[numbers[order[again[0]]]])!r} do not "
                "follow each other, and there is no column of time. Name it, "
                "`data_parameters={'time': 'COLUMN'}`, or sort the rows by series."
            )
    else:
        order = by_time(table, columns, numbers, names, gaps, notes)
    values = _float32(table, columns.values)[order]
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    _check_attributes(table, columns, values, starts)
    series = np.split(values, starts[1:])
    _check_constant(table, columns, numbers[order], order, names)
    if len(columns.values) > 1:
        notes.append(f"channels are {', '.join(map(repr, columns.values[:10]))}")
    return _with_columns(table, columns, series, order[starts], notes)


def _check_constant(
    table: Table, columns: Columns, numbers: np.ndarray, order: np.ndarray, names: Any
) -> None:
    """Label, split and group are those of a series, not of a step."""
    for name in filter(None, (columns.label, columns.split, columns.group)):
        given = table.frame[name].astype(str).to_numpy(object)[order]
        mixed = (given[1:] != given[:-1]) & (numbers[1:] == numbers[:-1])
        if mixed.any():
            place = int(np.flatnonzero(mixed)[0])
            raise DataError(
                f"{table.path}: the series {plain(names[numbers[place]])!r} has {name!r} {given[place]!r} "
                f"and {given[place + 1]!r}; it must be the same in all its rows."
            )


def _check_attributes(
    table: Table, columns: Columns, values: np.ndarray, starts: np.ndarray
) -> None:
    """A number that never changes within a series is a fact about it, such as a person's number."""
    if len(starts) < 2 or len(starts) == len(values):
        return
    low = np.minimum.reduceat(values, starts)
    high = np.maximum.reduceat(values, starts)
    fixed = (low == high).all(axis=0) & (low[:, :] != low[0]).any(axis=0)
    if fixed.any():
        name = columns.values[int(np.flatnonzero(fixed)[0])]
        raise DataError(
            f"{table.path}: {name!r} never changes within a series; is it a channel? Say what it is: "
            f"`data_parameters={{'drop': {name!r}}}`, or group, label."
        )


def _with_columns(
    table: Table, columns: Columns, series: Sequence[np.ndarray], rows: np.ndarray, notes: list[str]
) -> TableSeries:
    """`rows` are those at which the series begin."""
    labels = table.frame[columns.label].iloc[rows]
    return TableSeries(
        table.path,
        tuple(series),
        _labels(labels),
        _splits(table, columns.split, rows),
        _groups(table, columns.group, rows),
        (*table.notes, *columns.notes, *notes),
    )


def _labels(given: "pd.Series") -> np.ndarray:
    if given.dtype.kind in "iu":
        return given.to_numpy()
    if given.dtype == "float64":
        values = given.to_numpy()
        whole = np.isfinite(values).all() and (values == np.floor(values)).all()
        return values.astype("int64") if whole and np.abs(values).max() < EXACT else values
    return given.to_numpy(object)


def _splits(table: Table, name: str | None, rows: np.ndarray) -> np.ndarray | None:
    if name is None:
        return None
    given = [str(value).strip().lower() for value in table.frame[name].iloc[rows]]
    for row, value in zip(rows, given, strict=True):
        if value not in SPLITS:
            raise DataError(
                f"{table.path} row {row + 1}: {name!r} is {value[:40]!r}; use train, val or test."
            )
    return np.array([SPLITS[value] for value in given])


def _groups(table: Table, name: str | None, rows: np.ndarray) -> np.ndarray | None:
    if name is None:
        return None
    values = table.frame[name].iloc[rows]
    texts = [("" if value != value else plain(value)) for value in values]
    return np.array([str(text) for text in texts])
