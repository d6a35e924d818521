"""A training's hooks, told to trackers."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.errors import ZooError
from zoo.runs.run import Run
from zoo.tracking.tracking import Tracking
from zoo.training.callbacks import Callback

if TYPE_CHECKING:
    from zoo.runs.record import RunRecord
    from zoo.training.running import RunningMetrics

EVERY = 5.0
"""Seconds between two logs within an epoch, at least."""


class Pace:
    """Lets something through at most every so many seconds."""

    def __init__(self, seconds: float = EVERY):
        self._seconds, self._last = seconds, time.monotonic()

    def ready(self) -> bool:
        """Whether the time has come; the next one is counted from now."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


class TrackingCallback(Callback):
    """Tells trackers of one run.

    Args:
        tracking: the trackers of the command.
    """

    interval = EVERY

    def __init__(self, tracking: Tracking):
        self._tracking, self._pace = tracking, Pace()
        self._key: str | None = None
        self._folder: Path | None = None
        self._steps = 0

    def on_train_begin(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        self._folder, self._steps = folder, steps
        self._key = self._tracking.begin(folder, start_epoch)

    def on_train_batch_end(self, epoch: int, step: int, metrics: "RunningMetrics") -> None:
        if self._pace.ready():
            at = (epoch - 1) * self._steps + step
            values = {"loss": metrics.mean_loss, "accuracy": metrics.accuracy}
            self._tracking.running(self._key, values, at)

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        self._tracking.epoch(self._key, row, samples_per_second)

    def on_run_end(self, record: "RunRecord") -> None:
        self._end("finished")

    def close(self) -> None:
        if self._folder is not None:
            self._end(recorded_status(self._folder))

    def _end(self, status: str) -> None:
        self._tracking.end(self._key, status)
        self._folder = None


def recorded_status(folder: Path) -> str:
    """How a run ended that is not trained any more, by its record."""
    try:
        status = Run.open(folder).record.status
    except ZooError:
        return "failed"
    return "failed" if status == "running" else status
