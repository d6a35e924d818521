"""A picture of some samples of each class, as a model sees them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from zoo.architecture import Layout
from zoo.contact_sheet import CELL, COLUMNS, contact_sheet
from zoo.datasets.encoding import BYTES, PixelRange, extremes, pixel_range
from zoo.datasets.samples import Stored
from zoo.errors import ZooError

MOST_CELLS = 160
"""Samples on a sheet, at most; more classes have fewer each, and beyond so many none."""
LINES = ((255, 255, 255), (255, 200, 0), (0, 200, 255), (255, 100, 255))
"""Colours of the first channels of a series."""


def chosen(labels: np.ndarray, classes: int) -> list[int]:
    """Indices of some samples of each class, class by class: a row, or a part of one, each."""
    each = next((n for n in (COLUMNS, COLUMNS // 2, 2, 1) if n * classes <= MOST_CELLS), 1)
    first = [np.flatnonzero(labels == label)[:each] for label in range(classes)]
    return [int(number) for numbers in first for number in numbers][:MOST_CELLS]


def sheet_of(x: Stored, labels: np.ndarray, classes: Sequence[str], layout: Layout) -> Image.Image:
    """Some samples of each class, with its name under each.

    Args:
        x: `(N, *shape)` in that layout; clips show their middle frame, uint8 sequences an image with
            time from left to right, and others their channels as lines.
        labels: `(N,)`.
    """
    numbers = chosen(labels, len(classes))
    samples = [np.asarray(x[number]) for number in numbers]
    ends: PixelRange = BYTES
    if layout == "sequence" and x.dtype != np.uint8:
        samples = [_plot(sample) for sample in samples]
    elif layout == "sequence":
        samples = [np.flipud(sample.T)[..., None] for sample in samples]
    else:
        ends = pixel_range(x, layout) or extremes(x)
        ends = ends if ends[1] > ends[0] else (ends[0], ends[0] + 1)
        frames = [sample[len(sample) // 2] if layout == "frames" else sample for sample in samples]
        samples = [each if each.shape[-1] in (1, 3, 4) else each[..., :1] for each in frames]
    return contact_sheet(samples, [classes[labels[number]] for number in numbers], ends)


def save(sheet: Image.Image, path: Path) -> None:
    """Write a PNG.

    Raises:
        ZooError: it cannot be written.
    """
    from zoo import atomic

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, lambda file: sheet.save(file, "PNG"))
    except OSError as error:
        raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error


def _plot(sample: np.ndarray) -> np.ndarray:
    """A series `(T, F)` as lines over time, `(side, side, 3)`; missing values are gaps."""
    side = CELL - 2
    image = Image.new("RGB", (side, side), "black")
    draw = ImageDraw.Draw(image)
    for channel, colour in list(enumerate(LINES[: sample.shape[-1]]))[::-1]:
        values = sample[:, channel].astype("float64")
        finite = np.isfinite(values)
        if not finite.any():
            continue
        low, high = values[finite].min(), values[finite].max()
        rows = (side - 5) * (1 - (values - low) / ((high - low) or 1)) + 2
        columns = np.linspace(0, side - 1, len(values))
        kept = zip(columns[finite].tolist(), rows[finite].tolist(), strict=True)
        draw.line(list(kept), fill=colour)
    return np.asarray(image)
