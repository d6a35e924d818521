"""Initial weights come from the seed."""

from typing import TYPE_CHECKING

from zoo.testing.check import Broken, Check
from zoo.testing.harness import Harness

if TYPE_CHECKING:
    import numpy as np


def _seed(case: Harness) -> str:
    import numpy as np

    one, same, other = (case.build(seed=seed).weights for seed in (1, 1, 2))
    unlike = [a.path for a, b in zip(one, same, strict=True) if not _equal(a, b)]
    if unlike:
        raise Broken(
            f"the same seed gave other initial weights: {', '.join(unlike[:3])}",
            "draw with keras.random, keras.initializers, numpy.random or random, which archzoo "
            "seeds; not from the time, the system or a generator of your own.",
        )
    if one and all(_equal(a, b) for a, b in zip(one, other, strict=True)):
        raise Broken(
            f"another seed gave the same {len(one)} initial weights",
            "leave seed= out of initializers, and do not set seeds in build.",
        )
    return f"{sum(np.size(_values(each)) for each in one):,} numbers"


def _equal(a, b) -> bool:
    import numpy as np

    return np.array_equal(_values(a), _values(b))


def _values(variable) -> "np.ndarray":
    from keras import ops

    return ops.convert_to_numpy(variable.value)


SEED = Check(
    "seed",
    "The same seed gives the same initial weights, another seed others.",
    "Runs must be repeatable, and a comparison over seeds must see what chance does.",
    _seed,
)
