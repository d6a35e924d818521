"""One installed plugin: what its metadata tells, and what loading it gives."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from zoo import diagnosis

if TYPE_CHECKING:
    from zoo.architecture import Architecture
    from zoo.datasets.dataset import Dataset
    from zoo.tracker import Tracker

GROUP = "archzoo"


@dataclass(frozen=True)
class Plugin:
    """An installed plugin as its metadata tells it; nothing of it has been imported."""

    name: str
    distribution: str
    version: str
    summary: str
    entry_point: EntryPoint = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        """`cnn (archzoo-cnn 0.1.0)`"""
        return f"{self.name} ({self.distribution} {self.version})"

    @property
    def file(self) -> str:
        """The file that its entry point names, or empty; nothing is imported."""
        return diagnosis.file_of(self.entry_point)

    @property
    def hidden_by(self) -> str:
        """The file of another distribution that hides its module; its own is loaded all the same."""
        from zoo import shadowing  # reads sources: more imports than a list of names needs

        return shadowing.hidden_by(self.entry_point)

    @property
    def missing_module(self) -> str:
        """The top-level module that its entry point names, if it is gone; nothing is imported."""
        module = self.entry_point.module.partition(".")[0]
        return "" if find_spec(module) else module


@dataclass(frozen=True)
class Loaded:
    """What loading one plugin gave: its objects, or why it is broken."""

    plugin: Plugin
    architectures: "tuple[Architecture, ...]" = ()
    datasets: "tuple[Dataset, ...]" = ()
    trackers: "tuple[type[Tracker], ...]" = ()
    hooks: tuple[str, ...] = ()
    error: str = ""
    details: str = ""

    @property
    def state(self) -> str:
        """`ok` or `broken`."""
        return "broken" if self.error else "ok"


def load(plugin: Plugin) -> Loaded:
    """Import a plugin and call its hooks; what it raises is kept in the result."""
    if unmet := diagnosis.too_new(plugin.entry_point):
        return Loaded(plugin, error=unmet)
    from zoo import shadowing

    try:
        return _call_hooks(plugin, shadowing.load(plugin.entry_point))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code may raise anything, SystemExit too
        cause = diagnosis.cause(error, plugin.entry_point)
        return Loaded(plugin, error=cause, details=diagnosis.own_frames(error))


def _call_hooks(plugin: Plugin, module: object) -> Loaded:
    import pluggy

    from zoo import hookspecs
    from zoo.architecture import Architecture

    # A manager each: what fails half-way leaves nothing registered.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=plugin.name)
    manager.check_pending()
    hooks = tuple(caller.name for caller in manager.get_hookcallers(module) or ())
    if not hooks:
        raise TypeError(
            f"{plugin.entry_point.value} implements no hook; decorate zoo_architectures with "
            "@zoo.hookimpl"
        )
    architectures = _gather(manager.hook.zoo_architectures(), Architecture, "zoo_architectures")
    datasets = ()
    if "zoo_datasets" in hooks:
        from zoo.datasets.dataset import Dataset

        datasets = _gather(manager.hook.zoo_datasets(), Dataset, "zoo_datasets")
    trackers = _trackers(manager.hook.zoo_trackers()) if "zoo_trackers" in hooks else ()
    return Loaded(plugin, architectures, datasets, trackers, hooks)


def _trackers(results: list) -> "tuple[type[Tracker], ...]":
    from zoo.tracker import Tracker

    found: list[type[Tracker]] = []
    for result in results:
        if not isinstance(result, list | tuple):
            raise TypeError(f"zoo_trackers must return a list of classes, not {result!r}")
        for each in result:
            if not (isinstance(each, type) and issubclass(each, Tracker)):
                raise TypeError(f"zoo_trackers returned {each!r}, which is no subclass of Tracker")
            if not each.name:
                raise ValueError(f"zoo_trackers returned {each.__name__}, which has no name")
            if any(each.name == other.name for other in found):
                raise ValueError(f"zoo_trackers returned two called {each.name!r}")
            found.append(each)
    return tuple(found)


def _gather(results: list, kind: type[Any], hook: str) -> tuple[Any, ...]:
    gathered: list[Any] = []
    for result in results:
        if isinstance(result, kind) or not isinstance(result, Iterable):
            raise TypeError(f"{hook} must return a list of {kind.__name__}, not {result!r}")
        for item in result:
            if not isinstance(item, kind):
                raise TypeError(f"{hook} returned {item!r}, which is no {kind.__name__}")
            if any(item.name == other.name for other in gathered):
                raise ValueError(f"{hook} returned two called {item.name!r}")
            gathered.append(item)
    return tuple(gathered)


def of_entry_point(entry_point: EntryPoint) -> Plugin:
    """What an entry point's metadata tells; nothing is imported."""
    distribution = entry_point.dist
    if distribution is None:
        return Plugin(entry_point.name, "unknown", "?", "", entry_point)
    metadata = distribution.metadata
    return Plugin(
        entry_point.name,
        metadata["Name"],
        distribution.version,
        metadata.get("Summary") or "",  # type: ignore[attr-defined]
        entry_point,
    )


def titles(plugins: Iterable[Plugin]) -> str:
    """`archzoo-one 1.0 and archzoo-other 2.1`"""
    return " and ".join(sorted({f"{each.distribution} {each.version}" for each in plugins}))
