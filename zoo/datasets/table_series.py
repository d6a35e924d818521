"""The series in a table: a row each (wide), or a row for each of their steps (long)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zoo.datasets.folders import SPLITS
from zoo.datasets.series import SeriesSet
from zoo.datasets.table_columns import Asked, Columns, by_channel
from zoo.datasets.table_file import Table
from zoo.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Gaps = Literal["refuse", "ignore"]
UNEVEN = 1.01
"""Steps of time are equal if the longest is at most so many times the shortest."""


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
    read = _wide if columns.form == "wide" else _long
    return read(table, columns, asked, gaps)


def _wide(table: Table, columns: Columns, asked: Asked, gaps: Gaps) -> TableSeries:
    notes = []
    lists = [name for name in columns.values if str(table.frame[name].dtype) == "object"]
    if lists:
        series = _from_lists(table, columns, lists)
    else:
        channels = by_channel(table, columns, asked)
        if len(channels) > 1:
            notes.append(
                f"{len(channels)} channels of {len(channels[0])} steps, by the columns' names: "
                f"{channels[0][0]}, ..., {channels[1][0]}, ..."
            )
        values = np.stack([_float32(table, names) for names in channels], axis=-1)
        series = [_ended(each) for each in values]
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


def _ended(series: np.ndarray) -> np.ndarray:
    """Without the missing steps at its end: rows of unequal length are filled up so."""
    real = ~np.isnan(series).all(axis=1)
    return series[: len(real) - int(real[::-1].argmax())] if real.any() else series[:0]


def _check_not_empty(table: Table, series: Sequence[np.ndarray]) -> None:
    for row, each in enumerate(series, 1):
        if not len(each):
            raise DataError(f"{table.path} row {row}: has no value; leave it out.")


def _long(table: Table, columns: Columns, asked: Asked, gaps: Gaps) -> TableSeries:
    import pandas as pd

    frame, notes = table.frame, []
    if columns.id is None:
        raise DataError(
            f"{table.path}: which column says what rows are one series? Choose: "
            "`data_parameters={'id': 'COLUMN'}`."
        )
    numbers, names = pd.factorize(frame[columns.id])
    if (numbers < 0).any():
        row = int(np.flatnonzero(numbers < 0)[0]) + 1
        raise DataError(f"{table.path} row {row}: has no {columns.id!r}.")
    if columns.time is None:
        notes.append("no column of time; steps are in the order of the rows")
        order = np.argsort(numbers, kind="stable")
    else:
        order = _by_time(table, columns, numbers, names, gaps, notes)
    values = _float32(table, columns.values)[order]
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    _check_attributes(table, columns, values, starts)
    series = np.split(values, starts[1:])
    _check_constant(table, columns, numbers[order], order, names)
    if len(columns.values) > 1:
        notes.append(f"channels are {', '.join(map(repr, columns.values[:10]))}")
    return _with_columns(table, columns, series, order[starts], notes)


def _by_time(
    table: Table, columns: Columns, numbers: np.ndarray, names: Any, gaps: Gaps, notes: list[str]
) -> np.ndarray:
    """The rows, series by series, each in the order of time."""
    times = _times(table, str(columns.time))
    order = np.lexsort((times, numbers))
    same = np.diff(numbers[order]) == 0
    apart = np.diff(times[order])[same]
    if (apart == 0).any():
        place = order[np.flatnonzero(same)[int(np.flatnonzero(apart == 0)[0])]]
        raise DataError(
            f"{table.path}: the series {_plain(names[numbers[place]])!r} has the {columns.time!r} "
            f"{_plain(table.frame[columns.time].iloc[place])!r} twice."
        )
    if len(apart) and apart.max() > UNEVEN * apart.min():
        if gaps == "refuse":
            raise DataError(
                f"{table.path}: steps of {columns.time!r} are {apart.min():g} to {apart.max():g} long. "
                "Sample the series at equal intervals, or take the rows as they follow each other: "
                "`data_parameters={'gaps': 'ignore'}`."
            )
        notes.append("times are unequally far apart; they give the order of steps alone")
    if (np.diff(times)[np.diff(numbers) == 0] < 0).any():
        notes.append("rows are sorted by time")
    return order


def _times(table: Table, name: str) -> np.ndarray:
    """Numbers, or seconds of dates as ISO 8601 writes them."""
    import pandas as pd

    given = table.frame[name]
    if given.isna().any():
        raise DataError(f"{table.path} row {int(given.isna().argmax()) + 1}: has no {name!r}.")
    if given.dtype == "float64":
        return given.to_numpy()
    try:
        dates = pd.to_datetime(given, format="ISO8601", utc=True)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"{table.path}: {name!r} has what is neither a number nor a date as ISO 8601 writes it, "
            f"2026-01-31T12:00:00 ({_plain(given.iloc[0])!r} for one)."
        ) from error
    return (dates - dates.min()).dt.total_seconds().to_numpy("float64")


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
                f"{table.path}: the series {_plain(names[numbers[place]])!r} has {name!r} {given[place]!r} "
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
    if fixed.any() and len(columns.values) > 1:
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
    if given.dtype == "float64":
        values = given.to_numpy()
        whole = np.isfinite(values).all() and (values == np.floor(values)).all()
        return values.astype("int64") if whole and np.abs(values).max() < 2**53 else values
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
    texts = [("" if value != value else _plain(value)) for value in values]
    return np.array([str(text) for text in texts])


def _plain(value: Any) -> Any:
    """A cell as people write it: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value) if not isinstance(value, int | float) else value
