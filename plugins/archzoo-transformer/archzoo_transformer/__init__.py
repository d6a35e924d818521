"""A transformer encoder whose tokens are the steps of a sequence."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    mask_value: float | None = None,
    width: Annotated[int, "size of a token", zoo.Choice(32, 64, 128)] = 64,
    heads: Annotated[int, "attention heads, which share the width", zoo.Choice(2, 4, 8)] = 4,
    depth: Annotated[int, "number of blocks of attention and feed-forward", zoo.Range(1, 4)] = 3,
    expansion: Annotated[
        int, "hidden size of the feed-forward layer, as a multiple of the width", zoo.Choice(2, 4)
    ] = 4,
    dropout: Annotated[
        float, "dropout rate of each block's output, and before the classifier", zoo.Range(0.0, 0.4)
    ] = 0.1,
    frame_features: zoo.layers.FrameFeatures = "cnn",
):
    """Build a transformer encoder with learned positions, and a classifier of the mean token.

    The encoder of Vaswani et al. 2017 (https://arxiv.org/abs/1706.03762) with layer normalization
    before each attention and feed-forward layer and once at the end (Xiong et al. 2020,
    https://arxiv.org/abs/2002.04745), which trains without a long warm-up.

    Takes sequences `(T, F)`, padded or not, or frames `(T, H, W, C)`; returns logits
    `(batch, num_classes)`.
    """
    import keras
    from keras import layers, ops

    from archzoo_transformer.layers import LearnedPositions

    def normalized(x):
        return layers.LayerNormalization(epsilon=1e-6)(x)

    def attention(x):
        # Without biases: softmax cancels that of the keys, which would get no gradient.
        head = max(1, width // heads)
        visible = None if mask is None else ops.expand_dims(mask, 1)
        return layers.MultiHeadAttention(heads, head, use_bias=False)(x, x, attention_mask=visible)

    def feed_forward(x):
        x = layers.Dense(expansion * width, activation="relu")(x)
        return layers.Dense(width)(x)

    inputs = keras.Input(input_shape)
    sequence = zoo.layers.features_of(inputs, frame_features)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    x = LearnedPositions(name="positions")(layers.Dense(width)(x))
    for _ in range(depth):
        for part in (attention, feed_forward):
            x = layers.Add()([x, layers.Dropout(dropout)(part(normalized(x)))])
    x = layers.GlobalAveragePooling1D()(normalized(x), mask=mask)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(num_classes)(x), name="transformer")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="transformer",
            build=build,
            layout="sequence",
            summary="transformer encoder over the sequence",
            paper="https://arxiv.org/abs/1706.03762",
            sizes={
                "small": {"width": 32, "heads": 2},
                "large": {"width": 128, "heads": 8},
            },
        )
    ]
