"""Reading Parquet files; every refusal names the file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.datasets.bounds import check_expansion, check_total
from zoo.datasets.table_frame import EXACT, MOST_COLUMNS, Table, check_names
from zoo.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(path: Path) -> Table:
    """Read a Parquet file: numbers, text, dates, and lists of numbers.

    Raises:
        DataError: it is damaged, too large, or has columns of other types.
    """
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        _check_size(path, file)
        texts = _check_types(path, file.schema_arrow)
        # text as a dictionary: a long one may stand in each of many rows
        file = pyarrow.parquet.ParquetFile(path, read_dictionary=texts)
        frame = file.read(use_threads=True).to_pandas()
    except DataError:
        raise
    except Exception as error:  # the metadata that pandas wrote may be anything
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{path}: is no Parquet file that can be read ({first[:200]}).") from error
    frame, notes = _with_index(path, frame)
    frame.columns = [str(name) for name in frame.columns]
    if not len(frame) or not len(frame.columns):
        raise DataError(f"{path}: has no rows.")
    check_names(path, list(frame.columns))
    return Table(path, _plain(frame), header=True, notes=tuple(notes))


def _check_size(path: Path, file: Any) -> None:
    about = file.metadata
    if about.num_columns > MOST_COLUMNS:
        raise DataError(
            f"{path}: has {about.num_columns:,} columns; at most {MOST_COLUMNS:,} are read."
        )
    unpacked, cells = 0, 0
    for group in map(about.row_group, range(about.num_row_groups)):
        unpacked += max(0, group.total_byte_size)
        # of lists, each value
        cells += sum(
            max(group.num_rows, group.column(i).num_values) for i in range(group.num_columns)
        )
    size = max(unpacked, 8 * cells, 8 * about.num_rows)
    check_total(path, size)
    check_expansion(str(path), size, path.stat().st_size, "It is not read.")


def _check_types(path: Path, schema: Any) -> list[str]:
    """The names of text columns.

    Raises:
        DataError: a column is neither numbers, text, dates nor lists of numbers.
    """
    import pyarrow.types as are

    texts = []
    for each in schema:
        kind = each.type.value_type if are.is_dictionary(each.type) else each.type
        if _is_text(kind):
            texts.append(each.name)
        elif are.is_list(kind) or are.is_large_list(kind) or are.is_fixed_size_list(kind):
            if not (are.is_integer(kind.value_type) or are.is_floating(kind.value_type)):
                raise DataError(
                    f"{path}: {each.name!r} has lists of {kind.value_type}; lists of numbers are read, "
                    "one a channel."
                )
        elif are.is_nested(kind):
            raise DataError(f"{path}: {each.name!r} is of the type {kind}; write a column of each.")
    return texts


def _is_text(kind: Any) -> bool:
    import pyarrow.types as are

    return bool(
        are.is_string(kind) or are.is_large_string(kind)
        or are.is_binary(kind) or are.is_large_binary(kind)
    )  # fmt: skip


def _with_index(path: Path, frame: "pd.DataFrame") -> tuple["pd.DataFrame", list[str]]:
    """The index that pandas keeps apart becomes columns, if it has a name."""
    import pandas as pd

    names = list(frame.index.names)
    if names == [None]:
        if isinstance(frame.index, pd.RangeIndex):
            return frame, []
        if frame.index.dtype.kind not in "iu":
            raise DataError(
                f"{path}: its index has no name, and no whole numbers ({str(frame.index[0])[:40]!r} for "
                "one); name it, or reset_index(drop=True)."
            )
        return frame.reset_index(drop=True), ["the index has no name; it is left out"]
    try:
        return frame.reset_index(), []
    except ValueError as error:
        raise DataError(f"{path}: its index has the name of a column; rename one.") from error


def _plain(frame: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame({name: _column(frame[name]) for name in frame.columns})


def _column(given: "pd.Series") -> "pd.Series":
    """Numbers of any type as float64, or int64 where that cannot hold them; others as objects."""
    import pandas as pd
    from pandas.api import types

    kind = given.dtype
    if isinstance(kind, pd.CategoricalDtype):
        inner = kind.categories.dtype
        given = given.astype(object)
        if types.is_numeric_dtype(inner) and not types.is_bool_dtype(inner):
            given = given.astype("float64")
        return _column(given)
    if types.is_bool_dtype(kind):
        return given.map({True: "True", False: "False"}).astype(object)
    if types.is_integer_dtype(kind):
        large = given.abs().max() > EXACT if not given.isna().all() else False
        return given if large and not given.isna().any() else given.astype("float64")
    if types.is_numeric_dtype(kind):
        return given.astype("float64")
    if isinstance(kind, pd.DatetimeTZDtype):
        return given.dt.tz_convert("UTC")
    if kind.kind in "Mm":
        return given
    return _objects(given.astype(object))


def _objects(given: "pd.Series") -> "pd.Series":
    from decimal import Decimal

    first = next((each for each in given[given.notna()]), None)
    if first is None:
        return given.astype("float64")
    if isinstance(first, Decimal | float | int | np.number) and not isinstance(first, bool):
        return given.astype("float64")
    if isinstance(first, bool):
        return given.map({True: "True", False: "False"}).astype(object)
    if isinstance(first, bytes):
        return given.map(lambda each: each.decode("utf-8", "backslashreplace"), na_action="ignore")
    return given
