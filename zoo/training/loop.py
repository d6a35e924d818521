"""The training loop: epochs of steps, each epoch with a validation and a checkpoint."""

import time
from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import Diverged
from zoo.metrics import loss_and_accuracy
from zoo.runs.run import Run
from zoo.training.backends.base import Engine
from zoo.training.callbacks import Callback
from zoo.training.checkpoint import Progress, on_disk
from zoo.training.chunks import Transforms, steps_from
from zoo.training.examples import Examples
from zoo.training.interruption import Interruption
from zoo.training.loader import streams
from zoo.training.plan import Plan
from zoo.training.prepare import epoch_batches, load_examples
from zoo.training.running import RunningMetrics
from zoo.training.state import TrainState

if TYPE_CHECKING:
    import keras

DRAWING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zoo-drawing")
"""Draws order and augmentation of the next epoch, where the device is not the CPU."""


class Loop(ABC):
    """Trains epoch after epoch. `TrainLoop` is the loop of one run, `JointLoop` that of several.

    Attributes:
        engine: trains the steps: an `Engine`, or a `JointEngine`.
    """

    engine: Any

    def fit(self, interruption: Interruption) -> None:
        """Train the epochs that are left; an interruption ends it early, with a checkpoint."""
        self.begin()
        while self.has_epochs_left:
            self.begin_epoch()
            self.train_epoch(interruption)
            self.end_epoch()
            if interruption.requested:
                break
        self.end()

    def train_epoch(self, interruption: Interruption) -> None:
        """Train the steps that are left in the current epoch, or those before an interruption."""
        engine, done, interval = self.engine, 0, self.interval
        batches, transforms = self.steps_left()
        waited = engine.loader.waiting
        started = reported = time.perf_counter()
        engine.begin(self.metrics)
        with engine.chunks(batches, transforms) as chunks:
            for chunk in chunks:
                engine.step(chunk)
                done += chunk.steps
                if (now := time.perf_counter()) - reported >= interval:
                    reported = now
                    if not self.report(done, engine.metrics()):
                        break
                if interruption.requested:
                    break
        metrics = engine.end()
        seconds = time.perf_counter() - started
        self.advance(done, metrics, seconds, engine.loader.waiting - waited)

    @property
    @abstractmethod
    def has_epochs_left(self) -> bool:
        """Whether there is an epoch to train."""

    @property
    @abstractmethod
    def interval(self) -> float:
        """Seconds between two calls of `report`, at least."""

    @property
    @abstractmethod
    def metrics(self) -> Any:
        """The current epoch's metrics so far."""

    @abstractmethod
    def compile(self) -> None:
        """Load the examples and compile the training step."""

    @abstractmethod
    def begin(self) -> None:
        """Before the first epoch."""

    @abstractmethod
    def begin_epoch(self) -> None:
        """Before the steps of an epoch, or of its rest."""

    @abstractmethod
    def steps_left(self) -> tuple[Any, Any]:
        """The batches of the current epoch that are left, and their transforms."""

    @abstractmethod
    def report(self, done: int, metrics: Any) -> bool:
        """`done` steps are done since `begin_epoch`. Returns whether the epoch should go on."""

    @abstractmethod
    def advance(self, done: int, metrics: Any, seconds: float, waiting: float) -> None:
        """Note the steps that were trained, in `seconds`, `waiting` of them for data."""

    @abstractmethod
    def end_epoch(self) -> None:
        """Validate a complete epoch; write a checkpoint."""

    @abstractmethod
    def end(self) -> None:
        """After the last epoch, or an interruption."""


class TrainLoop(Loop):
    """The loop of one run, from any point on.

    Args:
        plan: what is trained.
        run: where its files go; the folder must be locked.
        examples: the data.
        engine: holds the model and the optimizer.
        callback: is called as the training goes on.

    Attributes:
        state: what a checkpoint holds.
        steps: steps in an epoch; the last one may have fewer.
        streamed: whether the training samples are made batch by batch.
        diverged: the error, once the loss became NaN or infinite.
    """

    engine: Engine

    def __init__(
        self, plan: Plan, run: Run, examples: Examples, engine: Engine, callback: Callback
    ):
        self.plan, self.recipe, self.run = plan, plan.recipe, run
        self.examples, self.engine, self.callback = examples, engine, callback
        self.state = TrainState(engine)
        self.steps = len(examples.y_train) // plan.recipe.batch_size
        self.streamed = streams(examples.x_train, engine.device)
        self.diverged: Diverged | None = None
        self._prefetched: dict[int, Future[tuple[np.ndarray, Transforms]]] = {}

    @property
    def model(self) -> "keras.Model":
        """The model that is trained."""
        return self.engine.model

    @property
    def progress(self) -> Progress:
        """How far the training is."""
        return self.state.progress

    @property
    def epoch(self) -> int:
        """The current epoch, from 1."""
        return self.progress.epoch + 1

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.recipe.total_steps(self.steps)

    @property
    def data(self) -> str:
        """`streamed` or `resident`."""
        return "streamed" if self.streamed else "resident"

    @property
    def interval(self) -> float:
        return self.callback.interval

    @property
    def metrics(self) -> RunningMetrics:
        return self.progress.sums

    @property
    def has_epochs_left(self) -> bool:
        progress = self.progress
        if self.diverged or progress.epoch >= self.recipe.epochs or self.callback.stop_training:
            return False
        return progress.step > 0 or not self._out_of_patience()

    def _out_of_patience(self) -> bool:
        accuracies = [row["val_accuracy"] for row in self.progress.history if "val_accuracy" in row]
        if not self.recipe.patience or not accuracies:
            return False
        since_best = len(accuracies) - 1 - accuracies.index(max(accuracies))
        return since_best >= self.recipe.patience

    def restore(self, run: Run | None = None) -> bool:
        """Go on from a run's checkpoint, by default its own, if there is one.

        Raises:
            ZooError: it is damaged, or cannot be that run's.
        """
        validates = bool(len(self.examples.y_validation))
        recipe = run.recipe if run else self.recipe
        return self.state.restore(run or self.run, recipe, self.steps, validates=validates)

    def compile(self) -> None:
        self.callback.on_model_built(self.model, self.engine.optimizer)
        if self.has_epochs_left:
            load_examples(self.engine, self.examples)
            self.engine.compile(*self.whole_epoch())

    def begin(self) -> None:
        self.callback.total_steps = self.total_steps
        self.callback.on_train_begin(
            self.run.folder,
            min(self.steps, self.total_steps),
            self.recipe.epochs,
            self.progress.epoch,
        )

    def begin_epoch(self) -> None:
        self.callback.on_epoch_begin(self.epoch)

    def whole_epoch(self) -> tuple[np.ndarray, Transforms]:
        """All batches of the current epoch, and their transforms."""
        if self.epoch in self._prefetched:
            return self._prefetched.pop(self.epoch).result()
        return epoch_batches(self.plan, self.examples, self.engine, self.epoch)

    def steps_left(self) -> tuple[Any, Any]:
        left = steps_from(self.whole_epoch(), self.progress.step)
        following = self.epoch + 1
        if self.engine.device.kind == "gpu" and following <= self.recipe.epochs:
            drawn = DRAWING.submit(epoch_batches, self.plan, self.examples, self.engine, following)
            self._prefetched = {following: drawn}
        return left

    def report(self, done: int, metrics: Any) -> bool:
        if metrics.finite:
            self.callback.on_train_batch_end(self.epoch, self.progress.step + done, metrics)
        return metrics.finite

    def advance(self, done: int, metrics: Any, seconds: float, waiting: float) -> None:
        progress = self.progress
        self._clock(progress.step, done, seconds)
        if self.streamed:
            self._add_timing("waiting", waiting)
        progress.sums = metrics
        if metrics.finite:
            progress.step += done
            return
        self.diverged = Diverged(
            f"the loss became {metrics.mean_loss} in epoch {self.epoch}; this is no result. "
            "Try a lower `learning_rate`."
        )

    def _clock(self, first: int, done: int, seconds: float) -> None:
        progress = self.progress
        if first and len(progress.seconds) > progress.epoch:
            progress.seconds[-1] += seconds
            progress.throughput[-1] = done * self.recipe.batch_size / seconds
        else:
            progress.seconds.append(seconds)
            progress.throughput.append(done * self.recipe.batch_size / seconds)

    def end_epoch(self) -> None:
        if self.diverged:
            return
        if self.progress.step < self._steps_of(self.epoch):
            with on_disk(self.run):
                self.state.save(self.run)
            return
        row = self._row()
        with on_disk(self.run):
            self.run.save_history(self.progress.history)
            self.state.save(self.run)
        self.callback.on_epoch_end(row["epoch"], row, self.progress.throughput[-1])

    def _row(self) -> dict[str, Any]:
        """Validate the epoch that is complete, and add its row to the history."""
        progress, epoch, metrics = self.progress, self.epoch, self.metrics
        row = {
            "epoch": epoch,
            "learning_rate": self._learning_rate(min(epoch * self.steps, self.total_steps) - 1),
            "loss": metrics.mean_loss,
            "accuracy": metrics.accuracy,
            **self._validate(epoch),
        }
        progress.history.append(row)
        progress.epoch, progress.step, progress.sums = epoch, 0, RunningMetrics()
        return row

    def _steps_of(self, epoch: int) -> int:
        return min(self.steps, self.total_steps - (epoch - 1) * self.steps)

    def _learning_rate(self, step: int) -> float:
        rate = self.engine.optimizer._learning_rate
        return float(rate(step)) if callable(rate) else float(rate)

    def _validate(self, epoch: int) -> dict[str, float]:
        if not len(self.examples.y_validation):
            return {}
        started = time.perf_counter()
        with self.state.evaluated_weights(self.recipe):
            logits = self.engine.logits(self.examples.x_validation)
            loss, accuracy = loss_and_accuracy(logits, self.examples.y_validation)
            if self.recipe.select == "best" and self._is_best(accuracy):
                self.state.keep_best(epoch)
        self._add_timing("validate", time.perf_counter() - started)
        return {"val_loss": loss, "val_accuracy": accuracy}

    def _is_best(self, accuracy: float) -> bool:
        best = self.progress.best_epoch
        return not best or accuracy > self.progress.history[best - 1]["val_accuracy"]

    def _add_timing(self, phase: str, seconds: float) -> None:
        timings = self.progress.timings
        timings[phase] = timings.get(phase, 0.0) + seconds

    def end(self) -> None:
        self.callback.on_train_end()
