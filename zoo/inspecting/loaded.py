"""What training would get of a dataset, or why it refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.quality import HASHED_BYTES, check_alike, digests, worth_saying
from zoo.datasets.samples import Samples, Stored
from zoo.errors import DataError, UsageError
from zoo.inspecting.advice import choice_in
from zoo.inspecting.copies import Known

CHOICES = 4
"""So many parameters that errors propose are tried, one after the other."""
MADE_BYTES = 2**26
"""Lazy samples without digests are made to be compared if they take no more."""


@dataclass(frozen=True)
class Loaded:
    """A dataset with the parameters that it needs.

    Attributes:
        refusal: why it is refused without them; empty if it is not.
    """

    dataset: Dataset
    arrays: Arrays
    parameters: Mapping[str, Any]
    refusal: str

    @property
    def splits(self) -> list[tuple[str, Stored, np.ndarray]]:
        """Name, samples and labels of each split."""
        arrays = self.arrays
        found = [("train", arrays.x_train, arrays.y_train), ("test", arrays.x_test, arrays.y_test)]
        if arrays.x_validation is not None and arrays.y_validation is not None:
            found.insert(1, ("validation", arrays.x_validation, arrays.y_validation))
        return found

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        classes = self.dataset.classes
        return {
            split: dict(zip(classes, np.bincount(y, minlength=len(classes)).tolist(), strict=True))
            for split, _, y in self.splits
        }

    def notes(self, copies: bool) -> tuple[str, ...]:
        """How the data are read, and what looks wrong; copies too, unless they are looked for elsewhere."""
        return tuple(worth_saying(self.dataset, self.arrays, copies))

    def known(self) -> list[Known] | None:
        """All samples with digests of them; None: too many."""
        found = []
        for split, x, y in self.splits:
            made = _digests(x)
            if made is None:
                return None
            found += [
                Known(name, split, label, digest)
                for name, label, digest in zip(_names(split, x), y.tolist(), made, strict=True)
            ]
        return found


def load(dataset: Dataset, given: Mapping[str, Any], locations: Locations) -> Loaded:
    """Load a dataset; if it is refused for want of a choice, with the choice that the error proposes.

    Raises:
        DataError: it cannot be loaded; the message is that of the first refusal.
    """
    first, chosen = "", dict(given)
    for _ in range(CHOICES):
        try:
            arrays = dataset.load(locations)
            check_alike(dataset, arrays)
            return Loaded(dataset, arrays, chosen, first)
        except DataError as error:
            first = first or str(error)
            more = {k: v for k, v in choice_in(str(error)).items() if k not in chosen}
            if not more:
                break
            chosen |= more
        try:
            dataset = dataset.made_with(more)
        except (UsageError, TypeError):
            break
    raise DataError(first)


def _digests(x: Stored) -> list[bytes] | None:
    if isinstance(x, Samples) and (known := x.source_digests) is not None:
        return known
    return digests(x) if is_small(x) else None


def is_small(x: Stored) -> bool:
    """Whether each sample may be looked at."""
    size = int(np.prod(x.shape, dtype="int64")) * x.dtype.itemsize
    return size <= (MADE_BYTES if isinstance(x, Samples) else HASHED_BYTES)


def _names(split: str, x: Stored) -> Iterator[str]:
    if files := getattr(x, "files", None):
        yield from map(str, files)
    else:
        yield from (f"x_{split}[{number}]" for number in range(len(x)))
