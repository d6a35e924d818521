"""Image files as the samples of a dataset: any size, grey or colour, dark on light or the reverse."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from zoo.errors import DataError

INK = 0.2
"""Share of the contrast above which a pixel counts as part of what is drawn."""

DIGIT_BOX = 20 / 28
"""MNIST fits a digit into 20 of 28 pixels and centres its mass (LeCun et al. 1998)."""


def read_picture(path: Path, shape: tuple[int, int, int], *, centre: bool) -> np.ndarray:
    """One sample `(H, W, C)` uint8 from a file.

    With one channel the picture becomes grey, and light on dark whichever way it was: the border
    tells the background. With `centre`, what is drawn is cut out, fitted and centred as MNIST's
    digits were, unless the picture has the right size already; else it is fitted as a whole.

    Raises:
        DataError: the file is missing, no image, or damaged.
    """
    height, width, channels = shape
    image = _open(path)
    if channels != 1:
        return np.asarray(image.convert("RGB").resize((width, height)))[..., :channels]
    grey = _light_on_dark(np.asarray(image.convert("L"), "float64"))
    if grey.shape != (height, width):
        grey = _centred(grey, height, width) if centre else _fitted(grey, height, width)
    return grey.round().clip(0, 255).astype("uint8")[..., None]


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as file:
            image: Image.Image = file
            image.load()
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                image = image.convert("RGBA")
                paper = Image.new("RGBA", image.size, "white")
                return Image.alpha_composite(paper, image).convert("RGB")
            return image.copy()
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file.") from error
    except UnidentifiedImageError as error:
        raise DataError(
            f"{path}: is no image that can be read; give a PNG or JPEG file."
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: is damaged or cannot be read ({error}).") from error


def _light_on_dark(grey: np.ndarray) -> np.ndarray:
    """Stretched to 0 for the background, which the border's median tells, and 255 for the ink."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    difference = grey - np.median(border)
    # What is drawn departs further from the background on its own side.
    ink = (difference if difference.max() >= -difference.min() else -difference).clip(0)
    return ink * (255 / ink.max()) if ink.max() > 0 else ink


def _resized(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    image = Image.fromarray(grey.astype("float32"))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS)).clip(0, 255)


def _fitted(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """The whole picture, its proportions kept, in the middle of the background."""
    scale = min(height / grey.shape[0], width / grey.shape[1])
    size = [max(1, round(length * scale)) for length in grey.shape]
    result = np.zeros((height, width))
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    result[top : top + size[0], left : left + size[1]] = _resized(grey, *size)
    return result


def _centred(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """What is drawn, fitted into MNIST's box, with its centre of mass in the middle."""
    rows, columns = (np.flatnonzero((grey > INK * 255).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((height, width))
    drawn = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = DIGIT_BOX * min(height, width) / max(drawn.shape)
    small = _resized(drawn, *(max(1, round(length * scale)) for length in drawn.shape))
    weights = small / small.sum()
    result = np.zeros((height, width))
    start = []
    for axis, (length, room) in enumerate(zip(small.shape, result.shape, strict=True)):
        mass = (weights.sum(axis=1 - axis) * np.arange(length)).sum()
        start.append(int(np.clip(round((room - 1) / 2 - mass), 0, room - length)))
    result[start[0] : start[0] + small.shape[0], start[1] : start[1] + small.shape[1]] = small
    return result
