"""Scaling of samples: fitted to the training examples, or each series by itself."""

import math
from typing import Any

import numpy as np

from zoo.datasets.quality import has_units
from zoo.datasets.samples import Samples, Stored, blocks, subset, without_padding
from zoo.runs.record import Factor

FITTED_ON = 4096
"""Lazy samples whose pixels decide about scaling, at most: to make all would take as long as an epoch."""

TINY = 1e-37
"""A range that is not larger is none: some devices take such numbers for 0."""


def by_series(x: Any, real: Any = None) -> Any:
    """Normalize sequences `(batch, steps, channels)` float32, each channel of each by itself.

    Over time each has mean 0 and (population) standard deviation 1; one that is constant becomes 0.

    Args:
        x: the sequences.
        real: which steps are no padding, `(batch, steps, 1)` bool; None: all. Others become 0.
    """
    from keras import ops

    if real is not None:  # padding repeats the first step, so that it is neither lowest nor highest
        x = ops.where(real, x, x[:, :1])

    # Halves, because the range of float32 may be too large for float32. Values within 0 to 1 of the
    # range are summed, so that neither large means nor tiny ranges lose digits.
    halves = x * 0.5
    low = ops.min(halves, axis=1, keepdims=True)
    width = ops.max(halves, axis=1, keepdims=True) - low
    constant = width <= TINY
    x = (halves - low) / ops.where(constant, 1.0, width)
    x = x - _mean(x, real)
    deviation = ops.sqrt(_mean(ops.square(x), real))
    x = ops.where(constant, 0.0, x / ops.where(constant, 1.0, deviation))
    return x if real is None else ops.where(real, x, 0.0)


def _mean(x: Any, real: Any) -> Any:
    """Over time, `(batch, 1, channels)`; of real steps alone, where not all are."""
    from keras import ops

    if real is None:
        return ops.mean(x, axis=1, keepdims=True)
    count = ops.sum(ops.cast(real, x.dtype), axis=1, keepdims=True)
    return ops.sum(ops.where(real, x, 0.0), axis=1, keepdims=True) / ops.maximum(count, 1.0)


def scaling(x: Stored, normalization: str) -> tuple[Factor, Factor]:
    """`(scale, offset)`: to [0, 1] for `unit`, to zero mean and unit deviation for `standard`.

    One for all values; floats whose channels have ranges far apart get one each, and `channel` is
    `standard` with one for each channel in any case. Of more than `FITTED_ON` lazy samples, that of as
    many, drawn once for all. `series` needs no fitted numbers: they are 1 and 0.
    """
    if normalization == "series":
        return 1.0, 0.0
    x = without_padding(x)
    if normalization == "channel":
        return _by_channel(np.asarray(_few(x)), "standard")
    if has_units(x):
        return _by_channel(np.asarray(_few(x)), normalization)
    if normalization == "standard":
        mean, deviation = _mean_and_deviation(_few(x))
        deviation = deviation or 1.0
        return 1 / deviation, -mean / deviation
    if x.dtype == np.uint8:
        return 1 / 255, 0.0
    x = _few(x)
    low = min(float(block.min()) for block in blocks(x))
    high = max(float(block.max()) for block in blocks(x))
    width = (high - low) or 1.0
    return 1 / width, -low / width


def _by_channel(x: np.ndarray, normalization: str) -> tuple[Factor, Factor]:
    flat = x.reshape(-1, x.shape[-1]).astype("float64")
    if normalization == "standard":
        zero, width = flat.mean(axis=0), flat.std(axis=0)
    else:
        zero, width = flat.min(axis=0), np.ptp(flat, axis=0)
    width[width == 0] = 1
    return tuple((1 / width).tolist()), tuple((-zero / width).tolist())


def _few(x: Stored) -> Stored:
    if not isinstance(x, Samples) or len(x) <= FITTED_ON:
        return x
    drawn = np.random.Generator(np.random.Philox(0)).permutation(len(x))[:FITTED_ON]
    return subset(x, np.sort(drawn))


def _mean_and_deviation(x: Stored) -> tuple[float, float]:
    if not isinstance(x, Samples):
        return float(x.mean(dtype="float64")), float(x.std(dtype="float64"))
    size = math.prod(x.shape)
    mean = sum(float(block.sum(dtype="float64")) for block in blocks(x)) / size
    centred = (np.subtract(block, mean, dtype="float64") for block in blocks(x))
    squares = sum(float(np.square(block).sum()) for block in centred)
    return mean, math.sqrt(squares / size)
