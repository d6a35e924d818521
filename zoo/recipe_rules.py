"""The values that each field of a recipe may have."""

import typing
from collections.abc import Mapping
from typing import Any

BOUNDS: dict[str, tuple[float, float, str]] = {
    "epochs": (1, 100_000, "use 1 to 100,000"),
    "steps": (0, 10_000_000, "use 0 to count epochs, or a number of training steps"),
    "min_steps": (0, 10_000_000, "use 0 for none, or a number of training steps"),
    "batch_size": (1, 1_000_000, "use 1 to 1,000,000"),
    "learning_rate": (1e-12, 1000.0, "use a positive rate up to 1,000, such as 0.001"),
    "momentum": (0, 0.9999999, "use a number from 0 to below 1"),
    "beta_1": (0, 0.9999999, "use a number from 0 to below 1"),
    "beta_2": (0, 0.9999999, "use a number from 0 to below 1"),
    "weight_decay": (0, 100, "use 0 to 100"),
    "warmup": (0, 0.99, "use a share of the steps from 0 to 0.99"),
    "clip_norm": (0, 1e9, "use 0 for no clipping, or a norm up to 1e9"),
    "label_smoothing": (0, 0.99, "use a number from 0 to below 1"),
    "ema": (0, 0.9999999, "use 0 for none, or a decay below 1, such as 0.999"),
    "shift": (0, 1000, "use whole pixels from 0 to 1,000"),
    "rotation": (0, 180, "use degrees from 0 to 180"),
    "zoom": (0, 0.9, "use a share from 0 to 0.9"),
    "shear": (0, 2, "use a slope from 0 to 2"),
    "elastic": (0, 100, "use pixels from 0 to 100"),
    "clean_epochs": (0, 100_000, "use 0 to 100,000"),
    "jitter": (
        0,
        10,
        "use 0 for none, or a share of the sample's deviation up to 10, such as 0.05",
    ),
    "scaling": (0, 2, "use 0 for none, or a deviation up to 2, such as 0.1"),
    "time_warp": (0, 2, "use 0 for none, or a deviation up to 2, such as 0.2"),
    "window_slice": (
        0,
        1,
        "use the share of the steps that is kept, such as 0.9; 0 or 1 keeps all",
    ),
    "validation": (0, 0.9, "use a share from 0 to 0.9"),
    "split_seed": (0, 2**31, "use 0 to 2147483648"),
    "patience": (0, 100_000, "use 0 for no early stopping, or a number of epochs"),
    "tta_shift": (0, 8, "use whole pixels from 0 to 8; 1 averages nine shifted copies"),
}


def problems(recipe: Any, types: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a recipe: for each such field what is allowed.

    Args:
        recipe: a `zoo.Recipe`, whose fields have any values.
        types: the type of each field.
    """
    found = {}
    for name, (low, high, advice) in BOUNDS.items():
        if not low <= getattr(recipe, name) <= high:
            found[name] = advice
    for name, kind in types.items():
        choices = typing.get_args(kind)
        if choices and getattr(recipe, name) not in choices:
            found[name] = f"use one of {', '.join(choices)}"
    if recipe.select == "best" and not recipe.validation:
        found["select"] = "the best epoch needs a validation share above 0"
    if recipe.patience and not recipe.validation:
        found["patience"] = "early stopping needs a validation share above 0"
    if recipe.sampling == recipe.class_weight == "balanced":
        found["sampling"] = "it is balanced already by class_weight; use one of them"
    if recipe.steps and recipe.min_steps:
        found["min_steps"] = "`steps` is the number of steps already; use one of them"
    return found
