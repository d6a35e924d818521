"""Named sizes: `cnn@small` is `cnn` with the hyperparameters that its plugin calls `small`."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, Protocol

from zoo import parameters
from zoo.errors import UsageError
from zoo.parameters import Parameter
from zoo.suggest import unknown

BASE = "base"
"""The size that every architecture has: its defaults."""
MARK = "@"
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Sizes = Mapping[str, Mapping[str, Any]]


class Sized(Protocol):
    """What an architecture is here."""

    @property
    def name(self) -> str: ...
    @property
    def sizes(self) -> Sizes: ...
    def defaults(self) -> dict[str, Any]: ...


def split(text: str) -> tuple[str, str]:
    """The architecture and the size that a text names; the size is empty where none is named.

    >>> split("cnn@small"), split("./my_net.py@small"), split("./photos@home/net.py")
    (('cnn', 'small'), ('./my_net.py', 'small'), ('./photos@home/net.py', ''))
    """
    name, mark, size = text.rpartition(MARK)
    if not mark or "/" in size or "\\" in size or size.endswith(".py"):
        return text, ""
    return name, size or MARK  # `cnn@` names a size that no architecture has


def joined(name: str, size: str) -> str:
    """`cnn@small`, or `cnn` where no size is named."""
    return f"{name}{MARK}{size}" if size else name


def without_file(text: str) -> str:
    """How an entry is called that is named so: `my_net@small` of `./my_net.py@small`."""
    name, size = split(text)
    return joined(PurePath(name).stem if name.endswith(".py") else name, size)


def settings(architecture: Sized, size: str) -> dict[str, str]:
    """The hyperparameters of a size, as texts; none for no size and for `base`.

    Raises:
        UsageError: the architecture has no such size.
    """
    if size in ("", BASE):
        return {}
    if size not in architecture.sizes:
        raise UsageError(
            unknown(
                f"size of {architecture.name}",
                size.strip(MARK),
                (BASE, *architecture.sizes),
                f"Write NAME{MARK}SIZE, as in {joined(architecture.name, _example(architecture))}; "
                "others are made with hyperparameters.",
            )
        )
    return {k: parameters.as_text(v) for k, v in architecture.sizes[size].items()}


def _example(architecture: Sized) -> str:
    return next(iter(architecture.sizes), BASE)


def name_of(architecture: Sized, hyperparameters: Mapping[str, Any]) -> str:
    """The size that recorded hyperparameters are, all others at their defaults; empty if they are none.

    A record leaves out what the data did not use.
    """
    recorded, defaults = parameters.plain(hyperparameters), architecture.defaults()
    for size, changed in ((BASE, {}), *architecture.sizes.items()):
        values = parameters.plain({**defaults, **changed})
        if changed.keys() <= recorded.keys() and all(
            k in values and values[k] == v for k, v in recorded.items()
        ):
            return size
    return ""


def checked(name: str, sizes: Any, known: Mapping[str, Parameter]) -> dict[str, dict[str, Any]]:
    """The sizes of an architecture, with the values as `build` takes them.

    Raises:
        ValueError: a size is not allowed; the message is one line.
    """
    if not isinstance(sizes, Mapping):
        raise ValueError(
            f"{name}: sizes is {type(sizes).__name__}, not a mapping such as "
            '{"small": {"units": 32}}'
        )
    found: dict[str, dict[str, Any]] = {}
    defaults = {key: each.default for key, each in known.items()}
    for size, changed in sizes.items():
        values = _values(name, size, changed, known)
        alike = _alike({**defaults, **values}, defaults, found)
        if alike:
            raise ValueError(f"{name}: size {size!r} is the same as {alike!r}; leave one out")
        found[size] = values
    return found


def _values(name: str, size: Any, changed: Any, known: Mapping[str, Parameter]) -> dict[str, Any]:
    if not isinstance(size, str) or not _NAME.fullmatch(size):
        raise ValueError(
            f"{name}: size {size!r}: use lower-case letters, digits and underscores, a letter first"
        )
    if size == BASE:
        raise ValueError(
            f"{name}: size {BASE!r} is reserved: it is the defaults of build; change those instead"
        )
    if not isinstance(changed, Mapping) or not changed:
        raise ValueError(f"{name}: size {size!r} is {changed!r}; give hyperparameters of build")
    for key in changed:
        if key not in known:
            said = unknown("hyperparameter", str(key), known).rstrip(".")
            raise ValueError(f"{name}: size {size!r}: {said}")
    return {key: _value(name, size, known[key], value) for key, value in changed.items()}


def _value(name: str, size: str, parameter: Parameter, value: Any) -> Any:
    """The value, if a text could give it: a record must hold it, and others must be able to repeat it."""
    try:
        read = parameter.parse(parameters.as_text(value))
    except UsageError:
        read = None
    given = tuple(value) if isinstance(value, list) else value
    if read != given or isinstance(read, bool) != isinstance(given, bool):
        raise ValueError(
            f"{name}: size {size!r}: {parameter.name} is {parameter.type_name}, received {value!r}; "
            "give a value that its annotation can read"
        )
    return read


def _alike(values: Any, defaults: Any, found: Sizes) -> str:
    """The size that has these values already; empty if none has."""
    others: Iterable[tuple[str, Mapping[str, Any]]] = ((BASE, {}), *found.items())
    return next((other for other, changed in others if {**defaults, **changed} == values), "")
