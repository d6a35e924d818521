"""Read and write run.json: text to `RunRecord` and back. Every field is validated on reading."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from zoo import aliases
from zoo.recipe import TYPES, BadField, Recipe
from zoo.runs.part import fields_of, plain
from zoo.runs.record import FINISHED, SCHEMA, IdentityRecord, RunRecord

T = TypeVar("T", bound=Struct)

MAX_DEPTH = 20
"""Levels of nesting in a field that this version does not know. Deeper ones could not be written back."""


class BadRecord(ValueError):
    """A field of a record is missing or invalid.

    Attributes:
        place: the field, such as `metrics.test_loss`; empty for the whole record.
    """

    def __init__(self, place: str, problem: str):
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place


class OtherSchema(ValueError):
    """The record has another version of the format than this archzoo reads.

    Attributes:
        schema: that version.
    """

    def __init__(self, schema: Any):
        super().__init__(f"it has schema {schema!r:.20}; this archzoo reads {SCHEMA}")
        self.schema = schema


def decode(text: str) -> RunRecord:
    """Parse the text of a run.json.

    Raises:
        BadRecord: a field is missing or invalid; the message names it.
        OtherSchema: another version of archzoo wrote it.
        ValueError: it is not JSON.
    """
    try:
        values = json.loads(text)  # msgspec.json rejects NaN, which a loss may be
    except RecursionError as error:
        raise BadRecord("", "it is nested too deeply") from error
    if not isinstance(values, dict):
        raise BadRecord("", "expected object, received " + type(values).__name__)
    if "schema" in values and values["schema"] != SCHEMA:
        raise OtherSchema(values["schema"])
    return from_dict(values)


def encode(record: RunRecord) -> str:
    """Format a record as the text of a run.json."""
    return json.dumps(plain(record), indent=2) + "\n"


def from_dict(values: Mapping[str, Any]) -> RunRecord:
    """Convert plain values, as `RunRecord.to_dict` returns them, to a record.

    Raises:
        BadRecord: a field is missing or invalid; the message names it.
    """
    record = convert(aliases.record(values), RunRecord)
    if _depth(record.identity) > MAX_DEPTH:
        raise BadRecord("identity", "it is nested too deeply")
    tested = convert(record.identity, IdentityRecord, "identity").tests
    if record.status == FINISHED:
        _check_finished(record, tested)
    _check_recipe(record.recipe, record.identity)
    _check_majority(record)
    _check_classes(record)
    return record


def convert(values: Any, kind: type[T], place: str = "") -> T:
    """Convert plain values to a part of a record; unknown fields go to its `extra`.

    Raises:
        BadRecord: a field is missing or invalid; the message names it, below `place`.
    """
    try:
        found = msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _explained(error, values, kind, place) from error
    _keep_unknown(found, values, place)
    return found


@cache
def _names(kind: type[Struct]) -> frozenset[str]:
    return frozenset(name for _, name, _ in fields_of(kind))


def _keep_unknown(part: Any, values: Any, place: str) -> None:
    """Put unknown fields into the `extra` of the part that has them, at any level."""
    if isinstance(part, list):
        for number, (each, value) in enumerate(zip(part, values, strict=True)):
            _keep_unknown(each, value, _within(place, str(number)))
    if not isinstance(part, Struct):
        return
    if (extra := getattr(part, "extra", None)) is not None:
        extra.clear()
        for name in values.keys() - _names(type(part)):
            if _depth(values[name]) > MAX_DEPTH:
                raise BadRecord(_within(place, name), "it is nested too deeply")
        extra.update((k, v) for k, v in values.items() if k not in _names(type(part)))
    for attribute, name, _ in fields_of(type(part)):
        value = getattr(part, attribute)
        if name in values and isinstance(value, Struct | list):
            _keep_unknown(value, values[name], _within(place, name))


def _depth(value: Any) -> int:
    """Levels of nesting; counting stops beyond `MAX_DEPTH`."""
    level, layer = 0, [value]
    while layer and level <= MAX_DEPTH:
        level += 1
        layer = [inner for each in layer for inner in _inner(each)]
    return level


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


_PLACE = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$(.*)`)?$")
_MISSING = re.compile(r"Object missing required field `(.*)`")


def _explained(
    error: msgspec.ValidationError, values: Any, kind: type[Struct], place: str
) -> BadRecord:
    """msgspec's error as ours: `metrics.test_loss: expected float, received str`."""
    found = _PLACE.match(str(error))
    problem, path = (found[1], found[2] or "") if found else (str(error), "")
    steps = _steps(path, values, kind, str(error))
    if missing := _MISSING.fullmatch(problem):
        steps, problem = [*steps, missing[1]], "it is missing"
    problem = (
        problem.replace("`", "").replace("Expected", "expected").replace(" got ", " received ")
    )
    return BadRecord(".".join(filter(None, [place, *steps])), problem)


def _steps(path: str, values: Any, kind: type[Struct], message: str) -> list[str]:
    """The names that lead to the invalid value. msgspec writes `[...]` for a key of a mapping."""
    steps: list[str] = []
    inner = values
    for step in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path):
        name = step[0] or step[1]
        if name == "...":
            name = _wrong_key(inner, values, kind, message)
        steps.append(name)
        if isinstance(inner, list):
            inner = inner[int(name)]
        elif isinstance(inner, dict):
            inner = inner.get(name)
    return steps


def _wrong_key(inner: dict[str, Any], values: Any, kind: type[Struct], message: str) -> str:
    """The key of the mapping `inner`, a part of `values`, whose value is invalid.

    Found by converting `values` with one key at a time; only a damaged record comes here.
    """
    whole = dict(inner)
    try:
        for key, value in whole.items():
            inner.clear()
            inner[key] = value
            try:
                msgspec.convert(values, kind)
            except msgspec.ValidationError as error:
                if str(error) == message:
                    return key
    finally:
        inner.clear()
        inner.update(whole)
    return "..."


def _check_finished(record: RunRecord, tested: bool) -> None:
    """A finished run has all results; test results only if it was `tested`."""
    timings, metrics, files = record.timings, record.metrics, record.files
    needed: dict[str, Any] = {
        "metrics": metrics,
        "timings": timings,
        "peak_memory": record.peak_memory,
        "files": files,
        "timings.compile": timings and timings.compile,
        "timings.train": timings and timings.train,
        "timings.epochs": timings and (timings.epochs or None),
        "timings.images_per_second": timings and (timings.images_per_second or None),
    }
    names = ["model.keras", "history.csv"]
    if tested:
        names.append("predictions.npz")
        needed |= {f"metrics.{name}": getattr(metrics, name, None) for name in TESTED}
    needed |= {f"files.{name}": (files or {}).get(name) for name in names}
    for place, value in needed.items():
        if value is None:
            raise BadRecord(place, "it is missing from a finished run")


TESTED = (
    "test_loss",
    "test_accuracy",
    "test_accuracy_interval",
    "test_correct",
    "test_examples",
)


def _check_recipe(values: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """The recipe must be one that `Recipe` accepts."""
    known = {each.name for each in fields(Recipe)} - {"identity_name"}
    for name in ("name", "summary", "digest", "epochs"):
        if name not in values:
            raise BadRecord(f"recipe.{name}", "it is missing")
    for name, value in values.items():
        kind = TYPES.get(name)
        allowed = (int, float) if kind is float else kind if kind is int else str
        if name not in known | {"digest"}:
            raise BadRecord(f"recipe.{name}", "recipes have no such key")
        if not isinstance(value, allowed) or isinstance(value, bool):
            raise BadRecord(f"recipe.{name}", f"{value!r:.50} has the wrong type")
    try:
        recipe_of(values, identity)
    except BadField as error:
        raise BadRecord(f"recipe.{error.field}", str(error).rstrip(".")) from error


def recipe_of(values: Mapping[str, Any], identity: Mapping[str, Any]) -> Recipe:
    """The recipe of a record, with the name that the identity has for it.

    Raises:
        UsageError: a value is out of range.
    """
    given = {name: value for name, value in values.items() if name != "digest"}
    return Recipe(**given, identity_name=str(identity["recipe"].get("name", "")))


def _check_majority(record: RunRecord) -> None:
    metrics = record.metrics
    if metrics is None or metrics.majority_share is None:
        return
    classes = len(record.dataset.classes)
    if metrics.majority_class is None or metrics.majority_class >= classes:
        raise BadRecord("metrics.majority_class", f"it must be 0 to {classes - 1}")


def _check_classes(record: RunRecord) -> None:
    """What is of each class must be of as many classes as the dataset has."""
    for name in ("test_precision", "test_recall", "test_f1", "test_support"):
        found, wanted = getattr(record.metrics, name, None), len(record.dataset.classes)
        if found is not None and len(found) != wanted:
            raise BadRecord(f"metrics.{name}", f"expected {wanted} numbers, received {len(found)}")
