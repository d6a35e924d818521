"""Showing a training: a live display on a terminal, plain lines in a log."""

import sys
import time

import click

from zoo.training.reporter import Reporter, Reporters


def make_reporter(*, silent: bool, tensorboard: bool) -> Reporter:
    """The reporters that a command's options and its terminal ask for."""
    reporters: list[Reporter] = []
    if not silent:
        reporters.append(Live() if sys.stderr.isatty() else Lines())
    if tensorboard:
        from zoo.training.tensorboard import TensorBoard

        reporters.append(TensorBoard())
    return Reporters(*reporters)


def _metrics(row: dict[str, float]) -> str:
    text = f"loss {row['loss']:.4f}  accuracy {row['accuracy']:.4f}"
    if "val_accuracy" in row:
        text += f"  val loss {row['val_loss']:.4f}  val accuracy {row['val_accuracy']:.4f}"
    return text


class Lines(Reporter):
    """A line an epoch, and one a minute within long ones, on standard error."""

    interval = 60.0

    def note(self, text):
        click.echo(f"note: {text}", err=True)

    def training_started(self, folder, steps, epochs, start_epoch):
        self._steps, self._epochs = steps, epochs
        start = f", going on after epoch {start_epoch}" if start_epoch else ""
        click.echo(f"run {folder}: {epochs} epochs of {steps} steps{start}", err=True)

    def step(self, epoch, done, sums):
        click.echo(
            f"epoch {epoch}/{self._epochs}  step {done}/{self._steps}  loss {sums.mean_loss:.4f}  "
            f"accuracy {sums.accuracy:.4f}",
            err=True,
        )

    def epoch_ended(self, row, images_per_second):
        click.echo(
            f"epoch {row['epoch']}/{self._epochs}  {_metrics(row)}  {images_per_second:,.0f} images/s",
            err=True,
        )


def bars():
    """rich's progress on standard error, full width: description, bar, `detail`, time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[detail]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        expand=True,
    )


class Live(Reporter):
    """rich's progress bar over all steps, and a line for each complete epoch."""

    def __init__(self):
        self._progress = bars()

    def note(self, text):
        self._progress.console.print(f"note: {text}", markup=False)

    def training_started(self, folder, steps, epochs, start_epoch):
        self._steps, self._epochs = steps, epochs
        self._validation = ""
        self._progress.console.print(f"run {folder}", markup=False)
        self._task = self._progress.add_task(
            f"epoch {start_epoch + 1}/{epochs}",
            total=steps * epochs,
            completed=steps * start_epoch,
            detail="first step",
        )
        self._progress.start()
        self._since, self._examples = time.perf_counter(), None

    def step(self, epoch, done, sums):
        now = time.perf_counter()
        rate = ""
        if self._examples is not None and sums.examples > self._examples:
            rate = f"  {(sums.examples - self._examples) / (now - self._since):,.0f} images/s"
        self._since, self._examples = now, sums.examples
        self._progress.update(
            self._task,
            completed=(epoch - 1) * self._steps + done,
            description=f"epoch {epoch}/{self._epochs}  batch {done}/{self._steps}",
            detail=f"loss {sums.mean_loss:.4f}  acc {sums.accuracy:.4f}{self._validation}{rate}",
        )

    def epoch_ended(self, row, images_per_second):
        if "val_accuracy" in row:
            self._validation = f"  val {row['val_accuracy']:.4f}"
        self._examples = None
        self._progress.update(self._task, completed=row["epoch"] * self._steps)
        self._progress.console.print(
            f"epoch {row['epoch']}/{self._epochs}  {_metrics(row)}  {images_per_second:,.0f} images/s"
        )

    def close(self):
        self._progress.stop()
