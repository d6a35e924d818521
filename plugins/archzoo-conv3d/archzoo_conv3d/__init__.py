"""3D convolutions over time, height and width."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[
        tuple[int, int, int],
        "filters of the three convolutions",
        zoo.Choice((16, 32, 64), (24, 48, 96), (32, 64, 128)),
    ] = (24, 48, 96),
    dropout: Annotated[float, "dropout rate before the classifier", zoo.Range(0.0, 0.6)] = 0.3,
):
    """Build three 3×3×3 convolutions with batch normalization, ReLU and pooling, and a classifier.

    A small C3D (Tran et al. 2015, https://arxiv.org/abs/1412.0767). As there, the first pooling
    keeps the time axis, so that motion is not averaged away; the others halve time, height and width.
    Odd sizes are padded, so any size works. With fewer than three frames the kernels are shorter. A
    single image becomes four frames by `space_to_depth`.

    Takes frames `(T, H, W, C)`; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    frames = keras.Input(input_shape)
    x = frames
    for level, width in enumerate(filters):
        # At most as long as the frames: the rest would see only padding, and for two frames
        # TensorFlow 2.21 computes a wrong bfloat16 gradient of a longer kernel on the CPU.
        kernel = (min(3, x.shape[1]), 3, 3)
        x = layers.Conv3D(width, kernel, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling3D((2 if level else 1, 2, 2), padding="same")(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(num_classes)(x), name="conv3d")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="conv3d",
            build=build,
            layout="frames",
            frames_from_image="space_to_depth",
            summary="3D convolutions over time, height and width",
            paper="https://arxiv.org/abs/1412.0767",
            sizes={
                "small": {"filters": (12, 24, 48)},
                "large": {"filters": (48, 96, 192)},
            },
        )
    ]
