"""Executing an architecture's file with private copies of its neighbour modules."""

import builtins
import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from zoo.sources import Sources

PREFIX = "zoo_files_"
"""With what the names of privately imported modules begin."""


def execute(sources: Sources) -> ModuleType:
    """The module that a file makes; what raises within comes through.

    Its neighbours are imported under names that begin with their digest, so that two folders may
    each have a `blocks.py`; neither is on `sys.path`. No bytecode is read or written: what runs is
    what was read.
    """
    name = f"zoo_file_{re.sub(r'[^0-9a-zA-Z]', '_', sources.path.stem)}"
    family = FINDER.add(sources) if sources.neighbours else None
    spec = _spec(name, sources.path, sources.source, family)
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look a module up by name
    assert spec.loader
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def import_family(sources: Sources) -> str:
    """Make the neighbours of a file importable under a prefix, which is returned."""
    return FINDER.add(sources).prefix


class _Family:
    """A file's neighbours, as submodules of a package that only exists in memory."""

    def __init__(self, prefix: str, sources: Sources):
        self.prefix, self.sources = prefix, sources
        self._tops = {re.split(r"[/.]", each)[0] for each in sources.neighbours}

    def import_(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        """`__import__` of the file and its neighbours: theirs come before what is installed."""
        top = name.partition(".")[0]
        if level or top not in self._tops:
            return builtins.__import__(name, globals, locals, fromlist, level)
        private = f"{self.prefix}.{name}"
        if fromlist:
            return builtins.__import__(private, globals, locals, fromlist, 0)
        importlib.import_module(private)
        return sys.modules[f"{self.prefix}.{top}"]

    def spec(self, fullname: str) -> ModuleSpec | None:
        """Of a neighbour, or of a folder that holds some; None: there is none of that name."""
        stem = fullname.removeprefix(f"{self.prefix}.").replace(".", "/")
        folder, neighbours = self.sources.path.parent, self.sources.neighbours
        for relative, package in ((f"{stem}/__init__.py", True), (f"{stem}.py", False)):
            if relative in neighbours:
                path, source = folder / relative, neighbours[relative]
                return _spec(fullname, path, source, self, package=package)
        if any(each.startswith(f"{stem}/") for each in neighbours):
            return spec_from_loader(fullname, None, is_package=True)
        return None


class _Finder:
    """On `sys.meta_path`; answers for the families alone."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def add(self, sources: Sources) -> _Family:
        prefix = f"{PREFIX}{_digest(sources)}"
        if prefix not in self._families:
            package = ModuleType(prefix)
            package.__path__ = []  # nothing is looked for on disk
            sys.modules[prefix] = package
            self._families[prefix] = _Family(prefix, sources)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)  # type: ignore[arg-type]
        return self._families[prefix]

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        family = self._families.get(fullname.partition(".")[0])
        return family.spec(fullname) if family and "." in fullname else None


FINDER = _Finder()


class _Loader(SourceFileLoader):
    """Executes what was read before, not what lies on disk now."""

    def __init__(self, name: str, path: str, source: bytes, import_: Callable[..., Any] | None):
        super().__init__(name, path)
        self._source, self._import = source, import_

    def get_data(self, path: Any) -> Any:
        return self._source if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source, self.path)

    def exec_module(self, module: ModuleType) -> None:
        if self._import:
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        super().exec_module(module)


def _spec(
    name: str, path: Path, source: bytes, family: _Family | None, *, package: bool = False
) -> ModuleSpec:
    loader = _Loader(name, str(path), source, family.import_ if family else None)
    spec = spec_from_file_location(
        name, path, loader=loader, submodule_search_locations=[] if package else None
    )
    assert spec
    return spec


def _digest(sources: Sources) -> str:
    whole = hashlib.sha256()
    for part in _parts(sources):
        whole.update(f"{len(part)} ".encode() + part)
    return whole.hexdigest()[:12]


def _parts(sources: Sources) -> Iterator[bytes]:
    yield str(sources.path.parent.resolve()).encode()
    for name, content in sources.neighbours.items():
        yield name.encode()
        yield content
