"""The meaning of an array's axes: given, or recognized where it is certain."""

from dataclasses import dataclass

import numpy as np

from zoo.architecture import Layout
from zoo.errors import DataError

CHANNELS_LAST = (1, 2, 3, 4)
"""Sizes of a last axis that is taken as channels."""
CHANNELS_FIRST = (1, 3)
"""Sizes of an axis before height and width that is taken as channels; 4 could also be grey frames."""
_RANKS: dict[Layout, int] = {"image": 4, "sequence": 3, "frames": 5}
_GREY: dict[Layout, int] = {"image": 3, "frames": 4}


@dataclass(frozen=True)
class Axes:
    """The layout and channel axis of an array `(N, ...)`.

    Args:
        layout: the samples' layout.
        channels: the channel axis; None: samples are grey, without one.
    """

    layout: Layout
    channels: int | None

    def arrange(self, x: np.ndarray) -> np.ndarray:
        """A view of `x` with the axes in the layout's order."""
        if self.layout == "sequence":
            return x
        return x[..., None] if self.channels is None else np.moveaxis(x, self.channels, -1)


def axes_of(shape: tuple[int, ...], layout: Layout | None, where: str) -> Axes:
    """The axes of an array of `shape` `(N, ...)`, of the `layout` in its file if there is one.

    Raises:
        DataError: no layout fits, or several do; the message says what to type.
    """
    found = _recognised(shape, where) if layout is None else _named(shape, layout)
    if found is None or 0 in shape[1:]:
        raise DataError(
            f"{where} has shape {shape}, which is no {layout or 'image'}; images are (N, H, W) or "
            "(N, H, W, C), frames (N, T, H, W, C), sequences (N, T, F) with layout='sequence' in the file."
        )
    return found


def note(shape: tuple[int, ...], axes: Axes) -> tuple[str, ...]:
    """Notes for the user on how an array of `shape` is read."""
    if axes.channels is None or axes.channels in (-1, len(shape) - 1):
        return ()
    sizes = f"{shape[axes.channels]} channel" + "s" * (shape[axes.channels] > 1)
    return (
        f"samples of shape {shape[1:]} are taken as channels first ({sizes}) and transposed; if "
        "that is wrong, save with layout='image' or layout='frames', channels last",
    )


def _named(shape: tuple[int, ...], layout: Layout) -> Axes | None:
    if len(shape) == _RANKS[layout]:
        return Axes(layout, -1)
    return Axes(layout, None) if len(shape) == _GREY.get(layout) else None


def _recognised(shape: tuple[int, ...], where: str) -> Axes | None:
    rank = len(shape)
    if rank == 3:
        return Axes("image", None)
    if rank not in (4, 5):
        return None
    layout: Layout = "image" if rank == 4 else "frames"
    if shape[-1] in CHANNELS_LAST:
        return Axes(layout, -1)
    first = [axis for axis in range(1, rank - 2) if shape[axis] in CHANNELS_FIRST]
    if len(first) == 1:
        return Axes(layout, first[0])
    raise DataError(f"{where} has shape {shape}: which axis is the channels? {_REMEDIES[rank]}")


_REMEDIES = {
    4: (
        "Save with layout='frames' for grey clips (N, T, H, W), layout='image' for images "
        "(N, H, W, C); channels first: np.moveaxis(x, 1, -1)."
    ),
    5: (
        "Save with layout='frames' for (N, T, H, W, C); channels first: np.moveaxis(x, 2, -1) for "
        "(N, T, C, H, W), np.moveaxis(x, 1, -1) for (N, C, T, H, W)."
    ),
}
