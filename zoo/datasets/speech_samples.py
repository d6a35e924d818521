"""The samples of Speech Commands: spectrograms of seconds, and which second is of which class."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.datasets import wav
from zoo.datasets.dataset import Arrays
from zoo.datasets.location import Locations
from zoo.datasets.samples import Samples
from zoo.datasets.spectrogram import LogMel
from zoo.datasets.speech_files import COMMANDS, NAME, NOISE, OTHERS, RATE, STEPS, Source
from zoo.errors import DataError


@dataclass(frozen=True)
class Heard:
    """One second of a recording.

    Attributes:
        path: the WAV file.
        start: the first sample.
    """

    path: Path
    start: int = 0


class Commands(Samples):
    """Spectrograms `(STEPS, 40)` uint8 of seconds, computed on access."""

    dtype = np.dtype(np.uint8)

    def __init__(self, heard: Sequence[Heard]):
        self.heard, self.spectrogram = tuple(heard), LogMel(RATE, STEPS)
        self.shape = (len(self.heard), *self.spectrogram.shape)

    def take(self, indices: np.ndarray) -> np.ndarray:
        made = np.empty((len(indices), *self.shape[1:]), self.dtype)
        for place, number in enumerate(indices):
            each = self.heard[number]
            rate, samples = wav.read(each.path, str(each.path), each.start + RATE)
            if rate != RATE:
                raise DataError(
                    f"{each.path}: has {rate:,} samples/s; those of {NAME} have {RATE:,}."
                )
            made[place] = self.spectrogram(samples[each.start : each.start + RATE])
        return made

    @cached_property
    def checksum(self) -> str:
        """Of the files' bytes, in order, and where each second begins."""
        digest, known = hashlib.sha256(b"log-mel 1"), {}
        for each in self.heard:
            if each.path not in known:
                known[each.path] = hashlib.sha256(each.path.read_bytes()).digest()
            digest.update(known[each.path] + each.start.to_bytes(8, "little"))
        return digest.hexdigest()


def load(source: Source, locations: Locations, classes: str) -> Arrays:
    folder = source.folder(locations)
    splits = source.splits(folder)
    chosen = _all(folder, splits) if classes == "35" else _twelve(folder, splits)
    x = {split: Commands([each for each, _ in rows]) for split, rows in chosen.items()}
    y = {split: np.array([label for _, label in rows], np.int32) for split, rows in chosen.items()}
    return Arrays(
        *(x["train"], y["train"], x["test"], y["test"], str(folder)),
        x_validation=x["validation"],
        y_validation=y["validation"],
    )


Rows = list[tuple[Heard, int]]


def _all(folder: Path, splits: dict[str, dict[str, list[str]]]) -> dict[str, Rows]:
    words = sorted((*COMMANDS, *OTHERS))
    return {split: _words(folder, by_word, words) for split, by_word in splits.items()}


def _words(folder: Path, by_word: dict[str, list[str]], words: Sequence[str]) -> Rows:
    """The recordings of words, whose places are their labels."""
    return [
        (Heard(folder / name), label) for label, word in enumerate(words) for name in by_word[word]
    ]


def _twelve(folder: Path, splits: dict[str, dict[str, list[str]]]) -> dict[str, Rows]:
    """Ten commands; as many other words, and seconds of noise, as the mean command has."""
    chosen = {}
    for split, by_word in splits.items():
        rows = _words(folder, by_word, COMMANDS)
        mean = max(1, round(len(rows) / len(COMMANDS)))
        others = [name for word in OTHERS for name in by_word[word]]
        order = np.random.Generator(np.random.Philox(0)).permutation(len(others))[:mean]
        rows += [(Heard(folder / others[place]), len(COMMANDS)) for place in np.sort(order)]
        rows += [(each, len(COMMANDS) + 1) for each in _noise(folder, split, mean)]
        chosen[split] = rows
    return chosen


_SHARES = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}
"""Which part of each recording of noise belongs to a split: no second is in two of them."""


def _noise(folder: Path, split: str, number: int) -> list[Heard]:
    files = sorted((folder / NOISE).glob("*.wav"))
    if not files:
        raise DataError(f"{folder / NOISE}: has no .wav files; the class silence is made of them.")
    found = []
    for place, path in enumerate(files):
        length = wav.form_of(path, str(path)).count
        low, high = (int(length * share) for share in _SHARES[split])
        count = len(range(place, number, len(files)))
        if high - low < RATE:
            raise DataError(
                f"{path}: is too short: {length / RATE:.1f} s; that of v0.02 lasts a minute."
            )
        starts = np.linspace(low, high - RATE, count).astype(int)
        found += [Heard(path, int(start)) for start in starts]
    return found
