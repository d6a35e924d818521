"""Odd values, and documents (JSON, TOML) in which one has the place of another."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

TEXTS = st.one_of(
    st.sampled_from([
        "", " ", "\n", "\x1b[31mred", "\x9b31m", "a\rb", "=1+1", "../../x", "/etc/passwd", "\0", "ü",
        "a" * 3000, "last", "inf", "nan", "{x}", "%s", "\ud83d", "[bold]", "2026-01-01", "mnist",
        "\u202eabc", "finished", "running", "auto", "gpu", "float32",
    ]),
    st.text(max_size=6),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-3, 40),
    st.sampled_from([2**31, 2**63, 10**30, 10**400, -(10**400), 1e308, -1e308, 1e-320, 0.0, 0.5]),
    st.floats(),
)
FLAT = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
ODD = st.recursive(
    FLAT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
GONE = "gone"
"""For a place that is left out."""


def places(document: Any, at: tuple = ()) -> Iterator[tuple]:
    """The way to each value of a document, of the outer before the inner."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in inner:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


def changed(document: Any, changes: list[tuple[tuple, Any]]) -> Any:
    """A copy with other values at some places; one that is no longer there is passed over."""
    made = copy.deepcopy(document)
    for at, value in changes:
        parent = made
        try:
            for key in at[:-1]:
                parent = parent[key]
            if value == GONE and isinstance(value, str):
                del parent[at[-1]]
            else:
                parent[at[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    return made


def changes(document: Any, most: int = 3) -> st.SearchStrategy:
    """Changes of one place or some."""
    one = st.tuples(st.sampled_from(list(places(document))), ODD | st.just(GONE))
    return st.lists(one, min_size=1, max_size=most)


def as_toml(value: Any) -> str:
    """A value as TOML writes it, with inline tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {as_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)
