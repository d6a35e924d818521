"""A run's preprocessing and model as one TensorFlow function: from stored samples to probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.training.pipeline import Pipeline

if TYPE_CHECKING:
    import numpy as np

    from zoo.exporting.formats import Quantize

INPUT = "samples"
LOGITS = "logits"
PROBABILITIES = "probabilities"
OUTPUTS = (LOGITS, PROBABILITIES)

Answer = Callable[["np.ndarray"], "tuple[np.ndarray, np.ndarray]"]
"""From stored samples `(N, *shape)` to logits and probabilities, each `(N, classes)` float32."""


@dataclass(frozen=True)
class ServingGraph:
    """What is exported: takes `samples` as they are stored, gives `logits` and `probabilities`.

    Attributes:
        model: the trained model on TensorFlow, in float32.
        pipeline: its scaling and layout.
        dtype: how samples are stored: `uint8` or `float32`.
    """

    model: Any
    pipeline: Pipeline
    dtype: str

    @property
    def signature(self) -> Any:
        """The input `(batch, *shape)`, with a batch of any size."""
        import tensorflow as tf

        return tf.TensorSpec((None, *self.pipeline.shape), self.dtype, name=INPUT)

    def function(self) -> Any:
        """A new `tf.function`, which is traced when it is first needed."""
        import tensorflow as tf

        def serve(samples: Any) -> dict[str, Any]:
            logits = tf.cast(self.model(self.pipeline(samples), training=False), "float32")
            return {LOGITS: tf.identity(logits), PROBABILITIES: tf.nn.softmax(logits)}

        return tf.function(serve, input_signature=[self.signature], autograph=False)

    def answer(self) -> Answer:
        """The model in Keras, traced now: the graph may be rewritten afterwards."""
        import tensorflow as tf

        traced = self.function().get_concrete_function()

        def answer(samples: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
            found = traced(tf.constant(samples))
            return found[LOGITS].numpy(), found[PROBABILITIES].numpy()

        return answer

    def keras_model(self) -> Any:
        """The same as a functional Keras model."""
        import keras

        given = keras.Input(self.pipeline.shape, dtype=self.dtype, name=INPUT)
        logits = keras.ops.cast(self.model(self.pipeline(given)), "float32")
        outputs = {LOGITS: logits, PROBABILITIES: keras.ops.softmax(logits)}
        return keras.Model(given, outputs, name=self.model.name)

    def names_of_layers(self) -> list[str]:
        """The names of all layers within the model, the innermost last."""
        return [layer.name for layer in layers_of(self.model)]


@dataclass(frozen=True)
class FileContent:
    """What a file is made of, in any format.

    Attributes:
        graph: may be rewritten; it cannot be used afterwards.
        metadata: texts that are written into the file.
        quantize: `int8`, `float16` or None.
        calibration: single samples `(1, *shape)` from which int8 takes the ranges of values.
    """

    graph: ServingGraph
    metadata: dict[str, str]
    quantize: "Quantize | None" = None
    calibration: "Sequence[np.ndarray]" = ()


def layers_of(model: Any) -> list[Any]:
    """All layers of a model, with those inside others such as `Bidirectional`."""
    return list(model._flatten_layers(include_self=False))
