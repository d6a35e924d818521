"""Reading CSV, TSV and Parquet files whole, as a pandas DataFrame; every refusal names the file."""

from pathlib import Path

from zoo.datasets.bounds import check_regular, check_total
from zoo.datasets.table_files import PARQUET
from zoo.datasets.table_frame import Decimal, Table
from zoo.errors import DataError, UsageError

PEAK = 6
"""Bytes of memory that a byte of text takes while it is read."""
EXTRA = "reading tables needs pandas and pyarrow: pip install 'archzoo[tables]'."


def read_table_file(path: Path, decimal: Decimal | None = None) -> Table:
    """Read a CSV, TSV or Parquet file.

    Args:
        path: the file. How text is separated (comma, semicolon, tab, bar, spaces) is recognised.
        decimal: of text; None: recognised where certain.

    Raises:
        DataError: it is damaged, too large, or not such a file; or numbers could be read in two ways.
        UsageError: pandas or pyarrow is not installed; or `decimal` is given for Parquet.
    """
    check_regular(path)
    size, parquet = path.stat().st_size, path.suffix.lower() in PARQUET
    check_total(path, size if parquet else PEAK * size)
    try:
        import pandas  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise UsageError(f"{path}: {EXTRA}") from error
    from zoo.datasets.table_parquet import read_parquet
    from zoo.datasets.table_text import read_text

    if parquet and decimal:
        raise UsageError(f"{path}: decimal goes with text files; leave it out.")
    try:
        return read_parquet(path) if parquet else read_text(path, decimal)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except MemoryError as error:
        raise DataError(f"{path}: takes more memory than there is.") from error
