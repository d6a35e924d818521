"""A fully convolutional network over time (Wang, Yan and Oates 2017)."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    filters: Annotated[
        tuple[int, ...],
        "of each convolution",
        zoo.Choice((32, 64, 32), (64, 128, 64), (128, 256, 128)),
    ] = (128, 256, 128),
    kernels: Annotated[
        tuple[int, ...],
        "steps that each convolution sees",
        zoo.Choice((5, 3, 3), (8, 5, 3), (16, 9, 5)),
    ] = (8, 5, 3),
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Convolutions with batch normalisation and ReLU, the mean over time, a classifier.

    The FCN of Wang, Yan and Oates 2017, "Time series classification from scratch with deep neural
    networks: a strong baseline" (https://arxiv.org/abs/1611.06455). Nothing is pooled before the
    mean, so every step has its own features.

    Takes a sequence `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    if len(filters) != len(kernels):
        raise ValueError(
            f"filters has {len(filters)} numbers and kernels {len(kernels)}; give one for each "
            "convolution"
        )
    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    for count, kernel in zip(filters, kernels, strict=True):
        x = zoo.layers.fill(x, mask)
        x = layers.Conv1D(count, kernel, padding="same", kernel_initializer="he_uniform")(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x, mask=mask))
    x = layers.GlobalAveragePooling1D()(x, mask=mask)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="fcn")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="fcn",
            build=build,
            layout="sequence",
            summary="a fully convolutional network: three convolutions over time, then their mean",
            paper="https://arxiv.org/abs/1611.06455",
            sizes={
                "small": {"filters": (64, 128, 64)},
                "large": {"filters": (256, 512, 256)},
            },
        )
    ]
