"""Learned positions: attention alone does not see the order of tokens."""

import keras


@keras.saving.register_keras_serializable(package="archzoo_transformer")
class LearnedPositions(keras.layers.Layer):
    """Adds a learned vector of its position to every token.

    Takes and returns tokens `(batch, T, width)`; T must be known when the model is built. The vectors
    are initialized with small random values.
    """

    def build(self, input_shape):
        self.vectors = self.add_weight(
            name="vectors",
            shape=input_shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, tokens):
        return tokens + self.vectors
