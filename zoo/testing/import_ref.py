"""How to import an architecture in a new process."""

import importlib
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.architecture import Architecture
from zoo.errors import PluginError
from zoo.private_import import PREFIX

if TYPE_CHECKING:
    from zoo.origin import Origin

_NOT_FOUND = (
    "cannot be imported in a new process: define build at the top level of a module, or let "
    "zoo_architectures() of that module return it"
)


@dataclass(frozen=True)
class ImportRef:
    """Where an architecture is defined, as JSON values.

    Attributes:
        facts: the fields of the `Architecture`, without `build`.
        file: the file with `build`, if its module cannot be imported by name.
        module, qualname: the module with `build`, and its qualified name there.
        plugin: the plugin's module, if it is a different one.
        paths: folders to import from.
    """

    facts: dict[str, Any]
    file: str
    module: str
    qualname: str
    plugin: str
    paths: tuple[str, ...]

    @classmethod
    def of(
        cls, architecture: Architecture, origin: "Origin | None", plugin: str = ""
    ) -> "ImportRef":
        """The reference to an architecture of this process."""
        build = architecture.build
        module = getattr(build, "__module__", "")
        fields = ("name", "layout", "frames_from_image", "summary", "paper")
        return cls(
            facts={name: getattr(architecture, name) for name in fields},
            file=(origin.file if origin else "") or _file_of_no_module(module),
            module=module,
            qualname=getattr(build, "__qualname__", ""),
            plugin=plugin,
            paths=tuple(filter(None, (folder_of(module), folder_of(plugin)))),
        )

    def as_json(self) -> dict[str, Any]:
        """JSON values; `ImportRef(**values)` restores the reference."""
        return asdict(self)

    def load_modules(self) -> None:
        """Import everything that archzoo imports before it calls `build`."""
        if self.file:
            _from_file(self.file)
            return
        for name in filter(None, (self.plugin, self.module)):
            importlib.import_module(name)

    def find(self) -> Architecture:
        """Import the architecture in this process.

        Raises:
            PluginError: no importable module has it.
        """
        if self.file:
            return Architecture(build=_from_file(self.file), **self.facts)
        build: Any = importlib.import_module(self.module)
        for name in self.qualname.split("."):
            build = getattr(build, name, None)
        if callable(build):
            return Architecture(build=build, **self.facts)
        return self._among_hooks()

    def _among_hooks(self) -> Architecture:
        for name in filter(None, (self.plugin, self.module)):
            hook = getattr(importlib.import_module(name), "zoo_architectures", list)
            for architecture in hook():
                if architecture.name == self.facts["name"]:
                    return architecture
        raise PluginError(f"{self.facts['name']} {_NOT_FOUND}.")


def folder_of(module: str) -> str:
    """The folder from which a module's top-level package was imported; empty if it was not."""
    top = sys.modules.get(module.partition(".")[0]) if module else None
    if top is None:
        return ""
    if getattr(top, "__path__", None):
        return str(Path(next(iter(top.__path__))).resolve().parent)
    file = getattr(top, "__file__", None)
    return str(Path(file).resolve().parent) if file else ""


def extend_path(folders: Iterable[str]) -> None:
    """Put these folders first on the import path."""
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]


def _file_of_no_module(module: str) -> str:
    """The file of a module that was run as a script or imported under another name; else empty."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file and module.startswith(PREFIX):
        return str(Path(file).resolve())
    if not file or Path(file).stem in (module.rpartition(".")[2], "__init__"):
        return ""
    return str(Path(file).resolve())


def _from_file(file: str) -> Any:
    from zoo.single_file import architecture_from_file

    return architecture_from_file(Path(file))[0].build
