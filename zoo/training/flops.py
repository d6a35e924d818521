"""Counting the floating-point operations of one sample's forward pass."""

from typing import Any

from zoo.training.backend import backend_of

COUNTED = "2 × multiply-adds of convolutions and matrix products, one sample, forward"


def flops_per_sample(backend: str, model: Any, input_shape: tuple[int, ...]) -> int | None:
    """Operations of the convolutions and matrix products in one forward pass.

    A multiplication with its addition counts as two; element-wise operations, pooling and
    normalisation are left out, as is usual in papers. Loops over time count each of their steps.

    Args:
        backend: the current Keras backend.
        model: a model that is built.
        input_shape: its input's shape without the batch axis.

    Returns:
        The count; None if the model cannot be traced.
    """
    try:
        return backend_of(backend).count_flops(model, (1, *input_shape))
    except Exception:  # a stranger's model; its training must not depend on being counted
        return None
