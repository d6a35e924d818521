"""A small convolutional network, the baseline for images."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[
        tuple[int, int, int],
        "filters of the three stages",
        zoo.Choice((16, 32, 48), (24, 48, 64), (32, 64, 96), (48, 96, 128)),
    ] = (24, 48, 64),
    convolutions: Annotated[
        tuple[int, int],
        "number of convolutions in the second and third stage",
        zoo.Choice((1, 1), (1, 2), (2, 2)),
    ] = (1, 2),
    strided: Annotated[
        bool, "downsample with the first convolution instead of pooling", zoo.Choice(True, False)
    ] = True,
    dropout: Annotated[float, "dropout rate before the classifier", zoo.Range(0.0, 0.6)] = 0.3,
):
    """Build three stages of convolutions, each at half the previous resolution, and a dense classifier.

    With `strided`, the first stage is one 5×5 convolution of stride 2, so that later convolutions work
    on a quarter of the positions. Without, it is two 3×3 convolutions at full resolution and a pooling,
    at several times the cost (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556). Batch
    normalization and ReLU follow each convolution (Ioffe and Szegedy 2015,
    https://arxiv.org/abs/1502.03167).

    Takes images `(H, W, C)`; returns logits `(batch, num_classes)`.

    Raises:
        ValueError: `convolutions` is negative.
    """
    import keras
    from keras import layers

    def convolution(x, filters, kernel=3, padding="same", strides=1):
        x = layers.Conv2D(filters, kernel, strides, padding, use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    if min(convolutions) < 0:
        raise ValueError(f"convolutions is {convolutions}; use 0 or more in each stage")
    first, second, third = filters
    image = x = keras.Input(input_shape)
    if strided:
        x = convolution(x, first, kernel=5, strides=2)
    else:
        x = convolution(convolution(x, first), first)
        x = layers.MaxPooling2D(padding="same")(x)
    for _ in range(convolutions[0]):
        x = convolution(x, second)
    x = layers.MaxPooling2D(padding="same")(x)
    for left in reversed(range(convolutions[1])):
        x = convolution(x, third, padding="same" if left or min(x.shape[1:3]) <= 3 else "valid")
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(num_classes)(x), name="cnn")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="cnn",
            build=build,
            layout="image",
            summary="convolutional network with batch normalization and pooling",
            sizes={
                "small": {"filters": (12, 24, 32)},
                "large": {"filters": (48, 96, 128)},
            },
        )
    ]
