"""The network of InceptionTime (Fawaz et al. 2020)."""

from typing import Annotated

import zoo

RESIDUAL_EVERY = 3
"""Modules between two shortcuts."""
LOWEST = -1e9
"""Padded steps before a maximum: it is never theirs."""


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    filters: Annotated[int, "of each convolution in a module", zoo.Choice(16, 32, 64)] = 32,
    kernels: Annotated[
        tuple[int, ...],
        "steps that a module's convolutions see",
        zoo.Choice((20, 10, 5), (40, 20, 10), (64, 32, 16)),
    ] = (40, 20, 10),
    bottleneck: Annotated[
        int, "channels that a module's convolutions read", zoo.Choice(16, 32, 64)
    ] = 32,
    depth: Annotated[int, "Inception modules", zoo.Choice(3, 6, 9)] = 6,
    residual: Annotated[bool, "add a shortcut around every three modules"] = True,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Inception modules with shortcuts, the mean over time, a classifier.

    One network of InceptionTime, Fawaz et al. 2020, "InceptionTime: finding AlexNet for time series
    classification" (https://arxiv.org/abs/1909.04939); the paper answers with the mean of five that
    differ in their seed, which `zoo compare --seeds 5` shows in its table of ensembles. A module
    brings its input to a few channels, reads these by convolutions of several lengths, reads the
    input's maximum over three steps by one of length one, and stacks all of it.

    Takes a sequence `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    def convolution(count, kernel, x):
        x = zoo.layers.fill(x, mask)
        return layers.Conv1D(count, kernel, padding="same", use_bias=False)(x)

    def normalized(x):
        return layers.BatchNormalization(momentum=0.9)(x, mask=mask)

    def module(x):
        few = convolution(bottleneck, 1, x) if bottleneck and x.shape[-1] > 1 else x
        branches = [convolution(filters, kernel, few) for kernel in kernels]
        largest = layers.MaxPooling1D(3, strides=1, padding="same")(
            zoo.layers.fill(x, mask, LOWEST)
        )
        branches.append(convolution(filters, 1, largest))
        return layers.ReLU()(normalized(layers.Concatenate()(branches)))

    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    shortcut = x
    for number in range(depth):
        x = module(x)
        if residual and number % RESIDUAL_EVERY == RESIDUAL_EVERY - 1:
            before = normalized(convolution(x.shape[-1], 1, shortcut))
            x = shortcut = layers.ReLU()(layers.Add()([before, x]))
    x = layers.GlobalAveragePooling1D()(x, mask=mask)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="inception_time")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="inception_time",
            build=build,
            layout="sequence",
            summary="six Inception modules: convolutions of three lengths side by side",
            paper="https://arxiv.org/abs/1909.04939",
            sizes={
                "small": {"filters": 16, "bottleneck": 16},
                "large": {"filters": 64, "bottleneck": 64},
            },
        )
    ]
