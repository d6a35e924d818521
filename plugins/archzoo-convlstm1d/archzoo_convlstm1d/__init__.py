"""A convolutional LSTM over windows of a sequence."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    windows: Annotated[int, "pieces that the sequence is cut into", zoo.Choice(4, 8, 16)] = 8,
    filters: Annotated[int, "channels of the state", zoo.Range(16, 128, log=True)] = 64,
    kernel: Annotated[int, "positions that a convolution sees", zoo.Choice(3, 5, 9)] = 5,
    dropout: Annotated[float, "share dropped before the classifier", zoo.Range(0.0, 0.5)] = 0.2,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """A ConvLSTM over the windows of a sequence, then a classifier of its last state.

    Shi et al. 2015, "Convolutional LSTM network" (https://arxiv.org/abs/1506.04214), in one
    dimension: the sequence is cut into windows of equal length, which the recurrence reads in turn,
    and whose positions the convolutions read. A sequence that cannot be cut so begins with zeros; a
    padded one ends with them, and its windows of padding alone are not read. The last state is
    averaged and maximised over the positions.

    Takes a sequence `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers, ops

    steps = input_shape[0]
    count = max(1, min(windows, steps))
    length = -(-steps // count)
    count = -(-steps // length)  # no window of zeros alone
    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    if missing := count * length - steps:
        # Padded sequences begin together, and none of their windows moves with the longest's length.
        x = layers.ZeroPadding1D((missing, 0) if mask is None else (0, missing))(x)
    if mask is not None:
        mask = ops.pad(mask, ((0, 0), (0, missing)))
        mask = ops.any(ops.reshape(mask, (-1, count, length)), axis=-1)
    x = layers.Reshape((count, length, x.shape[-1]))(x)
    # Unrolled where there is a mask: in a loop, Keras 3.15 on JAX takes masks for dense states only.
    lstm = layers.ConvLSTM1D(filters, kernel, padding="same", unroll=mask is not None)
    x = lstm(x, mask=mask)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="convlstm1d")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="convlstm1d",
            build=build,
            layout="sequence",
            summary="a ConvLSTM1D over windows of the sequence",
            paper="https://arxiv.org/abs/1506.04214",
            sizes={"small": {"filters": 32}, "large": {"filters": 128}},
        )
    ]
