"""Which files are the tables of a dataset, by split."""

from pathlib import Path

from zoo.datasets.folders import SPLITS, entries, folders
from zoo.errors import UsageError

TEXT, PARQUET = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
SUFFIXES = (*TEXT, *PARQUET)


def is_table(path: Path) -> bool:
    """Whether `path` is a table, or a folder that holds the tables of splits and no folders."""
    if path.is_dir():
        return not folders(path) and any("train" in files for files in _by_name(path).values())
    return path.suffix.lower() in SUFFIXES


def files_of(path: Path) -> dict[str, Path]:
    """The tables of a folder, or a table with those of the other splits beside it, by split.

    Raises:
        UsageError: there is no such file, or it is not certain which.
    """
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        raise UsageError(f"{path}: there is no such file.")
    before, split = _split(path)
    if split is None:
        return {"train": path}
    beside = _by_name(path.parent, path.suffix).get(before, {})
    _check_single(path.parent, {before: beside})
    found = {each: files[0] for each, files in beside.items()}
    if "train" not in found:
        raise UsageError(f"{path}: there is no training set beside it; give both files.")
    return {**found, split: path}


def _split(file: Path) -> tuple[str, str | None]:
    """What a file's name begins with, in small letters, and its split: NAME_TRAIN.csv, train.csv."""
    before, _, last = file.stem.lower().rpartition("_")
    return before, SPLITS.get(last)


def _in_folder(folder: Path) -> dict[str, Path]:
    """The tables of a folder by split: train.csv, or NAME_TRAIN.csv, of one NAME."""
    found = {name: files for name, files in _by_name(folder).items() if "train" in files}
    if len(found) != 1:
        there = ", ".join(sorted(name or "train" for name in found)) or "no train.csv"
        raise UsageError(f"{folder}: has tables of {there}; give the file of one of them.")
    _check_single(folder, found)
    files = {split: paths[0] for split, paths in next(iter(found.values())).items()}
    if "test" not in files:
        raise UsageError(
            f"{folder}: has {files['train'].name} and no test set. Put test.csv beside it; or give the "
            f"file, {files['train']}: a fifth of its samples is then for testing."
        )
    return files


def _by_name(folder: Path, suffix: str = "") -> dict[str, dict[str, list[Path]]]:
    """Tables whose names end with a split, by what stands before it, and by split.

    Args:
        suffix: of the files; empty: any of tables.
    """
    wanted = (suffix.lower(),) if suffix else SUFFIXES
    found: dict[str, dict[str, list[Path]]] = {}
    for file in entries(folder):
        if file.suffix.lower() not in wanted or not file.is_file():
            continue
        before, split = _split(file)
        if split is not None:
            found.setdefault(before, {}).setdefault(split, []).append(file)
    return found


def _check_single(folder: Path, found: dict[str, dict[str, list[Path]]]) -> None:
    for files in found.values():
        for paths in files.values():
            if len(paths) > 1:
                raise UsageError(
                    f"{folder}: {paths[0].name} and {paths[1].name} are the same split; give the file that "
                    "is meant, or leave one out."
                )
