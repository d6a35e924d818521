"""Which sound files a dataset has: in a folder for each class, or listed in a `labels.csv`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.datasets.film import VIDEOS
from zoo.datasets.folders import (
    alike_but_for_case,
    check_classes,
    classes_in,
    entries,
    folders,
    is_litter,
    notes,
)
from zoo.datasets.folders import splits as split_folders
from zoo.datasets.image_listing import TABLE, Labelled, Listing
from zoo.datasets.image_table import read_table
from zoo.datasets.sound_file import SUFFIXES
from zoo.errors import DataError

TABLES = (".csv", ".tsv", ".json", ".xlsx", ".parquet")
"""Files that may say which class a recording is of."""
LISTED = 5
"""As many folders as a note names."""
NOT_READ = (".aac", ".amr", ".m4a", ".wma")
"""Sounds that nothing here decodes."""


def holds_recordings(folder: Path) -> bool:
    """Whether there is a sound in one of its classes' folders."""
    files = (path for pattern in ("*/*", "*/*/*") for path in folder.glob(pattern))
    return any(_is_sound_in(folder, path) for path in files)


def listing_of_recordings(folder: Path) -> Listing:
    """The recordings in `folder/CLASS`, or in `folder/train/CLASS`, ..., or in `folder/labels.csv`.

    Raises:
        DataError: there are none, or not as they should be; the message says what.
    """
    if (folder / TABLE).is_file():
        table = read_table(folder / TABLE, "recording")
        for files, _ in table.files.values():
            _check_readable(files)
        return Listing(folder, table.classes, table.files, table.groups, table.notes)
    found = split_folders(folder, _holds_sound)
    splits = {part: _by_class(root) for part, root in (found or {"train": folder}).items()}
    classes = tuple(splits["train"])
    _check_classes(folder, splits, classes)
    labelled = {part: _labelled(each) for part, each in splits.items()}
    said = (
        *notes(folder, found, classes),
        *alike_but_for_case(classes),
        *_passed_over(folder, found),
    )
    return Listing(folder, classes, labelled, None, said)


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
    return {name: _sounds(each) for name, each in classes_in(root).items()}


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
    return sum(_is_sound_in(folder, path) for path in folder.rglob("*"))


def _is_sound_in(folder: Path, path: Path) -> bool:
    """Whether it is a sound, and nothing on the way to it from the folder is litter."""
    return _is_sound(path) and not any(map(is_litter, path.relative_to(folder).parts))


def _by_table(root: Path) -> str:
    """Advice where a table beside the recordings may name their classes."""
    files = (path for place in (root, *folders(root)) for path in entries(place))
    for path in files:
        if path.suffix.lower() in TABLES:
            return f": move each file into the folder of the class that {path} names"
    return ""


def _holds_sound(folder: Path) -> bool:
    return any(map(_is_sound, entries(folder)))


def _sounds(folder: Path) -> list[Path]:
    files = entries(folder)
    _check_readable(files)
    if not (found := [path for path in files if _is_sound(path)]):
        raise DataError(f"{folder}: this class has no .wav file; add some, or remove the folder.")
    return found


def _check_readable(files: list[Path]) -> None:
    for path in files:
        if path.suffix.lower() in (*NOT_READ, *VIDEOS):
            raise DataError(
                f"{path}: is no sound that is read, and recordings are beside it "
                f"({', '.join(SUFFIXES)}). Convert it: ffmpeg -i IN OUT.wav; or move it away."
            )


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in (*SUFFIXES, *NOT_READ) and not path.is_dir()


def _labelled(classes: dict[str, list[Path]]) -> Labelled:
    labels = [label for label, files in enumerate(classes.values()) for _ in files]
    return [path for files in classes.values() for path in files], np.array(labels, np.int32)
