"""What to type next: parameters that the data need, and commands that train on them."""

import ast
import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from zoo.architecture import Layout
from zoo.inspecting.image_facts import ImageFacts
from zoo.manifest import DEFAULT_RECIPE
from zoo.metrics import misleads

SIDES = (64, 48, 32, 24, 16, 8, 4)
"""Sizes that are proposed: the first that is no larger than most images."""
LARGE_SIDE = 128
"""Images that are all of one size are proposed to be reduced if it is larger."""
FEW = 5000
"""Up to so many training samples, recipe `small` is proposed."""
FEWEST = 40
"""Fewer training samples need smaller batches than a recipe's."""

ARCHITECTURES = {
    "image": ("cnn", "cnn_lstm"),
    "sequence": ("fcn", "gru"),
    "frames": ("conv3d", "lrcn"),
}
"""For each layout, two of those that ship."""

_CHOICE = re.compile(r"`data_parameters=(\{[^`]*\})`")


def needed_by_images(facts: Sequence[ImageFacts], given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that images of these sizes need, beside those given."""
    needed = dict(given)
    if not facts:
        return needed
    several = len({each.size for each in facts}) > 1
    short = median(min(each.size) for each in facts)
    if "size" not in needed and (several or short > LARGE_SIDE):
        needed["size"] = next((side for side in SIDES if side <= short), SIDES[-1])
        if several:
            needed.setdefault("resize", "fit")
    if any(each.transparent for each in facts):
        needed.setdefault("background", "white")
    return needed


def choice_in(message: str) -> dict[str, Any]:
    """The `data_parameters` that an error proposes; empty if it proposes none."""
    for found in _CHOICE.findall(message):
        try:
            value = ast.literal_eval(found)
        except (ValueError, SyntaxError):
            continue
        if isinstance(value, dict):
            return value
    return {}


def commands(
    text: str,
    layout: Layout,
    chosen: Mapping[str, Any],
    counts: Mapping[str, int],
    recipe: str = DEFAULT_RECIPE,
) -> list[str]:
    """Calls that train on a dataset and compare on it.

    Args:
        text: the dataset's name or path.
        chosen: its parameters.
        counts: its training samples, by class.
        recipe: the one that the dataset names.
    """
    given: dict[str, Any] = {"dataset": text}
    training = sum(counts.values())
    if chosen:
        given["data_parameters"] = dict(chosen)
    if recipe == DEFAULT_RECIPE and training <= FEW:
        given["recipe"] = "small"
    one, other = ARCHITECTURES[layout]
    words = ", ".join(f"{key}={value!r}" for key, value in given.items())
    if training < FEWEST:
        return [f"zoo.train({one!r}, {words}, batch_size={max(1, training // 4)})"]
    metric = ", metric='balanced_accuracy'" if are_unequal(counts) else ""
    compare = f"zoo.compare({[one, other]!r}, {words}, seeds=3{metric})"
    return [f"zoo.train({one!r}, {words})", compare]


def are_unequal(counts: Mapping[str, int]) -> bool:
    """Whether the largest class has so much more than its share that accuracy misleads: the rule of
    `zoo.metrics`."""
    total = sum(counts.values())
    return total > 0 and misleads(max(counts.values()) / total, len(counts))
