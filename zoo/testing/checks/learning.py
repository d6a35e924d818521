"""It trains: every weight, at lower precision, and until it knows its examples."""

from zoo.testing.check import Broken, Check
from zoo.testing.harness import Harness

GRADIENT_STEPS = 3
"""One would not do: of a branch that starts as zero, the first step moves only its last factor."""

EXAMPLES = 32
RATES = (0.003, 0.0005)
"""Learning rates of Adam; the second is for what the first shakes too much."""

PORTION, PORTIONS = 20, 20
"""Steps between two looks at the accuracy, and how many of those portions a rate is given."""


def _gradients(case: Harness) -> str:
    import numpy as np

    from zoo.testing.short_fit import ShortFit

    # Adam moves whatever has a gradient, however small, by about its rate; and nothing else.
    with ShortFit(case, several_frames=True, learning_rate=0.01) as trial:
        before = trial.values()
        trial.train(GRADIENT_STEPS)
        moved = zip(trial.model.weights, before, trial.values(), strict=True)
        trained = [(w, a, b) for w, a, b in moved if w.trainable]
    still = [w.path for w, a, b in trained if np.array_equal(a, b)]
    if not trained:
        raise Broken(
            "it has no trainable weight", "use layers that learn, and leave them trainable."
        )
    if bad := [w.path for w, _, b in trained if not np.isfinite(b).all()]:
        raise Broken(
            f"NaN or infinite after {GRADIENT_STEPS} steps: {_list(bad)}",
            "look for a division by zero, a logarithm or a square root of what may be 0 or less.",
        )
    if still:
        raise Broken(
            f"{len(still)} of {len(trained)} trainable weights never change: {_list(still)}",
            "connect them to the output; look for ops.stop_gradient, argmax, rounding, a layer "
            "that is made and not called, or set trainable=False on what is meant to stand still.",
        )
    return f"{len(trained)} weights changed in {GRADIENT_STEPS} steps"


def _list(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


def _by_heart(case: Harness) -> str:
    best = []
    for rate in RATES:
        steps, accuracy = _learn(case, rate)
        if accuracy == 1:
            return f"{EXAMPLES} of {EXAMPLES} after {steps} steps"
        best.append(f"{round(accuracy * EXAMPLES)} at learning rate {rate}")
    raise Broken(
        f"of {EXAMPLES} examples, after {PORTION * PORTIONS} steps it knew at most "
        f"{', '.join(best)}",
        "look for a bottleneck, a saturated activation, too much dropout, or a batch "
        "normalisation whose momentum is so high that inference lags behind.",
    )


def _learn(case: Harness, rate: float) -> tuple[int, float]:
    """Steps until all is known, or the best share that ever was."""
    from zoo.testing.short_fit import ShortFit

    best = 0.0
    with ShortFit(case, batch_size=EXAMPLES, learning_rate=rate, clip_norm=1.0) as trial:
        for portion in range(1, PORTIONS + 1):
            trial.train(PORTION)
            best = max(best, float((trial.logits().argmax(axis=1) == trial.y).mean()))
            if best == 1:
                return portion * PORTION, best
    return PORTION * PORTIONS, best


def _mixed_precision(case: Harness) -> str:
    import numpy as np

    from zoo.testing.short_fit import ShortFit

    with ShortFit(case, precision="mixed_bfloat16") as trial:
        loss = trial.train(3)
        given = trial.logits()
    if not np.isfinite(loss) or not np.isfinite(given).all():
        raise Broken(
            f"after 3 steps under mixed_bfloat16 the loss is {loss:g} and "
            f"{np.sum(~np.isfinite(given))} of {given.size} logits are not finite",
            "bfloat16 has three digits: compute small differences and logarithms in float32 "
            "(ops.cast, or dtype='float32' for a layer).",
        )
    return f"loss {loss:.3g} after 3 steps"


GRADIENTS = Check(
    "gradients",
    "Every trainable weight gets a gradient.",
    "A weight that never changes costs memory and time, and is usually a layer that was "
    "connected wrongly.",
    _gradients,
)
BY_HEART = Check(
    "learns_by_heart",
    f"It learns {EXAMPLES} examples by heart.",
    "What cannot even remember a handful of examples has a mistake, not a weakness.",
    _by_heart,
)
MIXED_PRECISION = Check(
    "mixed_precision",
    "It trains under mixed_bfloat16.",
    "That is how archzoo trains on a GPU where the recipe leaves the precision open and it is faster.",
    _mixed_precision,
)
