"""Whether what a recipe says can be done to a dataset's samples; what has no effect is said."""

from collections.abc import Mapping
from typing import Any

from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError
from zoo.recipe import IMAGE_KEYS, SEQUENCE_KEYS, Recipe

KEYS = {"sequences": SEQUENCE_KEYS, "images": IMAGE_KEYS}
"""The keys that augment each kind of samples."""


def kind_of(dataset: Dataset) -> str:
    """`sequences`, or `images`, which frames are, too."""
    return "sequences" if dataset.layout == "sequence" else "images"


def check_normalization(dataset: Dataset, recipe: Recipe) -> None:
    """Refuse a normalization that the samples cannot have.

    Raises:
        UsageError: images cannot be normalized over time.
    """
    if recipe.normalization == "series" and kind_of(dataset) == "images":
        raise UsageError(
            f"recipe {recipe.name} has normalization = series, which is over time; {dataset.name} has "
            "images. Use unit, standard or channel, or another `recipe`."
        )


def check_changes(dataset: Dataset, changes: Mapping[str, Any]) -> None:
    """Refuse keys of a recipe that are given for samples that they do not change.

    Raises:
        UsageError: a key augments images, and the dataset has sequences, or the other way round.
    """
    own = kind_of(dataset)
    other = "images" if own == "sequences" else "sequences"
    if given := [key for key in KEYS[other] if changes.get(key)]:
        raise UsageError(
            f"`{given[0]}={changes[given[0]]!r}` augments {other}, and {dataset.name} has {own}. Their "
            f"keys are {', '.join(KEYS[own])}."
        )


def without_effect(dataset: Dataset, recipe: Recipe) -> list[str]:
    """A line where a recipe augments only what the dataset has not; else nothing."""
    own = kind_of(dataset)
    other = "images" if own == "sequences" else "sequences"
    unused = [key for key in KEYS[other] if getattr(recipe, key)]
    if not unused or any(getattr(recipe, key) for key in KEYS[own]):
        return []
    return [
        f"recipe {recipe.name} augments {other} alone ({', '.join(unused)}); the {own} of "
        f"{dataset.name} are not augmented"
    ]
