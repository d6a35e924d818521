"""Augmentation of images: random numbers on the host, resampling on the device."""

from functools import cache
from typing import Any

import numpy as np

from zoo.architecture import Layout
from zoo.recipe import Recipe
from zoo.training.order import AUGMENTATION, generator

AFFINE = 6
"""Numbers of an affine map: output point `(x, y)` is taken from `(ax + by + c, dx + ey + f)`."""

KNOTS = 4
"""The elastic displacement is given at `KNOTS × KNOTS` points, from border to border."""

IDENTITY = np.array([1, 0, 0, 0, 1, 0], "float32")


def map_size(recipe: Recipe) -> int:
    """Numbers of one example's map: an affine map, and with `elastic` two displacements a knot."""
    return AFFINE + (2 * KNOTS**2 if recipe.elastic else 0)


def transforms(
    recipe: Recipe, seed: int, epoch: int, count: int, height: int, width: int
) -> np.ndarray:
    """One map per example, `(count, map_size(recipe))` float32.

    Each maps an output point to an input point: rotation, zoom and shear about the centre, a shift
    by whole pixels, and the displacements of a coarse elastic grid in pixels; each uniform within
    the recipe's bounds. In the recipe's last `clean_epochs` they are all the identity, which
    resampling leaves exactly as it is.
    """
    numbers = np.zeros((count, map_size(recipe)), "float32")
    if epoch > recipe.epochs - recipe.clean_epochs:
        numbers[:, :AFFINE] = IDENTITY
        return numbers
    random = generator(seed, epoch, AUGMENTATION)

    def within(bound: float) -> np.ndarray:
        return random.uniform(-bound, bound, count)

    angle, scale, slope = (
        np.deg2rad(within(recipe.rotation)),
        1 + within(recipe.zoom),
        within(recipe.shear),
    )
    dx, dy = random.integers(-recipe.shift, recipe.shift, (2, count), endpoint=True)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    a, b, c, d = cos, cos * slope - sin, sin, sin * slope + cos
    x, y = (width - 1) / 2, (height - 1) / 2
    affine = (a, b, x - a * x - b * y + dx, c, d, y - c * x - d * y + dy)
    numbers[:, :AFFINE] = np.stack(affine, axis=-1)
    if recipe.elastic:
        knots = random.random((count, 2 * KNOTS**2), "float32")
        numbers[:, AFFINE:] = recipe.elastic * (2 * knots - 1)
    return numbers


def move(x: Any, transforms: Any, layout: Layout) -> Any:
    """Transform images or frames `x` (float, batch first), each by its map, with black outside.

    All frames of a clip move alike.
    """
    from keras import ops

    if layout == "image":
        return _resample(x, transforms)
    steps, height, width, channels = x.shape[1:]
    together = ops.reshape(ops.transpose(x, (0, 2, 3, 1, 4)), (-1, height, width, steps * channels))
    apart = ops.reshape(_resample(together, transforms), (-1, height, width, steps, channels))
    return ops.transpose(apart, (0, 3, 1, 2, 4))


def _resample(images: Any, transforms: Any) -> Any:
    """Bilinear; gathering from the flattened batch costs a fraction of `ops.image` on JAX and torch."""
    from keras import ops

    height, width, channels = images.shape[1:]
    x, y = _sources(transforms, height, width)
    # A border of zeros to take from: one pixel before, two after.
    x, y = ops.clip(x, -1, width), ops.clip(y, -1, height)
    left, top = ops.floor(x), ops.floor(y)
    right_share, low_share = (x - left)[..., None], (y - top)[..., None]
    flat = ops.reshape(ops.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0))), (-1, channels))
    row = width + 3
    first = ops.cast((top + 1) * row + left + 1, "int32")
    first = first + (height + 3) * row * ops.arange(ops.shape(images)[0], dtype="int32")[:, None]

    def along(start: Any) -> Any:
        return ops.take(flat, start, axis=0) * (1 - right_share) + (
            ops.take(flat, start + 1, axis=0) * right_share
        )

    moved = along(first) * (1 - low_share) + along(first + row) * low_share
    return ops.reshape(moved, (-1, height, width, channels))


def _sources(transforms: Any, height: int, width: int) -> Any:
    """The source coordinates x and y of each output pixel, `(batch, H * W)` float32."""
    from keras import ops

    grid = np.indices((height, width), "float32").reshape(2, -1)
    # No matrix product: a GPU's rounds its factors, which would blur even the identity.
    x, y = (
        transforms[:, i, None] * grid[1]
        + transforms[:, i + 1, None] * grid[0]
        + transforms[:, i + 2, None]
        for i in (0, 3)
    )
    if transforms.shape[-1] == AFFINE:
        return x, y
    knots = ops.reshape(transforms[:, AFFINE:], (-1, 2, KNOTS**2))
    displaced = ops.matmul(knots, _spread(height, width))
    return x + displaced[:, 0], y + displaced[:, 1]


@cache
def _spread(height: int, width: int) -> np.ndarray:
    """`(KNOTS², H * W)`: each knot's share in each pixel's displacement, bilinear between knots."""
    down, across = (
        np.stack([np.interp(np.linspace(0, KNOTS - 1, n), np.arange(KNOTS), each)
                  for each in np.eye(KNOTS)])
        for n in (height, width)
    )  # fmt: skip
    return np.einsum("iy,jx->ijyx", down, across).reshape(KNOTS**2, -1).astype("float32")
