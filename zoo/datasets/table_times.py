"""The order of a long table's rows: its column of times."""

from typing import Any, Literal

import numpy as np

from zoo.datasets.table_columns import Columns
from zoo.datasets.table_frame import Table
from zoo.errors import DataError

Gaps = Literal["refuse", "ignore"]
UNEVEN = 1.01
"""Steps of time are equal if the longest is at most so many times the shortest."""


def by_time(
    table: Table, columns: Columns, numbers: np.ndarray, names: Any, gaps: Gaps, notes: list[str]
) -> np.ndarray:
    """The rows, series by series, each in the order of time."""
    times = _times(table, str(columns.time))
    if not np.isfinite(times).all():
        row = int(np.flatnonzero(~np.isfinite(times))[0]) + 1
        raise DataError(f"{table.path} row {row}: has no {columns.time!r}.")
    order = np.lexsort((times, numbers))
    same = np.diff(numbers[order]) == 0
    apart = np.diff(times[order])[same]
    if (apart == 0).any():
        place = order[np.flatnonzero(same)[int(np.flatnonzero(apart == 0)[0])]]
        raise DataError(
            f"{table.path}: the series {plain(names[numbers[place]])!r} has the {columns.time!r} "
            f"{plain(table.frame[columns.time].iloc[place])!r} twice. If several columns together say "
            f"which rows are one series: `data_parameters={{'id': '{columns.id},COLUMN'}}`."
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
    """Numbers, or seconds of dates as ISO 8601 writes them, from the first on; NaN: missing."""
    import pandas as pd

    given = table.frame[name]
    if given.dtype == "float64":
        return given.to_numpy()
    if given.dtype.kind in "iu":
        return (given - given.min()).to_numpy("float64")
    if given.dtype.kind == "m":
        return given.dt.total_seconds().to_numpy("float64")
    try:
        texts = given if given.dtype.kind == "M" else given.map(str, na_action="ignore")
        dates = pd.to_datetime(texts.replace("", None), format="ISO8601", utc=True)
    except (ValueError, TypeError, OverflowError) as error:
        odd = next((each for each in given if not _is_date(each)), given.iloc[0])
        raise DataError(
            f"{table.path}: {name!r} has {str(plain(odd))[:40]!r}, which is neither a number nor a date as "
            "ISO 8601 writes it, 2026-01-31T12:00:00."
        ) from error
    return (dates - dates.min()).dt.total_seconds().to_numpy("float64")


def _is_date(value: Any) -> bool:
    import pandas as pd

    try:
        pd.to_datetime(str(value), format="ISO8601", utc=True)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def plain(value: Any) -> Any:
    """A cell as people write it: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value) if not isinstance(value, int | float) else value
