"""The tables of several splits: what must be alike in them."""

from collections.abc import Mapping
from dataclasses import replace

from zoo.datasets.bounds import check_total
from zoo.datasets.table_columns import known_columns
from zoo.datasets.table_frame import Table
from zoo.datasets.table_series import TableSeries
from zoo.datasets.table_times import plain
from zoo.errors import DataError


def as_wide_as_each_other(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Tables without names of columns, filled up at their ends: series may have unequal lengths."""
    if any(table.header for table in tables.values()):
        return dict(tables)
    widest = max((table.frame.columns for table in tables.values()), key=len)
    for table in tables.values():
        check_total(table.path, 8 * len(table.frame) * len(widest))
    return {
        split: replace(table, frame=table.frame.reindex(columns=widest))
        for split, table in tables.items()
    }


def one_id(tables: Mapping[str, Table], asked: str | None) -> dict[str, Table]:
    """If `asked` is several columns, separated by commas: they become one of that name.

    Raises:
        UsageError: one is not there.
    """
    first = next(iter(tables.values()))
    if not asked or "," not in asked or asked in first.frame.columns:
        return dict(tables)
    names = [name.strip() for name in asked.split(",")]
    return {split: _joined(table, asked, names) for split, table in tables.items()}


def _joined(table: Table, asked: str, names: list[str]) -> Table:
    frame = table.frame
    known_columns(table, names)
    parts = [frame[name].map(plain, na_action="ignore") for name in dict.fromkeys(names)]
    rows = [list(map(str, row)) for row in zip(*parts, strict=True)]
    for number, row in enumerate(rows, 1):
        if "nan" in row or "" in row or "None" in row:
            raise DataError(f"{table.path} row {number}: has no {asked!r}.")
    made = frame.drop(columns=names)
    made[asked] = [", ".join(map(repr, row)) for row in rows]
    return replace(table, frame=made)


def check_same_columns(train: Table, other: Table) -> None:
    if train.header != other.header:
        raise DataError(
            f"{other.path}: only one of it and {train.path.name} names its columns; both must."
        )
    ours, theirs = list(train.frame.columns), list(other.frame.columns)
    if train.header and (odd := sorted(set(ours) ^ set(theirs))):
        raise DataError(
            f"{other.path}: the column {odd[0]!r} is in one of it and {train.path.name} alone."
        )


def check_channels(series: Mapping[str, TableSeries]) -> None:
    train = series["train"]
    for each in series.values():
        if each.channels != train.channels:
            raise DataError(
                f"{each.path}: has {each.channels} channels, and {train.path.name} {train.channels}."
            )
    splits: dict[str, str] = {}
    for split, each in series.items():
        for group in set(() if each.groups is None else each.groups.tolist()) - {""}:
            if splits.setdefault(group, split) != split:
                raise DataError(
                    f"{each.path}: the group {group!r} is in {splits[group]} and in {split}; samples "
                    "of one group stay in one split."
                )
