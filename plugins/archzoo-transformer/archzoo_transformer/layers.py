"""Positions: without them attention does not know in which order the tokens came."""

import keras


@keras.saving.register_keras_serializable(package="archzoo_transformer")
class LearnedPositions(keras.layers.Layer):
    """Adds to every token a learned vector of its place.

    Takes tokens `(batch, T, width)` with a T that is known when the model is built; returns the same
    shape. The vectors start small and random.
    """

    def build(self, input_shape):
        self.vectors = self.add_weight(
            name="vectors",
            shape=input_shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, tokens):
        return tokens + self.vectors
