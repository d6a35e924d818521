"""Labels as people have them, read as one class a sample: text, or whole numbers."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from zoo.errors import DataError

Kind = Literal["text", "numbers", "one-hot rows"]

_WHOLE = 2**53
"""Above it, floats cannot represent every integer."""
_SOFT = 1e-3
"""How far a row of probabilities may be from a sum of 1."""
_MISSING = {"NoneType", "NAType", "NaTType"}
_CLASSIFIER = "archzoo trains classifiers of one class a sample"


@dataclass(frozen=True)
class Column:
    """The labels of one split.

    Attributes:
        values: `(N,)`, int64 or text (NFC).
        kind: what they were; of one-hot rows, `values` are the columns of the ones.
        said: how they were read, where that is not what everybody would expect; else empty.
    """

    values: np.ndarray
    kind: Kind
    said: str = ""


def read_column(given: Any, where: str) -> Column:
    """Read labels of any common kind.

    Args:
        given: `(N,)` or `(N, 1)` text, bytes, whole numbers of any type, or true and false; or `(N, C)`
            one-hot rows. Lists, NumPy arrays (of objects, too), and what becomes one: a pandas Series
            or Categorical, a tensor.
        where: what to call them, in messages.

    Raises:
        DataError: they are not one class for each sample; the message says what was found.

    >>> read_column(["b", "a"], "y").kind, read_column([[0, 1], [1, 0]], "y").values.tolist()
    ('text', [1, 0])
    """
    y = plain_labels(given, where)
    if not y.size:
        raise DataError(f"{where} has no labels; its shape is {y.shape}.")
    if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind in "biuf":
        return _one_hot(y, where)
    if y.ndim != 1 and y.shape[1:] != (1,):
        raise DataError(f"{where} has shape {y.shape}; give one label for each sample, (N,).")
    y = y.reshape(-1)
    if y.dtype.kind == "S":
        y = _decoded(y, where)
    if y.dtype.kind == "U":
        return Column(_text(y, where), "text")
    if y.dtype.kind not in "biuf":
        raise DataError(f"{where} is {y.dtype}; labels are whole numbers, or text.")
    said = {
        "b": "labels are true and false: class 0 is false, class 1 is true",
        "f": "labels are floats without fractions; they are taken as whole numbers",
    }
    whole = _whole(y, where) if y.dtype.kind == "f" else _integers(y, where)
    return Column(whole, "numbers", said.get(y.dtype.kind, ""))


def plain_labels(given: Any, where: str) -> np.ndarray:
    """Labels as an array that holds no Python objects, as `numpy.savez` writes it.

    Raises:
        DataError: one is missing, or they are of several types.
    """
    if isinstance(given, list | tuple):
        rows = any(isinstance(each, list | tuple | np.ndarray) for each in given)
        y = _array(given, where) if rows else _objects(list(given))
    else:
        y = _array(given, where)
    if y.dtype.kind == "T":  # NumPy's text of any length
        y = y.astype(object)
    if y.dtype.kind != "O":
        return y
    _check_types(y.reshape(-1), where)
    try:
        return np.array(y.tolist())
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where} holds what is no label ({error}).") from error


def _array(given: Any, where: str) -> np.ndarray:
    try:
        return np.asarray(given)
    except Exception as error:  # anybody's __array__
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{where}: no array can be made of it ({text}).") from error


def _objects(given: list[Any]) -> np.ndarray:
    """NumPy itself would make text of the numbers beside text."""
    y = np.empty(len(given), object)
    y[:] = given
    return y


def _check_types(y: np.ndarray, where: str) -> None:
    first: dict[str, int] = {}
    for place, value in enumerate(y):
        first.setdefault(_type(value), place)
    if "missing" in first:
        raise DataError(
            f"{where} has no label for sample {first['missing']}; leave out samples without one."
        )
    number = {"whole numbers", "real numbers"}
    if len(first) > 1 and not set(first) <= number:
        (one, at), (other, there) = list(first.items())[:2]
        raise DataError(
            f"{where} has {one} ({y[at]!r:.40}, sample {at}) and {other} ({y[there]!r:.40}, sample "
            f"{there}); give all labels alike."
        )
    if odd := [kind for kind in first if kind.startswith("objects")]:
        raise DataError(f"{where} holds {odd[0]}; labels are whole numbers, or text.")
    if "whole numbers" in first and any(isinstance(each, int) and abs(each) >= 2**63 for each in y):
        raise DataError(f"{where} has a number of more than 64 bits; give labels as text.")


def _type(value: Any) -> str:
    if type(value).__name__ in _MISSING or (isinstance(value, float) and value != value):
        return "missing"
    for kinds, name in (
        ((str,), "text"),
        ((bytes,), "bytes"),
        ((bool, np.bool_), "true and false"),
        ((int, np.integer), "whole numbers"),
        ((float, np.floating), "real numbers"),
    ):
        if isinstance(value, kinds):
            return name
    return f"objects of type {type(value).__name__}"


def _one_hot(y: np.ndarray, where: str) -> Column:
    if y.dtype.kind == "f" and (wrong := int(np.sum(~np.isfinite(y).all(axis=1)))):
        raise DataError(f"{where} has {wrong:,} rows with NaN or Inf; leave those samples out.")
    zero_or_one = bool(((y == 0) | (y == 1)).all())
    if zero_or_one and bool((y.sum(axis=1) == 1).all()):
        said = "one-hot labels are taken as the class of the 1"
        return Column(y.argmax(axis=1).astype("int64"), "one-hot rows", said)
    if zero_or_one:
        raise DataError(
            f"{where} has shape {y.shape}: several labels a sample, or none. {_CLASSIFIER}."
        )
    if y.min() >= 0 and np.allclose(y.sum(axis=1, dtype="float64"), 1, atol=_SOFT):
        raise DataError(
            f"{where} has shape {y.shape}: probabilities of classes (soft labels). {_CLASSIFIER}: "
            "y.argmax(axis=1) takes the most probable."
        )
    raise DataError(f"{where} has shape {y.shape}: several numbers a sample. {_CLASSIFIER}, (N,).")


def _decoded(y: np.ndarray, where: str) -> np.ndarray:
    try:
        return np.char.decode(y, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is no text in UTF-8; save it as text: y.astype(str).") from error


def _text(y: np.ndarray, where: str) -> np.ndarray:
    known, places, inverse = np.unique(y, return_index=True, return_inverse=True)
    if len(known) and not known[0].strip():
        raise DataError(f"{where} has an empty label, sample {places[0]}; leave such samples out.")
    return normal_form(known)[inverse.reshape(-1)]


def normal_form(names: np.ndarray) -> np.ndarray:
    """Text in Unicode's composed form (NFC): macOS and Linux write the same name in two ways."""
    return np.array([unicodedata.normalize("NFC", each) for each in names.tolist()], str)


def _integers(y: np.ndarray, where: str) -> np.ndarray:
    if y.dtype.kind == "u" and y.size and int(y.max()) >= 2**63:
        raise DataError(
            f"{where} has the label {y.max()}, which is too large; give labels as text."
        )
    return y.astype("int64")


def _whole(y: np.ndarray, where: str) -> np.ndarray:
    if wrong := int(np.sum(~np.isfinite(y))):
        raise DataError(
            f"{where} has {wrong:,} labels that are NaN or Inf; leave those samples out."
        )
    odd = (y != np.floor(y)) | (np.abs(y) > _WHOLE)
    if odd.any():
        raise DataError(
            f"{where} has real numbers, {y[odd][0]:.6g} for one; archzoo trains classifiers: labels are "
            "whole numbers, or text. Numbers to predict (regression) are none."
        )
    return y.astype("int64")


def lookalikes(classes: tuple[str, ...]) -> Iterator[str]:
    """Notes on class names that may be one name, or none."""
    seen: dict[str, str] = {}
    for name in classes:
        other = seen.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            yield f"{other!r} and {name!r} differ in spaces or capitals only; they are two classes"
    if odd := [
        name for name in classes if name.strip().casefold() in ("nan", "none", "null", "n/a")
    ]:
        yield f"{odd[0]!r} is a class; if it stands for a missing label, leave those samples out"
