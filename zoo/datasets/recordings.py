"""Recordings in folders: WAV files, one folder per class, read as spectrograms."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.datasets import wav
from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.folders import check_classes, entries, folders, is_litter, notes
from zoo.datasets.folders import splits as split_folders
from zoo.datasets.samples import Samples
from zoo.datasets.spectrogram import LOWEST_RATE, LogMel, steps_of
from zoo.datasets.split import hold_out_test
from zoo.errors import DataError, UsageError

LONGEST = 30.0
"""Seconds a recording may last: all become as long as the longest."""
STEPS_DIVIDE_BY = 4
"""So that spectrograms can be cut into strips and phases."""
TABLES = (".csv", ".tsv", ".json", ".xlsx", ".parquet")
"""Files that may say which class a recording is of."""
LISTED = 5
"""As many folders as a note names."""
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
    files = (path for pattern in ("*/*", "*/*/*") for path in folder.glob(pattern))
    return any(
        _is_sound(path) and not any(map(is_litter, path.relative_to(folder).parts))
        for path in files
    )


def dataset_from_recordings(folder: Path) -> Dataset:
    """The recordings in `folder/CLASS/*.wav`, or in `folder/train/CLASS` and `folder/test/CLASS`.

    WAV files of 16-bit samples, mono, all of one rate. They become log-mel spectrograms
    (`zoo.datasets.spectrogram`), all as long as the longest; classes are numbered in the order of
    their names. Without `train` and `test`, a fifth of the recordings, by class, is held out; with
    `val`, it is what is validated on. Only the headers are read here; the sounds are when the dataset
    is loaded.

    Raises:
        UsageError: there is no such folder.
        DataError: what it holds cannot be trained on; the message names the file or folder.
    """
    if not folder.is_dir():
        raise UsageError(f"`dataset={str(folder)!r}`: there is no such folder.")
    found = split_folders(folder, _holds_wav)
    splits = {part: _by_class(root) for part, root in (found or {"all": folder}).items()}
    classes = tuple(splits["train" if found else "all"])
    _check_classes(folder, splits, classes)
    labelled = {part: _labelled(each) for part, each in splits.items()}
    spectrogram = _spectrogram([path for files, _ in labelled.values() for path in files])
    if not found:
        labelled = _held_out(folder, classes, *labelled["all"])
    return Dataset(
        name=named_after(folder.resolve().name),
        classes=classes,
        layout="sequence",
        shape=spectrogram.shape,
        load=lambda _: _load(labelled, spectrogram, folder),
        summary=str(folder),
        origin=str(folder.resolve()),
        notes=(*notes(folder, found, classes), *_passed_over(folder, found)),
    )


Labelled = tuple[list[Path], np.ndarray]


def _load(labelled: dict[str, Labelled], spectrogram: LogMel, folder: Path) -> Arrays:
    made = {
        part: (Spectrograms(files, spectrogram), labels)
        for part, (files, labels) in labelled.items()
    }
    validation = made.get("validation", (None, None))
    return Arrays(*made["train"], *made["test"], str(folder.resolve()), *validation)


def _check_classes(
    folder: Path, splits: dict[str, dict[str, list[Path]]], classes: tuple[str, ...]
) -> None:
    if len(classes) < 2:
        raise DataError(
            f"{folder}: has one class only, {classes[0]}; there is nothing to learn. Make a folder "
            f"for each class, CLASS/*.wav{_by_table(folder)}."
        )
    check_classes(folder, classes)
    for part, found in splits.items():
        if odd := sorted(set(classes) ^ set(found)):
            raise DataError(
                f"{folder}: {odd[0]} is not in both train/ and {part}/; classes must be."
            )


def _by_class(root: Path) -> dict[str, list[Path]]:
    """The WAV files of each class, in the order of their names."""
    there = folders(root)
    if not there:
        raise DataError(
            f"{root}: has no classes: make a folder for each, with its recordings: CLASS/*.wav."
        )
    sounding = [each for each in there if any(map(_is_sound, entries(each)))]
    if len(sounding) == 1 and there[1:]:
        raise DataError(
            f"{root}: recordings are in {sounding[0].name}/ alone, none in "
            f"{', '.join(f'{each.name}/' for each in there if each not in sounding)}. Make a folder for "
            f"each class, CLASS/*.wav{_by_table(root)}."
        )
    return {each.name: _sounds(each) for each in there}


def _passed_over(folder: Path, found: Mapping[str, Path]) -> tuple[str, ...]:
    """Notes on recordings that are not directly in a class folder and are not used."""
    roots = list(found.values()) or [folder]
    counts = {root: sum(map(_is_sound, entries(root))) for root in [folder, *roots]}
    inner = (each for root in roots for name in folders(root) for each in folders(name))
    counts |= {each: _sounds_below(each) for each in inner}
    places = [
        f"{place.relative_to(folder).as_posix()}/ has {count:,}"
        for place, count in counts.items()
        if count
    ]
    if not places:
        return ()
    more = f" and {len(places) - LISTED} more folders some" if places[LISTED:] else ""
    return (
        f"recordings not used, as they are not in CLASS/ itself: {', '.join(places[:LISTED])}{more}; "
        "move them to CLASS/*.wav",
    )


def _sounds_below(folder: Path) -> int:
    """Count the sounds in a folder and its subfolders."""
    return sum(
        _is_sound(path) and not any(map(is_litter, path.relative_to(folder).parts))
        for path in folder.rglob("*")
    )


def _by_table(root: Path) -> str:
    """Advice where a table beside the recordings may name their classes."""
    files = (path for place in (root, *folders(root)) for path in entries(place))
    for path in files:
        if path.suffix.lower() in TABLES:
            return f": move each file into the folder of the class that {path} names"
    return ""


def _holds_wav(folder: Path) -> bool:
    return any(map(_is_wav, entries(folder)))


def _sounds(folder: Path) -> list[Path]:
    files = entries(folder)
    if other := [path for path in files if path.suffix.lower() in OTHER_SOUND]:
        raise DataError(f"{other[0]}: is no WAV file. {wav.CONVERT}")
    if not (found := [path for path in files if _is_wav(path)]):
        raise DataError(f"{folder}: this class has no .wav file; add some, or remove the folder.")
    return found


def _is_wav(path: Path) -> bool:
    return path.suffix.lower() == ".wav" and not path.is_dir()


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in OTHER_SOUND or _is_wav(path)


def _labelled(classes: dict[str, list[Path]]) -> Labelled:
    labels = [label for label, files in enumerate(classes.values()) for _ in files]
    return [path for files in classes.values() for path in files], np.array(labels, np.int32)


def _spectrogram(files: list[Path]) -> LogMel:
    """A spectrogram transform for the longest of `files`; reads all their headers."""
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
    train, test = hold_out_test(labels, classes, folder, "recordings", "folders train/ and test/")
    parts = {"train": train, "test": test}
    return {part: ([files[i] for i in chosen], labels[chosen]) for part, chosen in parts.items()}
