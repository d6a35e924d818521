"""Recordings in folders, one folder per class, read as spectrograms."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np

from zoo.datasets import sound_file
from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.image_listing import Listing
from zoo.datasets.listed_arrays import arrays_of
from zoo.datasets.recording_listing import listing_of_recordings
from zoo.datasets.samples import Samples
from zoo.datasets.sound_file import SoundForm
from zoo.datasets.sound_reading import SoundReading, check_resampling
from zoo.datasets.spectrogram import LOWEST_RATE, steps_of
from zoo.errors import DataError, UsageError

LONGEST = 30.0
"""Seconds a recording may last, unless its beginning alone is taken."""
SHORTEST = 0.1
"""Seconds that recordings may be cut to."""
HIGHEST_RATE = 192_000
"""Samples per second that recordings may be resampled to."""
STEPS_DIVIDE_BY = 4
"""So that spectrograms can be cut into strips and phases."""


class Spectrograms(Samples):
    """Spectrograms of sound files, uint8: a file is read when its sample is asked for.

    Args:
        files: what is read, in the samples' order.
        reading: what is made of each.

    Taking a sample raises DataError if its file cannot be read.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, files: Sequence[Path], reading: SoundReading):
        self.files, self.reading = files, reading
        self.shape = (len(files), *reading.shape)

    def take(self, indices: np.ndarray) -> np.ndarray:
        made = np.empty((len(indices), *self.reading.shape), self.dtype)
        for place, number in enumerate(indices):
            made[place] = self.reading.read(self.files[number])
        return made

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of all samples' bytes, as of an array that holds them."""
        digest = hashlib.sha256()
        for number in range(len(self)):
            digest.update(self[number].data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Choices:
    """How files become samples; see `dataset_from_recordings`."""

    rate: int | None = None
    seconds: float | None = None

    def check(self) -> None:
        """
        Raises:
            UsageError: a value is out of range.
        """
        if self.rate is not None and not LOWEST_RATE <= self.rate <= HIGHEST_RATE:
            raise UsageError(
                f"rate is {self.rate}; use {LOWEST_RATE:,} to {HIGHEST_RATE:,} samples/s."
            )
        if self.seconds is not None and not SHORTEST <= self.seconds <= LONGEST:
            raise UsageError(f"seconds is {self.seconds:g}; use {SHORTEST:g} to {LONGEST:g}.")


def dataset_from_recordings(folder: Path) -> Dataset:
    """The recordings in `folder/CLASS`, or in `folder/train/CLASS` and `folder/test/CLASS`, or those
    that `folder/labels.csv` lists.

    They become log-mel spectrograms (`zoo.datasets.spectrogram`), all as long as the longest; classes
    are numbered in the order of their names. Without a test set, a fifth of the recordings, by class,
    is held out. Only the headers are read here; the sounds are when a sample is asked for.

    Returns:
        A dataset of layout `sequence`, samples `(steps, 40)` uint8, with the parameters `rate` (to
        which files are resampled; by default the most frequent of the training files, the lower of
        two) and `seconds` (to which longer files are cut; by default none is, and none may last
        longer than 30 s).

    Raises:
        UsageError: there is no such folder.
        DataError: what it holds cannot be trained on; the message names the file or folder.

    Example:
        >>> dataset_from_recordings(Path("birds")).configured({"seconds": "2"}).shape  # doctest: +SKIP
        (128, 40)
    """
    if not folder.is_dir():
        raise UsageError(f"`dataset={str(folder)!r}`: there is no such folder.")
    found = _Recordings(listing_of_recordings(folder))

    def make(
        *,
        rate: Annotated[
            int | None, "samples/s, to which others are resampled; none: the most frequent"
        ] = None,
        seconds: Annotated[
            float | None, "to which longer ones are cut; none: the longest's"
        ] = None,
    ) -> Dataset:
        """The same recordings, made equal in another way."""
        chosen = Choices(rate, seconds)
        chosen.check()
        return replace(found.dataset(chosen), make=make, parameters=asdict(chosen))

    return make()


class _Recordings:
    """The files of a listing, and what their headers say, read once."""

    def __init__(self, listing: Listing):
        self.listing, self.path = listing, listing.path

    @cached_property
    def forms(self) -> dict[Path, SoundForm]:
        """Of each file; damaged ones are named here, before training."""
        files = [path for paths, _ in self.listing.files.values() for path in paths]
        return {path: sound_file.form_of(path) for path in files}

    def dataset(self, chosen: Choices) -> Dataset:
        reading = self._reading(chosen)
        return Dataset(
            name=named_after(self.path.resolve().name),
            classes=self.listing.classes,
            layout="sequence",
            shape=reading.shape,
            load=lambda _: self._load(reading),
            reading=reading,
            summary=str(self.path),
            origin=str(self.path.resolve()),
            notes=(*self.listing.notes, *_said(self.forms, reading)),
        )

    def _reading(self, chosen: Choices) -> SoundReading:
        rate = chosen.rate or self._rate()
        for path, form in self.forms.items():
            if form.rate != rate:
                check_resampling(path, form.rate, rate)
            lasts = form.count / form.rate
            if lasts > LONGEST and chosen.seconds is None:
                raise DataError(
                    f"{path}: lasts {lasts:.1f} s; recordings last at most {LONGEST:g} s. Cut it, or "
                    f"take the beginning of each: `data_parameters={ {'seconds': LONGEST}!r}`."
                )
        counts = (-(-form.count * rate // form.rate) for form in self.forms.values())
        longest = max(counts) if chosen.seconds is None else round(chosen.seconds * rate)
        steps = steps_of(longest, rate)
        return SoundReading(rate, -(-steps // STEPS_DIVIDE_BY) * STEPS_DIVIDE_BY)

    def _rate(self) -> int:
        """The most frequent rate of training files, the lower of two."""
        files = self.listing.files["train"][0]
        counts = Counter(self.forms[path].rate for path in files)
        rate = min(counts, key=lambda each: (-counts[each], each))
        if rate < LOWEST_RATE:
            path = next(path for path in files if self.forms[path].rate == rate)
            raise DataError(
                f"{path}: has {rate:,} samples/s; a voice needs {LOWEST_RATE:,} or more."
            )
        return rate

    def _load(self, reading: SoundReading) -> Arrays:
        return arrays_of(
            self.listing,
            lambda files: Spectrograms(files, reading),
            "recordings",
            "folders train/ and test/",
        )


def _said(forms: Mapping[Path, SoundForm], reading: SoundReading) -> Iterator[str]:
    """What is converted, and how many files it is."""
    number, every = len(forms), list(forms.values())
    kinds = Counter(form.name for form in every)
    if set(kinds) != {"WAV"}:
        listed = ", ".join(f"{name} ({count:,})" for name, count in sorted(kinds.items()))
        yield f"recordings are read from {listed}"
    if count := sum(form.channels > 1 for form in every):
        yield f"{count:,} of {number:,} recordings have several channels; their mean is taken"
    other = Counter(form.rate for form in every if form.rate != reading.rate)
    if other:
        rates = ", ".join(f"{rate:,}" for rate in sorted(other))
        yield (
            f"{other.total():,} of {number:,} recordings are resampled from {rates} to "
            f"{reading.rate:,} samples/s"
        )
    if low := [rate for rate in other if rate < reading.rate]:
        yield (
            f"{sum(other[rate] for rate in low):,} recordings have fewer than {reading.rate:,} "
            "samples/s, so that their highest bands are empty: a model may tell classes apart by that. "
            f"The parameter rate, {min(low)} here, makes all alike"
        )
    lengths = [form.count / form.rate for form in every]
    most = reading.steps * reading.spectrogram.hop / reading.rate
    if count := sum(length > most for length in lengths):
        yield f"{count:,} of {number:,} recordings are cut to their first {most:.2f} s"
    if min(lengths) != max(lengths):
        yield (
            f"recordings last {min(lengths):.2f} to {max(lengths):.2f} s; shorter ones are followed by "
            "silence"
        )
