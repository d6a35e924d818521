"""An image read as a sequence of frames by a gate-fused ConvLSTM2D."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    stem: Annotated[int, "filters of the convolution on each frame"] = 24,
    filters: Annotated[int, "of the ConvLSTM2D"] = 32,
    head: Annotated[int, "filters of the convolution after the last frame"] = 64,
    dropout: Annotated[float, "share of the features dropped before the classifier"] = 0.3,
):
    """A convolution on each frame, a ConvLSTM2D over the frames, a convolution, a classifier.

    The ConvLSTM2D (Shi et al. 2015, https://arxiv.org/abs/1506.04214) is `FusedConvLSTM2D`, which
    gives the stock layer's numbers for fewer convolutions. Of a plain image the core makes four
    frames, its half-resolution phases.

    Takes frames `(T, H, W, C)`; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers, ops

    from archzoo_convlstm2d.layers import FusedConvLSTM2D

    def normalised(x):
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    frames = keras.Input(input_shape)
    x = ops.reshape(frames, (-1, *input_shape[1:]))  # all frames as one batch
    x = normalised(layers.Conv2D(stem, 3, padding="same", use_bias=False)(x))
    x = layers.MaxPooling2D(padding="same")(x)
    x = ops.reshape(x, (-1, input_shape[0], *x.shape[1:]))
    x = FusedConvLSTM2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    padding = "valid" if min(x.shape[1:3]) > 3 else "same"
    x = normalised(layers.Conv2D(head, 3, padding=padding, use_bias=False)(x))
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(num_classes)(x), name="convlstm2d")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="convlstm2d",
            build=build,
            layout="frames",
            frames_from_image="phases",
            summary="the image as a sequence of frames, read by a gate-fused ConvLSTM2D",
            paper="https://arxiv.org/abs/1506.04214",
        )
    ]
