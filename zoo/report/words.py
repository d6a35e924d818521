"""Values as people read them."""

from datetime import datetime
from typing import Any

from zoo.formatting import duration, percent
from zoo.scoring import ACCURACY, Metric

GIB = 2**30
SHARES = {"overhead"}


def label(key: str) -> str:
    """A key without the unit that `plain` writes beside its value: `wall_seconds` is `wall time`."""
    for suffix, word in (("_seconds", " time"), ("_bytes", "")):
        key = key.removesuffix(suffix) + word if key.endswith(suffix) else key
    return key.replace("_", " ")


def plain(value: Any, key: str = "") -> str:
    """Any JSON value on one line; the end of its key tells seconds and bytes."""
    if value is None or value in ("", [], {}):
        return "—"
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{label(k)} {plain(v, k)}" for k, v in value.items())
        case list() | tuple():
            return ", ".join(plain(item, key) for item in value)
        case str():
            return moment(value) if key == "created" else value
    if key.endswith("_seconds"):
        return duration(value)
    if key.endswith("_bytes"):
        return f"{value / GIB:.1f} GiB"
    if key in SHARES:
        return percent(value, 1)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def moment(iso: str) -> str:
    """`23 November 2026, 10:00 UTC`"""
    time = datetime.fromisoformat(iso)
    return f"{time.day} {time:%B %Y, %H:%M %Z}"


def signed(difference: float | None, metric: Metric = ACCURACY) -> str:
    """A difference, in percentage points or as it is: `+0.12`, `−0.02`."""
    if difference is None:
        return "—"
    text = metric.difference(difference).replace("-", "−")
    return text[1:] if not float(text[1:]) else text


def capitalized(text: str) -> str:
    """With its first letter large, the others as they are: `macro F1` is `Macro F1`."""
    return text[:1].upper() + text[1:]
