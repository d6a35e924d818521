"""Showing a training: a live display on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.printable import printable
from zoo.terminal import echo
from zoo.training.callbacks import Callback, CallbackList

if TYPE_CHECKING:
    from rich.progress import Progress

    from zoo.training.backends.base import RunningMetrics
    from zoo.training.plan import Plan


def progress_callback(*, silent: bool) -> Callback:
    """A progress display: a bar on a terminal, else lines; `silent`: none."""
    live = Live(bars()) if not silent and sys.stderr.isatty() else None
    return _unless(silent, live or Lines())


def progress_callbacks(*, silent: bool) -> Callable[["Plan"], Callback]:
    """A function that makes the display of each of several seeds, which share one screen."""
    shared = bars() if not silent and sys.stderr.isatty() else None

    def of_seed(plan: "Plan") -> Callback:
        label = f"seed {plan.seed}  "
        return _unless(silent, Live(shared, label) if shared else Lines(label))

    return of_seed


def _unless(silent: bool, display: Callback) -> Callback:
    return CallbackList() if silent else display


def _metrics(row: dict[str, float]) -> str:
    text = f"loss {row['loss']:.4f}  accuracy {row['accuracy']:.4f}"
    if "val_accuracy" in row:
        text += f"  val loss {row['val_loss']:.4f}  val accuracy {row['val_accuracy']:.4f}"
    return text


class _Noting(Callback):
    """Shows what is to be known of the data as notes."""

    def on_data_loaded(self, notes: Sequence[str]) -> None:
        for each in notes:
            self.on_note(each)


class Lines(_Noting):
    """A line an epoch, and one a minute within long ones, on standard error."""

    interval = 60.0

    def __init__(self, label: str = ""):
        self._label = label

    def on_note(self, text: str) -> None:
        echo(f"{self._label}note: {text}", err=True)

    def on_train_begin(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        self._steps, self._epochs = steps, epochs
        start = f", going on after epoch {start_epoch}" if start_epoch else ""
        cut = f", {self.total_steps:,} in all" if self.total_steps < steps * epochs else ""
        echo(f"{self._label}run {folder}: {epochs} epochs of {steps} steps{cut}{start}", err=True)

    def on_train_batch_end(self, epoch: int, step: int, metrics: "RunningMetrics") -> None:
        echo(
            f"{self._label}epoch {epoch}/{self._epochs}  step {step}/{self._steps}  "
            f"loss {metrics.mean_loss:.4f}  accuracy {metrics.accuracy:.4f}",
            err=True,
        )

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        echo(
            f"{self._label}epoch {epoch}/{self._epochs}  {_metrics(row)}  "
            f"{samples_per_second:,.0f} samples/s",
            err=True,
        )


def bars() -> "Progress":
    """rich's progress on standard error, full width: description, bar, `detail`, time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        expand=True,
    )


class Live(_Noting):
    """A bar over all steps, one of those that `progress` shows, and a line for each complete epoch."""

    def __init__(self, progress: "Progress", label: str = ""):
        self._progress, self._label = progress, label

    def on_note(self, text: str) -> None:
        self._progress.console.print(printable(f"{self._label}note: {text}"), markup=False)

    def on_train_begin(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        self._steps, self._epochs = steps, epochs
        self._validation = ""
        self._progress.console.print(printable(f"{self._label}run {folder}"), markup=False)
        self._task = self._progress.add_task(
            f"{self._label}epoch {start_epoch + 1}/{epochs}",
            total=self.total_steps or steps * epochs,
            completed=steps * start_epoch,
            detail="first step",
        )
        self._progress.start()
        self._since = time.perf_counter()
        self._examples: int | None = None

    def on_train_batch_end(self, epoch: int, step: int, metrics: "RunningMetrics") -> None:
        now = time.perf_counter()
        rate = ""
        if self._examples is not None and metrics.examples > self._examples:
            rate = f"  {(metrics.examples - self._examples) / (now - self._since):,.0f} samples/s"
        self._since, self._examples = now, metrics.examples
        self._progress.update(
            self._task,
            completed=(epoch - 1) * self._steps + step,
            description=f"{self._label}epoch {epoch}/{self._epochs}  batch {step}/{self._steps}",
            detail=f"loss {metrics.mean_loss:.4f}  acc {metrics.accuracy:.4f}{self._validation}{rate}",
        )

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        if "val_accuracy" in row:
            self._validation = f"  val {row['val_accuracy']:.4f}"
        self._examples = None
        self._progress.update(self._task, completed=min(epoch * self._steps, self.total_steps))
        self._progress.console.print(
            f"{self._label}epoch {epoch}/{self._epochs}  {_metrics(row)}  "
            f"{samples_per_second:,.0f} samples/s"
        )

    def close(self) -> None:
        self._progress.stop()
