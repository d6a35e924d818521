"""Samples that need not lie in memory: made by code, or read from files, when they are asked for."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from zoo.errors import DataError

BLOCK_BYTES = 2**22
"""Whoever goes through all samples holds about so much of them at a time."""


class Samples(ABC):
    """What stands for an array of samples, `(N, *sample)`, and makes only those asked for.

    A sample is a function of its index alone: the same bytes in whatever order, batch and process it
    is asked for.

    Attributes:
        shape: `(N, *sample)`.
        dtype: uint8 (0 to 255) or float32.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @abstractmethod
    def take(self, indices: np.ndarray) -> np.ndarray:
        """The samples at `indices` `(n,)`, each from 0 to N - 1: `(n, *sample)`, contiguous."""

    @property
    @abstractmethod
    def checksum(self) -> str:
        """SHA-256 of whatever determines the samples, in hexadecimal: of the generator's version, its
        parameters and its sources' checksums; or of the files."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: "int | slice | np.ndarray") -> np.ndarray:
        """One sample for an integer, `(n, *sample)` for a slice or an array of integers.

        Raises:
            IndexError: there is no such sample, or `key` is none of these.
            DataError: a file cannot be read.
        """
        if isinstance(key, slice):
            return self._taken(np.arange(*key.indices(len(self))))
        indices = np.asarray(key)
        if indices.ndim > 1 or not np.issubdtype(indices.dtype, np.integer):
            raise IndexError(f"samples are taken by whole numbers or a slice, not by {key!r}")
        wrong = indices[(indices < -len(self)) | (indices >= len(self))]
        if wrong.size:
            raise IndexError(f"there is no sample {wrong.flat[0]}; there are {len(self)}")
        found = self._taken(np.atleast_1d(indices) % max(1, len(self)))
        return found if indices.ndim else found[0]

    def _taken(self, indices: np.ndarray) -> np.ndarray:
        try:
            return self.take(indices)
        except OSError as error:
            where = error.filename or "some samples"
            raise DataError(f"{where}: cannot be read ({error.strerror or error}).") from error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All of them in memory."""
        if copy is False:
            raise ValueError("samples that are made when asked for are no array without a copy")
        whole = np.empty(self.shape, dtype or self.dtype)
        start = 0
        for block in blocks(self):
            whole[start : start + len(block)] = block
            start += len(block)
        return whole

    def subset(self, indices: np.ndarray) -> "Samples":
        """The samples at `indices` `(n,)`, lazily."""
        return Subset(self, indices)


class Subset(Samples):
    """Some of other samples, in an order of its own."""

    def __init__(self, whole: Samples, indices: np.ndarray):
        self._whole, self._indices = whole, np.asarray(indices, "int64")
        self.shape, self.dtype = (len(indices), *whole.shape[1:]), whole.dtype

    def take(self, indices: np.ndarray) -> np.ndarray:
        return self._whole.take(self._indices[indices])

    @property
    def checksum(self) -> str:
        chosen = hashlib.sha256(self._indices.astype("<i8").tobytes()).hexdigest()
        return hashlib.sha256(f"{self._whole.checksum} at {chosen}".encode()).hexdigest()


Stored: TypeAlias = np.ndarray | Samples
"""Samples as a dataset stores them: in memory or lazy."""


def subset(x: Stored, indices: np.ndarray) -> Stored:
    """The samples at `indices` `(n,)`: in memory or lazy, as `x` is."""
    return x.subset(indices) if isinstance(x, Samples) else x[indices]


def blocks(x: Stored) -> Iterator[np.ndarray]:
    """All samples in their order, a few at a time: arrays `(n, *sample)`."""
    size = int(np.prod(x.shape[1:])) * x.dtype.itemsize
    step = max(1, BLOCK_BYTES // max(1, size))
    for start in range(0, len(x), step):
        yield x[start : start + step]
