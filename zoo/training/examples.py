"""A dataset's arrays, split into what is learned from, validated on and tested on."""

from dataclasses import dataclass

import numpy as np

from zoo.datasets.dataset import Arrays
from zoo.datasets.samples import Stored, subset
from zoo.datasets.split import by_groups, stratified
from zoo.errors import DataError, UsageError
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
        """The dataset's own validation set, or the recipe's share of the training set, by class.

        Raises:
            UsageError: a split would be empty, or less than one batch is left to train on.
            DataError: the dataset's validation set does not fit its training set.
        """
        if arrays.x_validation is None and arrays.y_validation is None:
            return cls._with_share(arrays, recipe)
        _check_validation(arrays)
        _check_batch(recipe.batch_size, len(arrays.y_train), "")
        assert arrays.x_validation is not None and arrays.y_validation is not None
        return cls(
            arrays.x_train,
            arrays.y_train,
            arrays.x_validation,
            arrays.y_validation,
            arrays.x_test,
            arrays.y_test,
        )

    @classmethod
    def _with_share(cls, arrays: Arrays, recipe: Recipe) -> "Examples":
        count = len(arrays.y_train)
        held_out = round(recipe.validation * count)
        if recipe.validation and not held_out:
            raise UsageError(
                f"validation {recipe.validation:.3g} of {count} training examples is none; use a "
                "larger share, or validation = 0."
            )
        kept, held = _hold_out(arrays, held_out, recipe)
        _check_batch(recipe.batch_size, len(kept), f" ({count} less {held_out} for validation)")
        _check_classes(arrays.y_train, kept, recipe.validation)
        return cls(
            subset(arrays.x_train, kept),
            arrays.y_train[kept],
            subset(arrays.x_train, held),
            arrays.y_train[held],
            arrays.x_test,
            arrays.y_test,
        )

    @staticmethod
    def training_size(arrays: Arrays, recipe: Recipe) -> int:
        """How many examples `split` leaves to train on."""
        count = len(arrays.y_train)
        if arrays.y_validation is not None:
            return count
        return len(_hold_out(arrays, round(recipe.validation * count), recipe)[0])

    @property
    def sizes(self) -> dict[str, int]:
        return {
            "train": len(self.y_train),
            "validation": len(self.y_validation),
            "test": len(self.y_test),
        }


def _hold_out(arrays: Arrays, held_out: int, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Indices `(kept, held)` of the training set, by class and, where there are some, by groups."""
    if arrays.groups is None:
        return stratified(arrays.y_train, held_out, recipe.split_seed)
    return by_groups(arrays.y_train, arrays.groups, held_out, recipe.split_seed)


def _check_batch(size: int, count: int, made_of: str) -> None:
    if size > count:
        raise UsageError(
            f"`batch_size={size}` is larger than the {count} training examples{made_of}; use at most "
            f"{count}."
        )


def _check_classes(labels: np.ndarray, kept: np.ndarray, share: float) -> None:
    counts = np.bincount(labels)
    lost = np.flatnonzero((counts > 0) & (np.bincount(labels[kept], minlength=len(counts)) == 0))
    if len(lost):
        raise DataError(
            f"label {lost[0]} has too few training examples ({counts[lost[0]]}): validation "
            f"{share:.3g} leaves none to train on. Give more of it, a validation set of your own, or "
            "use a recipe with validation = 0."
        )


def _check_validation(arrays: Arrays) -> None:
    x, y = arrays.x_validation, arrays.y_validation
    if x is None or y is None:
        raise DataError(f"{arrays.source}: has only one of x_validation and y_validation.")
    wanted = (arrays.x_train.shape[1:], arrays.x_train.dtype)
    if (x.shape[1:], x.dtype) != wanted or y.shape != (len(x),) or not len(x):
        raise DataError(
            f"{arrays.source}: x_validation is {x.dtype} {x.shape} with labels {y.shape}; it must have "
            f"samples as x_train, {wanted[1]} {wanted[0]}, one or more, and a label for each."
        )
