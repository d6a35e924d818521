"""A small convolutional network: the spatial yardstick of the zoo."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[tuple[int, int, int], "of the three stages"] = (24, 48, 64),
    convolutions: Annotated[tuple[int, int], "in the second and in the third stage"] = (1, 2),
    strided: Annotated[bool, "halve the image by the first convolution, not by pooling"] = True,
    dropout: Annotated[float, "share of the features dropped before the classifier"] = 0.3,
):
    """Three stages of convolutions, each at half the size of the one before, a dense classifier.

    The first stage is one 5×5 convolution that halves the image at once, where the pixels are many and
    say little, so that the wide convolutions work on a quarter of the positions; or, if not `strided`,
    two of 3×3 at full size and a pooling, for several times the arithmetic (Simonyan and Zisserman
    2014, https://arxiv.org/abs/1409.1556). Each convolution is followed by batch normalisation and ReLU
    (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167).

    Takes images `(H, W, C)`; returns logits `(batch, num_classes)`.

    Raises:
        ValueError: fewer than no convolutions are asked for.
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
            summary="convolutions, batch norm, pooling, dense",
        )
    ]
