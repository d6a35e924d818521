"""A run's preprocessing and model as one TensorFlow function: from stored samples to probabilities."""

from dataclasses import dataclass
from typing import Any

from zoo.training.pipeline import Pipeline

INPUT = "samples"
LOGITS = "logits"
PROBABILITIES = "probabilities"
OUTPUTS = (LOGITS, PROBABILITIES)


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


def layers_of(model: Any) -> list[Any]:
    """All layers of a model, with those inside others such as `Bidirectional`."""
    return list(model._flatten_layers(include_self=False))
