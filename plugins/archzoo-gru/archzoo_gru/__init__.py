"""Gated recurrent units that read the rows."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    units: Annotated[int, "of each layer, in each direction"] = 80,
    depth: Annotated[int, "layers, each reading what the one below says of every row"] = 2,
    bidirectional: Annotated[bool, "read the rows backwards, too"] = True,
    dropout: Annotated[float, "share dropped between the layers and before the classifier"] = 0.3,
):
    """Layers of gated recurrent units over the rows, then a classifier of the last state.

    The unit is that of Cho et al. 2014 (https://arxiv.org/abs/1406.1078) with the reset gate after
    the product, as cuDNN computes it; reading in both directions is due to Schuster and Paliwal
    1997 (https://doi.org/10.1109/78.650093). The classifier sees the last state of each direction:
    after the last row and, backwards, after the first.

    Takes rows `(T, F)` with any T; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    rows = keras.Input(input_shape)
    x = rows
    for level in range(depth):
        gru = layers.GRU(units, return_sequences=level < depth - 1)
        x = (layers.Bidirectional(gru) if bidirectional else gru)(x)
        x = layers.Dropout(dropout)(x)
    return keras.Model(rows, layers.Dense(num_classes)(x), name="gru")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="gru",
            build=build,
            layout="sequence",
            summary="gated recurrent units read the rows, in both directions",
            paper="https://arxiv.org/abs/1406.1078",
        )
    ]
