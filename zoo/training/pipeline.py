"""From the dataset's stored samples to what the model reads, in the compiled step."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from zoo import layouts
from zoo.architecture import Architecture, FromImage, Layout
from zoo.datasets.dataset import Dataset
from zoo.datasets.samples import Samples, Stored, blocks, subset
from zoo.recipe import Recipe
from zoo.training.augmentation import move

FITTED_ON = 4096
"""Lazy samples whose pixels decide about scaling, at most: to make all would take as long as an epoch."""


@dataclass(frozen=True)
class Pipeline:
    """Augment, scale and lay out a batch. Pure; the same for every backend.

    Attributes:
        source, target: the dataset's layout and the architecture's.
        shape: one stored sample's shape.
        how: how an image becomes frames.
        scale, offset: a pixel `p` becomes `p * scale + offset`.
    """

    source: Layout
    target: Layout
    shape: tuple[int, ...]
    how: FromImage
    scale: float
    offset: float

    @classmethod
    def fitted(
        cls, dataset: Dataset, architecture: Architecture, recipe: Recipe, x_train: Stored
    ) -> "Pipeline":
        """The pipeline whose scaling is that of the training examples."""
        scale, offset = scaling(x_train, recipe.normalization)
        return cls(
            dataset.layout,
            architecture.layout,
            tuple(x_train.shape[1:]),
            architecture.frames_from_image,
            scale,
            offset,
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The model's input, without the batch axis."""
        return layouts.shape(self.source, self.shape, self.target, self.how)

    @property
    def moves(self) -> bool:
        """Whether there is an image to augment; rows are taken as they are."""
        return self.source != "rows"

    def __call__(self, x, maps=None):
        """The batch `x` as the model reads it; `maps` move it first."""
        from keras import ops

        x = ops.cast(x, "float32")
        if maps is not None:
            x = move(x, maps, self.source)
        return layouts.convert(x * self.scale + self.offset, self.source, self.target, self.how)

    def as_record(self) -> dict[str, Any]:
        """What run.json keeps; `from_record` reads it back."""
        return {
            **asdict(self),
            "shape": list(self.shape),
            "input_shape": list(self.input_shape),
            "conversion": layouts.name(self.source, self.target, self.how),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Pipeline":
        kept = {each.name: record[each.name] for each in fields(cls)}
        return cls(**{**kept, "shape": tuple(record["shape"])})


def scaling(x: Stored, normalization: str) -> tuple[float, float]:
    """`(scale, offset)`: to [0, 1] for `unit`, to zero mean and unit deviation for `standard`.

    Of more than `FITTED_ON` lazy samples, that of as many, drawn once for all.
    """
    if normalization == "standard":
        mean, deviation = _mean_and_deviation(_few(x))
        deviation = deviation or 1.0
        return 1 / deviation, -mean / deviation
    if x.dtype == np.uint8:
        return 1 / 255, 0.0
    x = _few(x)
    low = min(float(block.min()) for block in blocks(x))
    high = max(float(block.max()) for block in blocks(x))
    width = (high - low) or 1.0
    return 1 / width, -low / width


def _few(x: Stored) -> Stored:
    if not isinstance(x, Samples) or len(x) <= FITTED_ON:
        return x
    drawn = np.random.Generator(np.random.Philox(0)).permutation(len(x))[:FITTED_ON]
    return subset(x, np.sort(drawn))


def _mean_and_deviation(x: Stored) -> tuple[float, float]:
    if not isinstance(x, Samples):
        return float(x.mean(dtype="float64")), float(x.std(dtype="float64"))
    size = math.prod(x.shape)
    mean = sum(float(block.sum(dtype="float64")) for block in blocks(x)) / size
    centred = (np.subtract(block, mean, dtype="float64") for block in blocks(x))
    squares = sum(float(np.square(block).sum()) for block in centred)
    return mean, math.sqrt(squares / size)
