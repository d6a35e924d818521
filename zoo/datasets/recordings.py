"""A user's own sounds: a folder of WAV files, one folder a class, read as spectrograms."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.datasets import wav
from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.samples import Samples
from zoo.datasets.spectrogram import LOWEST_RATE, LogMel, steps_of
from zoo.datasets.split import stratified
from zoo.errors import DataError, UsageError

TEST_SHARE = 0.2
LONGEST = 30.0
"""Seconds a recording may last: all become as long as the longest."""
STEPS_DIVIDE_BY = 4
"""So that spectrograms can be cut into strips and phases."""
OTHER_SOUND = (".aif", ".aiff", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wma")


class Spectrograms(Samples):
    """Spectrograms of WAV files, uint8: a file is read when its sample is asked for.

    Args:
        files: what is read, in the samples' order.
        spectrogram: what is made of it.

    Taking a sample raises DataError if its file has changed so that it cannot be read, or has
    another rate.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, files: Sequence[Path], spectrogram: LogMel):
        self.files, self.spectrogram = files, spectrogram
        self.shape = (len(files), *spectrogram.shape)

    def take(self, indices: np.ndarray) -> np.ndarray:
        made = np.empty((len(indices), *self.spectrogram.shape), self.dtype)
        for place, number in enumerate(indices):
            made[place] = self._read(self.files[number])
        return made

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of all samples' bytes, as of an array that holds them."""
        digest = hashlib.sha256()
        for number in range(len(self)):
            digest.update(self[number].data)
        return digest.hexdigest()

    def _read(self, path: Path) -> np.ndarray:
        rate, heard = wav.read(path, str(path))
        if rate != self.spectrogram.rate:
            raise DataError(f"{path}: has {rate:,} samples/s now; it was changed meanwhile.")
        return self.spectrogram(heard)


def holds_recordings(folder: Path) -> bool:
    """Whether there is a sound, WAV or not, in one of its classes' folders."""
    sounds = (".wav", *OTHER_SOUND)
    files = (path for pattern in ("*/*", "*/*/*") for path in folder.glob(pattern))
    return any(path.suffix.lower() in sounds for path in files)


def dataset_from_recordings(folder: Path) -> Dataset:
    """The recordings in `folder/CLASS/*.wav`, or in `folder/train/CLASS` and `folder/test/CLASS`.

    WAV files of 16-bit samples, mono, all of one rate. They become log-mel spectrograms
    (`zoo.datasets.spectrogram`), all as long as the longest; classes are numbered in the order of
    their names. Without `train` and `test`, a fifth of the recordings, by class, is held out.
    Only the headers are read here; the sounds are when the dataset is loaded.

    Raises:
        UsageError: there is no such folder.
        DataError: what it holds cannot be trained on; the message names the file or folder.
    """
    if not folder.is_dir():
        raise UsageError(f"--dataset {folder}: there is no such folder.")
    splits = {part: _by_class(root) for part, root in _parts(folder).items()}
    train = next(iter(splits.values()))
    classes = tuple(train)
    if len(classes) < 2:
        raise DataError(
            f"{folder}: has one class only, {classes[0]}; there is nothing to learn. Make a folder "
            "for each class."
        )
    if "test" in splits and (odd := sorted(set(classes) ^ set(splits["test"]))):
        raise DataError(f"{folder}: {odd[0]} is not in both train/ and test/; classes must be.")
    labelled = {part: _labelled(found) for part, found in splits.items()}
    spectrogram = _spectrogram([path for files, _ in labelled.values() for path in files])
    if "test" not in labelled:
        labelled = _held_out(folder, classes, *labelled["all"])
    return Dataset(
        name=named_after(folder.resolve().name),
        classes=classes,
        layout="rows",
        shape=spectrogram.shape,
        load=lambda _: _load(labelled, spectrogram, folder),
        summary=str(folder),
        origin=str(folder.resolve()),
    )


Labelled = tuple[list[Path], np.ndarray]


def _load(labelled: dict[str, Labelled], spectrogram: LogMel, folder: Path) -> Arrays:
    (train, y_train), (test, y_test) = labelled["train"], labelled["test"]
    x_train, x_test = Spectrograms(train, spectrogram), Spectrograms(test, spectrogram)
    return Arrays(x_train, y_train, x_test, y_test, str(folder.resolve()))


def _parts(folder: Path) -> dict[str, Path]:
    """`train` and `test`, if there are such folders that hold folders and no sounds; else `all`."""
    found = {part: folder / part for part in ("train", "test") if (folder / part).is_dir()}
    is_split = any(
        any(_folders(root)) and not any(_is_wav(path) for path in root.iterdir())
        for root in found.values()
    )
    if not is_split:
        return {"all": folder}
    if len(found) == 1:
        (part,) = found
        other = "test" if part == "train" else "train"
        raise DataError(f"{folder}: has {part}/ and no {other}/; give both, or classes alone.")
    return found


def _by_class(root: Path) -> dict[str, list[Path]]:
    """The WAV files of each class, in the order of their names."""
    classes = {each.name: _sounds(each) for each in _folders(root)}
    if not classes:
        raise DataError(
            f"{root}: has no classes: make a folder for each, with its recordings: CLASS/*.wav."
        )
    return classes


def _folders(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield path


def _sounds(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if other := [path for path in files if path.suffix.lower() in OTHER_SOUND]:
        raise DataError(f"{other[0]}: is no WAV file. {wav.CONVERT}")
    if not (found := [path for path in files if _is_wav(path)]):
        raise DataError(f"{folder}: this class has no .wav file; add some, or remove the folder.")
    return found


def _is_wav(path: Path) -> bool:
    return path.suffix.lower() == ".wav" and path.is_file() and not path.name.startswith(".")


def _labelled(classes: dict[str, list[Path]]) -> Labelled:
    labels = [label for label, files in enumerate(classes.values()) for _ in files]
    return [path for files in classes.values() for path in files], np.array(labels, np.int32)


def _spectrogram(files: list[Path]) -> LogMel:
    """What makes spectrograms as long as the longest of `files`, whose headers are all read."""
    headers = {path: wav.rate_and_length(path, str(path)) for path in files}
    [(rate, most)] = Counter(rate for rate, _ in headers.values()).most_common(1)
    for path, (its_rate, count) in headers.items():
        if its_rate != rate:
            raise DataError(
                f"{path}: has {its_rate:,} samples/s; {most:,} of {len(files):,} recordings have "
                f"{rate:,}. Convert it, for example: ffmpeg -i IN.wav -ar {rate} OUT.wav."
            )
        if count > LONGEST * rate:
            raise DataError(
                f"{path}: lasts {count / rate:.1f} s; recordings last at most {LONGEST:g} s. Cut it."
            )
    if rate < LOWEST_RATE:
        raise DataError(
            f"{files[0]}: has {rate:,} samples/s; a voice needs {LOWEST_RATE:,} or more."
        )
    steps = steps_of(max(count for _, count in headers.values()), rate)
    return LogMel(rate, -(-steps // STEPS_DIVIDE_BY) * STEPS_DIVIDE_BY)


def _held_out(
    folder: Path, classes: tuple[str, ...], files: list[Path], labels: np.ndarray
) -> dict[str, Labelled]:
    train, test = stratified(labels, round(TEST_SHARE * len(labels)), seed=0)
    parts = {"train": train, "test": test}
    for part, indices in parts.items():
        if missing := sorted(set(range(len(classes))) - set(labels[indices].tolist())):
            raise DataError(
                f"{folder / classes[missing[0]]}: has too few recordings to leave one in the {part} "
                "set, a fifth by class; give 5 or more, or folders train/ and test/."
            )
    return {part: ([files[i] for i in chosen], labels[chosen]) for part, chosen in parts.items()}
