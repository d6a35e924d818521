"""Views of an image: the same one, moved by whole pixels, to be answered together.

Averaging a network's probabilities over several views of a test image is as old as AlexNet
(Krizhevsky, Sutskever and Hinton 2012, section 4.1, averages ten patches). It trains nothing and
costs a forward pass for each view.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError

if TYPE_CHECKING:
    import numpy as np


def check_shiftable(dataset: Dataset, most: int) -> None:
    """Find out before training that the samples have no views.

    Raises:
        UsageError: they are rows, or so small that a view would show nothing.
    """
    if not most:
        return
    if dataset.layout == "rows":
        raise UsageError(
            f"test_shift is {most}, and {dataset.name} has rows, which are no image to move; use 0."
        )
    height, width = dataset.shape[-3:-1]
    if most >= min(height, width):
        raise UsageError(
            f"test_shift is {most}, and {dataset.name} has images of {height} × {width}, which would "
            f"be moved out of sight; use 0 to {min(height, width) - 1}."
        )


def shifted(x: "np.ndarray", most: int) -> Iterator["np.ndarray"]:
    """Each view of a batch `(N, H, W, C)` or `(N, T, H, W, C)`, one at a time, in its shape and type.

    There are `(2 * most + 1)²`, from `most` pixels down and right to `most` up and left; the one in
    the middle is the batch itself. Zeros come in at the border; all frames of a clip move alike.
    """
    import numpy as np

    height, width = x.shape[-3:-1]
    border = [(0, 0)] * (x.ndim - 3) + [(most, most), (most, most), (0, 0)]
    padded = np.pad(x, border)
    for top in range(2 * most + 1):
        for left in range(2 * most + 1):
            view = padded[..., top : top + height, left : left + width, :]
            yield np.ascontiguousarray(view)
