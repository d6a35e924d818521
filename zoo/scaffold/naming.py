"""Checks the name of a new plugin."""

import keyword
import re
import unicodedata
from collections.abc import Mapping
from importlib.util import find_spec

from zoo.datasets.catalog import BUILT_IN
from zoo.errors import UsageError
from zoo.registry import Registry

LONGEST = 40
"""Characters; with more, lines of the templates would be too long."""
RULE = (
    f"use lower-case letters, digits and single underscores between them, a letter first, at most "
    f"{LONGEST} characters"
)
_LEGAL = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def module_of(name: str) -> str:
    """The module, and folder, that holds the plugin `name`."""
    return f"archzoo_{name}"


def distribution_of(name: str) -> str:
    """The distribution name of the plugin `name`."""
    return f"archzoo-{name.replace('_', '-')}"


def check(name: str, registry: Registry) -> None:
    """Refuse an invalid or taken name.

    Raises:
        UsageError: the reason, what is allowed, and a valid name.
    """
    taken = _taken(registry)
    if reason := _reason_against(name, taken):
        raise UsageError(f"{name!r} {reason}. Try: zoo new {_suggestion(name, taken)}")


def _taken(registry: Registry) -> dict[str, str]:
    """Taken names and their owners; reads metadata only."""
    return (
        dict.fromkeys(BUILT_IN, "a dataset of archzoo")
        | {plugin.name: f"the installed plugin {plugin.title}" for plugin in registry.plugins}
        | {
            name: f"an architecture that comes with {shipped.package}"
            for name, shipped in registry.manifest.architectures.items()
        }
    )


def _reason_against(name: str, taken: Mapping[str, str]) -> str:
    """Why `name` cannot be used; empty if it can."""
    if not _LEGAL.fullmatch(name) or len(name) > LONGEST:
        return f"cannot name a plugin: {RULE}"
    if keyword.iskeyword(name):
        return "is a Python keyword; use another"
    if name in taken:
        return f"is the name of {taken[name]}; use another"
    if find_spec(module_of(name)):
        return f"needs a module {module_of(name)}, which already exists; use another"
    return ""


def _suggestion(name: str, taken: Mapping[str, str]) -> str:
    """A valid name similar to `name`."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_only).lower()  # MyNet is my_net
    bare = re.sub(r"[^a-z0-9]+", "_", words).removeprefix("archzoo_")
    bare = bare.lstrip("0123456789_").rstrip("_")[: LONGEST - 6].rstrip("_") or "net"
    candidates = (bare, f"my_{bare}", *(f"my_{bare}_{number}" for number in range(2, 100)))
    return next(each for each in candidates if not _reason_against(each, taken))
