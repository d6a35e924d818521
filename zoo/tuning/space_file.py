"""A user's file of search spaces, the `space` of `zoo.tune`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.errors import UsageError
from zoo.manifest import read_toml, where
from zoo.ranges import Choice, Range, Space, space_in
from zoo.suggest import unknown

RECIPE, HYPERPARAMETERS = "recipe", "hyperparameters"

Spaces = Mapping[str, Space | None]


@dataclass(frozen=True)
class SpaceFile:
    """What replaces the default ranges; None leaves a key out of the search.

    Attributes:
        path: of the file; None: given in Python.
        defaults: whether the ranges of registry.toml and of `build` hold for what is not named.
        recipe: by recipe key.
        hyperparameters: by architecture and name.
    """

    path: Path | None = None
    defaults: bool = True
    recipe: Spaces = field(default_factory=dict)
    hyperparameters: Mapping[str, Spaces] = field(default_factory=dict)

    @classmethod
    def of(cls, given: "str | Path | Mapping[str, Any] | None") -> "SpaceFile":
        """Of a file, or of a mapping with the same tables; None: nothing is replaced.

        Raises:
            UsageError: it cannot be read, or a key or a value is not allowed; the line is named.
        """
        if given is None:
            return cls()
        path = None if isinstance(given, Mapping) else Path(given)
        table = dict(given) if isinstance(given, Mapping) else read_toml(Path(given))
        _check_keys(path, table)
        recipe = _spaces(path, (RECIPE,), table.get(RECIPE, {}))
        own = _table(path, (), HYPERPARAMETERS, table.get(HYPERPARAMETERS, {}))
        hyperparameters = {
            name: _spaces(path, (HYPERPARAMETERS, name), each) for name, each in own.items()
        }
        return cls(path, table.get("defaults", True), recipe, hyperparameters)

    def place(self, table: tuple[str, ...], key: str) -> str:
        """`space.toml line 3: learning_rate`, for a message."""
        return _place(self.path, table, key)

    def check_names(self, architectures: Collection[str]) -> None:
        """Check that every architecture that it names is tuned.

        Raises:
            UsageError: one is not.
        """
        for name in self.hyperparameters:
            if name not in architectures:
                place = self.place((HYPERPARAMETERS,), name)
                raise UsageError(
                    f"{place}: {unknown('architecture that is tuned', name, architectures)}"
                )


def _place(path: Path | None, table: tuple[str, ...], key: str) -> str:
    if path is None:
        return f"`space`: {'.'.join((*table, key))}"
    return f"{where(path, table, key)}: {key}"


def _check_keys(path: Path | None, table: Mapping[str, Any]) -> None:
    known = ("defaults", RECIPE, HYPERPARAMETERS)
    for key in table:
        if key not in known:
            raise UsageError(f"{_place(path, (), key)}: {unknown('key of a space', key, known)}")
    if not isinstance(table.get("defaults", True), bool):
        raise UsageError(f"{_place(path, (), 'defaults')} is true or false.")


def _table(path: Path | None, at: tuple[str, ...], key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{_place(path, at, key)} must be a table.")
    return value


def _spaces(path: Path | None, at: tuple[str, ...], value: Any) -> dict[str, Space | None]:
    found: dict[str, Space | None] = {}
    for key, each in _table(path, at[:-1], at[-1], value).items():
        if isinstance(each, Range | Choice):
            found[key] = each
        elif each is False:
            found[key] = None
        else:
            try:
                found[key] = space_in(each)
            except ValueError as error:
                raise UsageError(
                    f"{_place(path, at, key)} {error}; false leaves it out."
                ) from error
    return found
