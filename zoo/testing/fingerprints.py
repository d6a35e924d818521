"""Fingerprints of a dataset's arrays: equal if two loads gave the same samples."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from zoo.datasets.samples import Samples

if TYPE_CHECKING:
    from zoo.datasets.dataset import Arrays

ASKED = 64
"""How many lazy samples are generated for a fingerprint, spread from the first to the last."""


def fingerprints(arrays: "Arrays") -> dict[str, str]:
    """The checksum of each array; for lazy samples also a hash of `ASKED` generated samples."""
    return {
        name: f"{checksum}{_made(getattr(arrays, name))}"
        for name, checksum in arrays.checksums.items()
    }


def _made(x: "np.ndarray | Samples") -> str:
    if not isinstance(x, Samples):
        return ""
    return f" {hashlib.sha256(x[spread(len(x))].tobytes()).hexdigest()}"


def spread(count: int) -> np.ndarray:
    """At most `ASKED` indices below `count`, evenly spread, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, ASKED)).astype("int64"))
