"""Several channels of sound become one: their mean, where that is a sound."""

from collections.abc import Iterable

import numpy as np

from zoo.errors import DataError

LOUDEST = 1000.0
"""Floating-point samples lie between -1 and 1; some programs exceed that a little."""
CANCELLED = 1e-6
"""The share of the channels' energy that must be left in their mean."""


def mixed_down(blocks: Iterable[np.ndarray], most: int, name: str) -> np.ndarray:
    """The mean of the channels, `(N,)` float64.

    Args:
        blocks: samples `(n, channels)`, float64, one block after the other.
        most: how many samples there are at most.
        name: what errors call the file.

    Raises:
        DataError: there are values that are no sound, or the channels cancel each other out.
    """
    mixed, count, before, after = np.empty(most), 0, 0.0, 0.0
    for block in blocks:
        if not (np.abs(block) <= LOUDEST).all():
            raise DataError(
                f"{name}: has samples that are NaN, infinite or beyond {LOUDEST:g}; they lie between "
                "-1 and 1."
            )
        part = block[: most - count]
        mono = part[:, 0] if part.shape[1] == 1 else part.mean(axis=1)
        mixed[count : count + len(mono)] = mono
        count += len(mono)
        if part.shape[1] > 1:
            before += float((part**2).mean(axis=1).sum())
            after += float((mono**2).sum())
    if after < CANCELLED * before:
        raise DataError(
            f"{name}: its channels cancel each other out, so that their mean is silence. Keep one of "
            "them: ffmpeg -i IN -af pan='mono|c0=c0' OUT.wav."
        )
    return mixed[:count]
