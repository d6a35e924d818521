"""The settings of clips that code makes: how many, how long, how hard."""

from dataclasses import dataclass
from typing import Literal, get_args

from zoo.errors import UsageError

SIZE = 36
"""The canvas, in pixels a side. It is a torus: what leaves on one side comes in on the other."""

TILE = 6
"""Occlusion hides square tiles of so many pixels a side."""

TILES = (SIZE // TILE) ** 2
DIRECTIONS = ("right", "up right", "up", "up left", "left", "down left", "down", "down right")
"""Multiples of 45°, counter-clockwise."""

MOST = 2**31 - 1

OrderOfFrames = Literal["true", "shuffled"]
ORDERS = get_args(OrderOfFrames)


@dataclass(frozen=True)
class ClipSettings:
    """The parameters of `moving_digits` and `motion`; each is explained at their functions."""

    frames: int
    clips: int
    test_clips: int
    speed: float
    noise: float
    visible: float
    seed: int
    order: str = "true"

    @property
    def seen(self) -> int:
        """Tiles of each frame, of 36, that are not occluded."""
        return round(self.visible * TILES)

    def check(self, classes: int, least_frames: int, still: bool) -> None:
        """
        Raises:
            UsageError: a value makes no sense.
        """
        _check("frames", self.frames, least_frames, MOST)
        _check("clips", self.clips, classes, MOST)
        _check("test_clips", self.test_clips, classes, MOST)
        _check("speed", self.speed, 0 if still else 0.1, SIZE / 2 - 1)
        _check("noise", self.noise, 0, 255)
        _check("visible", self.visible, 1 / TILES, 1)
        _check("seed", self.seed, 0, MOST)
        if self.order not in ORDERS:
            raise UsageError(
                f"`data_parameters={ {'order': self.order}!r}`: use {' or '.join(ORDERS)}."
            )


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise UsageError(
            f"`data_parameters={ {name: value}!r}`: use a number from {least:.3g} to {most:.10g}."
        )
