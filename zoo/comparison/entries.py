"""What is compared: architectures, each with its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from zoo import named_sizes
from zoo.errors import PluginError, UsageError
from zoo.registry import Registry
from zoo.suggest import unknown


@dataclass(frozen=True)
class Entry:
    """One row of a comparison.

    Attributes:
        name: how it is called in the table: `cnn`, `cnn@small`.
        architecture: what names it to a registry: a name, or a file.
        settings: hyperparameters as texts.
        problem: why it cannot be trained, for a plugin that is broken; else empty.
    """

    name: str
    architecture: str
    settings: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def choose(
    registry: Registry, names: Sequence[str], *, everything: bool, settings: Mapping[str, str]
) -> list[Entry]:
    """The entries that a command names, or every architecture that is installed.

    `settings` has keys `NAME.KEY`. With `everything` a broken plugin becomes an entry that says so.

    Raises:
        UsageError: nothing is named, a name or a setting is unknown, or a name is given twice.
        PluginError: a plugin that is named is broken.
    """
    if everything and names:
        raise UsageError("give names, or ask for every architecture, not both.")
    entries = _every(registry) if everything else [_named(registry, each) for each in names]
    if not entries:
        raise UsageError(
            f"no architecture is installed. {registry.manifest.how_to_install}"
            if everything
            else "no architecture is given. Give names or files, or ask for all; zoo list shows the names."
        )
    seen = [entry.name for entry in entries]
    for name in seen:
        if seen.count(name) > 1:
            raise UsageError(f"{name!r} is given twice; rename a file, or leave one out.")
    return _with_settings(registry, entries, settings)


def _named(registry: Registry, text: str) -> Entry:
    """An entry; of a named size its hyperparameters are settings."""
    named, size = named_sizes.split(text)
    architecture, _ = registry.architecture(named)
    settings = named_sizes.settings(architecture, size)
    return Entry(named_sizes.joined(architecture.name, size), named, settings)


def _every(registry: Registry) -> list[Entry]:
    entries = []
    for loaded in registry.load_all():
        plugin = loaded.plugin
        if loaded.error:
            problem = f"{plugin.distribution} {plugin.version} is broken: {loaded.error}"
            entries.append(Entry(plugin.name, plugin.name, problem=problem))
        entries += [Entry(each.name, each.name) for each in loaded.architectures]
    unique = {entry.name: entry for entry in entries}
    for name, entry in unique.items():
        if not entry.problem:
            try:
                registry.architecture(name)
            except PluginError as error:  # two distributions claim it
                unique[name] = replace(entry, problem=str(error))
    return list(unique.values())


def _with_settings(
    registry: Registry, entries: list[Entry], settings: Mapping[str, str]
) -> list[Entry]:
    chosen: dict[str, dict[str, str]] = {entry.name: {} for entry in entries}
    for key, value in settings.items():
        name, dot, parameter = key.rpartition(".")
        if not dot:
            raise UsageError(
                f"`hyperparameters={ {key: value}!r}`: whose? Write NAME.KEY=VALUE, as in "
                f"{entries[0].name}.{key}={value}."
            )
        name = named_sizes.without_file(name)
        if name not in chosen:
            raise UsageError(
                f"`hyperparameters={ {key: value}!r}`: {unknown('architecture', name, chosen)}"
            )
        chosen[name][parameter] = value
    entries = [
        replace(entry, settings={**entry.settings, **chosen[entry.name]}) for entry in entries
    ]
    _refuse_twins(registry, [entry for entry in entries if not entry.problem])
    return entries


def _refuse_twins(registry: Registry, entries: list[Entry]) -> None:
    """Read every setting; two entries that are one and the same are refused."""
    seen: dict[tuple[str, str], str] = {}
    for entry in entries:
        values = registry.architecture(entry.architecture)[0].parse_settings(entry.settings)
        key = (entry.architecture, repr(values))
        if key in seen:
            raise UsageError(
                f"{seen[key]} and {entry.name} are the same: equal hyperparameters; leave one out."
            )
        seen[key] = entry.name
