"""Animated GIF, WebP and PNG, through Pillow: partial frames are laid on those before them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from zoo.datasets.film import ANIMATED, FilmForm, Frame
from zoo.datasets.images import opened_image
from zoo.datasets.pixels import is_grey
from zoo.errors import DataError

SHOWN = 0.1
"""Seconds that a frame is shown which gives no time, or less than `BRIEF`; browsers do so, too."""
BRIEF = 0.011
MOST_PIXELS = 500_000_000
"""Of all frames together."""


def is_animated(path: Path) -> bool:
    """Whether a picture file has several frames; False where it cannot be read."""
    if path.suffix.lower() not in ANIMATED or not path.is_file():
        return False
    try:
        with opened_image(path) as image:
            return getattr(image, "is_animated", False)
    except DataError:
        return False


@dataclass(frozen=True)
class Animation:
    """An opened animation; see `zoo.datasets.film.Film`."""

    path: Path
    image: Image.Image

    @cached_property
    def form(self) -> FilmForm:
        """
        Raises:
            DataError: it has too many pixels.
        """
        image = self.image
        count, (width, height) = getattr(image, "n_frames", 1), image.size
        if count * width * height > MOST_PIXELS:
            raise DataError(
                f"{self.path}: has {count:,} frames of {width}×{height} pixels; at most "
                f"{MOST_PIXELS // 10**6} million pixels in all are read. Make it smaller."
            )
        # A film that begins black may have colours later.
        grey = all(self._is_grey(number) for number in range(count))
        return FilmForm(height, width, grey, image.format or "", count=count)

    def _is_grey(self, number: int) -> bool:
        self.image.seek(number)
        return is_grey(self.image)

    @cached_property
    def seconds(self) -> float:
        return sum(self._durations)

    @cached_property
    def _durations(self) -> list[float]:
        return [self._shown(number) for number in range(self.form.count or 1)]

    def _shown(self, number: int) -> float:
        self.image.seek(number)
        if self.image.format == "WEBP":  # which tells it after decoding alone
            self.image.load()
        seconds = float(self.image.info.get("duration") or 0) / 1000
        return seconds if BRIEF <= seconds < 1e6 else SHOWN

    def frames(self) -> Iterator[Frame]:
        time = 0.0
        for number in range(self.form.count or 1):
            duration = self._shown(number)
            self.image.load()
            yield time, self.image.copy().copy
            time += duration


@contextlib.contextmanager
def opened_animation(path: Path) -> Iterator[Animation]:
    """Open an animated picture.

    Raises:
        DataError: it is missing, damaged, too large or no picture.
    """
    with opened_image(path) as image:
        film = Animation(path, image)
        _ = film.form
        yield film
