"""A small convolutional network: the spatial yardstick of the zoo."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[tuple[int, int, int], "of the stem, the middle and the last two"] = (
        24,
        48,
        64,
    ),
    dropout: Annotated[float, "share of the features dropped before the classifier"] = 0.3,
):
    """Strided 5×5 stem, 3×3 convolution, pooling, two 3×3 convolutions, a dense classifier.

    The stem halves the image at once, where the pixels are many and say little, so that the wide
    convolutions work on a quarter of the positions. Each convolution is followed by batch
    normalisation and ReLU (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167).

    Takes images `(H, W, C)`; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    def convolution(x, filters, kernel, **options):
        x = layers.Conv2D(filters, kernel, use_bias=False, **options)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    stem, middle, last = filters
    image = keras.Input(input_shape)
    x = convolution(image, stem, 5, strides=2, padding="same")
    x = convolution(x, middle, 3, padding="same")
    x = layers.MaxPooling2D(padding="same")(x)
    x = convolution(x, last, 3, padding="same")
    x = convolution(x, last, 3, padding="valid" if min(x.shape[1:3]) > 3 else "same")
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
