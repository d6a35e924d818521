"""What run.json must hold, so that whatever reads a run may rely on it: it may be a stranger's."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from zoo.architecture import FROM_IMAGE, LAYOUTS
from zoo.errors import UsageError
from zoo.recipe import TYPES, Recipe

LARGEST = 2**63
"""Whole numbers beyond are no counts, and cannot be computed with as floats."""

Kind = Callable[[Any, str], str]
"""Names the first place within a value (which lies at the second argument) that is wrong; or empty."""


def fault(record: Any) -> str:
    """The place in a record that no archzoo writes, such as `metrics.test_loss`; empty: none.

    Fields that are not known may be there: a newer archzoo's.
    """
    return (
        _RECORD(record, "")
        or (_finished(record) if record["status"] == "finished" else "")
        or _recipe(record["recipe"])
        or _majority(record)
    )


def _is(fine: Callable[[Any], bool]) -> Kind:
    return lambda value, at: "" if fine(value) else at


def _one_of(*values: str) -> Kind:
    return _is(lambda value: isinstance(value, str) and value in values)


def _or_none(kind: Kind) -> Kind:
    return lambda value, at: "" if value is None else kind(value, at)


def _either(one: Kind, other: Kind) -> Kind:
    return lambda value, at: one(value, at) and other(value, at)


def _both(one: Kind, other: Kind) -> Kind:
    return lambda value, at: one(value, at) or other(value, at)


def _list(kind: Kind, length: int | None = None, least: int = 0) -> Kind:
    def check(value: Any, at: str) -> str:
        if not isinstance(value, list) or len(value) < least or length not in (None, len(value)):
            return at
        wrong = (kind(each, _within(at, str(place))) for place, each in enumerate(value))
        return next(filter(None, wrong), "")

    return check


def _each(kind: Kind, **named: Kind) -> Kind:
    """A table; `named` are those of its fields that are of another kind, and must be there."""

    def check(value: Any, at: str) -> str:
        if not isinstance(value, dict):
            return at
        if missing := [name for name in named if name not in value]:
            return _within(at, missing[0])
        wrong = (named.get(name, kind)(each, _within(at, name)) for name, each in value.items())
        return next(filter(None, wrong), "")

    return check


def _table(needed: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None) -> Kind:
    def check(value: Any, at: str) -> str:
        if not isinstance(value, dict):
            return at
        if missing := [name for name in needed if name not in value]:
            return _within(at, missing[0])
        known = {**needed, **(optional or {})}
        wrong = (
            kind(value[name], _within(at, name)) for name, kind in known.items() if name in value
        )
        return next(filter(None, wrong), "")

    return check


def _seconds(value: Any, at: str) -> str:
    """Of phases, by name, and two lists: of each epoch."""
    if not isinstance(value, dict):
        return at
    kinds = {"epochs": _list(_NUMBER), "images_per_second": _list(_NUMBER)}
    wrong = (kinds.get(name, _NUMBER)(each, _within(at, name)) for name, each in value.items())
    return next(filter(None, wrong), "")


def _within(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _is_number(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < LARGEST
    return type(value) is float and math.isfinite(value) and abs(value) < 1e300


def _is_plain(value: Any) -> bool:
    """What a parameter may be: JSON has made lists of tuples."""
    values = value if isinstance(value, list) else [value]
    return all(each is None or isinstance(each, bool | str) or _is_number(each) for each in values)


_ANY = _is(lambda _: True)
_TEXT = _is(lambda value: isinstance(value, str))
_FLAG = _is(lambda value: isinstance(value, bool))
_WHOLE = _is(lambda value: type(value) is int and abs(value) < LARGEST)
_COUNT = _is(lambda value: type(value) is int and 0 <= value < LARGEST)
_LENGTH = _is(lambda value: type(value) is int and 1 <= value < 2**31)
_NUMBER = _is(_is_number)
_LOSS = _is(lambda value: type(value) is float or _is_number(value))
_SHARE = _is(lambda value: _is_number(value) and 0 <= value <= 1)
_PLAIN = _is(_is_plain)
_LAYOUT = _one_of(*LAYOUTS)
_SHAPE = _list(_LENGTH, least=2)
_POLARITY = _or_none(_one_of("light on dark", "dark on light"))
_VALUES = _each(_PLAIN)
_ORIGIN = _table(
    dict.fromkeys(("distribution", "version", "file", "sha256"), _TEXT),
    {"neighbours": _each(_TEXT)},
)
_SEEN = _table({
    **dict.fromkeys(("minimum", "maximum", "mean", "deviation"), _NUMBER),
    "means": _list(_NUMBER, 2), "deviations": _list(_NUMBER, 2),
    "polarity": _POLARITY, "background": _or_none(_NUMBER),
})  # fmt: skip
_CONTRACT = _table({
    "layout": _LAYOUT, "shape": _SHAPE, "dtype": _one_of("uint8", "float32"),
    "pixel_range": _or_none(_list(_NUMBER, 2)), "polarity": _POLARITY, "centred": _FLAG,
    "seen": _or_none(_SEEN),
})  # fmt: skip
_VERSIONS = _each(_or_none(_TEXT))

_TESTED = {
    "test_loss": _LOSS, "test_accuracy": _SHARE, "test_accuracy_interval": _list(_SHARE, 2),
    "test_correct": _COUNT, "test_examples": _COUNT,
}  # fmt: skip

_RECORD = _table(
    {
        "status": _one_of("finished", "running", "interrupted", "diverged", "failed"),
        "created": _TEXT,
        "identity": _table(
            {
                "architecture": _TEXT, "origin": _each(_either(_TEXT, _each(_TEXT))),
                "layout": _list(_TEXT, 2), "hyperparameters": _VALUES, "dataset": _TEXT,
                "checksums": _each(_TEXT, x_test=_TEXT, y_test=_TEXT), "recipe": _VALUES,
                "seed": _WHOLE, "backend": _TEXT, "device": _TEXT, "precision": _TEXT,
            },
            {"data_parameters": _VALUES, "variables": _each(_or_none(_PLAIN))},
        ),
        "architecture": _table({
            "name": _TEXT, "layout": _LAYOUT, "frames_from_image": _one_of(*FROM_IMAGE),
            "hyperparameters": _VALUES, "origin": _ORIGIN,
        }),
        "dataset": _table(
            {
                "name": _TEXT, "classes": _list(_TEXT, least=1), "source": _TEXT, "origin": _TEXT,
                "sizes": _each(_COUNT, train=_COUNT, test=_COUNT),
            },
            {"parameters": _VALUES},
        ),
        "input": _table(
            {
                "source": _LAYOUT, "target": _LAYOUT, "how": _one_of(*FROM_IMAGE),
                "shape": _SHAPE, "input_shape": _SHAPE,
                "scale": _either(_NUMBER, _list(_NUMBER)), "offset": _either(_NUMBER, _list(_NUMBER)),
            },
            {"conversion": _TEXT},
        ),
        "recipe": _each(_PLAIN, name=_TEXT, summary=_TEXT, digest=_TEXT, epochs=_COUNT),
        "seed": _WHOLE,
        "backend": _TEXT,
        "device": _table({"asked": _TEXT, "kind": _TEXT, "name": _TEXT}),
        "precision": _TEXT,
        "environment": _both(
            _each(_either(_PLAIN, _each(_or_none(_PLAIN))), cores=_COUNT, system=_TEXT),
            _table({}, {"git": _or_none(_table({}, {"commit": _or_none(_TEXT)}))}),
        ),
        "sessions": _list(
            _table({"versions": _VERSIONS}, {"timings": _seconds, "together": _COUNT, "alongside": _COUNT}),
            least=1,
        ),
        "parameters": _table({"trainable": _COUNT, "total": _COUNT}),
        "flops_per_sample": _or_none(_COUNT),
        "engine": _VALUES,
    },
    {
        "contract": _or_none(_CONTRACT),
        "error": _TEXT,
        "progress": _table({"epochs": _COUNT}),
        "timings": _seconds,
        "peak_memory": _table({"host_bytes": _COUNT}, {"device_bytes": _or_none(_COUNT)}),
        "metrics": _table({"epoch": _COUNT}, {**_TESTED, "majority_share": _SHARE, "majority_class": _COUNT}),
        "files": _each(_TEXT),
    },
)  # fmt: skip

_FINISHED = _table({
    "metrics": _ANY,
    "timings": _each(
        _ANY, compile=_NUMBER, train=_NUMBER, epochs=_list(_NUMBER, least=1),
        images_per_second=_list(_NUMBER, least=1),
    ),
    "peak_memory": _table({"host_bytes": _COUNT, "device_bytes": _or_none(_COUNT)}),
    "files": _table(dict.fromkeys(("model.keras", "history.csv"), _TEXT)),
})  # fmt: skip

_WITH_TEST = _table({"metrics": _table(_TESTED), "files": _table({"predictions.npz": _TEXT})})
"""What a finished run has unless it left the test set untouched."""


def _finished(record: dict[str, Any]) -> str:
    tested = record["identity"].get("tests", True) is not False
    return _FINISHED(record, "") or (_WITH_TEST(record, "") if tested else "")


def _recipe(values: dict[str, Any]) -> str:
    """The recipe must be one that is trained by."""
    given = {name: value for name, value in values.items() if name != "digest"}
    known = {field.name for field in fields(Recipe)}
    for name, value in given.items():
        kind = TYPES.get(name)
        allowed = (int, float) if kind is float else kind if kind is int else str
        if name not in known or not isinstance(value, allowed) or isinstance(value, bool):
            return f"recipe.{name}"
    try:
        Recipe(**given)
    except UsageError:
        return "recipe"
    return ""


def _majority(record: dict[str, Any]) -> str:
    metrics = record.get("metrics", {})
    if "majority_share" not in metrics:
        return ""
    known = metrics.get("majority_class", LARGEST) < len(record["dataset"]["classes"])
    return "" if known else "metrics.majority_class"
