"""Which module of a package imports which, read from the source: imports within functions count, too."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path


def modules(package: Path) -> dict[str, Path]:
    """The package's modules by their dotted names."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def graph(package: Path, entry: str = "") -> dict[str, set[str]]:
    """For each module those that it imports; what the module `entry` re-exports is left out."""
    known = modules(package)
    found = {name: set(_imported(file, known)) - {name} for name, file in known.items()}
    found.get(entry, set()).clear()
    return found


def _imported(file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{file}: imports are absolute here"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in known:
                    yield full
                elif node.module in known:
                    yield node.module


def cycles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, directly or not: what is left when leaves are cut."""
    reach = {name: _reachable(name, imports) for name in imports}
    tangled = [name for name in imports if name in reach[name]]
    groups = {
        tuple(sorted(other for other in tangled if other in reach[name] and name in reach[other]))
        for name in tangled
    }
    return [list(group) for group in sorted(groups)]


def _reachable(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in imports[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen
