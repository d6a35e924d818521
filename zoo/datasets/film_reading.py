"""From a film to a clip of few small frames: one way for training and prediction."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo.datasets.film import Film
from zoo.datasets.film_opening import opened, taken
from zoo.datasets.images import is_transparent
from zoo.datasets.pixels import DONE, Background, Resize, laid, pixels_of, resized
from zoo.errors import DataError

FINER = 3
"""Pictures are averaged over whole pixels until they have so many times the wanted pixels a side, and
then resized by Lanczos: what a large picture needs is far less."""


@dataclass(frozen=True)
class FilmReading:
    """Reads films as clips `(T, H, W, C)`.

    Attributes:
        shape: of a clip.
        fps: T frames from the beginning, so many a second; None: T frames, evenly over the film.
        resize: how other sizes become H and W.
        background: what lies behind transparent pixels.
    """

    shape: tuple[int, int, int, int]
    fps: float | None = None
    resize: Resize = "fit"
    background: Background = "refuse"

    @property
    def settings(self) -> dict[str, Any]:
        """Without the shape."""
        return {"kind": "video"} | {
            each: getattr(self, each) for each in ("fps", "resize", "background")
        }

    def read(self, path: Path, done: list[str] | None = None) -> np.ndarray:
        """The clip of a film, `shape` uint8.

        The film is cut into T spells of one length; a frame is what is shown in the middle of each.
        With `fps`, a spell is 1 / fps seconds; of a film that ends before, the last frame is repeated.

        Args:
            done: what is done to the film is appended, in words.

        Raises:
            DataError: as `zoo.datasets.film.opened`.
        """
        clip = np.empty(self.shape, np.uint8)
        with opened(path) as film:
            place, pictures = 0, 0
            for repeated, picture in taken(film, self._times(film)):
                clip[place : place + repeated] = self._pixels(picture, path)
                place, pictures = place + repeated, pictures + 1
            if not pictures:
                raise DataError(f"{path}: has no frame.")
            if done is not None:
                done += self._said(film, pictures)
        return clip

    def _times(self, film: Film) -> list[float]:
        frames = self.shape[0]
        seconds = film.seconds  # which finds a truncated film, too
        spell = seconds / frames if self.fps is None else 1 / self.fps
        return [(number + 0.5) * spell for number in range(frames)]

    def _pixels(self, picture: Image.Image, path: Path) -> np.ndarray:
        _, height, width, channels = self.shape
        if is_transparent(picture):
            picture = laid(picture, path, self.background)
        elif picture.mode not in ("L", "RGB"):
            picture = picture.convert("RGB")
        finer = min(picture.height // (FINER * height), picture.width // (FINER * width))
        if finer > 1:
            picture = picture.reduce(finer)
        pixels = resized(pixels_of(picture, path, channels, []), height, width, self.resize)
        return pixels.round().clip(0, 255).astype(np.uint8)

    def _said(self, film: Film, pictures: int) -> list[str]:
        frames, height, width, channels = self.shape
        form = film.form
        if self.fps is None:
            said = [f"{frames} frames, evenly over {film.seconds:.2f} s"]
        else:
            said = [f"{frames} frames, {self.fps:g} a second, of {film.seconds:.2f} s"]
        if pictures < frames:
            said.append(f"{frames - pictures} of them repeated")
        if (form.height, form.width) != (height, width):
            how = DONE[self.resize]
            said.append(f"{how}, from {form.width}×{form.height} to {width}×{height}")
        if form.turned:
            said.append("turned upright")
        if channels == 1 and not form.grey:
            said.append("colour to grey")
        if form.bits > 8:
            said.append(f"{form.bits} bits to 8")
        return said
