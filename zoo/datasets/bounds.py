"""Limits on reading files from other people."""

import os
import stat
from pathlib import Path

from zoo.errors import DataError, UsageError

MOST_MIB = 4096
"""The most memory for one dataset's file, in MiB; `ZOO_MAX_DATA_MIB` sets another limit."""

LARGE, EXPANSION = 64 * 2**20, 200
"""The largest compression ratio for files that unpack to more than `LARGE` bytes. Deflate reaches 1,032;
images of few colours stay below 100."""


def check_regular(path: Path) -> None:
    """Refuse what is not a regular file: reading a FIFO or a device may never end.

    Raises:
        DataError: it does not exist, or is not a regular file.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', error)}).") from error
    if stat.S_ISDIR(mode):
        raise DataError(f"{path}: is a folder; give a file.")
    if not stat.S_ISREG(mode):
        raise DataError(f"{path}: is a pipe or a device; give a regular file.")


def most_bytes() -> int:
    """The most bytes of memory for one file.

    Raises:
        UsageError: `ZOO_MAX_DATA_MIB` is no number.
    """
    given = os.environ.get("ZOO_MAX_DATA_MIB", "")
    if given and not (given.isascii() and given.isdigit()):
        raise UsageError(f"ZOO_MAX_DATA_MIB={given}: use a whole number of MiB.")
    return (int(given) if given else MOST_MIB) * 2**20


def check_total(path: Path, size: int) -> None:
    """
    Raises:
        DataError: `size`, what is read of a file in all, is more than is allowed.
    """
    if size > most_bytes():
        mib = -(-size // 2**20)
        raise DataError(
            f"{path}: takes {mib:,} MiB in memory; at most {most_bytes() // 2**20:,} are read. If it "
            f"is meant to, set ZOO_MAX_DATA_MIB={mib}."
        )


def check_expansion(what: str, size: int, packed: int, remedy: str) -> None:
    """
    Raises:
        DataError: `packed` bytes of a file would become `size`, which is out of all proportion.
    """
    if size > LARGE and size > EXPANSION * packed:
        raise DataError(
            f"{what}: {packed:,} bytes would unpack to {size:,}, more than {EXPANSION} times as many. "
            f"{remedy}"
        )
