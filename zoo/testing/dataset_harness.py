"""A dataset under examination."""

from functools import cached_property
from typing import TYPE_CHECKING

from zoo.datasets.location import Locations
from zoo.testing.dataset_ref import DatasetSource

if TYPE_CHECKING:
    from zoo.datasets.dataset import Arrays, Dataset

SPLITS = ("train", "test")
"""What every dataset has."""


class DatasetCase:
    """One dataset, looked for where the user has data; loaded when a law first needs it."""

    def __init__(self, dataset: "Dataset"):
        self.dataset = dataset

    @property
    def locations(self) -> Locations:
        """The user's places."""
        return Locations.of_user()

    @cached_property
    def arrays(self) -> "Arrays":
        """The dataset, loaded once."""
        return self.dataset.load(self.locations)

    @property
    def splits(self) -> tuple[str, ...]:
        """Those it has: `validation` is one where there are both samples and labels of it."""
        arrays = self.arrays
        whole = arrays.x_validation is not None and arrays.y_validation is not None
        return (*SPLITS, "validation") if whole else SPLITS

    @property
    def source(self) -> DatasetSource:
        """How a new process finds the dataset."""
        return DatasetSource.of(self.dataset)
