"""Finds what to check: by a name, a file, or the folder of a package."""

import importlib
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from zoo import diagnosis, named_sizes
from zoo.errors import PluginError, UsageError
from zoo.origin import Origin
from zoo.plugin import GROUP, Loaded, Plugin
from zoo.registry import Registry
from zoo.suggest import unknown
from zoo.testing.check import Check, Verdict
from zoo.testing.checking import check_architecture, check_dataset
from zoo.testing.checks import CHECKS
from zoo.testing.dataset_checks import DATASET_CHECKS
from zoo.testing.dataset_harness import DatasetHarness

if TYPE_CHECKING:
    from zoo.architecture import Architecture
    from zoo.datasets.dataset import Dataset


@dataclass(frozen=True)
class ArchitectureSubject:
    """An architecture to check. `module` is its plugin's module, if it has a plugin."""

    architecture: "Architecture"
    origin: Origin
    module: str = ""
    kind: str = field(default="architecture", init=False)
    checks: tuple[Check, ...] = field(default=CHECKS, init=False)

    @property
    def name(self) -> str:
        return self.architecture.name

    @property
    def place(self) -> str:
        """The file, or the distribution and its version."""
        return self.origin.file or f"{self.origin.distribution} {self.origin.version}"

    def check(self, checks: Sequence[Check]) -> Iterator[Verdict]:
        return check_architecture(self.architecture, self.origin, checks, module=self.module)

    def warnings(self) -> list[str]:
        """What looks wrong although no check fails."""
        return []


@dataclass(frozen=True)
class DatasetSubject:
    """A dataset to check."""

    dataset: "Dataset"
    kind: str = field(default="dataset", init=False)
    checks: tuple[Check, ...] = field(default=DATASET_CHECKS, init=False)

    @property
    def name(self) -> str:
        return self.dataset.name

    @property
    def place(self) -> str:
        """Where the data come from, or else the file and line of `load`."""
        return self.dataset.origin or diagnosis.place_of(self.dataset.load)

    def check(self, checks: Sequence[Check]) -> Iterator[Verdict]:
        return check_dataset(self.dataset, checks)

    def warnings(self) -> list[str]:
        """What looks wrong although no check fails; empty for data that cannot be read."""
        from zoo.datasets.quality import worth_saying

        try:
            return worth_saying(self.dataset, DatasetHarness(self.dataset).arrays)
        except Exception:  # the checks have reported what is wrong
            return []


CheckTarget = ArchitectureSubject | DatasetSubject


def find(
    text: str, registry: Registry, data_settings: Mapping[str, str] | None = None
) -> list[CheckTarget]:
    """What `text` names: an architecture, a dataset, a file, or the contents of a package's folder.

    Args:
        text: a name or a path.
        registry: the installed plugins.
        data_settings: parameters of the datasets among them, as texts.

    Raises:
        UsageError: nothing has that name, the folder is not a plugin's package, or a dataset does
            not have such a parameter.
        PluginError: the plugin or file cannot be loaded.
    """
    found = _find(text, registry)
    return [
        DatasetSubject(each.dataset.configured(data_settings or {}))
        if isinstance(each, DatasetSubject)
        else each
        for each in found
    ]


def _find(text: str, registry: Registry) -> list[CheckTarget]:
    path = Path(text)
    named, size = named_sizes.split(text)
    if size and not path.exists():
        raise UsageError(f"{text}: the checks of {named} include all of its sizes; give {named}.")
    if (path / "pyproject.toml").is_file():
        return list(_of_package(path, registry))
    if path.is_dir() and os.sep in text:
        return [_in_folder(path)]
    if os.sep in text and path.is_file() and path.suffix != ".py":
        return [_own(path)]
    if text.endswith(".py") or (os.sep in text and not text.lower().endswith(".npz")):
        return [ArchitectureSubject(*registry.architecture(text))]
    return [_named(text, registry)]


def _own(path: Path) -> DatasetSubject:
    from zoo.datasets.catalog import own_dataset

    return DatasetSubject(own_dataset(path))


def _in_folder(folder: Path) -> DatasetSubject:
    if not any(each.is_dir() for each in folder.iterdir()):
        raise UsageError(
            f"{folder}: has no pyproject.toml and no folders of recordings or clips. Give the folder of a "
            "package or of your data, or a file."
        )
    return _own(folder)


def _named(name: str, registry: Registry) -> CheckTarget:
    from zoo.datasets.catalog import BUILT_IN, all_datasets, find_dataset

    if name.lower().endswith(".npz") or (name in BUILT_IN and name not in registry.names()):
        return DatasetSubject(find_dataset(name, registry))
    try:
        architecture, origin = registry.architecture(name)
    except UsageError:
        if name in registry.manifest.architectures:  # shipped; the message says how to get it
            raise
        datasets = all_datasets(registry)
        if name in datasets:
            return DatasetSubject(datasets[name])
        if Path(name).is_file():
            return _own(Path(name))
        if Path(name).is_dir():
            return _in_folder(Path(name))
        known = {*registry.names(), *datasets}
        then = "Or give a file or a package's folder: zoo check ./my_net.py."
        raise UsageError(unknown("architecture or dataset", name, known, then)) from None
    return ArchitectureSubject(architecture, origin, _module(architecture, origin, registry))


def _module(architecture: "Architecture", origin: Origin, registry: Registry) -> str:
    for plugin in registry.plugins:
        if plugin.distribution != origin.distribution:
            continue
        if architecture in registry.load(plugin).architectures:
            return plugin.entry_point.module
    return ""


def _of_package(folder: Path, registry: Registry) -> Iterator[CheckTarget]:
    project = _project(folder)
    entry_points = project.get("entry-points", {}).get(GROUP, {})
    if not entry_points:
        raise UsageError(
            f"{folder / 'pyproject.toml'}: declares no plugin. Add [project.entry-points.{GROUP}] "
            'with a line such as my_net = "my_net".'
        )
    name, version = project.get("name", folder.resolve().name), project.get("version", "?")
    for key, value in entry_points.items():
        entry_point = EntryPoint(key, value, GROUP)
        _make_importable(folder, entry_point)
        plugin = Plugin(key, name, version, project.get("description", ""), entry_point)
        loaded = Registry([plugin], registry.manifest).load(plugin)
        yield from _brought(loaded, folder)


def _project(folder: Path) -> dict:
    path = folder / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not valid TOML: {error}.") from error


def _make_importable(folder: Path, entry_point: EntryPoint) -> None:
    """Put the module's folder first on the import path, before installed packages."""
    top = entry_point.module.partition(".")[0]
    for root in (folder / "src", folder):
        if (root / top).is_dir() or (root / f"{top}.py").is_file():
            break
    else:
        raise UsageError(
            f"{folder / 'pyproject.toml'}: entry point {entry_point.name} = {entry_point.value!r}: "
            f"there is neither {top} nor {top}.py in {folder} or its src."
        )
    root = root.resolve()
    already = sys.modules.get(top)
    if already and not _lies_in(already, root):
        raise UsageError(
            f"{folder}: {top} is already imported from another folder; check {folder} separately."
        )
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()


def _lies_in(module: ModuleType, root: Path) -> bool:
    places = [*getattr(module, "__path__", []), getattr(module, "__file__", None) or ""]
    return any(root in Path(place).resolve().parents for place in places if place)


def _brought(loaded: Loaded, folder: Path) -> Iterator[CheckTarget]:
    plugin = loaded.plugin
    if loaded.error:
        raise PluginError(f"{folder}: {plugin.title} is broken: {loaded.error}.", loaded.details)
    origin = Origin(distribution=plugin.distribution, version=plugin.version)
    for architecture in loaded.architectures:
        yield ArchitectureSubject(architecture, origin, plugin.entry_point.module)
    for dataset in loaded.datasets:
        yield DatasetSubject(dataset)
