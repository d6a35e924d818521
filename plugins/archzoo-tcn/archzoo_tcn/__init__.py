"""A temporal convolutional network: residual blocks of dilated causal convolutions."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[int, "of every convolution"] = 96,
    kernel: Annotated[int, "steps that a convolution sees"] = 3,
    depth: Annotated[
        int | None, "residual blocks; none: as many as let the last step see the first"
    ] = None,
    dropout: Annotated[float, "share of the channels dropped after each convolution"] = 0.1,
):
    """Residual blocks whose dilation doubles from one to the next; the last step is classified.

    The TCN of Bai, Kolter and Koltun 2018 (https://arxiv.org/abs/1803.01271): a block is twice a
    dilated causal convolution, normalisation, ReLU and dropout of whole channels, added to its
    input. The normalisation is by batch, not by weight, which Keras has no layer for. Convolutions
    look back only, so the answer at a step depends on nothing after it.

    Takes rows `(T, F)` with any T; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    def convolution(x, dilation):
        x = layers.Conv1D(
            filters, kernel, padding="causal", dilation_rate=dilation, use_bias=False
        )(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        return layers.SpatialDropout1D(dropout)(x)

    rows = keras.Input(input_shape)
    x = rows
    for level in range(_blocks(input_shape[0], kernel) if depth is None else depth):
        y = convolution(convolution(x, 2**level), 2**level)
        if x.shape[-1] != filters:
            x = layers.Conv1D(filters, 1)(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(rows, layers.Dense(num_classes)(x[:, -1]), name="tcn")


def _blocks(steps: int, kernel: int) -> int:
    """How many blocks it takes until the last of `steps` sees the first.

    Block n, from 0, looks back by 2 × (kernel - 1) × 2ⁿ steps.
    """
    if kernel < 2:
        return 1  # looks back by nothing, however many there are
    blocks = 1
    while 2 * (kernel - 1) * (2**blocks - 1) < steps - 1:
        blocks += 1
    return blocks


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="tcn",
            build=build,
            layout="sequence",
            summary="residual dilated causal convolutions over the rows",
            paper="https://arxiv.org/abs/1803.01271",
        )
    ]
