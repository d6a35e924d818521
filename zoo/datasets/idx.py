"""Reading the IDX files of MNIST and its relatives."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from zoo.datasets.bounds import check_expansion, check_regular, check_total
from zoo.errors import DataError

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, rank: int) -> np.ndarray:
    """The uint8 array in an IDX file of `rank` axes, gzipped or not.

    The format: two zero bytes, the element type, the number of axes, each size as a big-endian
    32-bit integer, the elements (http://yann.lecun.com/exdb/mnist/). No more is unpacked than the
    sizes announce.

    Raises:
        DataError: the file is truncated, damaged or of another kind; the message names it.
    """
    check_regular(path)
    try:
        with cast(BinaryIO, gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            return parse_idx(file, str(path), rank, path.stat().st_size)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def parse_idx(file: BinaryIO, where: str, rank: int, packed: int) -> np.ndarray:
    """The same of an open file, of `packed` bytes, which messages call `where`.

    Raises:
        DataError: as `read_idx`.
    """
    try:
        return _elements(file, where, _shape(file, where, rank), packed)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{where}: is truncated or damaged ({error}). {_NEXT}") from error


_NEXT = "Delete it and fetch the dataset again: zoo datasets fetch NAME."


def _shape(file: BinaryIO, path: str, rank: int) -> tuple[int, ...]:
    expected = bytes((0, 0, UNSIGNED_BYTE, rank))
    kind = file.read(4)
    if kind != expected:
        raise DataError(
            f"{path}: is no IDX file of {rank} axes: it begins with {kind.hex(' ') or 'nothing'}, "
            f"not {expected.hex(' ')}. {_NEXT}"
        )
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise DataError(f"{path}: ends within its header, after {4 + len(sizes)} bytes. {_NEXT}")
    return struct.unpack(f">{rank}I", sizes)


def _elements(file: BinaryIO, path: str, shape: tuple[int, ...], packed: int) -> np.ndarray:
    count = math.prod(shape)
    check_total(Path(path), count)
    check_expansion(path, count, packed, _NEXT)
    content = file.read(count + 1)
    if len(content) != count:
        found = "more" if len(content) > count else f"{len(content):,}"
        raise DataError(
            f"{path}: is truncated or damaged: {' × '.join(map(str, shape))} elements announced, "
            f"{found} found. {_NEXT}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)
