"""Converting labels as people have them into class numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.datasets.label_column import Column, lookalikes, normal_form, plain_labels, read_column
from zoo.errors import DataError

FEW, EACH_ITS_OWN = 20, 2 / 3
"""More classes than `FEW` are refused if there are more than `EACH_ITS_OWN` a training sample."""
QUANTITIES = 30
"""More numbers than these, with gaps, may be quantities."""
LISTED = 10
"""As many classes as a note lists."""
_TRAINED = "which no training sample has; leave it out, or train on some of it"
_NAMED = "which is not in classes"


def class_numbers(
    given: Mapping[str, Any],
    names: Any = None,
    path: Path | str = "labels",
    called: str = "y_{split}",
) -> tuple[dict[str, np.ndarray], tuple[str, ...], tuple[str, ...]]:
    """Convert labels to class numbers: `(N,)` int32 from 0, by split; the class names; and notes.

    Labels are what `zoo.datasets.label_column.read_column` takes. The classes are those of the training
    labels: numbers in their order, text sorted (by code point, in NFC); the same from any order of
    samples. What is not plainly 0, 1, ... is said in a note.

    Args:
        given: the labels of each split, `train` among them.
        names: the class names in order, text `(C,)`: numbers then count them from 0 (or from 1, if no
            other reading is possible), or are the names themselves.
        path: where the labels are from, for messages.
        called: what they are called there; `{split}` is replaced.

    Raises:
        DataError: they are not one class per sample; only one class is there; a split has a class that
            training lacks; or there are so many classes that they are no classes.

    >>> y, classes, notes = class_numbers({"train": [3, 1, 3, 1]})
    >>> y["train"].tolist(), classes, notes
    ([1, 0, 1, 0], ('1', '3'), ('labels 1, 3 are taken as the classes',))
    """
    where = {split: f"{path}: {called.format(split=split)}" for split in given}
    columns = {split: read_column(y, where[split]) for split, y in given.items()}
    _check_one_kind(columns, where)
    if names is None:
        coding = _by_values(columns["train"], where["train"])
    else:
        coding = _by_names(columns, _names(names, f"{path}: classes"), path)
    said = [columns["train"].said, *coding.notes]
    numbers = {split: coding.numbers(each, where[split]) for split, each in columns.items()}
    _check_each_is_learned(numbers["train"], coding, where["train"])
    return numbers, coding.classes, tuple(filter(None, said))


@dataclass(frozen=True)
class _Coding:
    """Which value is which class.

    Attributes:
        values: `(C,)`, the label of each class.
        unknown: what is said about another label.
    """

    values: np.ndarray
    classes: tuple[str, ...]
    unknown: str
    notes: tuple[str, ...] = ()

    def numbers(self, column: Column, where: str) -> np.ndarray:
        odd = np.setdiff1d(column.values, self.values)
        if len(odd):
            raise DataError(f"{where} has the label {odd[0].item()!r}, {self.unknown}.")
        order = np.argsort(self.values)
        places = np.searchsorted(self.values, column.values, sorter=order)
        return order[places].astype("int32")


def _check_one_kind(columns: Mapping[str, Column], where: Mapping[str, str]) -> None:
    train = columns["train"]
    for split, column in columns.items():
        if column.kind != train.kind:
            raise DataError(
                f"{where[split]} is {column.kind} and the training labels are {train.kind}; give all "
                "alike."
            )


def _by_values(train: Column, where: str) -> _Coding:
    """The classes are the training labels' values."""
    values, counts = np.unique(train.values, return_counts=True)
    classes = tuple(map(str, values.tolist()))
    if len(values) < 2:
        raise DataError(
            f"{where} has one class only, {''.join(classes)}; there is nothing to learn."
        )
    if len(values) > FEW and len(values) > EACH_ITS_OWN * counts.sum():
        raise DataError(
            f"{where} has {len(values):,} different labels among {counts.sum():,} samples: those are "
            "identifiers or quantities, and no classes. archzoo trains classifiers."
        )
    if train.kind == "text":
        said = f"labels are text; the classes are, sorted: {_listed(list(map(repr, classes)))}"
        return _Coding(values, classes, _TRAINED, (said, *lookalikes(classes)))
    _check_signs(values, where)
    return _Coding(values, classes, _TRAINED, _said(values))


def _check_signs(values: np.ndarray, where: str) -> None:
    if values[0] >= 0 or values.tolist() == [-1, 1]:
        return
    raise DataError(
        f"{where} has labels from {values[0]} to {values[-1]}; a negative number beside others may stand "
        "for unknown: leave those samples out, or give the labels as text if it is a class."
    )


def _said(values: np.ndarray) -> tuple[str, ...]:
    first, last, number = int(values[0]), int(values[-1]), len(values)
    gaps = last - first >= number
    if not gaps:
        return (f"labels {first} to {last} are taken as the classes",) if first else ()
    notes = [f"labels {_listed(list(map(str, values.tolist())))} are taken as the classes"]
    if number > QUANTITIES:
        notes.append(
            f"labels are {number} different numbers with gaps; if they are quantities, accuracy says "
            "little of how near an answer is"
        )
    return tuple(notes)


def _by_names(columns: Mapping[str, Column], classes: tuple[str, ...], path: Path | str) -> _Coding:
    """The classes are named; labels are their names or their places."""
    if columns["train"].kind == "text":
        return _Coding(np.array(classes), classes, _NAMED)
    seen = np.unique(np.concatenate([each.values for each in columns.values()]))
    number, texts = len(classes), tuple(map(str, seen.tolist()))
    places = np.arange(number)
    as_places = bool(seen[0] >= 0 and seen[-1] < number)
    as_names = columns["train"].kind == "numbers" and set(texts) == set(classes)
    if as_names and not (as_places and classes == texts):
        if as_places:
            raise DataError(
                f"{path}: classes are numbers ({_listed(list(classes))}), and labels could be places in "
                "it or its names; give the labels as text."
            )
        values = np.array(list(map(int, classes)))
        return _Coding(values, classes, _NAMED, ("labels are taken as names in classes",))
    if as_places:
        return _Coding(places, classes, _NAMED)
    if columns["train"].kind == "numbers" and (seen[0], seen[-1]) == (1, number):
        said = f"labels 1 to {number} are taken as the {number} classes in the order of classes"
        return _Coding(places + 1, classes, _NAMED, (said,))
    raise DataError(
        f"{path}: labels run from {seen[0]} to {seen[-1]}; with {number} classes they run from 0 to "
        f"{number - 1}."
    )


def _names(given: Any, where: str) -> tuple[str, ...]:
    names = plain_labels(given, where)
    if names.ndim != 1 or names.dtype.kind not in "USiu":
        raise DataError(
            f"{where} is {names.dtype} of shape {names.shape}; it holds one name for each class, "
            "numpy.array(['cat', 'dog'])."
        )
    if names.dtype.kind == "S":
        try:
            names = np.char.decode(names, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{where} is no text in UTF-8; save it as text.") from error
    found = tuple(normal_form(names.astype(str)).tolist())
    if twice := [name for name in dict.fromkeys(found) if found.count(name) > 1]:
        raise DataError(f"{where} has {twice[0]!r} twice; give each class a name of its own.")
    if any(not name.strip() for name in found):
        raise DataError(f"{where} has an empty name; give each class a name.")
    if len(found) < 2:
        raise DataError(f"{where} has {len(found)} names; there is nothing to learn.")
    return found


def _listed(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (", ..." if names[LISTED:] else "")


def _check_each_is_learned(train: np.ndarray, coding: _Coding, where: str) -> None:
    missing = np.setdiff1d(np.arange(len(coding.classes)), train)
    if len(missing):
        named = _listed([repr(coding.classes[each]) for each in missing[: LISTED + 1]])
        raise DataError(
            f"{where} has no sample of {named}, which classes lists; leave it out there."
        )
