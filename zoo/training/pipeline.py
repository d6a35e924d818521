"""Preprocessing in the compiled step: augmentation, scaling, layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoo import layouts
from zoo.architecture import MASK_VALUE, Architecture, FromImage, Layout
from zoo.datasets.dataset import Dataset
from zoo.datasets.samples import Stored
from zoo.recipe import Recipe
from zoo.runs.record import Factor, InputRecord
from zoo.training.augmentation import move
from zoo.training.masking import SAID, Unequal, lengths, padding_of, resample, without
from zoo.training.normalization import by_series, scaling
from zoo.training.sequence_augmentation import augment

CNN_ON_FRAMES = "frames to sequence: a CNN on each frame"
"""How records and tables call frames that the model itself makes a sequence of."""


@dataclass(frozen=True)
class Pipeline:
    """Augment, scale and lay out a batch. Pure; the same for every backend.

    Attributes:
        source, target: the dataset's layout and the architecture's.
        shape: one stored sample's shape.
        how: how an image becomes frames.
        scale, offset: a value `p` becomes `p * scale + offset`; a number for each channel, or feature
            of a sequence, where their ranges are far apart.
        per_series: whether each sequence is normalized by its own mean and deviation instead.
        unequal: how the model is given sequences of unequal length, which end in steps of NaN:
            `masked` or `resampled`; None: all have one length.
        by_steps: whether the model makes a sequence of frames that it is given.
    """

    source: Layout
    target: Layout
    shape: tuple[int, ...]
    how: FromImage
    scale: Factor
    offset: Factor
    per_series: bool = False
    unequal: Unequal | None = None
    by_steps: bool = False

    @classmethod
    def fitted(
        cls,
        dataset: Dataset,
        architecture: Architecture,
        recipe: Recipe,
        x_train: Stored,
        hyperparameters: Mapping[str, Any],
    ) -> "Pipeline":
        """The pipeline whose scaling is that of the training examples."""
        scale, offset = scaling(x_train, recipe.normalization)
        return cls(
            dataset.layout,
            architecture.input_layout(dataset.layout, hyperparameters),
            tuple(x_train.shape[1:]),
            architecture.frames_from_image,
            scale,
            offset,
            recipe.normalization == "series",
            unequal_by(dataset, architecture),
            architecture.layout == "sequence",
        )

    @property
    def mask_value(self) -> float | None:
        """What padded steps are in the model's input; None: it has none."""
        return MASK_VALUE if self.unequal == "masked" else None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The model's input, without the batch axis."""
        return layouts.shape(self.source, self.shape, self.target, self.how)

    def __call__(self, x: Any, transforms: Any = None) -> Any:
        """Preprocess a batch `x`; `transforms` augment images before they are scaled, and sequences
        after they are normalized."""
        from keras import ops

        x = ops.cast(x, "float32")
        if self.unequal:
            return self._unequal(x, transforms)
        if self.source == "sequence":
            x = by_series(x) if self.per_series else self._scaled(x)
            x = x if transforms is None else augment(x, transforms)
        else:
            x = self._scaled(x if transforms is None else move(x, transforms, self.source))
        return layouts.convert(x, self.source, self.target, self.how)

    def _scaled(self, x: Any) -> Any:
        return x * _factor(self.scale) + _factor(self.offset)

    def _unequal(self, x: Any, transforms: Any) -> Any:
        """The same of sequences that end in steps of NaN, which count nowhere."""
        from keras import ops

        padding = padding_of(x)
        x = without(x, padding)
        x = by_series(x, ops.logical_not(padding)) if self.per_series else self._scaled(x)
        if self.unequal == "masked":
            x = x if transforms is None else augment(x, transforms, lengths(padding))
            return without(x, padding, MASK_VALUE)
        x = resample(x, padding)
        x = x if transforms is None else augment(x, transforms)
        return layouts.convert(x, self.source, self.target, self.how)

    def as_record(self) -> InputRecord:
        """What run.json keeps; `from_record` reads it back."""
        return InputRecord(
            source=self.source,
            target=self.target,
            shape=self.shape,
            how=self.how,
            scale=self.scale,
            offset=self.offset,
            input_shape=self.input_shape,
            conversion=conversion(
                self.source, self.target, self.how, self.unequal, by_steps=self.by_steps
            ),
            per_series=self.per_series or None,
            unequal=self.unequal,
        )

    @classmethod
    def from_record(cls, record: InputRecord) -> "Pipeline":
        return cls(
            record.source,
            record.target,
            record.shape,
            record.how,
            record.scale,
            record.offset,
            bool(record.per_series),
            record.unequal,
            record.conversion == CNN_ON_FRAMES,
        )


def unequal_by(dataset: Dataset, architecture: Architecture) -> Unequal | None:
    """How an architecture is given the sequences of a dataset; None: they have one length."""
    if not dataset.padded:
        return None
    obeys = architecture.layout == "sequence" and architecture.obeys_masks
    return "masked" if obeys else "resampled"


def conversion_of(
    dataset: Dataset, architecture: Architecture, hyperparameters: Mapping[str, Any]
) -> str:
    """How the samples of a dataset become an architecture's input, in words."""
    target = architecture.input_layout(dataset.layout, hyperparameters)
    how, unequal = architecture.frames_from_image, unequal_by(dataset, architecture)
    by_steps = architecture.layout == "sequence"
    return conversion(dataset.layout, target, how, unequal, by_steps=by_steps)


def conversion(
    source: Layout, target: Layout, how: FromImage, unequal: Unequal | None, *, by_steps: bool
) -> str:
    """How samples become a model's input, in words: `sequence: as stored, padding masked`.

    `by_steps`: the architecture reads sequences; frames that it is given become one in the model.
    """
    if target == "frames" and by_steps:
        return CNN_ON_FRAMES
    name = layouts.name(source, target, how)
    return f"{name}, {SAID[unequal]}" if unequal else name


def _factor(factor: Factor) -> Any:
    from keras import ops

    return ops.convert_to_tensor(factor, "float32") if isinstance(factor, tuple) else factor
