"""Samples that are not kept in memory: generated, or read from files, on access."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from zoo.errors import DataError

BLOCK_BYTES = 2**22
"""About how many bytes of samples an iteration over all of them keeps in memory."""


class Samples(ABC):
    """An array of samples `(N, *sample)` that generates or reads only the requested ones.

    Subclass it for data that do not fit into memory. A sample must depend on its index alone: the same
    bytes in any order, batch and process.

    Attributes:
        shape: `(N, *sample)`.
        dtype: uint8 (0 to 255) or float32.

    >>> class Ramp(Samples):
    ...     shape, dtype, checksum = (100, 2), np.dtype("float32"), "ramp 1"
    ...     def take(self, indices: np.ndarray) -> np.ndarray:
    ...         return np.stack([indices, indices + 1], axis=1).astype(self.dtype)
    >>> Ramp()[3]
    array([3., 4.], dtype=float32)
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @abstractmethod
    def take(self, indices: np.ndarray) -> np.ndarray:
        """The samples at `indices` `(n,)`, each in 0 to N - 1, as a contiguous array `(n, *sample)`."""

    @property
    @abstractmethod
    def checksum(self) -> str:
        """Hexadecimal SHA-256 of everything that determines the samples: the files, or the generator's
        version, its parameters and the checksums of its sources."""

    @property
    def source_digests(self) -> list[bytes] | None:
        """A digest of what each sample is read from: equal ones are of equal samples. None: not known
        without making the samples."""
        return None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: "int | slice | np.ndarray") -> np.ndarray:
        """One sample for an integer, `(n, *sample)` for a slice or an array of integers.

        Raises:
            IndexError: there is no such sample, or `key` has another type.
            DataError: a file cannot be read.
        """
        if isinstance(key, slice):
            return self._taken(np.arange(*key.indices(len(self))))
        indices = np.asarray(key)
        if indices.ndim > 1 or not np.issubdtype(indices.dtype, np.integer):
            raise IndexError(f"index samples with integers or a slice; received {key!r}")
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
        """All samples in memory."""
        if copy is False:
            raise ValueError(
                "samples that are generated on access need copy=True to become an array"
            )
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
    """A selection of other samples, in any order."""

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
"""Samples in memory or lazy."""


def subset(x: Stored, indices: np.ndarray) -> Stored:
    """The samples at `indices` `(n,)`: in memory or lazy, as `x` is."""
    return x.subset(indices) if isinstance(x, Samples) else x[indices]


def without_padding(x: Stored) -> Stored:
    """All real steps `(M, F)` of sequences that end in steps of NaN; others as they are.

    Lazy samples are never padded.
    """
    if isinstance(x, Samples) or x.dtype == np.uint8 or x.ndim != 3 or not np.isnan(x).any():
        return x
    return x[~np.isnan(x).all(axis=-1)]


def blocks(x: Stored) -> Iterator[np.ndarray]:
    """All samples in order, in arrays `(n, *sample)` of about `BLOCK_BYTES`."""
    size = int(np.prod(x.shape[1:])) * x.dtype.itemsize
    step = max(1, BLOCK_BYTES // max(1, size))
    for start in range(0, len(x), step):
        yield x[start : start + step]
