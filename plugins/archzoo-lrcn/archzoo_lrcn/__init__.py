"""The classic TimeDistributed CNN + LSTM of the tutorials, made to work."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    filters: Annotated[tuple[int, int], "of the two pairs of convolutions"] = (32, 64),
    features: Annotated[int, "that the CNN makes of each frame"] = 128,
    units: Annotated[int, "of the LSTM"] = 128,
    dropout: Annotated[float, "share of the LSTM's output dropped before the classifier"] = 0.0,
):
    """The same CNN on each frame, an LSTM over the frames' features, a classifier.

    Per frame: two 3×3 convolutions, pooling, two more, pooling, a dense layer, each convolution and
    the dense layer with ReLU and batch normalisation. A long-term recurrent convolutional network
    (Donahue et al. 2015, https://arxiv.org/abs/1411.4389). Each frame updates the normalisation's
    moving statistics in turn.

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
        )
    ]
