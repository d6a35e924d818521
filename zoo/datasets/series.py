"""Series that may be unequally long and incomplete, made into samples as the user chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from zoo.errors import DataError, UsageError

Unequal = Literal["refuse", "resample", "pad"]
Missing = Literal["refuse", "interpolate"]
LONGEST = 100_000
"""Steps that series are resampled to, at most."""


@dataclass(frozen=True)
class SeriesSet:
    """The series of a file.

    Attributes:
        series: one array a sample, `(steps, channels)` float32; missing values are NaN.
    """

    path: Path
    series: tuple[np.ndarray, ...]

    @property
    def channels(self) -> int:
        """How many channels each series has."""
        return self.series[0].shape[1]

    @cached_property
    def lengths(self) -> tuple[int, int]:
        """The steps of the shortest and of the longest series."""
        steps = [len(each) for each in self.series]
        return min(steps), max(steps)

    @cached_property
    def missing(self) -> int:
        """How many values are missing."""
        return sum(int(np.isnan(each).sum()) for each in self.series)


@dataclass(frozen=True)
class Equalizing:
    """How series become samples of one shape.

    Attributes:
        unequal: what becomes of unequal lengths: they are refused, resampled to `length` steps, or
            padded: steps of NaN at the end, which architectures that obey masks never see.
        length: steps of resampled series; None: the longest's.
        missing: whether missing values are refused, or interpolated linearly.
    """

    unequal: Unequal = "refuse"
    length: int | None = None
    missing: Missing = "refuse"

    def check(self) -> None:
        """
        Raises:
            UsageError: values that make no sense together, or out of range.
        """
        if self.length is None:
            return
        if self.unequal != "resample":
            raise UsageError(f"length is {self.length}; it goes with unequal=resample.")
        if not 2 <= self.length <= LONGEST:
            raise UsageError(f"length is {self.length}; use 2 to {LONGEST:,} steps.")

    def steps(self, sets: Mapping[str, SeriesSet]) -> int:
        """The steps of each sample."""
        return self.length or max(each.lengths[1] for each in sets.values())

    def pads(self, sets: Mapping[str, SeriesSet]) -> bool:
        """Whether samples end in padding."""
        return self.unequal == "pad" and are_unequal(sets)

    def notes(self, sets: Mapping[str, SeriesSet]) -> list[str]:
        """What is done to the series, for the user."""
        said, steps = [], self.steps(sets)
        if self.pads(sets):
            said.append(
                f"series of unequal length are padded to {steps} steps: the padding is masked, or for an "
                "architecture that obeys no mask each series is resampled"
            )
        if self.unequal == "resample" and (are_unequal(sets) or self.length):
            said.append(f"series are resampled to {steps} steps, linearly")
        count = sum(each.missing for each in sets.values())
        if count and self.missing == "interpolate":
            said.append(f"{count:,} missing values are interpolated, linearly")
        return said

    def samples(self, path: Path, sets: Mapping[str, SeriesSet]) -> dict[str, np.ndarray]:
        """The samples of each split, `(N, steps, channels)` float32.

        Raises:
            DataError: series are unequal or incomplete, and what to do about it was not chosen.
        """
        self._check(path, sets)
        steps = self.steps(sets)
        return {
            split: np.stack([self._sample(series, steps) for series in each.series])
            for split, each in sets.items()
        }

    def _check(self, path: Path, sets: Mapping[str, SeriesSet]) -> None:
        if self.unequal == "refuse" and are_unequal(sets):
            low = min(each.lengths[0] for each in sets.values())
            high = max(each.lengths[1] for each in sets.values())
            raise DataError(
                f"{path}: the series have {low:,} to {high:,} steps. Choose how they become equal: "
                "`data_parameters={'unequal': 'resample'}`, or pad."
            )
        for each in sets.values():
            if any(np.isnan(series).all(axis=0).any() for series in each.series):
                raise DataError(
                    f"{each.path}: a series has a channel without a value; leave it out."
                )
        missing = sum(each.missing for each in sets.values())
        if self.missing == "refuse" and missing:
            raise DataError(
                f"{path}: {missing:,} values are missing. Leave those series out, or "
                "`data_parameters={'missing': 'interpolate'}`."
            )

    def _sample(self, series: np.ndarray, steps: int) -> np.ndarray:
        if np.isnan(series).any():
            series = np.stack([_complete(channel) for channel in series.T], axis=1)
        if self.unequal == "resample" and len(series) != steps:
            old, new = np.linspace(0, 1, len(series)), np.linspace(0, 1, steps)
            series = np.stack([np.interp(new, old, channel) for channel in series.T], axis=1)
        elif len(series) < steps:
            series = np.pad(series, ((0, steps - len(series)), (0, 0)), constant_values=np.nan)
        return series.astype(np.float32)


def are_unequal(sets: Mapping[str, SeriesSet]) -> bool:
    """Whether series have different lengths."""
    return len({end for each in sets.values() for end in each.lengths}) > 1


def _complete(channel: np.ndarray) -> np.ndarray:
    """Missing values lie on the line between their neighbours; at an end they repeat the nearest."""
    known = ~np.isnan(channel)
    places = np.arange(len(channel))
    return np.interp(places, places[known], channel[known])
