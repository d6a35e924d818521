"""A transformer encoder whose tokens are the rows."""

from typing import Annotated

import zoo


def build(
    input_shape,
    num_classes,
    *,
    width: Annotated[int, "of a token"] = 64,
    heads: Annotated[int, "of attention, which share the width"] = 4,
    depth: Annotated[int, "blocks of attention and feed-forward"] = 3,
    expansion: Annotated[int, "of the feed-forward's hidden layer, in widths"] = 4,
    dropout: Annotated[
        float, "share dropped of what each block adds, and before the classifier"
    ] = 0.1,
):
    """Rows become tokens with learned positions; blocks of self-attention; their mean is classified.

    The encoder of Vaswani et al. 2017 (https://arxiv.org/abs/1706.03762), normalised before each
    attention and feed-forward and once at the end (Xiong et al. 2020,
    https://arxiv.org/abs/2002.04745), which trains without a long warm-up.

    Takes rows `(T, F)`; returns logits `(batch, num_classes)`.
    """
    import keras
    from keras import layers

    from archzoo_transformer.layers import LearnedPositions

    def normalised(x):
        return layers.LayerNormalization(epsilon=1e-6)(x)

    def attention(x):
        # Without biases: softmax is blind to that of the keys, so it would get no gradient.
        head = max(1, width // heads)
        return layers.MultiHeadAttention(heads, head, use_bias=False)(x, x)

    def feed_forward(x):
        x = layers.Dense(expansion * width, activation="relu")(x)
        return layers.Dense(width)(x)

    rows = keras.Input(input_shape)
    x = LearnedPositions(name="positions")(layers.Dense(width)(rows))
    for _ in range(depth):
        for part in (attention, feed_forward):
            x = layers.Add()([x, layers.Dropout(dropout)(part(normalised(x)))])
    x = layers.GlobalAveragePooling1D()(normalised(x))
    x = layers.Dropout(dropout)(x)
    return keras.Model(rows, layers.Dense(num_classes)(x), name="transformer")


@zoo.hookimpl
def zoo_architectures():
    return [
        zoo.Architecture(
            name="transformer",
            build=build,
            layout="sequence",
            summary="self-attention over the rows",
            paper="https://arxiv.org/abs/1706.03762",
        )
    ]
