"""Converting labels from a file into class numbers."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.errors import DataError

_WHOLE = 2**53
"""Above it, floats cannot represent every integer."""


def class_numbers(
    given: Mapping[str, np.ndarray], names: np.ndarray | None, path: Path
) -> tuple[dict[str, np.ndarray], tuple[str, ...], tuple[str, ...]]:
    """Convert labels to `(N,)` int32 from 0; returns them by split, the class names, and notes.

    Accepts integers of any type, and text; the classes of text are sorted, or those in `names`.

    Args:
        given: the labels of each split, `train` among them, as they are in the file.
        names: the array `classes` of the file, if it has one.

    Raises:
        DataError: they are not one class per sample; the message says what was found.
    """
    labels = {split: _one_each(y, f"{path}: y_{split}") for split, y in given.items()}
    classes = None if names is None else _names(names, path)
    notes: tuple[str, ...] = ()
    if any(y.dtype.kind == "U" for y in labels.values()):
        labels, classes, notes = _of_text(labels, classes, path)
    number = int(labels["train"].max()) + 1 if classes is None else len(classes)
    for split, y in labels.items():
        if y.min() < 0 or y.max() >= number:
            raise DataError(
                f"{path}: y_{split} has labels from {y.min()} to {y.max()}; with {number} classes in "
                f"training they run from 0 to {number - 1}."
            )
    _check_each_is_learned(labels["train"], number, path)
    if classes is None:
        classes = tuple(map(str, range(number)))
    return {split: y.astype("int32") for split, y in labels.items()}, classes, notes


def _one_each(y: np.ndarray, where: str) -> np.ndarray:
    """Labels `(N,)` of an integer type or text."""
    if y.ndim != 1 and y.shape[1:] != (1,):
        raise DataError(f"{where} has shape {y.shape}{_several(y)}")
    y = y.reshape(-1)
    if y.dtype.kind == "S":
        y = _decoded(y, where)
    if y.dtype.kind == "f":
        y = _whole(y, where)
    if y.dtype.kind == "b":
        y = y.astype("uint8")
    if y.dtype.kind not in "iuU":
        raise DataError(f"{where} is {y.dtype}; labels are whole numbers from 0, or text.")
    return y


def _several(y: np.ndarray) -> str:
    if y.ndim != 2 or y.dtype.kind not in "biuf":
        return "; give one label for each sample, (N,)."
    zero_or_one = ((y == 0) | (y == 1)).all()
    if zero_or_one and (y.sum(axis=1) == 1).all():
        return "; give class numbers, not one-hot rows: y.argmax(axis=1)."
    if zero_or_one:
        return (
            ": several labels a sample, or none. archzoo trains classifiers of one class a sample."
        )
    return ": several numbers a sample. archzoo trains classifiers of one class a sample, (N,)."


def _decoded(y: np.ndarray, where: str) -> np.ndarray:
    try:
        return np.char.decode(y, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is no text in UTF-8; save it as text: y.astype(str).") from error


def _whole(y: np.ndarray, where: str) -> np.ndarray:
    if wrong := int(np.sum(~np.isfinite(y))):
        raise DataError(
            f"{where} has {wrong:,} labels that are NaN or Inf; leave those samples out."
        )
    if (y != np.floor(y)).any() or (np.abs(y) > _WHOLE).any():
        odd = y[(y != np.floor(y)) | (np.abs(y) > _WHOLE)][0]
        raise DataError(
            f"{where} has real numbers, {odd:.6g} for one; archzoo trains classifiers: labels are whole "
            "numbers from 0, or text. Numbers to predict (regression) are none."
        )
    return y.astype("int64")


def _names(names: np.ndarray, path: Path) -> tuple[str, ...]:
    if names.ndim != 1 or names.dtype.kind not in "USiu":
        raise DataError(
            f"{path}: classes is {names.dtype} of shape {names.shape}; it holds one name for each class, "
            "numpy.array(['cat', 'dog'])."
        )
    if names.dtype.kind == "S":
        names = _decoded(names, f"{path}: classes")
    found = tuple(map(str, names))
    if twice := [name for name in dict.fromkeys(found) if found.count(name) > 1]:
        raise DataError(
            f"{path}: classes has {twice[0]!r} twice; give each class a name of its own."
        )
    if "" in found:
        raise DataError(f"{path}: classes has an empty name; give each class a name.")
    return found


def _of_text(
    labels: Mapping[str, np.ndarray], classes: tuple[str, ...] | None, path: Path
) -> tuple[dict[str, np.ndarray], tuple[str, ...], tuple[str, ...]]:
    for split, y in labels.items():
        if y.dtype.kind != "U":
            raise DataError(f"{path}: y_{split} is {y.dtype} and others are text; give all alike.")
    notes: tuple[str, ...] = ()
    if classes is None:
        classes = tuple(map(str, np.unique(labels["train"])))
        listed = ", ".join(map(repr, classes[:10])) + (", ..." if classes[10:] else "")
        notes = (f"labels are text; the classes are, sorted: {listed}",)
    known, order = np.array(classes), np.argsort(classes)
    numbers = {}
    for split, y in labels.items():
        if odd := sorted(set(np.unique(y).tolist()) - set(classes))[:1]:
            what = "classes" if not notes else "y_train"
            raise DataError(f"{path}: y_{split} has the label {odd[0]!r}, which {what} has not.")
        numbers[split] = order[np.searchsorted(known, y, sorter=order)]
    return numbers, classes, notes


def _check_each_is_learned(labels: np.ndarray, number: int, path: Path) -> None:
    seen = np.unique(labels)
    if len(seen) < 2:
        raise DataError(
            f"{path}: y_train has one class only, {seen[0]}; there is nothing to learn."
        )
    if len(seen) < number:
        # As many as are looked at, not as many as are announced: a label may be 2 ** 31.
        missing = np.setdiff1d(np.arange(min(number, len(seen) + 5)), seen)[:5]
        raise DataError(
            f"{path}: no training example has label {', '.join(map(str, missing))}; number the "
            f"classes from 0 without gaps (the largest label is {seen[-1]}): "
            "np.unique(y, return_inverse=True)[1]."
        )
