"""LSTM-FCN: an LSTM beside a fully convolutional network (Karim et al. 2018)."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    units: Annotated[int, "of the LSTM", zoo.Range(4, 64, log=True)] = 8,
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
    dropout: Annotated[float, "share of the LSTM's answer dropped", zoo.Range(0.2, 0.9)] = 0.8,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """A fully convolutional branch and an LSTM branch, joined before the classifier.

    Karim et al. 2018, "LSTM fully convolutional networks for time series classification"
    (https://arxiv.org/abs/1709.05206). The LSTM reads the sequence with its axes exchanged, as the
    paper does ("dimension shuffle"): one step for each channel, whose features are all its values
    over time. So the number of steps is part of the model; padded steps are zeros to it.

    Takes a sequence `(T, F)`, padded or not, or frames `(T, H, W, C)`; returns logits
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
    steps_as_features = layers.Permute((2, 1))(x)
    for count, kernel in zip(filters, kernels, strict=True):
        x = zoo.layers.fill(x, mask)
        x = layers.Conv1D(count, kernel, padding="same", kernel_initializer="he_uniform")(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x, mask=mask))
    x = layers.GlobalAveragePooling1D()(x, mask=mask)
    y = layers.LSTM(units)(steps_as_features)
    x = layers.Concatenate()([layers.Dropout(dropout)(y), x])
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="lstm_fcn")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="lstm_fcn",
            build=build,
            layout="sequence",
            summary="a fully convolutional network beside a small LSTM",
            paper="https://arxiv.org/abs/1709.05206",
            sizes={
                "small": {"units": 4, "filters": (64, 128, 64)},
                "large": {"units": 16, "filters": (256, 512, 256)},
            },
        )
    ]
