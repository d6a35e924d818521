"""Tables of time series or other samples of numbers, as datasets: CSV, TSV and Parquet."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.labels import class_numbers
from zoo.datasets.location import Locations
from zoo.datasets.series import Equalizing, Missing, Unequal
from zoo.datasets.split import hold_out_test
from zoo.datasets.table_columns import Asked, Form, recognise
from zoo.datasets.table_file import read_table_file
from zoo.datasets.table_files import files_of
from zoo.datasets.table_frame import Decimal, Table
from zoo.datasets.table_series import TableSeries, series_of
from zoo.datasets.table_splits import (
    as_wide_as_each_other,
    check_channels,
    check_same_columns,
    one_id,
)
from zoo.datasets.table_times import Gaps
from zoo.errors import DataError


@dataclass(frozen=True)
class TableChoices:
    """How a table is read; see `dataset_from_table`."""

    asked: Asked
    decimal: Decimal | None
    gaps: Gaps
    equalizing: Equalizing

    @property
    def parameters(self) -> dict[str, object]:
        """The dataset's parameters."""
        return {
            **asdict(self.asked),
            "decimal": self.decimal,
            "gaps": self.gaps,
            **asdict(self.equalizing),
        }


def dataset_from_table(path: Path) -> Dataset:
    """The samples of a CSV, TSV or Parquet file, or of one for each split.

    A wide table has a row a sample: a column of labels, and a column of numbers for each step; several
    channels are columns such as `x_0, x_1, ..., y_0, y_1, ...`, or Parquet's lists. A long table has a
    row a step: columns of `id`, `time`, `label`, and one for each channel. Columns `split` (train, val,
    test) and `group` (samples of one person, which stay in one split) are obeyed.

    Args:
        path: a file, with NAME_TEST.csv beside NAME_TRAIN.csv; or a folder with two such files, or
            with train.csv, test.csv and perhaps val.csv. A file alone without a column `split` is
            split: a fifth of its samples, by class, is for testing.

    Returns:
        A dataset of layout `sequence`, samples `(steps, channels)` float32. Its parameters say what
        is not certain: which column is what (`label`, `id`, `time`, `group`, `drop`), the `form`, and
        what becomes of `unequal` lengths, `missing` values and `gaps` in time.

    Raises:
        UsageError: there is no such file, a parameter makes no sense, or pandas is not installed.
        DataError: a file is damaged, or can be read in several ways.

    Example:
        >>> dataset_from_table(Path("accelerometer.csv")).shape  # doctest: +SKIP
        (128, 3)
    """
    files = files_of(path)
    tables = cache(lambda decimal: _tables(files, decimal))

    def make(
        *,
        form: Annotated[Form | None, "a row a sample, or a row a step; none: recognised"] = None,
        label: Annotated[str | None, "the column of labels; none: recognised"] = None,
        id: Annotated[str | None, "the column that says which rows are one series"] = None,
        time: Annotated[str | None, "the column of times; none: recognised"] = None,
        group: Annotated[str | None, "the column of persons or scenes, kept in one split"] = None,
        drop: Annotated[str | None, "columns to leave out, separated by commas"] = None,
        decimal: Annotated[Decimal | None, "how numbers are written; none: recognised"] = None,
        gaps: Annotated[Gaps, "what is done about unequal steps of time"] = "refuse",
        unequal: Annotated[Unequal, "how series of unequal length become equal"] = "refuse",
        length: Annotated[int | None, "steps of resampled series; none: the longest's"] = None,
        missing: Annotated[Missing, "what is done about missing values"] = "refuse",
    ) -> Dataset:
        """The same tables, read in another way."""
        chosen = TableChoices(
            Asked(form, label, id, time, group, drop),
            decimal,
            gaps,
            Equalizing(unequal, length, missing),
        )
        chosen.equalizing.check()
        made = _dataset(path, tables(decimal), chosen)
        return replace(made, make=make, parameters=chosen.parameters)

    try:
        return make()
    except DataError as error:  # parameters may mend it
        return _undecided(path, make, error)


def _tables(files: Mapping[str, Path], decimal: Decimal | None) -> dict[str, Table]:
    order = [split for split in ("train", "validation", "test") if split in files]
    return {split: read_table_file(files[split], decimal) for split in order}


def _undecided(path: Path, make: Callable[..., Dataset], error: DataError) -> Dataset:
    """A dataset that can be read with other parameters alone, and says so when it is loaded."""

    def load(_: Locations) -> Arrays:
        raise error

    asked = TableChoices(Asked(), None, "refuse", Equalizing())
    return Dataset(
        name=named_after(path.stem),
        classes=(),
        layout="sequence",
        shape=(),
        load=load,
        summary=f"samples of {path}",
        origin=str(path.resolve()),
        make=make,
        parameters=asked.parameters,
        recipe="timeseries",
    )


@dataclass(frozen=True)
class _Read:
    """The series of each split, with class numbers."""

    series: Mapping[str, TableSeries]
    labels: Mapping[str, np.ndarray]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def _dataset(path: Path, tables: Mapping[str, Table], chosen: TableChoices) -> Dataset:
    read = _read(path, tables, chosen)
    equal = chosen.equalizing

    def load(_: Locations) -> Arrays:
        return _arrays(path, read, equal)

    return Dataset(
        name=named_after(path.stem),
        classes=read.classes,
        layout="sequence",
        shape=(equal.steps(read.series), read.series["train"].channels),
        load=load,
        summary=f"samples of {path}",
        origin=str(path.resolve()),
        recipe="timeseries",
        padded=equal.pads(read.series),
        notes=(*read.notes, *equal.notes(read.series)),
    )


def _read(path: Path, tables: Mapping[str, Table], chosen: TableChoices) -> _Read:
    tables = one_id(as_wide_as_each_other(tables), chosen.asked.id)
    for table in tables.values():
        check_same_columns(tables["train"], table)
    columns = recognise(tables["train"], chosen.asked)
    series = {
        split: series_of(table, columns, chosen.asked, chosen.gaps)
        for split, table in tables.items()
    }
    if len(series) > 1 and columns.split:
        raise DataError(
            f"{path}: has a file for each split and a column {columns.split!r}; leave one out."
        )
    notes = series["train"].notes
    if series["train"].splits is not None:
        series = _by_split(series["train"])
    check_channels(series)
    labels, classes, said = class_numbers(
        {split: each.labels for split, each in series.items()},
        path=path,
        called=f"{_braced(repr(columns.label))} of {{split}}",
    )
    return _Read(series, labels, classes, (*notes, *said, *_missing(classes)))


def _missing(classes: tuple[str, ...]) -> list[str]:
    """Notes on classes that spreadsheets and R write for a missing label."""
    return [
        f"{name!r} is a class; if it stands for a missing label, leave those samples out"
        for name in classes
        if name in ("?", "NA", "#N/A")
    ]


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _by_split(read: TableSeries) -> dict[str, TableSeries]:
    assert read.splits is not None
    found = {}
    for split in ("train", "validation", "test"):
        rows = np.flatnonzero(read.splits == split)
        if len(rows):
            found[split] = replace(
                read,
                series=tuple(read.series[row] for row in rows),
                labels=read.labels[rows],
                groups=None if read.groups is None else read.groups[rows],
            )
    for split in ("train", "test"):
        if split not in found:
            raise DataError(f"{read.path}: no row is of the split {split}.")
    return found


def _arrays(path: Path, read: _Read, equal: Equalizing) -> Arrays:
    x, y = equal.samples(path, read.series), read.labels
    source, groups = str(path.resolve()), read.series["train"].groups
    if "test" in x:
        return Arrays(
            x["train"],
            y["train"],
            x["test"],
            y["test"],
            source,
            x.get("validation"),
            y.get("validation"),
            groups,
        )
    remedy = "a column split, or NAME_TEST.csv beside NAME_TRAIN.csv"
    train, test = hold_out_test(y["train"], read.classes, path, "samples", remedy, groups)
    kept = None if groups is None else groups[train]
    every, labels = x["train"], y["train"]
    return Arrays(every[train], labels[train], every[test], labels[test], source, groups=kept)
