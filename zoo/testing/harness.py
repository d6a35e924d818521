"""An architecture under examination: what the laws ask of it."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zoo import layouts
from zoo.architecture import Architecture
from zoo.testing.check import Broken
from zoo.testing.import_ref import ImportRef
from zoo.training.backend import choose_backend, seed_everything, start_keras

if TYPE_CHECKING:
    import keras
    import numpy as np

    from zoo.origin import Origin

Shape = tuple[int, ...]

GREY: Shape = (28, 28, 1)
COLOUR: Shape = (32, 32, 3)
IMAGES = (GREY, COLOUR)
"""The images of the laws; the core gives them the architecture's layout."""

CLASS_COUNTS = (2, 10, 37)
CLASSES = 10
PATCH = 4
"""Pixels of a square that has one colour, so that pooling and strides leave something to see."""


class Harness:
    """One architecture, on the Keras backend of this process.

    Args:
        origin: as the registry gave it, if it did.
        module: the plugin's module, where that is not the one that has `build`.
    """

    def __init__(self, architecture: Architecture, origin: "Origin | None" = None, module=""):
        self.architecture = architecture
        self.origin = origin
        self.module = module

    @property
    def backend(self) -> str:
        """Keras' backend; chosen now, if Keras has not been imported."""
        if keras := sys.modules.get("keras"):
            return keras.backend.backend()
        return choose_backend(None)

    @property
    def source(self) -> ImportRef:
        """How a new process finds the architecture."""
        return ImportRef.of(self.architecture, self.origin, self.module)

    def shape(self, image: Shape = GREY) -> Shape:
        """What `build` is given for such images."""
        target = self.architecture
        return layouts.shape("image", image, target.layout, target.frames_from_image)

    def samples(self, count: int, image: Shape = GREY) -> "np.ndarray":
        """Inputs for a model, float32 from 0 to 1, in the architecture's layout."""
        from keras import ops

        target, x = self.architecture, stored_images(count, image).astype("float32") / 255
        converted = layouts.convert(x, "image", target.layout, target.frames_from_image)
        return ops.convert_to_numpy(converted)

    def build(
        self, image: Shape = GREY, classes: int = CLASSES, *, seed: int = 0, **settings: Any
    ) -> "keras.Model":
        """A new model of default precision, built from a seed.

        Raises:
            Broken: `build` gave no model. What it raises comes through.
        """
        backend = self.backend
        start_keras(backend)
        import keras

        keras.utils.clear_session(free_memory=False)  # layers are named from the start again
        seed_everything(backend, seed)
        hyperparameters = {**self.architecture.defaults(), **settings}
        with precision("float32"):
            model = self.architecture.build(self.shape(image), classes, **hyperparameters)
            if not isinstance(model, keras.Model):
                raise Broken(
                    f"build returned {type(model).__name__}, not a keras.Model",
                    "return the model, as in: return keras.Model(inputs, outputs)",
                )
            if not model.built:
                model.build((None, *self.shape(image)))
            if not hasattr(model, "output_shape"):
                raise Broken(
                    f"build returned {type(model).__name__}, a subclass whose output has no shape "
                    "until it is called",
                    "connect layers from an Input: return keras.Model(inputs, outputs), or a "
                    "keras.Sequential; logic of your own goes into a keras.layers.Layer.",
                )
        return model


def answers(model: "keras.Model", x: "np.ndarray") -> "np.ndarray":
    """A model's outputs in inference, float32."""
    from keras import ops

    return ops.convert_to_numpy(ops.cast(model(x, training=False), "float32"))


def stored_images(count: int, image: Shape = GREY) -> "np.ndarray":
    """Pictures of random squares, uint8: all different, whatever a stem leaves of their details."""
    import numpy as np

    height, width, channels = image
    squares = np.random.default_rng(count).integers(
        0, 256, (count, height // PATCH, width // PATCH, channels), "uint8"
    )
    return squares.repeat(PATCH, axis=1).repeat(PATCH, axis=2)


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Between, models are built with this dtype policy."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
