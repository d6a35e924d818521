"""Archives of which nothing is believed: what they would unpack to is looked at before it is."""

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

TIMES = 50
"""How many times its size on disk an archive may unpack to, beyond `ALWAYS`."""

ALWAYS = 64 * 2**20
"""Bytes that any archive may unpack to."""


@dataclass(frozen=True)
class Header:
    """An array in an .npz file, before it is read."""

    shape: tuple[int, ...]
    dtype: "np.dtype[Any]"

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


class Npz:
    """An open .npz file: the headers of its arrays, and each array when it is asked for.

    A header that does not agree with the size of what follows is a ValueError; an array is as large
    as its header says, so whoever has looked at the headers knows what reading takes.
    """

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if len(self._members) != len(archive.infolist()):
            raise ValueError("two arrays in it have one name")
        self.headers = {name: self._header(name) for name in self._members}

    def __getitem__(self, name: str) -> "np.ndarray":
        import numpy as np

        with self._archive.open(self._members[name]) as file:
            return np.lib.format.read_array(file, allow_pickle=False)

    @property
    def size(self) -> int:
        """Bytes of all arrays together."""
        return sum(header.size for header in self.headers.values())

    def _header(self, name: str) -> Header:
        info = self._members[name]
        with self._archive.open(info) as file:
            header = _read_header(file)
            left = info.file_size - file.tell()
        if header.dtype.hasobject or header.size != left:
            raise ValueError(f"{name} is not what its header says")
        return header


def _read_header(file: IO[bytes]) -> Header:
    from numpy.lib import format as npy

    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, _, dtype = read[npy.read_magic(file)](file)
    return Header(shape, dtype)


@contextmanager
def open_npz(path: Path) -> Iterator[Npz]:
    """Open an .npz file.

    Raises:
        Exception: it is damaged; zipfile, zlib and NumPy each have their own.
    """
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
