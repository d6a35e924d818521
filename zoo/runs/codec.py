"""run.json: text to `RunRecord` and back. Every field is checked on reading: the file may be anybody's."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from zoo import aliases
from zoo.errors import UsageError
from zoo.recipe import TYPES, Recipe
from zoo.runs.part import fields_of, plain
from zoo.runs.record import FINISHED, SCHEMA, IdentityRecord, RunRecord

T = TypeVar("T", bound=Struct)

DEEPEST = 20
"""Levels of tables in a field of a newer archzoo: more is nobody's, and would break what reads it."""


class BadRecord(ValueError):
    """A field holds what no archzoo writes.

    Attributes:
        place: the field, such as `metrics.test_loss`; empty for the whole.
    """

    def __init__(self, place: str, problem: str):
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place


class OtherSchema(ValueError):
    """The record is of another version of the format; `schema` says which."""

    def __init__(self, schema: Any):
        super().__init__(f"it has schema {schema!r:.20}; this archzoo reads {SCHEMA}")
        self.schema = schema


def decode(text: str) -> RunRecord:
    """The record that a run.json's text holds.

    Raises:
        BadRecord: a field is missing, or holds what no archzoo writes; it is named.
        OtherSchema: a newer archzoo wrote it.
        ValueError: it is not JSON.
    """
    try:
        values = json.loads(text)  # msgspec's own reader has no NaN, which a diverged loss may be
    except RecursionError as error:
        raise BadRecord("", "it is nested too deeply") from error
    if not isinstance(values, dict):
        raise BadRecord("", "it is no table")
    if "schema" in values and values["schema"] != SCHEMA:
        raise OtherSchema(values["schema"])
    return from_dict(values)


def encode(record: RunRecord) -> str:
    """The text of run.json."""
    return json.dumps(plain(record), indent=2) + "\n"


def from_dict(values: Mapping[str, Any]) -> RunRecord:
    """The record of plain values, as `RunRecord.to_dict` gives them.

    Raises:
        BadRecord: a field is missing, or holds what no archzoo writes; it is named.
    """
    record = convert(aliases.record(values), RunRecord)
    tested = convert(record.identity, IdentityRecord, "identity").tests
    if record.status == FINISHED:
        _check_finished(record, tested)
    _check_recipe(record.recipe, record.identity)
    _check_majority(record)
    return record


def convert(values: Any, kind: type[T], place: str = "") -> T:
    """Plain values as a table of a record, with what it does not know in `extra`.

    Raises:
        BadRecord: they are not; the field is named, below `place`.
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
    """Put the fields that a table does not know into its `extra`, at any depth."""
    if isinstance(part, list):
        for number, (each, value) in enumerate(zip(part, values, strict=True)):
            _keep_unknown(each, value, _within(place, str(number)))
    if not isinstance(part, Struct):
        return
    if (extra := getattr(part, "extra", None)) is not None:
        extra.clear()
        for name in values.keys() - _names(type(part)):
            if _depth(values[name]) > DEEPEST:
                raise BadRecord(_within(place, name), "it is nested too deeply")
        extra.update((k, v) for k, v in values.items() if k not in _names(type(part)))
    for attribute, name, _ in fields_of(type(part)):
        value = getattr(part, attribute)
        if isinstance(value, Struct | list):
            _keep_unknown(value, values[name], _within(place, name))


def _depth(value: Any) -> int:
    """How deeply tables and lists are nested, as far as that is allowed."""
    level, layer = 0, [value]
    while layer and level <= DEEPEST:
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
    """The error with its place: `metrics.test_loss: expected float, received str`."""
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
    """The names on the way to what is wrong; msgspec leaves out those of a mapping's keys."""
    steps: list[str] = []
    inner = values
    for step in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path):
        name = step[0] or step[1]
        if name == "...":
            name = _wrong_key(inner, values, kind, message)
        inner = inner[int(name)] if isinstance(inner, list | tuple) else inner.get(name)
        steps.append(name)
    return steps


def _wrong_key(inner: dict[str, Any], values: Any, kind: type[Struct], message: str) -> str:
    """The key in `inner`, a mapping somewhere in `values`, whose value is the wrong one."""
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
    """A finished run has results: without those of the test set only if it left that untouched."""
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
            raise BadRecord(place, "it is missing, and the run is finished")


TESTED = (
    "test_loss",
    "test_accuracy",
    "test_accuracy_interval",
    "test_correct",
    "test_examples",
)


def _check_recipe(values: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """The recipe must be one that is trained by."""
    known = {each.name for each in fields(Recipe)} - {"identity_name"}
    for name in ("name", "summary", "digest", "epochs"):
        if name not in values:
            raise BadRecord(f"recipe.{name}", "it is missing")
    for name, value in values.items():
        kind = TYPES.get(name)
        allowed = (int, float) if kind is float else kind if kind is int else str
        if name not in known | {"digest"}:
            raise BadRecord(f"recipe.{name}", "no recipe has it")
        if not isinstance(value, allowed) or isinstance(value, bool):
            raise BadRecord(f"recipe.{name}", f"a recipe cannot have {value!r:.50}")
    try:
        recipe_of(values, identity)
    except UsageError as error:
        wrong = next((name for name in values if f": {name} is " in str(error)), "")
        raise BadRecord(_within("recipe", wrong).rstrip("."), str(error).rstrip(".")) from error


def recipe_of(values: Mapping[str, Any], identity: Mapping[str, Any]) -> Recipe:
    """The recipe that a record has, under the name that its run's identity has.

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
        raise BadRecord("metrics.majority_class", f"it is none of the {classes} classes")
