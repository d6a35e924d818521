"""Samples side by side in one small picture, as a model sees them."""

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from zoo.datasets.encoding import BYTES, PixelRange

CELL, CAPTION = 112, 14
"""Pixels of a cell's side, and of the line under it."""
COLUMNS = 8


def contact_sheet(
    samples: Sequence[np.ndarray], captions: Sequence[str], black_and_white: PixelRange
) -> Image.Image:
    """The samples `(H, W, C)`, each enlarged without smoothing, with a caption under it."""
    columns = min(COLUMNS, len(samples))
    rows = math.ceil(len(samples) / columns)
    sheet = Image.new("RGB", (columns * CELL, rows * (CELL + CAPTION)), "gray")
    draw, font = ImageDraw.Draw(sheet), _font()
    for place, (sample, caption) in enumerate(zip(samples, captions, strict=True)):
        left, top = place % columns * CELL, place // columns * (CELL + CAPTION)
        sheet.paste(_enlarged(_visible(sample, black_and_white)), (left, top))
        draw.text((left + 2, top + CELL + 1), caption[:18], fill="white", font=font)
    return sheet


def _visible(sample: np.ndarray, black_and_white: PixelRange) -> Image.Image:
    low, high = black_and_white
    pixels = (sample.astype("float64") - low) / (high - low) * BYTES[1]
    grey = pixels.round().clip(0, 255).astype("uint8")
    return Image.fromarray(grey[..., 0] if grey.shape[-1] == 1 else grey[..., :3]).convert("RGB")


def _enlarged(image: Image.Image) -> Image.Image:
    scale = (CELL - 2) / max(image.size)
    size = [max(1, int(length * scale)) for length in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.NEAREST)


def _font() -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings: Pillow's own has few letters beyond ASCII."""
    package = find_spec("matplotlib")  # found, not imported: that takes long
    assert package and package.origin
    file = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(file), size=10)
