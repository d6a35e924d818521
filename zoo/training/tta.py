"""Test-time augmentation: copies of an image shifted by whole pixels, whose predictions are averaged.

AlexNet averaged the probabilities of ten patches of each test image (Krizhevsky, Sutskever and Hinton
2012, section 4.1). It needs no training, and one forward pass for each copy.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError

if TYPE_CHECKING:
    import numpy as np


def check_shiftable(dataset: Dataset, most: int) -> None:
    """Refuse, before training, a shift that the dataset's samples cannot have.

    Raises:
        UsageError: the samples are sequences, or a shift would move the whole image out of the frame.
    """
    if not most:
        return
    if dataset.layout == "sequence":
        raise UsageError(
            f"`tta_shift={most}`: {dataset.name} has sequences; only images can be shifted. Use 0."
        )
    height, width = dataset.shape[-3:-1]
    if most >= min(height, width):
        raise UsageError(
            f"`tta_shift={most}`: {dataset.name} has images of {height} × {width}, which would "
            f"be shifted out of the frame; use 0 to {min(height, width) - 1}."
        )


def shifted(x: "np.ndarray", most: int) -> Iterator["np.ndarray"]:
    """Each shifted copy of a batch `(N, H, W, C)` or `(N, T, H, W, C)`, of the same shape and dtype.

    There are `(2 * most + 1)²`, from `most` pixels down and right to `most` up and left; the middle
    one is the batch itself. The border is filled with zeros; all frames of a clip shift alike.
    """
    import numpy as np

    height, width = x.shape[-3:-1]
    border = [(0, 0)] * (x.ndim - 3) + [(most, most), (most, most), (0, 0)]
    padded = np.pad(x, border)
    for top in range(2 * most + 1):
        for left in range(2 * most + 1):
            copy = padded[..., top : top + height, left : left + width, :]
            yield np.ascontiguousarray(copy)
