"""Checks: every weight trains, lower precision works, and a small batch can be overfitted."""

from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness

GRADIENT_STEPS = 3
"""More than one: in a branch that starts at zero, the first step moves only the last factor."""

EXAMPLES = 32
RATES = (0.003, 0.0005)
"""Learning rates of Adam; the second is for models that the first makes unstable."""

CHUNK, CHUNKS = 20, 20
"""Steps between two measurements of the accuracy, and the most chunks for one learning rate."""


def _gradients(harness: Harness) -> str:
    import numpy as np

    from zoo.testing.short_fit import ShortFit

    # Adam moves every weight with a gradient, however small, by about its rate, and no other.
    with ShortFit(harness, several_frames=True, learning_rate=0.01) as fit:
        before = fit.values()
        fit.train(GRADIENT_STEPS)
        moved = zip(fit.model.weights, before, fit.values(), strict=True)
        trained = [(w, a, b) for w, a, b in moved if w.trainable]
    still = [w.path for w, a, b in trained if np.array_equal(a, b)]
    if not trained:
        raise CheckFailed(
            "it has no trainable weight", "use layers with weights, and leave them trainable."
        )
    if bad := [w.path for w, _, b in trained if not np.isfinite(b).all()]:
        raise CheckFailed(
            f"NaN or infinite after {GRADIENT_STEPS} steps: {_list(bad)}",
            "look for a division by zero, or a logarithm or square root of a value that can be 0 or less.",
        )
    if still:
        raise CheckFailed(
            f"{len(still)} of {len(trained)} trainable weights never change: {_list(still)}",
            "connect them to the output; look for ops.stop_gradient, argmax, rounding, or a layer that is "
            "created but not called. Set trainable=False on weights that are meant to be constant.",
        )
    return f"{len(trained)} weights changed in {GRADIENT_STEPS} steps"


def _list(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


def _overfits(harness: Harness) -> str:
    best = []
    for rate in RATES:
        steps, accuracy = _learn(harness, rate)
        if accuracy == 1:
            return f"{EXAMPLES} of {EXAMPLES} after {steps} steps"
        best.append(f"{round(accuracy * EXAMPLES)} at learning rate {rate}")
    raise CheckFailed(
        f"of {EXAMPLES} training examples, at most {', '.join(best)} are classified correctly after "
        f"{CHUNK * CHUNKS} steps",
        "look for a bottleneck, a saturated activation, too much dropout, or batch normalization "
        "with a momentum so high that inference lags behind training.",
    )


def _learn(harness: Harness, rate: float) -> tuple[int, float]:
    """Steps until every example is correct, and the best accuracy."""
    from zoo.testing.short_fit import ShortFit

    best = 0.0
    with ShortFit(harness, batch_size=EXAMPLES, learning_rate=rate, clip_norm=1.0) as fit:
        for chunk in range(1, CHUNKS + 1):
            fit.train(CHUNK)
            best = max(best, float((fit.logits().argmax(axis=1) == fit.y).mean()))
            if best == 1:
                return chunk * CHUNK, best
    return CHUNK * CHUNKS, best


def _mixed_precision(harness: Harness) -> str:
    import numpy as np

    from zoo.testing.short_fit import ShortFit

    with ShortFit(harness, precision="mixed_bfloat16") as fit:
        loss = fit.train(3)
        given = fit.logits()
    if not np.isfinite(loss) or not np.isfinite(given).all():
        raise CheckFailed(
            f"after 3 steps under mixed_bfloat16 the loss is {loss:g} and "
            f"{np.sum(~np.isfinite(given))} of {given.size} logits are not finite",
            "bfloat16 has three significant digits: compute small differences and logarithms in float32 "
            "(ops.cast, or dtype='float32' for a layer).",
        )
    return f"loss {loss:.3g} after 3 steps"


GRADIENTS = Check(
    "gradients",
    "Every trainable weight gets a gradient.",
    "A weight that never changes costs memory and time; usually a layer is connected wrongly.",
    _gradients,
)
OVERFITS = Check(
    "overfits_small_batch",
    f"It can overfit {EXAMPLES} examples: 100 % training accuracy on a batch of random images.",
    "A model that cannot fit a handful of examples has a bug.",
    _overfits,
)
MIXED_PRECISION = Check(
    "mixed_precision",
    "It trains with mixed_bfloat16.",
    'With precision = "auto", archzoo uses it on GPUs where it is faster.',
    _mixed_precision,
)
