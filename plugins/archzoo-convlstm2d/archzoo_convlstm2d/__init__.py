"""A gate-fused ConvLSTM2D over frames, between convolutions."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    stem: Annotated[
        int, "filters of the convolutions on each frame", zoo.Range(12, 48, log=True)
    ] = 24,
    filters: Annotated[int, "filters of the ConvLSTM2D", zoo.Range(16, 64, log=True)] = 32,
    head: Annotated[
        int, "filters of the convolutions after the last frame", zoo.Range(32, 128, log=True)
    ] = 64,
    convolutions: Annotated[tuple[int, int], "convolutions on each frame, and after the last"] = (
        1,
        1,
    ),
    dropout: Annotated[float, "dropout rate before the classifier", zoo.Range(0.0, 0.6)] = 0.3,
):
    """Build convolutions on each frame, a ConvLSTM2D over the frames, convolutions, and a classifier.

    The ConvLSTM2D (Shi et al. 2015, https://arxiv.org/abs/1506.04214) is `FusedConvLSTM2D`, which
    gives the same outputs as the Keras layer with fewer convolutions. A single image becomes four
    frames by `space_to_depth`.

    Takes frames `(T, H, W, C)`; returns logits `(batch, num_classes)`.

    Raises:
        ValueError: `convolutions` is negative.
    """
    import keras
    from keras import layers, ops

    from archzoo_convlstm2d.layers import FusedConvLSTM2D

    def convolution(x, filters, padding="same"):
        x = layers.Conv2D(filters, 3, padding=padding, use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    if min(convolutions) < 0:
        raise ValueError(f"convolutions is {convolutions}; use 0 or more in each place")
    frames = keras.Input(input_shape)
    x = ops.reshape(frames, (-1, *input_shape[1:]))  # all frames as one batch
    for _ in range(convolutions[0]):
        x = convolution(x, stem)
    x = layers.MaxPooling2D(padding="same")(x)
    x = ops.reshape(x, (-1, input_shape[0], *x.shape[1:]))
    x = FusedConvLSTM2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    for left in reversed(range(convolutions[1])):
        x = convolution(x, head, padding="same" if left or min(x.shape[1:3]) <= 3 else "valid")
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(num_classes)(x), name="convlstm2d")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="convlstm2d",
            build=build,
            layout="frames",
            frames_from_image="space_to_depth",
            summary="convolutions and a gate-fused ConvLSTM2D over the frames",
            paper="https://arxiv.org/abs/1506.04214",
            sizes={
                "small": {"stem": 12, "filters": 16, "head": 32},
                "large": {"stem": 48, "filters": 64, "head": 128},
            },
        )
    ]
