"""The values of stored arrays: which are pixels of which range, and their conversion, in one way.

All splits are looked at together, so that one is never read otherwise than another.
"""

from collections.abc import Mapping

import numpy as np

from zoo.architecture import Layout
from zoo.datasets.encoding import BRIGHT
from zoo.errors import DataError

EXACT = 2**24
"""Up to here float32 has every integer."""


def stored_values(
    given: Mapping[str, np.ndarray], layout: Layout, where: str
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Arrays as contiguous uint8 or float32, by split, and notes on what was done.

    uint8 and floats stay as they are, but for images of 0 and 1 only, which become 0 and 255. Images of
    uint16 become x / 65535; integers up to 255, of any type, uint8. Other integers become float32.

    Args:
        given: `(N, *shape)` each, of any type.
        layout: of the samples; sequences have no pixels.
        where: what they are called in messages, before the split's name: `mine.npz: x_`.

    Raises:
        DataError: they hold no numbers, NaN or infinity, or numbers that float32 does not have.
    """
    kinds = {x.dtype.kind for x in given.values()}
    for split, x in given.items():
        if x.dtype.kind not in "biuf":
            raise DataError(f"{where}{split} is {x.dtype}; use uint8 (0 to 255) or a float type.")
        if x.dtype.kind == "f":
            _check_finite(x, f"{where}{split}")
    if kinds == {"f"}:
        return {split: _single(x, f"{where}{split}") for split, x in given.items()}, ()
    _check_alike(given, where)
    if kinds == {"b"}:
        return _booleans(given, layout)
    return _integers(given, layout, where)


def _check_alike(given: Mapping[str, np.ndarray], where: str) -> None:
    """Refuse types of which one is certainly scaled otherwise."""
    first = next(iter(given.values()))
    for split, x in given.items():
        same = x.dtype.kind == first.dtype.kind or {x.dtype.kind, first.dtype.kind} <= {"i", "u"}
        if not same or _is_uint16(x) != _is_uint16(first):
            raise DataError(
                f"{where}train is {first.dtype} and x_{split} {x.dtype}; they must be alike."
            )


def _is_uint16(x: np.ndarray) -> bool:
    return x.dtype.kind == "u" and x.dtype.itemsize == 2


def _booleans(
    given: Mapping[str, np.ndarray], layout: Layout
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    if layout == "sequence":
        said = "samples are true and false; they are taken as 1 and 0"
        return {split: np.ascontiguousarray(x, np.float32) for split, x in given.items()}, (said,)
    return _stretched(given, "samples are true and false; they are taken as white and black")


def _stretched(
    given: Mapping[str, np.ndarray], said: str
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    return {
        split: np.ascontiguousarray(x, np.uint8) * np.uint8(255) for split, x in given.items()
    }, (said,)


def _integers(
    given: Mapping[str, np.ndarray], layout: Layout, where: str
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    low = min(int(x.min()) for x in given.values())
    high = max(int(x.max()) for x in given.values())
    names = ", ".join(dict.fromkeys(str(x.dtype) for x in given.values()))
    pixels, bytes_already = layout != "sequence", names == "uint8"
    if pixels and (low, high) == (0, 1):
        said = f"images are {names} of 0 and 1 only; they are taken as black and white, 0 and 255"
        return _stretched(given, said)
    if bytes_already:
        return {split: np.ascontiguousarray(x) for split, x in given.items()}, ()
    if pixels and low >= 0 and BRIGHT <= high <= 255:
        said = f"images are {names} from {low} to {high}; they are taken as pixels from 0 to 255, uint8"
        return {split: np.ascontiguousarray(x, np.uint8) for split, x in given.items()}, (said,)
    if pixels and names == "uint16":
        said = "samples are uint16, 0 to 65535; they are read as x / 65535, float32"
        whole = np.float32(65535)
        made = {split: np.ascontiguousarray(x, np.float32) / whole for split, x in given.items()}
        return made, (said,)
    if max(abs(low), abs(high)) > EXACT:
        raise DataError(
            f"{where}train and others are {names} from {low} to {high}; models train in float32, which "
            f"has no integers beyond {EXACT:,}. Scale them first: x.astype('float64') / {max(-low, high)}."
        )
    said = f"samples are {names} from {low} to {high}; they are taken as numbers, float32, and no pixels"
    if not pixels:
        said = f"samples are {names} from {low} to {high}; they are read as float32"
    return {split: np.ascontiguousarray(x, np.float32) for split, x in given.items()}, (said,)


def _check_finite(x: np.ndarray, where: str) -> None:
    if wrong := int(np.sum(~np.isfinite(x))):
        raise DataError(f"{where} has {wrong} values that are NaN or Inf.")


def _single(x: np.ndarray, where: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(x, np.float32)
    if x.dtype.itemsize > 4 and (wrong := int(np.sum(~np.isfinite(single)))):
        raise DataError(
            f"{where} has {wrong} values too large for float32 (3.4e38), in which models train; scale "
            "them first."
        )
    return single
