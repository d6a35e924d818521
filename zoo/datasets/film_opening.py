"""Opening a film, animated pictures through Pillow and all others through PyAV, and taking frames."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from PIL import Image

from zoo.datasets.animation import opened_animation
from zoo.datasets.film import ANIMATED, Film
from zoo.datasets.film_codec import opened_video

ROUNDED = 0.001
"""Seconds to which some formats round the times of frames: one that starts so soon after is shown."""


def opened(path: Path) -> AbstractContextManager[Film]:
    """Open a film.

    Raises:
        DataError: it is missing, damaged, truncated, too large or no film, or PyAV is not installed; the
            message says which.
    """
    if path.suffix.lower() in ANIMATED:
        return opened_animation(path)
    return opened_video(path)


def taken(film: Film, times: Sequence[float]) -> Iterator[tuple[int, Image.Image]]:
    """What is shown at `times`, ascending: how many times in turn show a picture, and the picture.

    Each picture is made once, and only those that are shown.
    """
    left, shown = list(times), None
    for start, make in film.frames():
        if shown:
            before = sum(time + ROUNDED < start for time in left)
            if before:
                yield before, shown()
                left = left[before:]
        if not left:
            return
        shown = make
    if left and shown:
        yield len(left), shown()
