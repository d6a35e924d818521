"""The parameters of generated clips."""

from dataclasses import dataclass
from typing import Literal, get_args

from zoo.errors import UsageError

SIZE = 36
"""Side of the canvas in pixels. It wraps around at its borders."""

TILE = 6
"""Side in pixels of the square tiles that occlusion hides."""

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
        """How many of the 36 tiles of a frame are visible."""
        return round(self.visible * TILES)

    def check(self, classes: int, least_frames: int, still: bool) -> None:
        """
        Raises:
            UsageError: a value is out of range.
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
