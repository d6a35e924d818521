"""Folders of a user's own data: their entries, and which are splits."""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

from zoo.errors import DataError

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""Names of split folders, in lower case, and the split."""

_LITTER = {
    *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin"),
    *("system volume information", "__pycache__", "icon\r"),
}
"""Files and folders of operating systems, in lower case."""


def is_litter(name: str) -> bool:
    """Whether a file or folder is hidden (`.DS_Store`, `._1.png`) or made by the operating system."""
    return name.startswith(".") or name.lower() in _LITTER


def in_nfc(name: str) -> str:
    """A name in Unicode's normal form C: file systems store the same letters in several ways."""
    return unicodedata.normalize("NFC", name)


def entries(folder: Path) -> list[Path]:
    """The entries of a folder, without hidden and system files, in the order of their names.

    That is the order of the code points of the names in NFC: the same on every file system and in
    every locale.

    Raises:
        DataError: it cannot be read, or two names are equal in NFC.
    """
    try:
        found = [each for each in folder.iterdir() if not is_litter(each.name)]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error}).") from error
    found.sort(key=lambda each: (in_nfc(each.name), each.name))
    for one, other in pairwise(found):
        if in_nfc(one.name) == in_nfc(other.name):
            raise DataError(
                f"{one}: another entry has the same name in other bytes (Unicode NFC and NFD); rename "
                "or remove one."
            )
    return found


def classes_in(folder: Path) -> dict[str, Path]:
    """The folders in a folder by their names in NFC, in order."""
    return {in_nfc(each.name): each for each in folders(folder)}


def alike_but_for_case(classes: Iterable[str]) -> tuple[str, ...]:
    """A note for each two classes whose names differ in upper and lower case only."""
    seen: dict[str, str] = {}
    return tuple(
        f"the classes {first} and {each} differ in upper and lower case only: are they one?"
        for each in classes
        if (first := seen.setdefault(each.casefold(), each)) != each
    )


def folders(folder: Path) -> list[Path]:
    """The folders among `entries`."""
    return [each for each in entries(folder) if each.is_dir()]


def splits(root: Path, is_class: Callable[[Path], bool]) -> dict[str, Path]:
    """The folders of a dataset's splits: `train`, `test` and perhaps `validation`; or none.

    Args:
        is_class: whether a folder with a split's name is a class, as it holds samples itself.

    Raises:
        DataError: some are missing, or two are the same split.
    """
    found: dict[str, Path] = {}
    for each in folders(root):
        split = SPLITS.get(each.name.lower())
        if split is None or is_class(each):
            continue
        if split in found:
            raise DataError(
                f"{root}: {found[split].name}/ and {each.name}/ are the same split; make them one."
            )
        found[split] = each
    if found:
        _check_complete(root, found)
    return found


def notes(root: Path, found: dict[str, Path], classes: Iterable[str]) -> tuple[str, ...]:
    """Notes for the user on how the folders in `root` are read."""
    said = [
        f"{each}/ is taken as a class, as it holds samples itself"
        for each in classes
        if each.lower() in SPLITS
    ]
    if "validation" in found:
        said.append(
            f"{found['validation'].name}/ is what is validated on; the recipe's share is not held out"
        )
    beside = [each.name for each in folders(root) if found and each not in found.values()]
    if beside:
        said.append(f"not used, as it is in no split: {_listed(beside)}")
    return tuple(said)


def check_classes(root: Path, names: Iterable[str]) -> None:
    """Refuse classes with the names of splits; `train/` alone can be a class among others.

    Raises:
        DataError: splits would become classes.
    """
    called = [each for each in names if each.lower() in SPLITS]
    if len(called) > 1 or any(SPLITS[each.lower()] != "train" for each in called):
        raise DataError(
            f"{root}: {_listed(called)} would be classes; a split holds a folder for each class: "
            "train/CLASS/..., test/CLASS/...."
        )


def check_level(root: Path) -> None:
    """Refuse a dataset whose splits are one level deeper: they would become classes.

    Raises:
        DataError: they are; the message says which folder to give, or how to move them.
    """
    inner = [each for each in folders(root) if each.name.lower() not in SPLITS]
    for each in inner:
        if not _has_splits(each):
            continue
        if len(inner) == 1:
            raise DataError(f"{each}: has the splits; use this folder: `dataset={str(each)!r}`.")
        raise DataError(
            f"{each}: has splits within a class; put the classes into the splits: "
            f"{root}/train/{each.name}/..., {root}/test/{each.name}/...."
        )


def _has_splits(folder: Path) -> bool:
    called = [SPLITS.get(each.name.lower()) for each in folders(folder)]
    return bool(called) and (None not in called or len({*called} - {None}) > 1)


def _check_complete(root: Path, found: dict[str, Path]) -> None:
    has = " and ".join(f"{each.name}/" for each in found.values())
    if "train" not in found:
        raise DataError(f"{root}: has {has} and no train/; give both, or the classes alone.")
    if "test" not in found and "validation" in found:
        name = found["validation"].name
        raise DataError(
            f"{root}: has {has} and no test/; rename {name}/ to test/, or give a test/ of its own."
        )
    if "test" not in found:
        raise DataError(f"{root}: has {has} and no test/; give both, or the classes alone.")


def _listed(names: list[str]) -> str:
    return ", ".join(f"{each}/" for each in names)
