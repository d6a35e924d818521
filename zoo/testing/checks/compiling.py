"""Check: the model compiles with XLA."""

import re

from zoo import diagnosis
from zoo.diagnosis import LONGEST
from zoo.testing.check import Check, CheckFailed, Skipped
from zoo.testing.explanation import seen
from zoo.testing.harness import Harness, answers

SAMPLES = 4
TOLERANCE = 1e-3


def _xla(harness: Harness) -> str:
    import numpy as np

    from zoo.training.backend import backend_of

    model, x = harness.build(), harness.samples(SAMPLES)
    compiled = backend_of(harness.backend).compile_with_xla(model)
    if compiled is None:
        raise Skipped("PyTorch does not compile with XLA; the tensorflow and jax backends do")
    wanted = answers(model, x)
    try:
        given = compiled(x).astype("float32")
    except Exception as error:
        raise CheckFailed(
            f"compiling failed: {_heart_of(error)}",
            "replace that operation: XLA needs shapes that do not depend on values, and has no "
            "kernel for some operations on images, text and sets.",
        ) from error
    difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= TOLERANCE:
        raise CheckFailed(
            f"compiled, the outputs differ by {difference:.2g}",
            "keep Python state (counters, lists, random numbers) out of call().",
        )
    return f"the same outputs within {difference:.1g}"


def _heart_of(error: Exception) -> str:
    """The relevant part of a compiler error: the unsupported operation, or its cause."""
    if found := re.search(r"unsupported operations[^:]*: ?(.+)", diagnosis.text(error)):
        return f"no kernel for {found[1].strip()[:LONGEST]}"
    # Keras fails to rewrite some of JAX's exceptions; the original one is in __context__.
    return seen(error.__context__ or error)


XLA = Check(
    "xla",
    "It compiles with XLA.",
    "JAX compiles every model with XLA, and TPUs run nothing else.",
    _xla,
)
