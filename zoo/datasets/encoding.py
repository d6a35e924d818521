"""What stored numbers stand for: which of them are black and white, and what their samples are like."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from zoo.architecture import Layout
from zoo.datasets.samples import Samples, Stored, blocks, subset

PixelRange = tuple[float, float]
Polarity = Literal["light on dark", "dark on light"]

BYTES: PixelRange = (0.0, 255.0)
UNIT: PixelRange = (0.0, 1.0)
SYMMETRIC: PixelRange = (-1.0, 1.0)

LOOKED_AT, LOOKED_AT_LAZILY = 1024, 64
"""Samples whose numbers describe all, at most: in memory, and made or read one by one."""

ONE_SIDED = 0.99
"""Share of the samples that must agree before a polarity is called that of all."""
SAME_BACKGROUND = 0.2
"""Share of the contrast within which the samples' backgrounds must lie to be one background."""


def pixel_range(x: Stored, layout: Layout) -> PixelRange | None:
    """The values of black and white, where they are certain; else None.

    uint8 has 0 and 255. Floats have 0 and 1, -1 and 1, or 0 and 255 if they come close to these ends
    and do not leave them. Anything else, and a sequence of floats, is no pixel.
    """
    if x.dtype == np.uint8:
        return BYTES
    if layout == "sequence":
        return None
    return _range_of(*extremes(x))


def _range_of(low: float, high: float) -> PixelRange | None:
    if low >= 0:
        if 0.9 <= high <= 1:
            return UNIT
        return BYTES if 200 <= high <= 255 else None
    return SYMMETRIC if -1 <= low <= -0.9 and 0.9 <= high <= 1 else None


def extremes(x: Stored) -> tuple[float, float]:
    """The lowest and the highest value; of lazy samples, of some of them."""
    few = drawn(x) if isinstance(x, Samples) else x
    ends = [(block.min(), block.max()) for block in blocks(few)]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def drawn(x: Stored) -> Stored:
    """Some samples that stand for all, the same each time; all, where there are few."""
    most = LOOKED_AT_LAZILY if isinstance(x, Samples) else LOOKED_AT
    if len(x) <= most:
        return x
    chosen = np.random.Generator(np.random.Philox(0)).permutation(len(x))[:most]
    return subset(x, np.sort(chosen))


@dataclass(frozen=True)
class Statistics:
    """What some samples are like.

    Attributes:
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
        """Those of `x` `(N, *sample)`, or of the samples drawn from it."""
        each = [_of_samples(block) for block in blocks(drawn(x))]
        means, squares, lows, highs = (np.concatenate(part) for part in zip(*each, strict=True))
        deviations = np.sqrt(np.maximum(squares - means**2, 0))
        mean = means.mean()
        polarity, background = _polarity(drawn(x)) if layout == "image" else (None, None)
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

    def as_record(self) -> dict[str, Any]:
        """Plain values; `from_record` reads them back."""
        return asdict(self) | {"means": list(self.means), "deviations": list(self.deviations)}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Statistics":
        pairs = {name: tuple(record[name]) for name in ("means", "deviations")}
        return cls(**{**record, **pairs})


def _of_samples(block: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each sample's mean, mean square, minimum and maximum."""
    flat = block.reshape(len(block), -1)
    values = flat.astype("float64")
    return values.mean(axis=1), np.square(values).mean(axis=1), flat.min(axis=1), flat.max(axis=1)


def side(image: np.ndarray) -> tuple[float, Polarity | None]:
    """The background of an image `(H, W, C)`, its border's median, and on which side of it the rest is.

    What is drawn departs further from the background on its own side; None: there is no contrast.
    """
    grey = image.mean(axis=-1, dtype="float64")
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = float(np.median(border))
    above, below = grey.max() - background, background - grey.min()
    if above == below:
        return background, None
    return background, "light on dark" if above > below else "dark on light"


def _polarity(x: Stored) -> tuple[Polarity | None, float | None]:
    if x.shape[-1] not in (1, 3):
        return None, None
    sides = [side(image) for block in blocks(x) for image in block]
    known = [(background, polarity) for background, polarity in sides if polarity]
    backgrounds = np.array([background for background, _ in known])
    if not len(backgrounds):
        return None, None
    middle = float(np.median(backgrounds))
    low, high = extremes(x)
    near = np.abs(backgrounds - middle) <= SAME_BACKGROUND * (high - low)
    for polarity in ("light on dark", "dark on light"):
        agree = np.array([each == polarity for _, each in known]) & near
        if agree.mean() >= ONE_SIDED:
            return polarity, middle  # type: ignore[return-value]
    return None, None
