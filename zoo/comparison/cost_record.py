"""What a record of costs must hold, so that whoever reads one may rely on it: it may be a stranger's."""

import math
from collections.abc import Mapping
from typing import Any

STATISTICS = ("median", "q1", "q3", "n")
IN_WORDS = ("train", "infer_256", "latency_p50")
"""Measures whose noise is told in a sentence."""


def fault(record: Mapping[str, Any]) -> str:
    """The part of a record that no archzoo writes; empty: none."""
    wrong = (name for name, fine in _PARTS.items() if not fine(record.get(name)))
    return next(wrong, "") or _faulty_entry(record["entries"], record.get("again"))


def _faulty_entry(entries: Mapping[str, Any], again: Any) -> str:
    wrong = (f"entries.{name}" for name, entry in entries.items() if not _is_entry(entry))
    return next(wrong, "") or ("" if again is None or _is_entry(again) else "again")


def _is_entry(entry: Any) -> bool:
    return (
        _is_table(entry)
        and _is_table(entry.get("identity"))
        and _is_table(entry["identity"].get("recipe"))
        and _is_table(entry.get("conditions"))
        and _is_table(entry.get("measures"))
        and all(map(_is_statistic, entry["measures"].values()))
    )


def _is_statistic(value: Any) -> bool:
    return _is_table(value) and all(_is_number(value.get(name)) for name in STATISTICS)


def _is_noise(value: Any) -> bool:
    return value is None or (_are_numbers(value) and all(name in value for name in IN_WORDS))


def _are_numbers(value: Any) -> bool:
    return _is_table(value) and all(map(_is_number, value.values()))


def _are_texts(value: Any) -> bool:
    return _is_table(value) and all(isinstance(each, str) for each in value.values())


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**63


_PARTS = {
    "created": lambda value: isinstance(value, str),
    "settings": lambda value: _are_numbers(value) and "batch_size" in value,
    "conditions": lambda value: value is None or _is_table(value),
    "entries": _is_table,
    "noise": _is_noise,
    "problems": _are_texts,
}
