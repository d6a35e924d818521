"""Which image files a dataset has: in a folder for each class, or listed in a `labels.csv`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.datasets.folders import (
    SPLITS,
    alike_but_for_case,
    check_classes,
    classes_in,
    entries,
    folders,
    notes,
    splits,
)
from zoo.datasets.image_table import read_table
from zoo.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm")
TABLE = "labels.csv"


@dataclass(frozen=True)
class Kind:
    """What files a listing is of: what messages call one, how its name ends, where else files belong."""

    noun: str
    suffixes: tuple[str, ...]
    folders: str = "images are in CLASS/IMAGE, and frames of clips in CLASS/CLIP/FRAME"


IMAGES = Kind("image", SUFFIXES)

Labelled = tuple[list[Path], np.ndarray]
"""Files, and their labels `(N,)` int32."""


@dataclass(frozen=True)
class Listing:
    """Which files there are, by split, and what a user should know of how they were taken.

    Attributes:
        files: of each split, with labels `(N,)` int32; `train` alone if a test set is to be held out.
        groups: of the training files, `(N,)` text; None: each file is on its own.
    """

    path: Path
    classes: tuple[str, ...]
    files: Mapping[str, Labelled]
    groups: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def _by_folders(path: Path, kind: Kind) -> Listing:
    found = splits(path, lambda folder: holds(folder, kind))
    root = found.get("train", path)
    classes = tuple(classes_in(root))
    if len(classes) < 2:
        there = f"only {classes[0]}/" if classes else "none"
        raise DataError(f"{root}: needs a folder for each class, at least two; there is {there}.")
    check_classes(root, classes)
    roots = found or {"train": path}
    files = {split: _labelled(path, root, classes, kind) for split, root in roots.items()}
    said = (*notes(path, found, classes), *alike_but_for_case(classes))
    return Listing(path, classes, files, None, said)


def _labelled(path: Path, root: Path, classes: Sequence[str], kind: Kind) -> Labelled:
    there = classes_in(root)
    if odd := sorted({*there} ^ {*classes}):
        raise DataError(f"{path}: only one of train and {root.name} has the class {odd[0]}.")
    files, labels = [], []
    for label, name in enumerate(classes):
        own = _files(there[name], kind)
        files += own
        labels += [label] * len(own)
    return files, np.array(labels, np.int32)


def listing_of(path: Path, kind: Kind = IMAGES) -> Listing:
    """The files in `path/CLASS`, or in `path/train/CLASS`, ..., or those that `path/labels.csv` lists.

    Raises:
        DataError: there are none, or not as they should be; the message says what.
    """
    if not (path / TABLE).is_file():
        return _by_folders(path, kind)
    table = read_table(path / TABLE, kind.noun)
    return Listing(path, table.classes, table.files, table.groups, table.notes)


def holds_images(path: Path) -> bool:
    """Whether `path/CLASS` or `path/SPLIT/CLASS` holds image files, or `path/labels.csv` names them."""
    if (path / TABLE).is_file():
        return True
    there = folders(path)
    # Images a level further down: classes of splits, or clips of classes.
    deep = [each for each in there if not _is_class(each) and any(map(_is_class, folders(each)))]
    if deep:
        return all(each.name.lower() in SPLITS for each in deep)
    return any(map(_is_class, there))


def holds(folder: Path, kind: Kind) -> bool:
    """Whether a folder holds a file of this kind itself."""
    return any(each.suffix.lower() in kind.suffixes and each.is_file() for each in entries(folder))


def _is_class(folder: Path) -> bool:
    return holds(folder, IMAGES)


def _files(folder: Path, kind: Kind) -> list[Path]:
    found = entries(folder)
    for each in found:
        if each.is_dir():
            raise DataError(f"{each}: is a folder within a class; {kind.folders}.")
        if each.suffix.lower() not in kind.suffixes:
            raise DataError(
                f"{each}: is no {kind.noun} that is read ({', '.join(kind.suffixes)}). Convert it, or "
                "move it away."
            )
    if not found:
        raise DataError(f"{folder}: this class has no {kind.noun}; add some, or remove the folder.")
    return found
