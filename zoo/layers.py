"""Functions that plugins share: masks of padded sequences, and features of frames.

They connect plain Keras layers and operations, so that a saved model loads without archzoo. Keras is
imported when one of them is called.
"""

from typing import Annotated, Any, Literal

FrameFeatures = Annotated[
    Literal["cnn", "flat"], "of each frame of a clip: by a small CNN, or its pixels"
]
"""A hyperparameter `frame_features`: how frames become the steps of a sequence; see `features_of`."""

LARGEST = 8
"""Side of the last feature map of a frame; larger ones are pooled, so that any size of frame will do."""


def mask_of(sequence: Any, mask_value: float | None) -> tuple[Any, Any]:
    """The steps of a padded sequence that are real, and the sequence with zeros in place of the others.

    Args:
        sequence: a Keras tensor `(batch, T, F)`.
        mask_value: what every feature of a padded step is; None: no step is padded.

    Returns:
        The sequence `(batch, T, F)`, and a mask `(batch, T)`, true where a step is real; the sequence as
        it is, and None, where no step is padded.

    >>> import keras
    >>> x, mask = mask_of(keras.Input((29, 12)), mask_value=-1e4)
    >>> x.shape, mask.shape
    ((None, 29, 12), (None, 29))
    >>> state = keras.layers.GRU(8)(x, mask=mask)
    """
    from keras import ops

    if mask_value is None:
        return sequence, None
    mask = ops.any(ops.not_equal(sequence, mask_value), axis=-1)
    return fill(sequence, mask), mask


def fill(x: Any, mask: Any, value: float = 0.0) -> Any:
    """Give padded steps one value: zero before a convolution, as beyond the ends of a sequence.

    Args:
        x: a Keras tensor `(batch, T, F)`.
        mask: `(batch, T)`, true where a step is real; None: all are, and nothing is done.
        value: what padded steps become.

    >>> import keras
    >>> x, mask = mask_of(keras.Input((29, 12)), mask_value=-1e4)
    >>> keras.layers.Conv1D(8, 3, padding="same")(fill(x, mask)).shape
    (None, 29, 8)
    """
    from keras import ops

    return x if mask is None else ops.where(ops.expand_dims(mask, -1), x, value)


def last_step(x: Any, mask: Any) -> Any:
    """The features of each sequence's last real step, `(batch, F)`.

    Args:
        x: a Keras tensor `(batch, T, F)`.
        mask: `(batch, T)`, true where a step is real, the first ones; None: all are.

    >>> import keras
    >>> x, mask = mask_of(keras.Input((29, 12)), mask_value=-1e4)
    >>> last_step(x, mask).shape
    (None, 12)
    """
    from keras import ops

    if mask is None:
        return x[:, -1]
    steps = ops.sum(ops.cast(mask, "int32"), axis=1)
    place = ops.reshape(ops.maximum(steps, 1) - 1, (-1, 1, 1))
    return ops.squeeze(ops.take_along_axis(x, place, axis=1), axis=1)


def features_of(inputs: Any, how: FrameFeatures, features: int = 64) -> Any:
    """The steps of a sequence: those of `inputs`, or one made of each frame of a clip.

    The CNN is small and the same for all frames: a 5×5 convolution of stride 2 with 16 filters and a
    3×3 one with 32, each with batch normalization, ReLU and pooling, then a dense layer. It keeps where
    something is in a frame, so that a sequence of its features shows motion.

    Args:
        inputs: a Keras tensor: a sequence `(batch, T, F)`, returned as it is, or frames
            `(batch, T, H, W, C)`.
        how: `cnn`, or `flat`: the values of each frame as they are.
        features: of each frame, by the CNN.

    Returns:
        `(batch, T, features)`.

    >>> import keras
    >>> features_of(keras.Input((10, 36, 36, 1)), "cnn").shape
    (None, 10, 64)
    >>> features_of(keras.Input((10, 36, 36, 1)), "flat").shape
    (None, 10, 1296)
    """
    from keras import layers, ops

    if len(inputs.shape) == 3:
        return inputs
    steps, *frame = inputs.shape[1:]
    if how == "flat":
        return layers.Reshape((steps, frame[0] * frame[1] * frame[2]))(inputs)

    def convolution(x: Any, filters: int, kernel: int, strides: int) -> Any:
        x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    x = ops.reshape(inputs, (-1, *frame))  # all frames as one batch
    x = layers.MaxPooling2D(padding="same")(convolution(x, 16, 5, 2))
    x = layers.MaxPooling2D(padding="same")(convolution(x, 32, 3, 1))
    while max(x.shape[1:3]) > LARGEST:
        x = layers.MaxPooling2D(tuple(1 + (s > LARGEST) for s in x.shape[1:3]), padding="same")(x)
    x = layers.Dense(features, use_bias=False)(layers.Flatten()(x))
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return ops.reshape(x, (-1, steps, features))
