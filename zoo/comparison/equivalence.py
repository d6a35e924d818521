"""Equivalence as a verdict: two one-sided tests with a stated margin.

Schuirmann (1987, https://doi.org/10.1007/BF01068419): two architectures are equivalent within a margin where
both "worse by more than the margin" and "better by more than the margin" are refuted, each at 5 %. A
difference that no test can tell is not yet an equivalence: with few seeds both are left open.
"""

import math
from typing import TYPE_CHECKING

from zoo.errors import UsageError
from zoo.scoring import Metric

if TYPE_CHECKING:
    import numpy as np


def rope_of(metric: Metric, rope: float) -> float:
    """The margin in the metric's own units: shares are given in percentage points.

    Raises:
        UsageError: it is negative, no number, or as wide as the metric.

    Example:
        >>> from zoo.scoring import ACCURACY
        >>> rope_of(ACCURACY, 0.1)
        0.001
    """
    if not math.isfinite(rope) or rope < 0:
        unit = "percentage points" if metric.percent else f"units of {metric.title}"
        raise UsageError(f"`rope` is {rope:g}: use 0 or more, in {unit}, such as 0.1.")
    if metric.percent and rope >= 100:
        raise UsageError(
            f"`rope={rope:g}`: is in percentage points; use less than 100, such as 0.1."
        )
    return rope / 100 if metric.percent else rope


def in_words(metric: Metric, rope: float) -> str:
    """`±0.1 points`, of a margin in the metric's own units; with all digits: it is never rounded away."""
    shown = f"{100 * rope:.10g}" if metric.percent else f"{rope:.10g}"
    return f"±{shown} {metric.points}".rstrip()


def tost(
    value: "np.ndarray", error: "np.ndarray", freedom: "np.ndarray", rope: float
) -> "np.ndarray":
    """p values of two one-sided t tests: that a difference is not within `-rope` to `rope`.

    Args:
        value, error, freedom: of each pair: the difference, its standard error, degrees of freedom.
        rope: the margin, above 0.
    """
    import numpy as np
    from scipy import special

    return special.stdtr(freedom, (np.abs(value) - rope) / error)
