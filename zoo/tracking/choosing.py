"""From what a user writes, `mlflow:http://host:5000`, to trackers: archzoo's own and those of plugins."""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo.errors import PluginError, UsageError
from zoo.suggest import unknown
from zoo.tracker import Tracker
from zoo.tracking.secrets import masked

if TYPE_CHECKING:
    from zoo.registry import Registry

OWN = ("mlflow", "tensorboard")

Track = str | Tracker


def choose(track: Track | Sequence[Track], registry: "Registry") -> list[Tracker]:
    """The trackers that are meant; nothing is connected.

    Args:
        track: `NAME` or `NAME:TARGET`, or a `zoo.Tracker`; one or several.
        registry: knows the plugins that bring trackers.

    Raises:
        UsageError: one is unknown, is not installed, is given twice, or has a target that cannot be one.
        PluginError: two plugins have a tracker of that name, or it cannot be made.
    """
    given = [track] if isinstance(track, str | Tracker) else list(track)
    found = [_one(each, registry) for each in given]
    seen: set[tuple[str, str]] = set()
    for each in found:
        same = (each.name, getattr(each, "target", ""))
        if each.name and same in seen:
            raise UsageError(f"`track`: {masked(_text(each))} is given twice; leave one out.")
        seen.add(same)
    return found


def _text(tracker: Tracker) -> str:
    target = getattr(tracker, "target", "")
    return f"{tracker.name}:{target}" if target else tracker.name


def _one(given: Track, registry: "Registry") -> Tracker:
    if isinstance(given, Tracker):
        return given
    if not isinstance(given, str):
        raise UsageError(
            f"`track` takes names and zoo.Tracker objects; received {type(given).__name__}."
        )
    name, colon, target = given.partition(":")
    if colon and not target:
        raise UsageError(f"`track={given!r}`: nothing follows the colon; leave it out, or add it.")
    return _make(name, target, _class_of(name, registry))


def _class_of(name: str, registry: "Registry") -> type[Tracker]:
    if name == "mlflow":
        from zoo.tracking.mlflow_tracker import MLflow

        return MLflow
    if name == "tensorboard":
        from zoo.tracking.tensorboard_tracker import TensorBoard

        if importlib.util.find_spec("tensorboard") is None:
            raise UsageError(
                "`track='tensorboard'`: it is not installed: pip install 'archzoo[tensorboard]'."
            )
        return TensorBoard
    found = [(each, plugin) for each, plugin in registry.trackers() if each.name == name]
    if not found:
        known = [*OWN, *(each.name for each, _ in registry.trackers())]
        raise UsageError(unknown("tracker", name, known, _broken(registry)))
    if len(found) > 1:
        claims = " and ".join(f"{plugin.distribution} {plugin.version}" for _, plugin in found)
        raise PluginError(f"tracker {name!r} is claimed by {claims}. Uninstall one of them.")
    return found[0][0]


def _broken(registry: "Registry") -> str:
    broken = [each.plugin.title for each in registry.load_all() if each.error]
    return (
        f"Broken plugins: {', '.join(broken)}; zoo plugins says how to see why." if broken else ""
    )


def _make(name: str, target: str, kind: type[Tracker]) -> Tracker:
    try:
        return kind(target)
    except UsageError:
        raise
    except Exception as error:  # a plugin's
        cause = masked(f"{type(error).__name__}: {error}")
        raise PluginError(f"tracker {name!r} cannot be made: {cause}.") from error
