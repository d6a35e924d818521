"""Builds models of an architecture and inputs for them, for the checks."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zoo import layouts
from zoo.architecture import Architecture
from zoo.testing.check import CheckFailed
from zoo.testing.import_ref import ImportRef
from zoo.training.backend import choose_backend, seed_everything, start_keras

if TYPE_CHECKING:
    import keras
    import numpy as np

    from zoo.exporting.serving_graph import ServingGraph
    from zoo.origin import Origin

Shape = tuple[int, ...]

GREY: Shape = (28, 28, 1)
COLOUR: Shape = (32, 32, 3)
IMAGES = (GREY, COLOUR)
"""Image shapes of the checks; they are converted to the architecture's layout."""

CLASS_COUNTS = (2, 10, 37)
CLASSES = 10
PATCH = 4
"""Side in pixels of squares of one colour: large enough to survive pooling and strides."""


class Harness:
    """An architecture on this process's Keras backend.

    Args:
        architecture: what is checked.
        origin: where the registry found it, if it did.
        module: the plugin's module, if `build` is in another one.
    """

    def __init__(
        self, architecture: Architecture, origin: "Origin | None" = None, module: str = ""
    ):
        self.architecture = architecture
        self.origin = origin
        self.module = module

    @property
    def backend(self) -> str:
        """The Keras backend; chosen now if Keras is not imported yet."""
        if keras := sys.modules.get("keras"):
            return keras.backend.backend()
        return choose_backend(None)

    @property
    def ref(self) -> ImportRef:
        """How a new process imports the architecture."""
        return ImportRef.of(self.architecture, self.origin, self.module)

    def shape(self, image: Shape = GREY) -> Shape:
        """The input shape for images of shape `image`, in the architecture's layout."""
        target = self.architecture
        return layouts.shape("image", image, target.layout, target.frames_from_image)

    def samples(self, count: int, image: Shape = GREY) -> "np.ndarray":
        """`count` random inputs, float32 in [0, 1], in the architecture's layout."""
        from keras import ops

        target, x = self.architecture, stored_images(count, image).astype("float32") / 255
        converted = layouts.convert(x, "image", target.layout, target.frames_from_image)
        return ops.convert_to_numpy(converted)

    def build(
        self,
        image: Shape = GREY,
        classes: int = CLASSES,
        *,
        seed: int = 0,
        shape: Shape | None = None,
        **settings: Any,
    ) -> "keras.Model":
        """Build a new float32 model from a seed.

        `shape` is the input's; None: that of images of shape `image`.

        Raises:
            CheckFailed: `build` did not return a model. Exceptions of `build` propagate.
        """
        backend = self.backend
        start_keras(backend)
        import keras

        keras.utils.clear_session(free_memory=False)  # layer names start from the beginning
        seed_everything(backend, seed)
        hyperparameters = {**self.architecture.defaults(), **settings}
        with precision("float32"):
            given = self.shape(image) if shape is None else shape
            model = self.architecture.build(given, classes, **hyperparameters)
            if not isinstance(model, keras.Model):
                raise CheckFailed(
                    f"build returned {type(model).__name__}, not a keras.Model",
                    "return the model, as in: return keras.Model(inputs, outputs)",
                )
            if not model.built:
                model.build((None, *given))
            if not hasattr(model, "output_shape"):
                raise CheckFailed(
                    f"build returned {type(model).__name__}, a subclass whose output has no shape "
                    "until it is called",
                    "connect layers from an Input: return keras.Model(inputs, outputs) or a "
                    "keras.Sequential; put your own logic into a keras.layers.Layer.",
                )
        return model

    def serving_graph(self) -> "ServingGraph":
        """A new model, as it is exported: takes what `stored_images` gives. On TensorFlow only."""
        from zoo.exporting.serving_graph import ServingGraph
        from zoo.training.pipeline import Pipeline

        target = self.architecture
        pipeline = Pipeline("image", target.layout, GREY, target.frames_from_image, 1 / 255, 0.0)
        return ServingGraph(self.build(), pipeline, "uint8")


def answers(model: "keras.Model", x: "np.ndarray") -> "np.ndarray":
    """A model's outputs in inference mode, float32."""
    from keras import ops

    return ops.convert_to_numpy(ops.cast(model(x, training=False), "float32"))


def stored_images(count: int, image: Shape = GREY) -> "np.ndarray":
    """`count` images of random coloured squares, uint8; all differ, even at low resolution."""
    import numpy as np

    height, width, channels = image
    squares = np.random.default_rng(count).integers(
        0, 256, (count, height // PATCH, width // PATCH, channels), "uint8"
    )
    return squares.repeat(PATCH, axis=1).repeat(PATCH, axis=2)


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build models with this dtype policy within the context."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
