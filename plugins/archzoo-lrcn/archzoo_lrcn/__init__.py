"""The TimeDistributed CNN + LSTM of many tutorials."""

from typing import Annotated

import zoo

LARGEST = 16
"""Side of a feature map that is flattened; larger ones are pooled again, or the dense layer explodes."""


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[
        tuple[int, int], "filters of the two pairs of convolutions", zoo.Choice((16, 32), (32, 64))
    ] = (32, 64),
    features: Annotated[
        int, "output size of the CNN on each frame", zoo.Range(64, 256, log=True)
    ] = 128,
    units: Annotated[int, "units of the LSTM", zoo.Range(64, 256, log=True)] = 128,
    dropout: Annotated[float, "dropout rate before the classifier", zoo.Range(0.0, 0.5)] = 0.0,
):
    """Build the same CNN on each frame, an LSTM over the frames' features, and a classifier.

    A long-term recurrent convolutional network (Donahue et al. 2015,
    https://arxiv.org/abs/1411.4389). The CNN has two 3×3 convolutions, pooling, two more, pooling,
    and a dense layer; a map of more than 16 rows or columns is pooled again before it. ReLU and
    batch normalization follow each convolution and the dense layer. Each frame updates the moving
    statistics of the normalization in turn.

    Takes frames `(T, H, W, C)` with any T, one frame for a plain image; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    cnn = keras.Sequential([keras.Input(input_shape[1:])], name="frame_cnn")
    for width in filters:
        for _ in range(2):
            cnn.add(layers.Conv2D(width, 3, padding="same", activation="relu"))
            cnn.add(layers.BatchNormalization(momentum=0.9))
        cnn.add(layers.MaxPooling2D(padding="same"))
    while max(cnn.output_shape[1:3]) > LARGEST:
        large = tuple(1 + (side > LARGEST) for side in cnn.output_shape[1:3])
        cnn.add(layers.MaxPooling2D(large, padding="same"))
    cnn.add(layers.Flatten())
    cnn.add(layers.Dense(features, activation="relu"))
    cnn.add(layers.BatchNormalization(momentum=0.9))

    frames = keras.Input(input_shape)
    x = layers.LSTM(units)(layers.TimeDistributed(cnn)(frames))
    x = layers.Dropout(dropout)(x)
    return keras.Model(frames, layers.Dense(num_classes)(x), name="lrcn")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="lrcn",
            build=build,
            layout="frames",
            summary="TimeDistributed CNN, then an LSTM: the classic tutorial model",
            paper="https://arxiv.org/abs/1411.4389",
            sizes={
                "small": {"filters": (16, 32), "features": 64, "units": 64},
                "large": {"filters": (64, 128), "features": 256, "units": 256},
            },
        )
    ]
