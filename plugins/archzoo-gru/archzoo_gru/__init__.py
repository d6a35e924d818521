"""GRU layers over a sequence."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    units: Annotated[
        int, "units of each layer, in each direction", zoo.Range(32, 160, log=True)
    ] = 80,
    depth: Annotated[int, "number of stacked layers", zoo.Range(1, 3)] = 2,
    bidirectional: Annotated[
        bool, "also read the sequence backwards", zoo.Choice(True, False)
    ] = True,
    dropout: Annotated[
        float, "dropout rate between the layers and before the classifier", zoo.Range(0.0, 0.5)
    ] = 0.3,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Build stacked GRU layers over the sequence, and a classifier of the last state.

    The unit is that of Cho et al. 2014 (https://arxiv.org/abs/1406.1078) with the reset gate applied
    after the matrix product, as in cuDNN; bidirectional networks are due to Schuster and Paliwal
    1997 (https://doi.org/10.1109/78.650093). The classifier sees the last state of each direction:
    after the last step and, backwards, after the first.

    Takes sequences `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    for level in range(depth):
        gru = layers.GRU(units, return_sequences=level < depth - 1)
        x = (layers.Bidirectional(gru) if bidirectional else gru)(x, mask=mask)
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="gru")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="gru",
            build=build,
            layout="sequence",
            summary="bidirectional GRU layers over the sequence",
            paper="https://arxiv.org/abs/1406.1078",
            sizes={"small": {"units": 40}, "large": {"units": 160}},
        )
    ]
