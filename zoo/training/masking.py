"""Sequences of unequal length in the compiled step: padded steps are NaN, and become a mask or vanish."""

from typing import Any, Literal

Unequal = Literal["masked", "resampled"]
"""How a model is given sequences of unequal length."""

SAID: dict[Unequal, str] = {"masked": "padding masked", "resampled": "resampled to one length"}
"""How tables and records call it, after the conversion."""


def padding_of(x: Any) -> Any:
    """Which steps of `x` `(batch, T, F)` are padding, `(batch, T, 1)` bool: all their features are NaN."""
    from keras import ops

    return ops.all(ops.isnan(x), axis=-1, keepdims=True)


def lengths(padding: Any) -> Any:
    """How many steps of each sequence are no padding, `(batch, 1)` float32.

    Args:
        padding: `(batch, T, 1)` bool.
    """
    from keras import ops

    return ops.sum(ops.cast(ops.logical_not(padding), "float32"), axis=1)


def without(x: Any, padding: Any, value: float = 0.0) -> Any:
    """`x` `(batch, T, F)` with `value` in its padded steps."""
    from keras import ops

    return ops.where(padding, ops.cast(value, x.dtype), x)


def resample(x: Any, padding: Any) -> Any:
    """Each sequence's real steps, the first ones, stretched linearly over all T steps.

    Args:
        x: `(batch, T, F)`, finite.
        padding: `(batch, T, 1)` bool.
    """
    from keras import ops

    steps = x.shape[1]
    last = ops.maximum(lengths(padding) - 1, 0.0)
    places = last * (ops.arange(steps, dtype="float32") / max(1, steps - 1))[None]
    left = ops.minimum(ops.floor(places), last)
    share = (places - left)[..., None]
    right = ops.minimum(left + 1, last)

    def at(step: Any) -> Any:
        return ops.take_along_axis(x, ops.cast(step, "int32")[..., None], axis=1)

    return at(left) * (1 - share) + at(right) * share
