"""Moving images: the random part on the host, the resampling on the device."""

import numpy as np

from zoo.architecture import Layout
from zoo.recipe import Recipe
from zoo.training.order import AUGMENTATION, generator

IDENTITY = np.array([1, 0, 0, 0, 1, 0, 0, 0], "float32")


def transforms(
    recipe: Recipe, seed: int, epoch: int, count: int, height: int, width: int
) -> np.ndarray:
    """One affine map per example, `(count, 8)` float32, as `keras.ops.image` takes them.

    Each maps an output point to an input point: rotation, zoom and shear about the centre, then a
    shift by whole pixels; each uniform within the recipe's bounds. In the recipe's last
    `clean_epochs` they are all the identity, which resampling leaves exactly as it is.
    """
    if epoch > recipe.epochs - recipe.clean_epochs:
        return np.tile(IDENTITY, (count, 1))
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
    columns = (a, b, x - a * x - b * y + dx, c, d, y - c * x - d * y + dy, 0 * x * a, 0 * x * a)
    return np.stack(columns, axis=-1).astype("float32")


def move(x, maps, layout: Layout):
    """The images or frames `x` (float, batch in front), each moved by its map; black comes in.

    All frames of a clip move alike.
    """
    from keras import ops

    if layout == "image":
        return _resample(x, maps)
    steps, height, width, channels = x.shape[1:]
    together = ops.reshape(ops.transpose(x, (0, 2, 3, 1, 4)), (-1, height, width, steps * channels))
    apart = ops.reshape(_resample(together, maps), (-1, height, width, steps, channels))
    return ops.transpose(apart, (0, 3, 1, 2, 4))


def _resample(images, maps):
    from keras import ops

    return ops.image.affine_transform(
        images,
        maps,
        interpolation="bilinear",
        fill_mode="constant",
        fill_value=0.0,
        data_format="channels_last",
    )
