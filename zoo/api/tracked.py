"""The trackers of a training or a comparison: `track=` of `zoo.train` and `zoo.compare`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.errors import Interrupted

if TYPE_CHECKING:
    from zoo.compared import Comparison
    from zoo.comparison.callback import ComparisonCallback
    from zoo.registry import Registry
    from zoo.tracker import Tracker
    from zoo.tracking.choosing import Track
    from zoo.tracking.comparison_adapter import TrackedComparisonCallback
    from zoo.tracking.tracking import Tracking


def choose_trackers(track: "Track | Sequence[Track]", registry: "Registry") -> "list[Tracker]":
    """The trackers that are meant; nothing is connected.

    Raises:
        UsageError: one is unknown, not installed, given twice, or has a target that cannot be one.
        PluginError: a plugin's tracker cannot be made.
    """
    if not isinstance(track, str) and isinstance(track, Sequence) and not track:
        return []  # nothing is imported for those who track nothing
    from zoo.tracking.choosing import choose

    return choose(track, registry)


def tracking(trackers: "Sequence[Tracker]") -> "Tracking":
    """They are connected when it is entered, and told of everything before it is left."""
    from zoo.terminal import echo
    from zoo.tracking.tracking import Tracking

    return Tracking(trackers, lambda text: echo(f"note: {text}", err=True))


@dataclass(frozen=True)
class TrackedDisplay:
    """What a comparison calls while it runs; `adapter` is None where nothing is tracked."""

    callback: "ComparisonCallback"
    adapter: "TrackedComparisonCallback | None" = None

    def end(self, made: "Comparison") -> None:
        """The comparison is made."""
        if self.adapter is not None:
            self.adapter.end(made)


@contextmanager
def tracked_comparison(
    display: "ComparisonCallback", trackers: "Sequence[Tracker]", runs_dir: str | Path
) -> Iterator[TrackedDisplay]:
    """A display of progress, and trackers that are told the same."""
    if not trackers:
        yield TrackedDisplay(display)
        return
    from zoo.tracking.comparison_adapter import TrackedComparisonCallback

    with tracking(trackers) as told:
        adapter = TrackedComparisonCallback(display, told, Path(runs_dir))
        try:
            yield TrackedDisplay(adapter, adapter)
        except BaseException as error:
            stopped = isinstance(error, Interrupted | KeyboardInterrupt)
            adapter.cut("interrupted" if stopped else "failed")
            raise
