"""The pixel range of stored samples, and statistics of their values."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from zoo.architecture import Layout
from zoo.datasets.samples import Samples, Stored, blocks, subset, without_padding

PixelRange = tuple[float, float]
Polarity = Literal["light on dark", "dark on light"]

BYTES: PixelRange = (0.0, 255.0)
UNIT: PixelRange = (0.0, 1.0)
SYMMETRIC: PixelRange = (-1.0, 1.0)

BRIGHT = 200
"""Values from 0 are pixels from 0 to 255 if the largest is at least this."""
LOOKED_AT, LOOKED_AT_LAZILY = 1024, 64
"""The most samples used for statistics: in memory, and lazy."""

ONE_SIDED = 0.99
"""The share of samples that must agree on a polarity."""
SAME_BACKGROUND = 0.2
"""The largest spread of the samples' backgrounds, as a share of the contrast, to count as one."""


def pixel_range(x: Stored, layout: Layout) -> PixelRange | None:
    """The values of black and white, or None where they are uncertain.

    uint8 has 0 and 255. Floats have 0 and 1, -1 and 1, or 0 and 255 if they come close to these ends
    and do not leave them. Anything else, and a sequence of floats, is no pixel.
    """
    if x.dtype == np.uint8:
        return BYTES
    if layout == "sequence":
        return None
    return range_of(*extremes(x))


def range_of(low: float, high: float) -> PixelRange | None:
    """The same of floats that are images, by their minimum and maximum."""
    if low >= 0:
        if 0.9 <= high <= 1:
            return UNIT
        return BYTES if BRIGHT <= high <= 255 else None
    return SYMMETRIC if -1 <= low <= -0.9 and 0.9 <= high <= 1 else None


def extremes(x: Stored) -> tuple[float, float]:
    """The minimum and maximum; for lazy samples, of a selection."""
    few = drawn(x) if isinstance(x, Samples) else without_padding(x)
    ends = [(block.min(), block.max()) for block in blocks(few)]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def drawn(x: Stored) -> Stored:
    """A fixed random selection of samples; all of them if there are few."""
    most = LOOKED_AT_LAZILY if isinstance(x, Samples) else LOOKED_AT
    if len(x) <= most:
        return x
    chosen = np.random.Generator(np.random.Philox(0)).permutation(len(x))[:most]
    return subset(x, np.sort(chosen))


@dataclass(frozen=True)
class Statistics:
    """Statistics of samples.

    Args:
        minimum, maximum, mean, deviation: of all their values.
        means, deviations: the lowest and the highest of a sample's own mean and deviation.
        polarity, background: of images that are drawn on one background, which side it is on and
            its value; else None.
    """

    minimum: float
    maximum: float
    mean: float
    deviation: float
    means: tuple[float, float]
    deviations: tuple[float, float]
    polarity: Polarity | None = None
    background: float | None = None

    @classmethod
    def of(cls, x: Stored, layout: Layout) -> "Statistics":
        """The statistics of `x` `(N, *sample)`, or of a selection of it."""
        each = [_of_samples(block) for block in blocks(drawn(x))]
        means, squares, lows, highs = (np.concatenate(part) for part in zip(*each, strict=True))
        deviations = np.sqrt(np.maximum(squares - means**2, 0))
        mean = means.mean()
        polarity, background = _one_side(drawn(x)) if layout == "image" else (None, None)
        return cls(
            float(lows.min()),
            float(highs.max()),
            float(mean),
            float(np.sqrt(max(squares.mean() - mean**2, 0))),
            (float(means.min()), float(means.max())),
            (float(deviations.min()), float(deviations.max())),
            polarity,
            background,
        )


def _of_samples(block: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each sample's mean, mean square, minimum and maximum."""
    flat = block.reshape(len(block), -1)
    values = flat.astype("float64")
    if flat.dtype != np.uint8 and np.isnan(flat).any():  # sequences that end in padding
        return (
            np.nanmean(values, axis=1),
            np.nanmean(np.square(values), axis=1),
            np.nanmin(flat, axis=1),
            np.nanmax(flat, axis=1),
        )
    return values.mean(axis=1), np.square(values).mean(axis=1), flat.min(axis=1), flat.max(axis=1)


def side(image: np.ndarray) -> tuple[float, Polarity | None]:
    """The background of an image `(H, W, C)` (its border's median) and its polarity.

    The drawing deviates further from the background on its own side; None: there is no contrast.
    """
    grey = image.mean(axis=-1, dtype="float64")
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = _median(border)
    above, below = grey.max() - background, background - grey.min()
    if above == below:
        return background, None
    return background, "light on dark" if above > below else "dark on light"


def _median(values: np.ndarray) -> float:
    """`np.median` of numbers `(N,)` without NaN, several times faster for a few."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    below, above = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((below + above) / 2)


def polarity_of(x: Stored, layout: Layout) -> Polarity | None:
    """Which side the drawings of images `(N, H, W, C)` are on; None: they have no one background.

    It is that of `Statistics.of`, without the other statistics.
    """
    return _one_side(drawn(x))[0] if layout == "image" else None


def _one_side(x: Stored) -> tuple[Polarity | None, float | None]:
    if x.shape[-1] not in (1, 3):
        return None, None
    sides = [side(image) for block in blocks(x) for image in block]
    known = [(background, polarity) for background, polarity in sides if polarity]
    if not known:
        return None, None
    if len(known) == 1:  # it agrees with itself
        return known[0][1], known[0][0]
    backgrounds = np.array([background for background, _ in known])
    middle = _median(backgrounds)
    low, high = extremes(x)
    near = np.abs(backgrounds - middle) <= SAME_BACKGROUND * (high - low)
    for polarity in ("light on dark", "dark on light"):
        agree = np.array([each == polarity for _, each in known]) & near
        if agree.mean() >= ONE_SIDED:
            return polarity, middle  # type: ignore[return-value]
    return None, None
