"""3D convolutions, to which time is an axis like height and width."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[tuple[int, int, int], "of the three convolutions"] = (24, 48, 96),
    dropout: Annotated[float, "share of the features dropped before the classifier"] = 0.3,
):
    """Three times a 3×3×3 convolution with batch normalisation, ReLU and pooling; a classifier.

    A small C3D (Tran et al. 2015, https://arxiv.org/abs/1412.0767). As there, the first pooling
    leaves time as it is, so that movement is not averaged away before anything has seen it; the
    others halve time, height and width. What is odd or 1 is padded, so any size will do; where fewer
    than three frames are left, a kernel spans only those. Of a plain image the core makes four
    frames, its half-resolution phases.

    Takes frames `(T, H, W, C)`; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    frames = keras.Input(input_shape)
    x = frames
    for level, width in enumerate(filters):
        # Not longer in time than there are frames: the rest would see only padding, and of two
        # frames TensorFlow's CPU gets the gradient of a longer kernel wrong in bfloat16 (2.21).
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
            summary="3D convolutions over the frames: space and time alike",
            paper="https://arxiv.org/abs/1412.0767",
        )
    ]
