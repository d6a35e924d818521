"""Discovering plugins by metadata, loading the one that is needed, isolating those that fail."""

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import plugin as plugins
from zoo.errors import PluginError, UsageError
from zoo.manifest import Manifest
from zoo.origin import Origin
from zoo.plugin import GROUP, Loaded, Plugin, titles
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.architecture import Architecture
    from zoo.datasets.dataset import Dataset
    from zoo.tracker import Tracker


class Registry:
    """The plugins of this environment. Made in a command and passed down.

    Args:
        plugins: what is installed, by metadata.
        manifest: what archzoo ships.
        strict: raise at the first broken plugin instead of going on without it.
    """

    def __init__(self, plugins: Iterable[Plugin], manifest: Manifest, *, strict: bool = False):
        self.plugins = tuple(sorted(plugins, key=lambda each: (each.name, each.distribution)))
        self.manifest = manifest
        self.strict = strict
        self._loaded: dict[tuple[str, str], Loaded] = {}

    @classmethod
    def discover(
        cls, *, use_plugins: bool = True, environ: Mapping[str, str] | None = None
    ) -> "Registry":
        """Find what is installed, without importing any of it.

        `ZOO_PLUGINS=a,b` keeps only those plugins or distributions, `use_plugins=False` none, and
        `ZOO_STRICT_PLUGINS=1` makes a broken one an error.

        Raises:
            UsageError: `ZOO_PLUGINS` names a plugin that is not installed.
        """
        environ = os.environ if environ is None else environ
        found = (
            [plugins.of_entry_point(each) for each in entry_points(group=GROUP)]
            if use_plugins
            else []
        )
        if use_plugins and (chosen := environ.get("ZOO_PLUGINS")) is not None:
            found = _only(found, [name.strip() for name in chosen.split(",") if name.strip()])
        strict = environ.get("ZOO_STRICT_PLUGINS", "") not in ("", "0")
        return cls(found, Manifest.read(), strict=strict)

    @cached_property
    def collisions(self) -> dict[str, tuple[Plugin, ...]]:
        """Plugin names that more than one distribution claims."""
        names = [plugin.name for plugin in self.plugins]
        return {
            name: tuple(plugin for plugin in self.plugins if plugin.name == name)
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        }

    def sharing(self, plugin: Plugin) -> list[Plugin]:
        """Plugins of other distributions that installed the same file: one overwrote the others'."""
        from zoo import shadowing

        mine = shadowing.own_file(plugin.entry_point)
        return [
            other
            for other in self.plugins
            if mine
            and other.distribution != plugin.distribution
            and shadowing.own_file(other.entry_point) == mine
        ]

    def names(self) -> list[str]:
        """Plugin names, which are what `zoo list` shows and completion offers; metadata only."""
        return list(dict.fromkeys(plugin.name for plugin in self.plugins))

    def load(self, plugin: Plugin) -> Loaded:
        """Import one plugin and call its hooks. A failure is kept in the result, once.

        Raises:
            PluginError: it is broken, and the registry is strict.
        """
        key = (plugin.name, plugin.distribution)
        if key not in self._loaded:
            self._loaded[key] = plugins.load(plugin)
        loaded = self._loaded[key]
        if loaded.error and self.strict:
            raise PluginError(_broken(loaded) + " (ZOO_STRICT_PLUGINS is set)", loaded.details)
        return loaded

    def load_all(self) -> list[Loaded]:
        """Import every plugin; the broken ones are in the list with their cause."""
        return [self.load(plugin) for plugin in self.plugins]

    def architecture(self, name: str) -> "tuple[Architecture, Origin]":
        """The architecture called `name`, or the one in the file `name`.

        Plugins are tried by name first; only if none has it are the others imported.

        Raises:
            UsageError: it is not installed; close matches, or how to install it, are in the message.
            PluginError: the plugin that should have it is broken, or two claim it.
        """
        if _is_file(name):
            from zoo.single_file import architecture_from_file  # imports much

            return architecture_from_file(Path(name))
        namesakes = [plugin for plugin in self.plugins if plugin.name == name]
        if len(namesakes) > 1:
            raise PluginError(_collision("plugin", name, namesakes))
        if namesakes:
            loaded = self.load(namesakes[0])
            if loaded.error:
                raise PluginError(_broken(loaded), loaded.details)
            for architecture in loaded.architectures:
                if architecture.name == name:
                    return architecture, _origin(loaded.plugin)
        return self._among_the_rest(name)

    def _among_the_rest(self, name: str) -> "tuple[Architecture, Origin]":
        matches = [
            (architecture, loaded.plugin)
            for loaded in self.load_all()
            for architecture in loaded.architectures
            if architecture.name == name
        ]
        owners = {plugin.distribution: plugin for _, plugin in matches}
        if len(owners) > 1:
            raise PluginError(_collision("architecture", name, owners.values()))
        if matches:
            architecture, plugin = matches[0]
            return architecture, _origin(plugin)
        raise UsageError(self._nobody_has(name))

    def _nobody_has(self, name: str) -> str:
        for plugin in self.plugins:
            if plugin.name == name and (others := self.sharing(plugin)):
                return (
                    f"architecture {name!r} of {plugin.distribution} {plugin.version} is hidden: "
                    f"{titles(others)} installed the same file, {plugin.file}, and one has overwritten "
                    "the other. Uninstall both, and install the one that you need; only its author can "
                    "rename the module."
                )
        if shipped := self.manifest.architectures.get(name):
            return (
                f"architecture {name!r} comes with {shipped.package}, which is not installed or "
                f"not enabled here: pip install {shipped.package} "
                f"(in a checkout: pip install ./plugins/{shipped.package})."
            )
        if not self.plugins:
            return f"unknown architecture {name!r}: no plugin is installed. {self.manifest.how_to_install}"
        known = {a.name for loaded in self._loaded.values() for a in loaded.architectures}
        message = unknown("architecture", name, known, "A file works too: zoo train ./my_net.py.")
        broken = [loaded.plugin.title for loaded in self._loaded.values() if loaded.error]
        return message + (
            f" Broken plugins: {', '.join(broken)}; zoo plugins says how to see why."
            if broken
            else ""
        )

    def datasets(self) -> "list[tuple[Dataset, Plugin]]":
        """The datasets that plugins bring; imports every plugin."""
        return [
            (dataset, loaded.plugin) for loaded in self.load_all() for dataset in loaded.datasets
        ]

    def trackers(self) -> "list[tuple[type[Tracker], Plugin]]":
        """The classes of trackers that plugins bring; imports every plugin."""
        return [
            (tracker, loaded.plugin) for loaded in self.load_all() for tracker in loaded.trackers
        ]


def _is_file(name: str) -> bool:
    """Whether a file is meant: nothing else has a suffix or a folder in its name."""
    return os.sep in name or bool(Path(name).suffix)


def _only(found: list[Plugin], chosen: list[str]) -> list[Plugin]:
    installed = {plugin.name for plugin in found} | {plugin.distribution for plugin in found}
    for name in chosen:
        if name not in installed:
            raise UsageError("ZOO_PLUGINS: " + unknown("plugin", name, installed))
    return [each for each in found if each.name in chosen or each.distribution in chosen]


def _origin(plugin: Plugin) -> Origin:
    return Origin(distribution=plugin.distribution, version=plugin.version)


def _broken(loaded: Loaded) -> str:
    plugin = loaded.plugin
    where = f" in {plugin.file}" if plugin.file else ""
    return (
        f"plugin {plugin.title}{where} is broken: {loaded.error}. Mend it, or remove it: "
        f"pip uninstall {plugin.distribution}."
    )


def _collision(kind: str, name: str, owners: Iterable[Plugin]) -> str:
    claims = " and ".join(
        sorted(f"{owner.distribution} {owner.version} ({owner.file})" for owner in owners)
    )
    return (
        f"{kind} {name!r} is claimed by {claims}. Uninstall one of them, or list the "
        "distributions to use in ZOO_PLUGINS."
    )
