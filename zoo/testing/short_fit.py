"""A short training of an architecture, with the engine that real trainings use."""

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.architecture import Layout
from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.origin import Origin
from zoo.recipe import Recipe
from zoo.testing.harness import CLASSES, GREY, Harness, precision, stored_images
from zoo.training.backend import choose_device
from zoo.training.examples import Examples
from zoo.training.plan import Plan
from zoo.training.prepare import prepare_engine

if TYPE_CHECKING:
    import keras

FRAMES = 3
"""Frames of a sample, where several are needed."""

DEFAULTS = {
    "name": "trial",
    "epochs": 1,
    "batch_size": 32,
    "optimizer": "adam",
    "schedule": "constant",
    "validation": 0.0,
}


class ShortFit(contextlib.AbstractContextManager):
    """A model, its engine, and one batch of random images with the labels 0, 1, 2, ... in turn.

    Args:
        harness: the architecture.
        several_frames: use clips for an architecture that would turn an image into a single frame.
        settings: hyperparameters.
        recipe: fields of the recipe.

    Raises:
        PluginError: the architecture does not build.
    """

    def __init__(
        self,
        harness: Harness,
        *,
        several_frames: bool = False,
        settings: dict[str, Any] | None = None,
        **recipe: Any,
    ):
        self.recipe = Recipe(**{**DEFAULTS, **recipe})
        self._stack = contextlib.ExitStack()
        self._harness, self._settings = harness, settings or {}
        self.y = np.arange(self.recipe.batch_size, dtype="int32") % CLASSES
        self.x = stored_images(len(self.y))
        self._layout: Layout = "image"
        architecture = harness.architecture
        if several_frames and (architecture.layout, architecture.frames_from_image) == (
            "frames",
            "whole",
        ):
            self._layout = "frames"
            more = stored_images(len(self.y) * FRAMES)
            self.x = more.reshape(len(self.y), FRAMES, *GREY)

    def __enter__(self) -> "ShortFit":
        # The engine sets Keras' dtype policy for the process; it is restored afterwards.
        self._stack.enter_context(precision(self.recipe.precision))
        try:
            self._prepare()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _prepare(self) -> None:
        architecture, backend = self._harness.architecture, self._harness.backend
        dataset = Dataset(
            name="trial",
            classes=tuple(map(str, range(CLASSES))),
            layout=self._layout,
            shape=self.x.shape[1:],
            load=_no_data,
        )
        plan = Plan(
            architecture,
            self._harness.origin or Origin(),
            {**architecture.defaults(), **self._settings},
            dataset,
            self.recipe,
            backend=backend,
        )
        none = self.x[:0], self.y[:0]
        examples = Examples(self.x, self.y, *none, *none)
        device = choose_device(backend, "auto")
        self.engine = prepare_engine(plan, examples, device, False, self.recipe.precision)
        self.engine.load(self.x, self.y)
        self._compiled = 0

    @property
    def model(self) -> "keras.Model":
        return self.engine.model

    def train(self, steps: int) -> float:
        """Train `steps` steps on the batch and return the mean loss."""
        batches = np.tile(np.arange(len(self.y), dtype="int32"), (steps, 1))
        if self._compiled != steps:
            self.engine.compile(batches, None)
            self._compiled = steps
        return self.engine.train(batches, None).mean_loss

    def logits(self) -> np.ndarray:
        """Logits of the batch in inference mode, float32."""
        return self.engine.logits(self.x)

    def values(self) -> list[np.ndarray]:
        """The values of all weights, in the model's order."""
        from keras import ops

        return [np.array(ops.convert_to_numpy(each.value)) for each in self.model.weights]


def _no_data(_locations: Locations) -> Arrays:
    raise NotImplementedError("a short fit has its own batch")
