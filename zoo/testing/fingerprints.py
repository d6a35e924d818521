"""What tells whether two loads of a dataset gave the same samples."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from zoo.datasets.samples import Samples

if TYPE_CHECKING:
    from zoo.datasets.dataset import Arrays

ASKED = 64
"""Of lazy samples so many are made and looked at, from the first to the last."""


def fingerprints(arrays: "Arrays") -> dict[str, str]:
    """The checksum of each array; with those of lazy samples, what some of them are."""
    return {
        name: f"{checksum}{_made(getattr(arrays, name))}"
        for name, checksum in arrays.checksums.items()
    }


def _made(x: "np.ndarray | Samples") -> str:
    if not isinstance(x, Samples):
        return ""
    return f" {hashlib.sha256(x[spread(len(x))].tobytes()).hexdigest()}"


def spread(count: int) -> np.ndarray:
    """Some of the indices below `count`, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, ASKED)).astype("int64"))
