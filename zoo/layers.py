"""Functions that plugins share: masks of padded sequences.

They connect plain Keras layers and operations, so that a saved model loads without archzoo. Keras is
imported when one of them is called.
"""

from typing import Any


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
