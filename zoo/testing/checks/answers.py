"""Checks: outputs are logits, and independent of the rest of the batch."""

from typing import TYPE_CHECKING

from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness, answers

if TYPE_CHECKING:
    import numpy as np

SAMPLES = 64
STEPS = 5
"""Enough training steps to move a classifier that starts at zero."""

TOLERANCE = 1e-3
"""Relative; on a GPU another batch may use other kernels."""


def _logits(harness: Harness) -> str:
    given = answers(harness.build(), harness.samples(SAMPLES))
    if given.min() >= 0:
        given = _after_training(harness)
    if given.min() >= 0:
        raise CheckFailed(
            f"none of {given.size} outputs is below 0: {_looks_like(given)}",
            "end with layers.Dense(num_classes) without an activation; the loss applies softmax.",
        )
    return f"from {given.min():.2g} to {given.max():.2g}"


def _after_training(harness: Harness) -> "np.ndarray":
    from zoo.testing.short_fit import ShortFit

    with ShortFit(harness, learning_rate=0.01) as fit:
        fit.train(STEPS)
        return fit.logits()


def _looks_like(given: "np.ndarray") -> str:
    import numpy as np

    if np.allclose(given.sum(axis=1), 1, atol=1e-3):
        return "each row adds up to 1, as after softmax"
    if given.max() <= 1:
        return "all are from 0 to 1, as after sigmoid"
    return "as after ReLU"


def _independence(harness: Harness) -> str:
    import numpy as np

    model, x = harness.build(), harness.samples(6)
    first = answers(model, x[[0, 1, 2, 3]])[:2]
    others = answers(model, x[[4, 5, 0, 1]])[2:]
    scale = max(1.0, float(np.abs(first).max()))
    difference = float(np.abs(first - others).max()) / scale
    if not difference <= TOLERANCE:  # true for NaN, too
        raise CheckFailed(
            f"two samples in another batch gave other outputs: they differ by {difference:.2g}",
            "compute over the axes of one sample only (never axis 0), do not call layers with "
            "training=True, and draw no random numbers in inference.",
        )
    return f"the same within {difference:.1g}"


LOGITS = Check(
    "logits",
    "The output is logits, not probabilities.",
    "The loss applies softmax itself; a second softmax slows down learning and makes the "
    "reported loss wrong.",
    _logits,
)
INDEPENDENCE = Check(
    "batch_independence",
    "In inference, a sample's output does not depend on the other samples in its batch.",
    "Otherwise the accuracy depends on how the test set is divided into batches.",
    _independence,
)
