"""A convolutional LSTM over windows of a sequence."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    windows: Annotated[int, "pieces that the sequence is cut into"] = 8,
    filters: Annotated[int, "channels of the state"] = 64,
    kernel: Annotated[int, "positions that a convolution sees"] = 5,
    dropout: Annotated[float, "share dropped before the classifier"] = 0.2,
):
    """A ConvLSTM over the windows of a sequence, then a classifier of its last state.

    Shi et al. 2015, "Convolutional LSTM network" (https://arxiv.org/abs/1506.04214), in one
    dimension: the sequence is cut into windows of equal length, which the recurrence reads in turn,
    and whose positions the convolutions read. A sequence that cannot be cut so begins with zeros.
    The last state is averaged and maximised over the positions.

    Takes a sequence `(T, F)` with any T; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    steps, features = input_shape
    count = max(1, min(windows, steps))
    length = -(-steps // count)
    count = -(-steps // length)  # no window of zeros alone
    sequence = keras.Input(input_shape)
    x = sequence
    if count * length > steps:
        x = layers.ZeroPadding1D((count * length - steps, 0))(x)
    x = layers.Reshape((count, length, features))(x)
    x = layers.ConvLSTM1D(filters, kernel, padding="same")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(dropout)(x)
    return keras.Model(sequence, layers.Dense(num_classes)(x), name="convlstm1d")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="convlstm1d",
            build=build,
            layout="sequence",
            summary="a ConvLSTM1D over windows of the sequence",
            paper="https://arxiv.org/abs/1506.04214",
        )
    ]
