"""Reading the IDX files of MNIST and its relatives."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from zoo.errors import DataError

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, rank: int) -> np.ndarray:
    """The uint8 array in an IDX file of `rank` axes, gzipped or not.

    The format: two zero bytes, the element type, the number of axes, each size as a big-endian
    32-bit integer, the elements (http://yann.lecun.com/exdb/mnist/).

    Raises:
        DataError: the file is truncated, damaged or of another kind; the message names it.
    """
    content = _content(path)
    expected = bytes((0, 0, UNSIGNED_BYTE, rank))
    if content[:4] != expected:
        raise DataError(
            f"{path}: is no IDX file of {rank} axes: it begins with {content[:4].hex(' ') or 'nothing'}, "
            f"not {expected.hex(' ')}. {_NEXT}"
        )
    header = 4 + 4 * rank
    if len(content) < header:
        raise DataError(f"{path}: ends within its header, after {len(content)} bytes. {_NEXT}")
    shape = struct.unpack(f">{rank}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{path}: is truncated or damaged: {' × '.join(map(str, shape))} elements announced, "
            f"{len(content) - header} found. {_NEXT}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


_NEXT = "Delete it and fetch the dataset again: zoo datasets fetch NAME."


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: is truncated or damaged ({error}). {_NEXT}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
