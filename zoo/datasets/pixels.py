"""From a decoded image to pixels of a wanted size and number of channels: one way for training and
prediction, so that a model answers the pixels that it was trained on."""

from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from zoo.datasets.encoding import BYTES
from zoo.datasets.images import is_transparent, shrinking
from zoo.errors import DataError

Resize = Literal["fit", "crop", "stretch"]
Background = Literal["refuse", "white", "black"]
DONE = {"fit": "fitted", "crop": "cropped", "stretch": "stretched"}
"""What is said of a picture that was resized."""

SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
LARGE = 2048
"""Pictures are halved, or more, until their shorter side is less than twice this."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's mode for so many channels."""
GREY = ("1", "L", "LA", "La", *SIXTEEN_BITS)
"""Modes without colour."""


def pixels_of(image: Image.Image, path: Path, channels: int, done: list[str]) -> np.ndarray:
    """The pixels `(H, W, channels)`, float64 from 0 to 255.

    Args:
        image: decoded, without transparency unless `channels` is 4.
        path: what to call it in an error.
        channels: 1, 3 or 4.
        done: what is done is appended, in words.

    Raises:
        DataError: it has 32-bit pixels, whose values of black and white are not known.
    """
    if image.mode in SIXTEEN_BITS:
        done.append("16 bits to 8")
        grey = np.asarray(image).astype("float64") / 257
        return np.repeat(grey[..., None], channels, axis=-1) if channels > 1 else grey[..., None]
    if image.mode in ("I", "F"):
        raise DataError(
            f"{path}: has 32-bit pixels, whose black and white are not known; save it with 8 or 16 "
            "bits."
        )
    if channels == 1 and image.mode not in GREY and not is_grey(image):
        done.append("colour to grey")
    pixels = np.asarray(image.convert(MODES[channels]), "float64")
    return pixels.reshape(*pixels.shape[:2], channels)


def reduced(image: Image.Image, wanted: tuple[int, int] | None = None) -> Image.Image:
    """A very large image, reduced by a whole factor, so that its pixels fit into memory as floats.

    Args:
        wanted: height and width that it will be resized to: one of 4 times that size or more is
            reduced to no less than twice that size, by the mean of its pixels, which is faster.
    """
    factor = min(image.size) // LARGE
    if wanted is not None:
        factor = max(factor, shrinking((image.height, image.width), wanted))
    if factor < 2 or image.mode in (*SIXTEEN_BITS, "I", "F"):
        return image
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA" if is_transparent(image) else "RGB")
    return image.reduce(factor)


def on_background(image: Image.Image, colour: str) -> Image.Image:
    """A transparent image on a colour, in mode RGB."""
    image = as_rgba(image)
    return Image.alpha_composite(Image.new("RGBA", image.size, colour), image).convert("RGB")


def laid(image: Image.Image, path: Path, background: Background) -> Image.Image:
    """A transparent image on the background that was chosen.

    Raises:
        DataError: none was.
    """
    if background == "refuse":
        raise transparent(path)
    return on_background(image, background)


def transparent(path: Path) -> DataError:
    """What is said of a file whose background was not chosen."""
    return DataError(
        f"{path}: is transparent in places. Choose what lies behind, white or black: "
        "`data_parameters={'background': 'white'}`."
    )


def as_rgba(image: Image.Image) -> Image.Image:
    """An image in mode RGBA; Pillow converts no 16-bit one."""
    if image.mode not in SIXTEEN_BITS:
        return image.convert("RGBA")
    grey = np.asarray(image)
    alpha = np.where(grey == image.info["transparency"], 0, 255)
    channels = [(grey / 257).round()] * 3 + [alpha]
    return Image.fromarray(np.stack(channels, axis=-1).astype("uint8"))


def is_grey(image: Image.Image) -> bool:
    """Whether an image that could be in colour is not: of a palette of greys, for example."""
    if image.mode in GREY:
        return True
    red, green, blue = (np.asarray(band) for band in image.convert("RGB").split())
    return np.array_equal(red, green) and np.array_equal(green, blue)


def resized(pixels: np.ndarray, height: int, width: int, how: Resize) -> np.ndarray:
    """Pixels `(H, W, C)` from 0 to 255 as `(height, width, C)`, by Lanczos.

    Args:
        how: `fit` keeps the whole image and its proportions, on a background that is the median of
            its border; `crop` keeps the proportions and fills the size, cutting what is beyond the
            middle; `stretch` changes the proportions.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    make = {"fit": _fitted, "crop": _cropped, "stretch": lanczos}[how]
    channels = range(pixels.shape[-1])
    return np.stack([make(pixels[..., each], height, width) for each in channels], axis=-1)


def lanczos(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """One channel `(H, W)` in another size."""
    image = Image.fromarray(grey.astype("float32"))
    made = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
    return made.clip(*BYTES)


def _fitted(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    scale = min(height / grey.shape[0], width / grey.shape[1])
    size = [max(1, round(length * scale)) for length in grey.shape]
    if size == [height, width]:
        return lanczos(grey, *size)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    result = np.full((height, width), np.median(border))
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    result[top : top + size[0], left : left + size[1]] = lanczos(grey, *size)
    return result


def _cropped(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    scale = max(height / grey.shape[0], width / grey.shape[1])
    size = [
        max(least, round(length * scale))
        for length, least in zip(grey.shape, (height, width), strict=True)
    ]
    made = lanczos(grey, *size)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return made[top : top + height, left : left + width]
