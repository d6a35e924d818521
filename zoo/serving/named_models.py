"""Which models are served, and under which names."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zoo.errors import UsageError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NAMED = re.compile(rf"({NAME.pattern})=(.+)", re.DOTALL)


@dataclass(frozen=True)
class ServedFile:
    """An ONNX file to serve, and what it is called.

    Attributes:
        architecture, run: names, as the file or the run has them.
        given: the name that the user chose; empty: none.
        folder: the run's; None: only the file is there.
        name: under which it is served.
        runtime: what answers: `onnx`, or `keras` with the run itself.
        use_plugins, trust_source: how Keras finds the run's code.
    """

    path: Path
    architecture: str
    run: str
    given: str = ""
    folder: Path | None = None
    name: str = ""
    runtime: Literal["onnx", "keras"] = "onnx"
    use_plugins: bool = True
    trust_source: bool = False


def split_name(text: str) -> tuple[str, str]:
    """`NAME=RUN` as name and run; the name is empty where none is given, or where it is a path."""
    if Path(text).exists() or not (found := _NAMED.fullmatch(text)):
        return "", text
    return found[1], found[2]


def check_name(name: str) -> None:
    """
    Raises:
        UsageError: it cannot be a part of an address.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"the name {name!r}: use letters, digits, dot, hyphen and underscore, at most 100, and "
            "begin with a letter or a digit."
        )


def names_of(files: Iterable[ServedFile]) -> list[str]:
    """The name of each: that which the user chose, its architecture, or its run where two share one.

    Raises:
        UsageError: two would have one name.
    """
    files = list(files)
    shared = Counter(each.given or each.architecture for each in files)
    names = [
        each.given
        or _in_an_address(each.architecture if shared[each.architecture] == 1 else each.run)
        for each in files
    ]
    for name, count in Counter(names).items():
        check_name(name)
        if count > 1:
            raise UsageError(
                f"{count} models would be served as {name!r}. Give each another name: NAME=RUN."
            )
    return names


def _in_an_address(name: str) -> str:
    """The name with hyphens for what an address would not show as it is."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "model"


def by_name(given: Mapping[str, object] | Iterable[object]) -> list[tuple[str, object]]:
    """Runs as the user gave them, each with its name or an empty one.

    Raises:
        UsageError: there is none, or a name cannot be used.
    """
    if isinstance(given, Mapping):
        pairs = [(str(name), run) for name, run in given.items()]
    else:
        pairs = [split_name(run) if isinstance(run, str) else ("", run) for run in given]
    if not pairs:
        raise UsageError("no run to serve; give one, such as last.")
    for name, _ in pairs:
        if name:
            check_name(name)
    return pairs
