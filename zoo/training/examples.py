"""A dataset's arrays, split into what is learned from, validated on and tested on."""

from dataclasses import dataclass

import numpy as np

from zoo.datasets.dataset import Arrays
from zoo.datasets.samples import Stored, subset
from zoo.datasets.split import stratified
from zoo.errors import UsageError
from zoo.recipe import Recipe


@dataclass(frozen=True)
class Examples:
    """Samples and labels of the three splits, in the dataset's layout; samples in memory or lazy."""

    x_train: Stored
    y_train: np.ndarray
    x_validation: Stored
    y_validation: np.ndarray
    x_test: Stored
    y_test: np.ndarray

    @classmethod
    def split(cls, arrays: Arrays, recipe: Recipe) -> "Examples":
        """Hold out the recipe's validation share of the training set, by class.

        Raises:
            UsageError: a split would be empty, or less than one batch is left to train on.
        """
        count = len(arrays.y_train)
        held_out = round(recipe.validation * count)
        if recipe.validation and not held_out:
            raise UsageError(
                f"validation {recipe.validation:.3g} of {count} training examples is none; use a "
                "larger share, or validation = 0."
            )
        kept, held = stratified(arrays.y_train, held_out, recipe.split_seed)
        if recipe.batch_size > len(kept):
            raise UsageError(
                f"--batch-size {recipe.batch_size} is larger than the {len(kept)} training examples "
                f"({count} less {held_out} for validation); use at most {len(kept)}."
            )
        return cls(
            subset(arrays.x_train, kept),
            arrays.y_train[kept],
            subset(arrays.x_train, held),
            arrays.y_train[held],
            arrays.x_test,
            arrays.y_test,
        )

    @property
    def sizes(self) -> dict[str, int]:
        return {
            "train": len(self.y_train),
            "validation": len(self.y_validation),
            "test": len(self.y_test),
        }
