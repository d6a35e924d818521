"""Reading registry.toml: what ships with archzoo, and the named recipes."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo import aliases
from zoo.errors import UsageError
from zoo.ranges import Space, space_in

SCHEMA = 1
MOST_BYTES = 2**15
"""Of a TOML file; ours take a few thousand."""
DEFAULT_RECIPE = "standard"


@dataclass(frozen=True)
class Shipped:
    """An architecture that archzoo's own distributions bring; `sizes`: the names of its sizes."""

    name: str
    package: str
    layout: str
    summary: str
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """registry.toml, checked: the shipped architectures, and each recipe's table as written.

    Attributes:
        space: what a search draws each recipe key from, unless it is told otherwise.
    """

    path: Path
    architectures: Mapping[str, Shipped]
    recipes: Mapping[str, Mapping[str, Any]]
    space: Mapping[str, Space] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None = None) -> "Manifest":
        """Read `path`, else the file that `ZOO_REGISTRY` names, else the one that ships.

        Raises:
            UsageError: the file is missing or malformed; the message names the line.
        """
        path = path or _shipped_path()
        table = read_toml(path)
        if table.get("schema") != SCHEMA:
            raise UsageError(
                f"{path}: schema is {table.get('schema')!r}; this archzoo reads schema {SCHEMA}."
            )
        _only(path, table, {"schema", "architectures", "recipes", "space"}, ())
        architectures = {
            name: _shipped(path, name, entry)
            for name, entry in _tables(path, table, "architectures").items()
        }
        return cls(path, architectures, _tables(path, table, "recipes"), _space(path, table))

    @property
    def how_to_install(self) -> str:
        """What to type to have every shipped architecture."""
        packages = " ".join(dict.fromkeys(each.package for each in self.architectures.values()))
        return f"The shipped ones: pip install {packages} (in a checkout: pip install ./plugins/*)."


def _shipped_path() -> Path:
    if chosen := os.environ.get("ZOO_REGISTRY"):
        return Path(chosen)
    packaged = Path(__file__).with_name("registry.toml")
    # In a source checkout the file lies beside the package, where people edit it.
    return packaged if packaged.exists() else Path(__file__).parent.parent / "registry.toml"


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        UsageError: it cannot be read, or is not TOML; the message names the line.
    """
    try:
        return tomllib.loads(_content(path).decode("utf-8"))
    except RecursionError as error:
        raise UsageError(f"{path}: is not valid TOML: it is nested too deeply.") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text (byte {error.start}).") from error
    except ValueError as error:  # tomllib's own, and int's of thousands of digits
        raise UsageError(f"{path}: is not valid TOML: {error}.") from error


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a FIFO would be waited for
        raise UsageError(f"{path}: is no file.")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UsageError(f"{path}: is no TOML file of at most {MOST_BYTES // 1024} KiB.")
    return content


def where(path: Path, table: tuple[str, ...], key: str) -> str:
    """`recipe.toml line 7`: where `key` of `table` stands, for an error message."""
    header, current = ".".join(table), ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            current = match[1].replace('"', "")
            if f"{current}.".startswith(f"{'.'.join((*table, key))}."):
                return f"{path} line {number}"
        elif current == header and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return f"{path} line {number}"
    return str(path)


def _tables(path: Path, table: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    entries = table.get(key, {})
    if not isinstance(entries, dict):
        raise UsageError(f"{where(path, (), key)}: {key} must be a table.")
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            raise UsageError(f"{where(path, (key,), name)}: {key}.{name} must be a table.")
    return entries


def _space(path: Path, table: dict[str, Any]) -> dict[str, Space]:
    entries = table.get("space", {})
    if not isinstance(entries, dict):
        raise UsageError(f"{where(path, (), 'space')}: space must be a table.")
    found = {}
    for key, value in entries.items():
        try:
            found[key] = space_in(value)
        except ValueError as error:
            raise UsageError(f"{where(path, ('space',), key)}: space.{key} {error}.") from error
    return found


def _only(path: Path, table: dict[str, Any], allowed: set[str], at: tuple[str, ...]) -> None:
    for key in table:
        if key not in allowed:
            raise UsageError(
                f"{where(path, at, key)}: unknown key {key!r}; known: {', '.join(sorted(allowed))}."
            )


def _shipped(path: Path, name: str, entry: dict[str, Any]) -> Shipped:
    at = ("architectures", name)
    fields = {"package", "layout", "summary"}
    _only(path, entry, fields | {"sizes"}, at)
    for key in sorted(fields):
        if not isinstance(entry.get(key), str):
            raise UsageError(
                f"{where(path, at, key)}: architectures.{name}.{key} must be text, "
                f"received {entry.get(key)!r}."
            )
    sizes = entry.get("sizes", [])
    if not (isinstance(sizes, list) and all(isinstance(each, str) for each in sizes)):
        raise UsageError(
            f"{where(path, at, 'sizes')}: architectures.{name}.sizes must be a list of names, "
            f"received {sizes!r}."
        )
    layout = aliases.current(aliases.LAYOUTS, entry["layout"])
    entry = {**entry, "layout": layout, "sizes": tuple(sizes)}
    return Shipped(name=name, **entry)
