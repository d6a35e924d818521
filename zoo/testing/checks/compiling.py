"""It can be compiled as one piece."""

import re

from zoo import diagnosis
from zoo.diagnosis import LONGEST
from zoo.testing.check import Broken, Check, Skipped
from zoo.testing.explanation import seen
from zoo.testing.harness import Harness, answers

SAMPLES = 4
TOLERANCE = 1e-3


def _xla(case: Harness) -> str:
    import numpy as np

    if case.backend == "torch":
        raise Skipped("PyTorch does not compile with XLA; --backend tensorflow or jax does")
    model, x = case.build(), case.samples(SAMPLES)
    wanted = answers(model, x)
    model.compile(jit_compile=True)
    try:
        given = model.predict_on_batch(x).astype("float32")
    except Exception as error:
        raise Broken(
            f"compiling failed: {_heart_of(error)}",
            "replace that operation: XLA wants shapes that do not depend on values, and has no "
            "kernel for some operations on images, texts and sets.",
        ) from error
    difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= TOLERANCE:
        raise Broken(
            f"compiled, the outputs differ by {difference:.2g}",
            "keep Python's own state (counters, lists, random numbers) out of call().",
        )
    return f"the same outputs within {difference:.1g}"


def _heart_of(error: Exception) -> str:
    """What TensorFlow's compiler says between the name of its function and its stack traces."""
    if found := re.search(r"unsupported operations[^:]*: ?(.+)", diagnosis.text(error)):
        return f"no kernel for {found[1].strip()[:LONGEST]}"
    # Keras fails to rewrite some of JAX's exceptions; what it was about to is the cause.
    return seen(error.__context__ or error)


XLA = Check(
    "xla",
    "It compiles under XLA.",
    "JAX compiles everything with it, and TPUs know nothing else.",
    _xla,
)
