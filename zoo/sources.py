"""The files of an architecture in one file: itself, and the neighbours that it imports."""

import ast
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zoo.errors import UsageError
from zoo.origin import Origin

LARGEST = 4 * 2**20
"""Bytes of a file that is read as Python; the largest that people write have some hundred thousand."""

NEVER_NEIGHBOURS = frozenset(sys.stdlib_module_names) | {
    "zoo", "keras", "numpy", "tensorflow", "jax", "torch",
}  # fmt: skip
"""Modules that a file beside an architecture cannot stand in for."""

NEIGHBOUR = re.compile(r"(?:[^\W\d]\w*/)*[^\W\d]\w*\.py")
"""A neighbour's name: its path from the architecture's folder, with slashes."""


@dataclass(frozen=True)
class Sources:
    """An architecture's file as it was read, once: what is hashed is what is executed.

    Attributes:
        path: the file.
        source: its content.
        neighbours: contents of the files beside it that its import statements name, and that theirs
            name, by their path from its folder: `blocks.py`, `parts/conv.py`.
    """

    path: Path
    source: bytes
    neighbours: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Sources":
        """Read a file and its neighbours; nothing is executed.

        Raises:
            UsageError: one is too large for a Python file.
        """
        source = read_source(path)
        found: dict[str, bytes] = {}
        waiting = [("", source)]
        while waiting:
            package, text = waiting.pop()
            for name in _imported(text, package):
                for relative in _files_of(path.parent, name):
                    if relative not in found:
                        found[relative] = read_source(path.parent / relative)
                        waiting.append((_package_of(relative), found[relative]))
        return cls(path, source, dict(sorted(found.items())))

    @property
    def origin(self) -> Origin:
        """Where they are, and the SHA-256 of each."""
        neighbours = {name: digest(content) for name, content in self.neighbours.items()}
        return Origin(
            file=str(self.path.resolve()), sha256=digest(self.source), neighbours=neighbours
        )


def digest(content: bytes) -> str:
    """The SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def read_source(path: Path) -> bytes:
    """A Python file's content.

    Raises:
        UsageError: it is too large for one.
    """
    if (size := path.stat().st_size) > LARGEST:
        raise UsageError(
            f"{path}: has {size / 2**20:.0f} MiB; a Python file may have {LARGEST / 2**20:.0f}."
        )
    return path.read_bytes()


def _imported(source: bytes, package: str) -> Iterator[str]:
    """Dotted names that a file's import statements may mean, wherever they stand in it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # importing it will say what is wrong
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            if base:
                yield base
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


def _base(node: ast.ImportFrom, package: str) -> str:
    parts = package.split(".")
    above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
    return f"{above}.{node.module or ''}".strip(".")


def _files_of(folder: Path, name: str) -> Iterator[str]:
    """The files beside an architecture that importing `a.b.c` executes: of a, of a.b, of a.b.c."""
    parts = name.split(".")
    if parts[0] in NEVER_NEIGHBOURS:
        return
    for count in range(1, len(parts) + 1):
        stem = "/".join(parts[:count])
        for relative in (f"{stem}/__init__.py", f"{stem}.py"):
            if NEIGHBOUR.fullmatch(relative) and (folder / relative).is_file():
                yield relative
                break


def _package_of(relative: str) -> str:
    """The package in which a neighbour's relative imports are resolved."""
    return relative.rpartition("/")[0].replace("/", ".")
