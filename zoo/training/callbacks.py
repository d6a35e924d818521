"""What a training tells while it runs. The CLI shows it; a library's caller may ignore it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.runs.record import RunRecord
from zoo.training.backends.base import RunningMetrics


class Callback:
    """Does nothing with what it is told; subclasses show it."""

    interval = 0.25
    """Seconds between two `step` calls, at least."""

    @property
    def stops(self) -> bool:
        """Whether the training is to end after the epoch at hand."""
        return False

    def model_built(self, model: Any, optimizer: Any) -> None:
        """The `keras.Model` that will be trained, and its `keras.optimizers.Optimizer`."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def data_loaded(self, notes: Sequence[str]) -> None:
        """The data are read; `notes` say how, and what looks wrong with them."""

    def training_started(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        """The model is compiled; `folder` is the run's, `start_epoch` epochs are done already."""

    def step(self, epoch: int, done: int, sums: RunningMetrics) -> None:
        """`done` steps of `epoch` (from 1) are done, and this is what the epoch has added up."""

    def epoch_ended(self, row: dict[str, float], images_per_second: float) -> None:
        """An epoch is complete; `row` is its line of history.csv."""

    def next_epoch(self) -> None:
        """Another epoch begins, after one that is complete."""

    def training_ended(self) -> None:
        """No epoch follows; the test set has not been read yet."""

    def finished(self, record: RunRecord) -> None:
        """The run is complete, and this is what its run.json holds."""

    def close(self) -> None:
        """Nothing more will be told, whatever happened."""


class CallbackList(Callback):
    """Several reporters as one."""

    def __init__(self, *reporters: Callback):
        self.reporters = reporters
        self.interval = min((each.interval for each in reporters), default=Callback.interval)

    @property
    def stops(self):
        return any(each.stops for each in self.reporters)

    def note(self, text):
        for each in self.reporters:
            each.note(text)

    def model_built(self, model, optimizer):
        for each in self.reporters:
            each.model_built(model, optimizer)

    def next_epoch(self):
        for each in self.reporters:
            each.next_epoch()

    def training_ended(self):
        for each in self.reporters:
            each.training_ended()

    def data_loaded(self, notes):
        for each in self.reporters:
            each.data_loaded(notes)

    def training_started(self, folder, steps, epochs, start_epoch):
        for each in self.reporters:
            each.training_started(folder, steps, epochs, start_epoch)

    def step(self, epoch, done, sums):
        for each in self.reporters:
            each.step(epoch, done, sums)

    def epoch_ended(self, row, images_per_second):
        for each in self.reporters:
            each.epoch_ended(row, images_per_second)

    def finished(self, record):
        for each in self.reporters:
            each.finished(record)

    def close(self):
        for each in self.reporters:
            each.close()
