"""Folds as datasets: what is tested is a part of the training samples, what is trained on are the others.

The test set of the dataset stays unread.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.fold import Fold, fold_numbers
from zoo.datasets.location import Locations


@dataclass(frozen=True)
class FoldLoader:
    """Loads a fold of what `whole` loads."""

    whole: Callable[[Locations], Arrays]
    fold: Fold

    def __call__(self, locations: Locations) -> Arrays:
        return take(self.whole(locations), self.fold)


def folded(dataset: Dataset, fold: Fold | None) -> Dataset:
    """The dataset whose test set is this fold of its training set; None: the dataset itself."""
    if fold is None:
        return dataset
    return replace(dataset, load=FoldLoader(dataset.load, fold), fold=fold)


def unfolded(dataset: Dataset) -> Dataset:
    """The dataset that a fold was made of."""
    if not isinstance(dataset.load, FoldLoader):
        return dataset
    return replace(dataset, load=dataset.load.whole, fold=None)


def take(arrays: Arrays, fold: Fold) -> Arrays:
    """The fold's arrays: its samples are tested, the other training samples are trained on.

    Samples that are read on access stay so. A validation set of the dataset's own stays as it is.

    Raises:
        UsageError: there are more folds than samples of a class, or than groups.
        DataError: the groups are such that a fold leaves a class without training samples.
    """
    import numpy as np

    from zoo.datasets.samples import subset

    numbers = fold_numbers(arrays.y_train, arrays.groups, fold.of, fold.seed)
    tested = np.flatnonzero(numbers == fold.number - 1)
    kept = np.flatnonzero(numbers != fold.number - 1)
    return replace(
        arrays,
        x_train=subset(arrays.x_train, kept),
        y_train=arrays.y_train[kept],
        x_test=subset(arrays.x_train, tested),
        y_test=arrays.y_train[tested],
        groups=None if arrays.groups is None else arrays.groups[kept],
    )
