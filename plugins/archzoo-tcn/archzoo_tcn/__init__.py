"""A temporal convolutional network: residual blocks of dilated causal convolutions."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    filters: Annotated[int, "filters of every convolution", zoo.Range(32, 128, log=True)] = 96,
    kernel: Annotated[int, "kernel size of the convolutions, in steps", zoo.Choice(3, 5, 7)] = 3,
    depth: Annotated[
        int | None, "number of residual blocks; none: enough for the last step to see the first"
    ] = None,
    dropout: Annotated[
        float, "rate of dropped channels after each convolution", zoo.Range(0.0, 0.4)
    ] = 0.1,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Build residual blocks with doubling dilation, and a classifier of the last step.

    The TCN of Bai, Kolter and Koltun 2018 (https://arxiv.org/abs/1803.01271): a block is twice a
    dilated causal convolution, normalization, ReLU and channel dropout, added to its input. It uses
    batch instead of weight normalization, for which Keras has no layer. Convolutions are causal: a
    step's output does not depend on later steps.

    Takes sequences `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    def convolution(x, dilation):
        x = layers.Conv1D(
            filters, kernel, padding="causal", dilation_rate=dilation, use_bias=False
        )(zoo.layers.fill(x, mask))
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x, mask=mask))
        return layers.SpatialDropout1D(dropout)(x)

    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    for level in range(_blocks(input_shape[0], kernel) if depth is None else depth):
        y = convolution(convolution(x, 2**level), 2**level)
        if x.shape[-1] != filters:
            x = layers.Conv1D(filters, 1)(zoo.layers.fill(x, mask))
        x = layers.ReLU()(layers.Add()([x, y]))
    x = zoo.layers.last_step(x, mask)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="tcn")


def _blocks(steps: int, kernel: int) -> int:
    """The number of blocks after which the last of `steps` sees the first.

    Block n, counted from 0, sees 2 × (kernel - 1) × 2ⁿ steps back.
    """
    if kernel < 2:
        return 1  # a kernel of one step never looks back
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
            summary="residual dilated causal convolutions over the sequence",
            paper="https://arxiv.org/abs/1803.01271",
            sizes={"small": {"filters": 48}, "large": {"filters": 192}},
        )
    ]
