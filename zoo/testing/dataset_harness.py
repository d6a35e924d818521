"""Loads a dataset for the checks."""

from functools import cached_property
from typing import TYPE_CHECKING

from zoo.datasets.location import Locations
from zoo.testing.dataset_ref import DatasetRef

if TYPE_CHECKING:
    from zoo.datasets.dataset import Arrays, Dataset

SPLITS = ("train", "test")
"""The splits that every dataset has."""


class DatasetHarness:
    """A dataset from the user's data folders; loaded when a check first needs it."""

    def __init__(self, dataset: "Dataset"):
        self.dataset = dataset

    @property
    def locations(self) -> Locations:
        """The user's data folders."""
        return Locations.of_user()

    @cached_property
    def arrays(self) -> "Arrays":
        """The dataset, loaded once."""
        return self.dataset.load(self.locations)

    @property
    def splits(self) -> tuple[str, ...]:
        """The dataset's splits; `validation` only with both samples and labels."""
        arrays = self.arrays
        whole = arrays.x_validation is not None and arrays.y_validation is not None
        return (*SPLITS, "validation") if whole else SPLITS

    @property
    def ref(self) -> DatasetRef:
        """How a new process finds the dataset."""
        return DatasetRef.of(self.dataset)
