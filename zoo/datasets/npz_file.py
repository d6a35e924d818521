"""Reading NumPy's `.npz` files: without pickle, only what is asked for, and within bounds."""

import contextlib
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from zoo.datasets.bounds import check_expansion, check_regular, check_total
from zoo.errors import DataError, ZooError

_ONE_ARRAY = b"\x93NUMPY"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes. Others take memory that their headers do not tell."""
_ENCRYPTED = 0x1
_SAVE_AGAIN = "Save it again with numpy.savez."


class NpzFile(Mapping[str, np.ndarray]):
    """The arrays of an open archive by name; each is checked, then read, when it is asked for.

    Taking one raises DataError, which names it: it is damaged, holds Python objects, is there twice,
    or is larger than is allowed.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, *, bounded: bool):
        self._path, self._archive, self._bounded = path, archive, bounded
        self._taken: dict[str, int] = {}
        self._members: dict[str, list[zipfile.ZipInfo]] = {}
        for each in archive.infolist():
            if each.filename.endswith(".npy"):
                self._members.setdefault(each.filename.removesuffix(".npy"), []).append(each)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> np.ndarray:
        where = f"{self._path}: {name}"
        try:
            return self._read(self._member(name), name, where)
        except ZooError:
            raise
        except MemoryError as error:
            raise DataError(f"{where} takes more memory than there is.") from error
        except Exception as error:  # zipfile, zlib and NumPy each have their own
            raise DataError(f"{where} is damaged ({error}). {_SAVE_AGAIN}") from error

    def _member(self, name: str) -> zipfile.ZipInfo:
        member, *more = self._members[name]
        where = f"{self._path}: {name}"
        if more:
            raise DataError(f"{where} is in it {len(more) + 1} times. {_SAVE_AGAIN}")
        if member.flag_bits & _ENCRYPTED:
            raise DataError(f"{where} is encrypted. {_SAVE_AGAIN}")
        if member.compress_type not in _METHODS:
            raise DataError(f"{where} is compressed as NumPy does not. {_SAVE_AGAIN}")
        return member

    def _read(self, member: zipfile.ZipInfo, name: str, where: str) -> np.ndarray:
        with self._archive.open(member) as content:
            _check_header(content, member.file_size, where)
        if self._bounded:
            self._taken[name] = member.file_size
            check_total(self._path, sum(self._taken.values()))
            again = "If it is meant to, save it with numpy.savez, uncompressed."
            check_expansion(where, member.file_size, member.compress_size, again)
        with self._archive.open(member) as content:
            return np.lib.format.read_array(content, allow_pickle=False)


@contextlib.contextmanager
def open_npz(path: Path, *, bounded: bool = True) -> Iterator[NpzFile]:
    """The archive; nothing of its arrays is read yet.

    Args:
        bounded: refuse more than `ZOO_MAX_DATA_MIB` (4,096), and arrays that unpack to more than 200
            times what lies in the file. False for what archzoo itself wrote.

    Raises:
        DataError: it is missing, no regular file, no npz, or damaged.
    """
    check_regular(path)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            if file.read(len(_ONE_ARRAY)) == _ONE_ARRAY:
                raise DataError(f"{path}: holds one array; save with numpy.savez(x_train=...).")
            archive = stack.enter_context(zipfile.ZipFile(file))
            _check_places(archive, path)
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
        except DataError:
            raise
        except Exception as error:  # zipfile has no one error for damaged directories
            raise DataError(f"{path}: is no npz file or is damaged ({error}).") from error
        yield NpzFile(path, archive, bounded=bounded)


def _check_places(archive: zipfile.ZipFile, path: Path) -> None:
    """Members that share bytes could unpack to far more than the file holds."""
    end = 0
    for each in sorted(archive.infolist(), key=lambda each: each.header_offset):
        if each.header_offset < end:
            raise DataError(f"{path}: is damaged: {each.filename} overlaps another. {_SAVE_AGAIN}")
        end = each.header_offset + each.compress_size
    if end > path.stat().st_size:
        raise DataError(f"{path}: is truncated or damaged. {_SAVE_AGAIN}")


def _check_header(content: IO[bytes], size: int, where: str) -> None:
    """Refuse an array unless its header announces just what is there, before it is made."""
    shape, dtype = _header(content)
    if dtype.hasobject:
        raise DataError(
            f"{where} is an array of Python objects, which are never loaded. Save numbers, all samples "
            f"of one shape, numpy.stack(samples); text as text, {where.rpartition(' ')[2]}.astype(str)."
        )
    # Elements of no bytes: any number of them would fit.
    if min(shape, default=0) < 0 or (not dtype.itemsize and 0 not in shape):
        raise DataError(f"{where} is damaged: its header says {shape} of {dtype}. {_SAVE_AGAIN}")
    announced = math.prod(shape) * dtype.itemsize
    if announced != size - content.tell():
        raise DataError(
            f"{where} is damaged: its header says {shape} of {dtype}, {announced:,} bytes; it has "
            f"{size - content.tell():,}. {_SAVE_AGAIN}"
        )


def _header(content: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(content)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):  # 3.0 differs in how it spells the names of fields
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(content)
    return shape, dtype
