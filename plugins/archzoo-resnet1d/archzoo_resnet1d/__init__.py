"""A residual network over time (Wang, Yan and Oates 2017)."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    filters: Annotated[
        tuple[int, ...],
        "of the convolutions in each block",
        zoo.Choice((32, 64, 64), (64, 128, 128)),
    ] = (64, 128, 128),
    kernels: Annotated[
        tuple[int, ...],
        "steps that a block's convolutions see",
        zoo.Choice((5, 3, 3), (8, 5, 3), (16, 9, 5)),
    ] = (8, 5, 3),
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Residual blocks of convolutions, the mean over time, a classifier.

    The ResNet of Wang, Yan and Oates 2017, "Time series classification from scratch with deep
    neural networks: a strong baseline" (https://arxiv.org/abs/1611.06455): three blocks of three
    convolutions, each with batch normalisation, added to the block's input before the last ReLU.
    Where a block changes the number of channels its input is brought there by a convolution of
    one step; else by batch normalisation alone, as in the authors' code.

    Takes a sequence `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    def normalized(x):
        return layers.BatchNormalization(momentum=0.9)(x, mask=mask)

    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    for count in filters:
        y = x
        for place, kernel in enumerate(kernels):
            y = normalized(layers.Conv1D(count, kernel, padding="same")(zoo.layers.fill(y, mask)))
            if place < len(kernels) - 1:
                y = layers.ReLU()(y)
        if x.shape[-1] != count:
            x = layers.Conv1D(count, 1, padding="same")(zoo.layers.fill(x, mask))
        x = layers.ReLU()(layers.Add()([normalized(x), y]))
    x = layers.GlobalAveragePooling1D()(x, mask=mask)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="resnet1d")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="resnet1d",
            build=build,
            layout="sequence",
            summary="a residual network over time: three blocks of three convolutions",
            paper="https://arxiv.org/abs/1611.06455",
            sizes={
                "small": {"filters": (32, 64, 64)},
                "large": {"filters": (128, 256, 256)},
            },
        )
    ]
