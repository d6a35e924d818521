"""Long short-term memory layers that read a sequence."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    units: Annotated[int, "of each layer, in each direction", zoo.Range(32, 200, log=True)] = 100,
    depth: Annotated[int, "layers; more than one are stacked", zoo.Range(1, 3)] = 1,
    bidirectional: Annotated[
        bool, "read the sequence backwards, too", zoo.Choice(True, False)
    ] = False,
    dropout: Annotated[float, "share dropped after each layer", zoo.Range(0.0, 0.5)] = 0.2,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Layers of long short-term memory over the steps, then a classifier of the last state.

    The unit is that of Hochreiter and Schmidhuber 1997 (https://doi.org/10.1162/neco.1997.9.8.1735)
    with the forget gate of Gers, Schmidhuber and Cummins 2000; reading in both directions is due to
    Schuster and Paliwal 1997 (https://doi.org/10.1109/78.650093). The plain one is the baseline that
    papers compare with.

    Takes a sequence `(T, F)` with any T, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    for level in range(depth):
        lstm = layers.LSTM(units, return_sequences=level < depth - 1)
        x = (layers.Bidirectional(lstm) if bidirectional else lstm)(x, mask=mask)
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="lstm")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="lstm",
            build=build,
            layout="sequence",
            summary="long short-term memory layers that read the sequence",
            paper="https://doi.org/10.1162/neco.1997.9.8.1735",
            sizes={"small": {"units": 50}, "large": {"units": 200}},
        )
    ]
