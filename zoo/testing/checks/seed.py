"""Check: initial weights depend on the seed alone."""

from typing import TYPE_CHECKING, Any

from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness

if TYPE_CHECKING:
    import numpy as np


def _seed(harness: Harness) -> str:
    import numpy as np

    one, same, other = (harness.build(seed=seed).weights for seed in (1, 1, 2))
    unlike = [a.path for a, b in zip(one, same, strict=True) if not _equal(a, b)]
    if unlike:
        raise CheckFailed(
            f"the same seed gave other initial weights: {', '.join(unlike[:3])}",
            "draw with keras.random, keras.initializers, numpy.random or random, which archzoo seeds; "
            "not from the clock, the system or your own generator.",
        )
    if one and all(_equal(a, b) for a, b in zip(one, other, strict=True)):
        raise CheckFailed(
            f"another seed gave the same {len(one)} initial weights",
            "remove seed= from initializers, and do not set seeds in build.",
        )
    return f"{sum(np.size(_values(each)) for each in one):,} numbers"


def _equal(a: Any, b: Any) -> bool:
    import numpy as np

    return np.array_equal(_values(a), _values(b))


def _values(variable: Any) -> "np.ndarray":
    from keras import ops

    return ops.convert_to_numpy(variable.value)


SEED = Check(
    "seed",
    "The same seed gives the same initial weights, and another seed gives others.",
    "Runs must be repeatable, and a comparison over seeds measures their variation.",
    _seed,
)
