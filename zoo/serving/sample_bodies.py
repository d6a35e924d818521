"""Arrays in the body of a request, as samples that are stored as training's were."""

import io
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.lib import format as npy

from zoo.contract import InputContract, invert
from zoo.errors import UsageError
from zoo.serving.refusals import Refusal, as_served, wrong_samples

LARGEST_HEADER = 4096
"""Bytes of the text at the beginning of an npy file."""
ROUNDED = 1e-3
"""How far a converted pixel may be from a whole number; float32 is off by less."""
BYTE = 255
NUMBERS = frozenset((int, float))


def from_json(body: bytes, description: dict[str, Any], most: int) -> np.ndarray:
    """The array of `{"instances": [...]}`.

    Raises:
        Refusal: it is no such JSON, or its lists are of unequal lengths.
    """
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(400, "bad_json", f"the body is no JSON ({error!s:.100}).") from error
    if not isinstance(given, dict) or not isinstance(given.get("instances"), list):
        raise Refusal(
            400, "bad_json", 'the body is no JSON of the form {"instances": [sample, sample, ...]}.'
        )
    instances = given["instances"]
    if unknown := [name for name in given if name != "instances"]:
        raise Refusal(400, "bad_json", f"the body has {unknown[0]!r:.100}; only instances is read.")
    _check_count(len(instances), most)
    if description["padded"]:
        return _sequences(instances, description)
    return _array(instances, description)


def _array(instances: list[Any], description: dict[str, Any]) -> np.ndarray:
    shapes: list[tuple[list[Any], tuple[int, ...]]] = []
    for number, each in enumerate(instances):
        try:
            flat, shape = _flattened(each)
        except ValueError as error:
            raise _odd(number, "has lists of unequal lengths", description) from error
        if not NUMBERS.issuperset(map(type, flat)):
            raise _odd(number, "has values that are no numbers", description)
        if shapes and shape != shapes[0][1]:
            raise _odd(number, f"has the shape {shape}", description)
        shapes.append((flat, shape))
    values = np.array([flat for flat, _ in shapes])
    if values.dtype.kind not in "uif":
        raise _odd(0, "has numbers that are too large", description)
    return values.reshape(-1, *shapes[0][1])


def _flattened(nested: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The values of nested lists, and their shape; several times faster than NumPy for small ones.

    Raises:
        ValueError: the lists are of unequal lengths.
    """
    flat, shape = [nested], []
    while flat and type(flat[0]) is list:
        if any(type(each) is not list for each in flat) or len(set(map(len, flat))) > 1:
            raise ValueError
        shape.append(len(flat[0]))
        flat = list(chain.from_iterable(flat))
    return flat, tuple(shape)


def _odd(number: int, what: str, description: dict[str, Any]) -> Refusal:
    return Refusal(
        422, "wrong_shape", f"instances[{number}] {what}; a sample is {wanted(description)}."
    )


def _sequences(instances: list[Any], description: dict[str, Any]) -> np.ndarray:
    """Sequences of any lengths, which are padded with NaN."""
    from zoo.datasets.unequal import padded_to

    try:
        rows = [np.asarray(each, "float64") for each in instances]
        return padded_to(tuple(description["shape"]), rows)
    except (ValueError, TypeError, OverflowError) as error:
        raise Refusal(
            422,
            "wrong_shape",
            f"the instances are no sequences; a sample is {wanted(description)}.",
        ) from error
    except UsageError as error:
        raise wrong_samples(as_served(str(error))) from error


def from_npy(body: bytes, description: dict[str, Any], most: int) -> np.ndarray:
    """The array of an npy file; nothing in it is executed.

    Raises:
        Refusal: it is no npy file of numbers, or has more or fewer bytes than it says.
    """
    try:
        shape, fortran, dtype, start = _header(body[: _end_of_header(body)])
    except (ValueError, KeyError, SyntaxError, RecursionError, TypeError) as error:
        raise Refusal(400, "bad_npy", "the body is no npy file; write it by numpy.save.") from error
    if dtype.kind not in "biuf":
        raise Refusal(400, "bad_npy", f"the array is {dtype}; send uint8 or a float type.")
    size = dtype.itemsize
    for length in shape:
        size *= length
    if size != len(body) - start:
        raise Refusal(
            400,
            "bad_npy",
            f"the array {dtype} {shape} has {size:,} bytes; {len(body) - start:,} were received.",
        )
    single = not shape or shape in _shapes(tuple(description["shape"]))
    _check_count(1 if single else shape[0], most)
    values = np.frombuffer(body, dtype, offset=start)
    return values.reshape(shape, order="F" if fortran else "C")


def _end_of_header(body: bytes) -> int:
    """Where the header ends: behind 10 or 12 bytes, of which the last ones are its length."""
    length = slice(8, 10) if body[6:7] == b"\x01" else slice(8, 12)
    return min(length.stop + int.from_bytes(body[length], "little"), LARGEST_HEADER)


@lru_cache(maxsize=64)
def _header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, whether in Fortran's order, type, and length of a header; a client sends the same again."""
    file = io.BytesIO(head)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, fortran, dtype = readers[npy.read_magic(file)](file, max_header_size=LARGEST_HEADER)
    return shape, fortran, dtype, file.tell()


def _check_count(count: int, most: int) -> None:
    if not count:
        raise Refusal(422, "no_samples", "there is no sample; send at least one.")
    if count > most:
        raise Refusal(
            413, "too_many_samples", f"{count:,} samples were sent; at most {most:,} are allowed."
        )


def as_stored(
    samples: np.ndarray,
    contract: InputContract | None,
    description: dict[str, Any],
    inverted: bool | None,
) -> np.ndarray:
    """Samples `(N, *shape)` as the file takes them; converted exactly, as `Run.predict` does, or refused.

    Args:
        contract: None: it is not known, so that nothing is converted.
        inverted: whether pixels are inverted; None: samples that are certainly inverted are refused.

    Raises:
        Refusal: they have another shape, or values that the model does not know.
    """
    shape, dtype = tuple(description["shape"]), description["dtype"]
    if samples.size == 0 or not _fits(samples.shape, shape):
        raise Refusal(
            422,
            "wrong_shape",
            f"the samples have the shape {samples.shape}; send (N, {', '.join(map(str, shape))}): "
            f"each is {wanted(description)}.",
        )
    _check_finite(samples, description)
    samples = _as_bytes(samples) if dtype == "uint8" else samples
    try:
        if contract is not None:
            samples = _converted(samples, contract, inverted)
        else:
            samples = samples.reshape(-1, *shape)
    except UsageError as error:
        raise wrong_samples(as_served(str(error))) from error
    if dtype == "uint8":
        return _whole(samples, description)
    return np.ascontiguousarray(samples, dtype)


def wanted(description: dict[str, Any]) -> str:
    """What a sample is, in words."""
    shape = ", ".join(map(str, description["shape"]))
    upto = " or fewer steps" if description["padded"] else ""
    return f"{description['layout']} ({shape}){upto}, {description['values']}"


def _fits(given: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether it is the shape of a sample, or of samples."""
    return given in _shapes(shape) or given[1:] in _shapes(shape)


def _shapes(shape: tuple[int, ...]) -> set[tuple[int, ...]]:
    """A sample's shapes: grey images may lack their channel."""
    return {shape, shape[:-1]} if len(shape) == 3 and shape[-1] == 1 else {shape}


def _check_finite(samples: np.ndarray, description: dict[str, Any]) -> None:
    """NaN stands for padding at the end of sequences, and for nothing else."""
    if samples.dtype.kind != "f" or np.isfinite(samples).all():
        return
    if not description["padded"]:
        raise wrong_samples("the samples have values that are NaN or infinite; replace them.")
    missing = np.isnan(samples)
    holes = missing.any(axis=-1) != missing.all(axis=-1)
    steps = missing.all(axis=-1)
    if holes.any() or (steps[..., :-1] & ~steps[..., 1:]).any() or np.isinf(samples).any():
        raise wrong_samples(
            "the samples have NaN or infinity elsewhere than in whole steps at the end."
        )


def _as_bytes(samples: np.ndarray) -> np.ndarray:
    """Whole numbers as pixels: JSON has one type of them."""
    if samples.dtype == np.uint8 or samples.dtype.kind not in "ui" or samples.dtype == np.uint16:
        return samples
    low, high = samples.min(), samples.max()
    if low < 0 or high > BYTE:
        raise wrong_samples(
            f"the samples have values from {low} to {high}; the model reads pixels from 0 to {BYTE}."
        )
    return samples.astype(np.uint8)


def _converted(samples: np.ndarray, contract: InputContract, inverted: bool | None) -> np.ndarray:
    found = contract.batch(samples)
    if inverted and contract.pixel_range:
        return np.asarray(invert(found, contract.pixel_range))
    if inverted is None:
        contract.check_side(found, "the request")
    return found


def _whole(samples: np.ndarray, description: dict[str, Any]) -> np.ndarray:
    if samples.dtype == np.uint8:
        return np.ascontiguousarray(samples)
    rounded = np.rint(samples)
    if samples.dtype.kind not in "uif" or rounded.min() < 0 or rounded.max() > BYTE:
        raise wrong_samples(
            f"the samples are {samples.dtype} from {samples.min():g} to {samples.max():g}; the model "
            f"reads {description['values']}."
        )
    if np.abs(samples - rounded).max() > ROUNDED:
        raise wrong_samples(
            f"the samples are no whole pixels; the model reads {description['values']}. Round them, and "
            "send whole numbers."
        )
    return rounded.astype(np.uint8)
