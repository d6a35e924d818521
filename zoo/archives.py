"""Archives of which nothing is believed: what they would unpack to is looked at before it is."""

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from zoo.datasets.bounds import check_regular

if TYPE_CHECKING:
    import numpy as np

TIMES = 50
"""How many times its size on disk an archive may unpack to, beyond `ALWAYS`."""

ALWAYS = 64 * 2**20
"""Bytes that any archive may unpack to."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes. Others take memory that their headers do not tell."""
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Header:
    """An array in an .npz file, before it is read."""

    shape: tuple[int, ...]
    dtype: "np.dtype[Any]"

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


class Unfit(ValueError):
    """What is in an archive is not what NumPy writes; the text names it and says why."""


class Objects(Unfit):
    """An array of Python objects, which only pickle reads: whatever they say is executed."""


class Npz(Mapping[str, "np.ndarray"]):
    """The arrays of an open .npz file by name; each is read when it is asked for.

    `headers` tell the size of every array before one is read. Members that are no `.npy` are skipped.

    Raises:
        Unfit: members share bytes, or lie beyond the file's end; taking an array or its header:
            it is damaged, encrypted, packed as NumPy does not, there twice, or of Python objects.
        MemoryError: an array takes more than there is.
    """

    def __init__(self, archive: zipfile.ZipFile):
        _check_places(archive)
        self._archive = archive
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

    def __getitem__(self, name: str) -> "np.ndarray":
        import numpy as np

        self.header(name)
        with _naming(name), self._archive.open(self._members[name][0]) as file:
            return np.lib.format.read_array(file, allow_pickle=False)

    def header(self, name: str) -> Header:
        """What an array is; it is just as large as this says."""
        member = self._member(name)
        with _naming(name), self._archive.open(member) as file:
            header = _read_header(file)
            _check_header(name, header, member.file_size - file.tell())
            return header

    @cached_property
    def headers(self) -> dict[str, Header]:
        """Those of all arrays."""
        return {name: self.header(name) for name in self}

    @property
    def size(self) -> int:
        """Bytes of all arrays together."""
        return sum(header.size for header in self.headers.values())

    def packed(self, name: str) -> tuple[int, int]:
        """Bytes that an array and its header take in memory, and in the file."""
        member = self._member(name)
        return member.file_size, member.compress_size

    def _member(self, name: str) -> zipfile.ZipInfo:
        member, *more = self._members[name]
        if more:
            raise Unfit(f"{name} is in it {len(more) + 1} times")
        if member.flag_bits & _ENCRYPTED:
            raise Unfit(f"{name} is encrypted")
        if member.compress_type not in _METHODS:
            raise Unfit(f"{name} is compressed as NumPy does not")
        return member


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except (Unfit, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib and NumPy each have their own
        raise Unfit(f"{name} is damaged ({error})") from error


def _check_places(archive: zipfile.ZipFile) -> None:
    """Members that share bytes could unpack to far more than the file holds."""
    end = 0
    for each in sorted(archive.infolist(), key=lambda each: each.header_offset):
        if each.header_offset < end:
            raise Unfit(f"is damaged: {each.filename} overlaps another")
        end = each.header_offset + each.compress_size
    if end > archive.start_dir:
        raise Unfit("is truncated or damaged")


def _check_header(name: str, header: Header, there: int) -> None:
    shape, dtype = header.shape, header.dtype
    if dtype.hasobject:
        raise Objects(f"{name} is an array of Python objects, which are never loaded")
    # Elements of no bytes: any number of them would fit.
    if min(shape, default=0) < 0 or (not dtype.itemsize and 0 not in shape):
        raise Unfit(f"{name} is damaged: its header says {shape} of {dtype}")
    if header.size != there:
        raise Unfit(
            f"{name} is damaged: its header says {shape} of {dtype}, {header.size:,} bytes; it has "
            f"{there:,}"
        )


def _read_header(file: IO[bytes]) -> Header:
    from numpy.lib import format as npy

    read = npy.read_array_header_1_0
    if npy.read_magic(file) != (1, 0):  # 3.0 differs in how it spells the names of fields
        read = npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return Header(shape, dtype)


@contextmanager
def open_npz(path: Path) -> Iterator[Npz]:
    """Open an .npz file that archzoo wrote; a user's own is opened by `zoo.datasets.npz_file`.

    Raises:
        DataError: there is none, or it is a pipe or a device.
        Exception: it is damaged; `Unfit`, or zipfile's own.
    """
    check_regular(path)
    with zipfile.ZipFile(path) as archive:
        yield Npz(archive)


def limit_of(path: Path) -> int:
    """Bytes that an archive may unpack to, by what it takes on disk."""
    return max(ALWAYS, TIMES * path.stat().st_size)


def check_weights(path: Path, limit: int) -> None:
    """Look at the arrays of a `.keras` file's weights without reading one.

    Keras stores the weights as they are, and reads whatever shape they claim.

    Raises:
        ValueError: together they take more than `limit` bytes, or lie elsewhere.
    """
    import h5py

    total = 0

    def count(name: str, each: Any) -> None:
        nonlocal total
        if isinstance(each, h5py.Dataset):
            if each.external or each.is_virtual:
                raise ValueError(f"{name} lies in another file")
            total += each.size * each.dtype.itemsize
            if total > limit:
                raise ValueError(f"its arrays take more than {limit:,} bytes")

    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("model.weights.h5")
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError("its weights are compressed, which Keras does not do")
        with archive.open(member) as file, h5py.File(file, "r") as weights:
            weights.visititems(count)
