"""Augmentation of sequences: jitter, scaling, time warping, window slicing.

Sources: jitter, scaling and time warping are those of Um et al. 2017, "Data augmentation of wearable
sensor data for Parkinson's disease monitoring using convolutional neural networks"
(https://arxiv.org/abs/1706.00527); window slicing is that of Le Guennec, Malinowski and Tavenard 2016,
"Data augmentation for time series classification using convolutional neural networks"
(https://shs.hal.science/halshs-01357973). Iwana and Uchida 2021, "An empirical survey of data
augmentation for time series classification with neural networks"
(https://doi.org/10.1371/journal.pone.0254841) compare them on the UCR archive.

As for images, random numbers are drawn on the host, as a function of seed, epoch and step, and samples
are resampled on the device. Zeros leave a sample exactly as it is.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo.recipe import Recipe
from zoo.training.order import AUGMENTATION, generator

SPEEDS = 6
"""The speed of a warp is drawn at so many points, from the first step to the last: four within, as by
Um et al., and both ends; it is linear between them."""

PIECES = 16
"""The displacement in time is given at `PIECES + 1` points, linear between them."""


def numbers_of(recipe: Recipe, steps: int, channels: int) -> int:
    """Numbers of one sample's map: displacements, factors, and with `jitter` the noise."""
    return PIECES + 1 + channels + (steps * channels if recipe.jitter else 0)


@dataclass(frozen=True)
class SequenceMaps:
    """The maps of an epoch's steps: like an array `(steps, batch_size, numbers)` float32, but each
    step's numbers are drawn when they are taken, because noise is as large as the data.

    Attributes:
        length, channels: of a sequence.
        steps, batch_size: how many steps, of how many samples.
        first: the first step's number in its epoch.
    """

    recipe: Recipe
    seed: int
    epoch: int
    length: int
    channels: int
    steps: int
    batch_size: int
    first: int = 0

    dtype = np.dtype("float32")

    @property
    def shape(self) -> tuple[int, int, int]:
        """As if the numbers were there."""
        return self.steps, self.batch_size, numbers_of(self.recipe, self.length, self.channels)

    def from_step(self, start: int) -> "SequenceMaps":
        """Those of the steps from `start` on; nothing is drawn."""
        return replace(self, first=self.first + start, steps=max(0, self.steps - start))

    def __getitem__(self, which: int | slice) -> np.ndarray:
        if isinstance(which, slice):
            drawn = [self._drawn(step) for step in range(*which.indices(self.steps))]
            return np.stack(drawn) if drawn else np.zeros((0, *self.shape[1:]), "float32")
        return self._drawn(which)

    def _drawn(self, step: int) -> np.ndarray:
        recipe, count, channels = self.recipe, self.batch_size, self.channels
        numbers = np.zeros(self.shape[1:], "float32")
        if self.epoch > recipe.epochs - recipe.clean_epochs:
            return numbers
        random = generator(self.seed, self.epoch, AUGMENTATION, self.first + step)
        numbers[:, : PIECES + 1] = displacements(recipe, random, count)
        factors = random.standard_normal((count, channels), "float32")
        numbers[:, PIECES + 1 : PIECES + 1 + channels] = recipe.scaling * factors
        if recipe.jitter:
            noise = random.standard_normal((count, self.length * channels), "float32")
            numbers[:, PIECES + 1 + channels :] = recipe.jitter * noise
        return numbers


def displacements(recipe: Recipe, random: np.random.Generator, count: int) -> np.ndarray:
    """How far from its own place, as a share of the length, each of `PIECES + 1` places is taken from.

    The places are evenly spaced in time, and the map is monotone: `(count, PIECES + 1)`.
    """
    places = np.linspace(0, 1, PIECES + 1)
    logarithms = recipe.time_warp * random.standard_normal((count, SPEEDS))
    start = random.random((count, 1))
    if not recipe.time_warp and not 0 < recipe.window_slice < 1:
        return np.zeros((count, PIECES + 1))
    spread = np.stack([np.interp(places, np.linspace(0, 1, SPEEDS), e) for e in np.eye(SPEEDS)])
    speeds = np.exp(logarithms) @ spread
    passed = np.cumsum((speeds[:, 1:] + speeds[:, :-1]) / 2, axis=1)
    warped = np.concatenate([np.zeros((count, 1)), passed / passed[:, -1:]], axis=1)
    share = recipe.window_slice or 1.0
    return (1 - share) * start + share * warped - places


def augment(x: Any, numbers: Any, lengths: Any = None) -> Any:
    """Move and change sequences `(batch, steps, channels)` float32, each by its numbers.

    Args:
        x: normalized sequences.
        numbers: `(batch, n)`, as `SequenceMaps` draws them.
        lengths: how many steps of each are no padding, `(batch, 1)` float32; None: all.
    """
    from keras import ops

    steps, channels = x.shape[1:]
    if lengths is None:
        lengths = ops.full((ops.shape(x)[0], 1), float(steps), "float32")
    within = ops.cast(ops.arange(steps, dtype="float32")[None] < lengths, "float32")[..., None]
    moved = _moved(x, numbers[:, : PIECES + 1], lengths)
    factors = numbers[:, None, PIECES + 1 : PIECES + 1 + channels]
    changed = moved + moved * factors
    if numbers.shape[-1] > PIECES + 1 + channels:
        noise = ops.reshape(numbers[:, PIECES + 1 + channels :], (-1, steps, channels))
        changed = changed + noise * deviation(x, within)
    return changed * within


def deviation(x: Any, within: Any) -> Any:
    """The standard deviation over time of each channel, `(batch, 1, channels)`; padding not counted."""
    from keras import ops

    count = ops.maximum(ops.sum(within, axis=1, keepdims=True), 1.0)
    mean = ops.sum(x * within, axis=1, keepdims=True) / count
    return ops.sqrt(ops.sum(ops.square((x - mean) * within), axis=1, keepdims=True) / count)


def _moved(x: Any, displaced: Any, lengths: Any) -> Any:
    """Each step taken from its displaced place, linearly between two steps."""
    from keras import ops

    steps = x.shape[1]
    last = ops.maximum(lengths - 1, 0.0)
    time = ops.arange(steps, dtype="float32")[None]
    place = ops.clip(time / ops.maximum(last, 1.0), 0.0, 1.0) * PIECES
    source = ops.clip(time + _between(displaced[..., None], place)[..., 0] * last, 0.0, last)
    return _between(x, source)


def _between(values: Any, places: Any) -> Any:
    """`values` `(batch, n, channels)` at `places` `(batch, m)` within 0 to n - 1, linearly."""
    from keras import ops

    count, channels = values.shape[1:]
    left = ops.floor(places)
    share = (places - left)[..., None]
    first = ops.cast(left, "int32")
    start = count * ops.arange(ops.shape(values)[0], dtype="int32")[:, None]
    flat = ops.reshape(values, (-1, channels))
    low = ops.take(flat, start + first, axis=0)
    high = ops.take(flat, start + ops.minimum(first + 1, count - 1), axis=0)
    return low * (1 - share) + high * share
