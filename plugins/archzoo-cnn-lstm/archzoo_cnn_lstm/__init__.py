"""A CNN followed by an LSTM over the rows of its feature map."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[
        tuple[int, ...],
        "filters of the convolutions; pooling follows halfway",
        zoo.Choice((16, 32), (32, 64), (48, 96)),
    ] = (
        32,
        64,
    ),
    features: Annotated[
        int,
        "output size of the dense layer on each row; 0: no dense layer",
        zoo.Choice(64, 128, 256),
    ] = 128,
    units: Annotated[
        int, "units of the LSTM, in each direction", zoo.Range(32, 256, log=True)
    ] = 96,
    bidirectional: Annotated[bool, "also read the rows from bottom to top"] = True,
    dropout: Annotated[
        float, "dropout rate after the LSTM; before it, two thirds of that", zoo.Range(0.0, 0.5)
    ] = 0.15,
):
    """Build 3×3 convolutions with pooling, then an LSTM over the rows of the feature map.

    A CRNN (Shi, Bai and Yao 2015, https://arxiv.org/abs/1507.05717), with rows instead of columns as
    time. Pooling follows halfway through the convolutions, and after the last one, where it halves
    the width only; the LSTM has H/2 steps. One dense layer, shared by all rows, reduces each row
    before the LSTM.

    Takes images `(H, W, C)`; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    def convolution(x, filters):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    image = x = keras.Input(input_shape)
    for number, width in enumerate(filters, 1):
        x = convolution(x, width)
        if number == (len(filters) + 1) // 2:
            x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.MaxPooling2D((1, 2), padding="same")(x)
    rows = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    if features:
        rows = layers.Dense(features, use_bias=False)(rows)
        rows = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(rows))
    rows = layers.Dropout(dropout * 2 / 3)(rows)
    lstm = layers.LSTM(units)
    x = (layers.Bidirectional(lstm) if bidirectional else lstm)(rows)
    x = layers.Dropout(dropout)(x)
    return keras.Model(image, layers.Dense(num_classes)(x), name="cnn_lstm")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="cnn_lstm",
            build=build,
            layout="image",
            summary="convolutions, then an LSTM over the rows of the feature map",
            paper="https://arxiv.org/abs/1507.05717",
            sizes={
                "small": {"filters": (16, 32), "features": 64, "units": 48},
                "large": {"filters": (64, 128), "features": 256, "units": 192},
            },
        )
    ]
