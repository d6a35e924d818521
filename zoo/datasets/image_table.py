"""`labels.csv`: which file is of which class, for those who do not sort files into folders."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.datasets.bounds import check_regular, check_total
from zoo.datasets.folders import SPLITS, alike_but_for_case, in_nfc
from zoo.errors import DataError

COLUMNS = ("path", "label", "split", "group")


@dataclass(frozen=True)
class ImageTable:
    """The rows of a `labels.csv`, in the order of their paths.

    Attributes:
        classes: the labels, sorted.
        files: of each split, with labels `(N,)` int32.
        groups: of the training files, `(N,)` text; None: the table has no groups.
        notes: what a user should know.
    """

    classes: tuple[str, ...]
    files: Mapping[str, tuple[list[Path], np.ndarray]]
    groups: np.ndarray | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    path: str
    file: Path
    label: str
    split: str
    group: str


def read_table(table: Path, noun: str = "image") -> ImageTable:
    """Read a `labels.csv`: a header `path,label`, perhaps `split` and `group`, and a row a file.

    Args:
        table: the file. Paths are relative to its folder. `split` is train, val or test; files of
            one `group` (a person, a scene) stay in one split.
        noun: what messages call a file.

    Raises:
        DataError: it cannot be read, or a row is wrong; the message names the line.
    """
    rows = sorted(_rows(table, noun), key=lambda row: row.path)
    classes = tuple(sorted({row.label for row in rows}))
    if len(classes) < 2:
        raise DataError(f"{table}: has one label only, {classes[0]!r}; there is nothing to learn.")
    by_split: dict[str, list[_Row]] = {}
    for row in rows:
        by_split.setdefault(row.split, []).append(row)
    _check_splits(table, by_split, noun)
    _check_groups(table, rows, noun)
    numbers = {name: number for number, name in enumerate(classes)}
    files = {
        split: (
            [row.file for row in those],
            np.array([numbers[row.label] for row in those], np.int32),
        )
        for split, those in by_split.items()
    }
    train = by_split["train"]
    groups = np.array([row.group for row in train]) if any(row.group for row in train) else None
    said = (
        f"{noun}s and classes are those of {table.name}",
        *alike_but_for_case(classes),
    )
    return ImageTable(classes, files, groups, said)


def first_listed(table: Path) -> Path | None:
    """The first listed file; None if that cannot be read."""
    try:
        check_regular(table)
        with table.open(encoding="utf-8-sig", newline="") as file:
            first = next(csv.DictReader(file), None) or {}
    except (OSError, UnicodeDecodeError, csv.Error, DataError):
        return None
    return table.parent / (first.get("path") or "")


def _rows(table: Path, noun: str) -> Iterator[_Row]:
    check_regular(table)
    check_total(table, table.stat().st_size)
    try:
        text = table.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        _check_header(table, list(reader.fieldnames or ()))
        seen: dict[str, int] = {}
        for given in reader:
            where = f"{table} line {reader.line_num}"
            row = _row(where, given, table.parent)
            if row.path in seen:
                raise DataError(f"{where}: {row.path} is in line {seen[row.path]}, too.")
            seen[row.path] = reader.line_num
            yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: is no CSV file in UTF-8 ({error}).") from error
    except OSError as error:
        raise DataError(f"{table}: cannot be read ({error.strerror or error}).") from error
    if not seen:
        raise DataError(f"{table}: lists no {noun}.")


def _check_header(table: Path, names: list[str]) -> None:
    if not {"path", "label"} <= set(names):
        raise DataError(
            f"{table}: needs a first line path,label (and, if you like, split and group); it has "
            f"{','.join(names)[:80] or 'nothing'}."
        )


def _row(where: str, given: Mapping[str, str | None], folder: Path) -> _Row:
    path, label, split, group = ((given.get(name) or "").strip() for name in COLUMNS)
    if not path or not label:
        raise DataError(f"{where}: lacks a {'path' if not path else 'label'}.")
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise DataError(f"{where}: {path} leads out of the folder; paths are relative to it.")
    if split and split.lower() not in SPLITS:
        raise DataError(f"{where}: split is {split!r}; use train, val or test.")
    file = _file(where, folder, Path(path).as_posix())
    named = (in_nfc(Path(path).as_posix()), file, in_nfc(label))
    return _Row(*named, SPLITS.get(split.lower(), "train"), in_nfc(group))


def _file(where: str, folder: Path, path: str) -> Path:
    """The listed file; its name may be stored in another Unicode form than it is listed in."""
    for form in (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path)):
        if (folder / form).is_file():
            return folder / form
    raise DataError(f"{where}: there is no file {path} in {folder}.")


def _check_splits(table: Path, by_split: Mapping[str, list[_Row]], noun: str) -> None:
    if "train" not in by_split:
        raise DataError(f"{table}: no row is of the split train.")
    if "validation" in by_split and "test" not in by_split:
        raise DataError(f"{table}: has rows of val and none of test; give both, or neither.")
    known = {row.label for row in by_split["train"]}
    for split, rows in by_split.items():
        if odd := sorted({row.label for row in rows} - known):
            raise DataError(
                f"{table}: no training {noun} has the label {odd[0]!r}, and {split} has."
            )


def _check_groups(table: Path, rows: list[_Row], noun: str) -> None:
    splits: dict[str, str] = {}
    for row in rows:
        if row.group and splits.setdefault(row.group, row.split) != row.split:
            raise DataError(
                f"{table}: the group {row.group!r} is in {splits[row.group]} and in {row.split}; "
                f"{noun}s of one group stay in one split."
            )
