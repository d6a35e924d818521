"""The image files of a folder, whatever else is in it: training refuses more than this does."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zoo.datasets.folders import SPLITS, classes_in, entries, in_nfc, is_litter
from zoo.datasets.image_listing import SUFFIXES, TABLE, holds_images, listing_of
from zoo.errors import DataError
from zoo.inspecting.dataset_inspection import Problem


@dataclass
class Walked:
    """What was found.

    Attributes:
        files: each image with its split (`all`: a test set is to be held out) and its class.
        ignored: files and folders that are not used, and why.
    """

    kind: str
    files: list[tuple[Path, str, str]] = field(default_factory=list)
    ignored: list[Problem] = field(default_factory=list)


def is_image_folder(path: Path) -> bool:
    """Whether a folder is looked at as one of images: not of recordings, films or frames of clips."""
    from zoo.datasets.animation import is_animated
    from zoo.datasets.film_folders import holds_films
    from zoo.datasets.image_table import first_listed
    from zoo.datasets.recording_listing import holds_recordings

    if not path.is_dir():
        return False
    try:
        if (path / TABLE).is_file():
            first = first_listed(path / TABLE)
            return bool(first and first.suffix.lower() in SUFFIXES and not is_animated(first))
        if holds_recordings(path) or holds_films(path):
            return False
        return holds_images(path) or any(map(_is_image, entries(path)))
    except DataError:
        return False


def walk(path: Path) -> Walked:
    """Find the images in `path/CLASS`, in `path/SPLIT/CLASS`, or those that `path/labels.csv` lists."""
    if (path / TABLE).is_file():
        return _listed(path)
    found = Walked("images in folders CLASS/IMAGE")
    roots = {each: SPLITS.get(each.name.lower()) for each in entries(path) if each.is_dir()}
    splits = {each: split for each, split in roots.items() if split and not _holds_image(each)}
    if splits:
        found.kind = "images in folders SPLIT/CLASS/IMAGE"
    for each in entries(path):
        if each.is_dir() and splits and each not in splits:
            found.ignored.append(Problem(str(each), "a folder beside the splits"))
        elif not each.is_dir():
            found.ignored.append(Problem(str(each), "is in no class's folder"))
    for root, split in splits.items() or [(path, "all")]:
        for name, folder in classes_in(root).items():
            _walk_class(folder, split, name, found)
    found.ignored += _hidden(path)
    return found


def _walk_class(folder: Path, split: str, name: str, found: Walked) -> None:
    for each in entries(folder):
        if each.is_dir():
            found.ignored.append(Problem(str(each), "a folder within a class"))
        elif _is_image(each):
            found.files.append((each, split, name))
        else:
            found.ignored.append(
                Problem(str(each), f"its name ends in none of {', '.join(SUFFIXES)}")
            )


def _listed(path: Path) -> Walked:
    found = Walked(f"images that {TABLE} lists")
    try:
        listing = listing_of(path)
    except DataError:  # it is told as the refusal
        return found
    names = set()
    whole = "test" not in listing.files
    for split, (files, labels) in listing.files.items():
        for file, label in zip(files, labels, strict=True):
            found.files.append((file, "all" if whole else split, listing.classes[label]))
            names.add(file)
    unlisted = (file for file in _below(path) if _is_image(file) and file not in names)
    found.ignored = [Problem(str(file), f"is not in {TABLE}") for file in unlisted]
    return found


def _hidden(path: Path) -> Iterator[Problem]:
    for place, folders, files in os.walk(path):
        for name in (*folders, *files):
            if is_litter(name):
                yield Problem(str(Path(place) / name), "hidden, or the operating system's")
        folders[:] = [name for name in folders if not is_litter(name)]


def _below(path: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(path):
        folders[:] = sorted((each for each in folders if not is_litter(each)), key=in_nfc)
        yield from (Path(place) / name for name in sorted(files) if not is_litter(name))


def _holds_image(folder: Path) -> bool:
    return any(map(_is_image, entries(folder)))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.is_dir()
