"""One training in this process: the model, its state, what an epoch leaves behind."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo import layouts
from zoo.datasets.samples import Samples
from zoo.errors import Diverged, UsageError, ZooError
from zoo.metrics import loss_and_accuracy
from zoo.runs.run import Run
from zoo.training import augmentation, checkpoint, order
from zoo.training.backend import Device, seed_everything
from zoo.training.backends.base import Engine, RunningMetrics, Transforms, make_engine, tree_slice
from zoo.training.build import build_model
from zoo.training.callbacks import Callback
from zoo.training.checkpoint import Progress
from zoo.training.checkpoint_fit import Spec, Wanted
from zoo.training.examples import Examples
from zoo.training.loader import streams
from zoo.training.optimizer import make_optimizer
from zoo.training.pipeline import Pipeline
from zoo.training.plan import Plan

if TYPE_CHECKING:
    import keras

DRAWING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zoo-drawing")
"""Draws order and augmentation of epochs to come."""


class Training:
    """A plan being carried out, from any point on.

    Args:
        plan: what is trained.
        run: where its files go; the folder must be locked.
        examples: the data.
        engine: holds the model and the optimizer.
        callback: is called as the training goes on.

    Attributes:
        streamed: whether the training samples are made batch by batch.
    """

    def __init__(
        self, plan: Plan, run: Run, examples: Examples, engine: Engine, callback: Callback
    ):
        self.plan, self.recipe, self.run = plan, plan.recipe, run
        self.examples, self.engine, self.callback = examples, engine, callback
        self.streamed = streams(examples.x_train, engine.device)
        self.progress = Progress()
        self.best: list[np.ndarray] = []
        self._ahead: dict[int, Future[tuple[np.ndarray, Transforms]]] = {}
        self.steps = len(examples.y_train) // plan.recipe.batch_size

    @property
    def model(self):
        return self.engine.model

    def restore(self) -> bool:
        """Go on from the run's checkpoint, if there is one.

        Raises:
            ZooError: it is damaged, or cannot be this run's.
        """
        if not self.run.checkpoint.exists():
            return False
        if not self.run.record:
            raise ZooError(
                f"{self.run.folder}: has a checkpoint and no run.json. Restore run.json, or delete the "
                "folder to start over."
            )
        self.progress, arrays = checkpoint.load(self.run.checkpoint, self._wanted())
        for group, variables in self._variables().items():
            for variable, value in zip(variables, arrays.get(group, []), strict=True):
                variable.assign(value)
        self.best = arrays.get("best", [])
        self.engine.set_random_state(arrays.get("random", []))
        return True

    def _wanted(self) -> Wanted:
        groups = {
            group: [_spec(variable.shape, variable.dtype) for variable in variables]
            for group, variables in self._variables().items()
        }
        random = [_spec(each.shape, each.dtype) for each in self.engine.random_state()]
        return Wanted(
            checkpoint.run_digest(self.run.record["identity"]),
            self.recipe.epochs,
            self.steps,
            self.recipe.batch_size,
            validates=bool(len(self.examples.y_validation)),
            selects=self.recipe.select == "best",
            arrays={**groups, "random": random},
        )

    def save(self) -> None:
        """Write a checkpoint of this moment."""
        arrays: dict[str, Sequence[np.ndarray]] = {
            group: [_value(variable) for variable in variables]
            for group, variables in self._variables().items()
        }
        self.run.checkpoint.parent.mkdir(exist_ok=True)
        arrays.update(best=self.best, random=self.engine.random_state())
        run = checkpoint.run_digest(self.run.record["identity"])
        checkpoint.save(self.run.checkpoint, self.progress, arrays, run)

    def _variables(self):
        return {"model": self.model.variables, "optimizer": self.engine.optimizer.variables}

    @property
    def data(self) -> str:
        """`streamed` or `resident`."""
        return "streamed" if self.streamed else "resident"

    @property
    def left(self) -> bool:
        """Whether there are epochs to train."""
        progress = self.progress
        if progress.epoch >= self.recipe.epochs or self.callback.stop_training:
            return False
        return progress.step > 0 or not self._out_of_patience()

    def _out_of_patience(self) -> bool:
        accuracies = [row["val_accuracy"] for row in self.progress.history if "val_accuracy" in row]
        if not self.recipe.patience or not accuracies:
            return False
        since_best = len(accuracies) - 1 - accuracies.index(max(accuracies))
        return since_best >= self.recipe.patience

    def started(self) -> None:
        """Call `on_train_begin`."""
        progress = self.progress
        self.callback.on_train_begin(
            self.run.folder, self.steps, self.recipe.epochs, progress.epoch
        )

    def whole_epoch(self) -> tuple[np.ndarray, Transforms]:
        """The epoch at hand: indices and maps."""
        epoch = self.progress.epoch + 1
        if epoch in self._ahead:
            return self._ahead.pop(epoch).result()
        return epoch_batches(self.plan, self.examples, self.engine, epoch)

    def rest(self) -> tuple[np.ndarray, Transforms]:
        """What is left of it. Where the device is no CPU, a thread draws the next one meanwhile."""
        rest = tree_slice(self.whole_epoch(), slice(self.progress.step, None))
        following = self.progress.epoch + 2
        if self.engine.device.kind == "gpu" and following <= self.recipe.epochs:
            self._ahead = {
                following: DRAWING.submit(
                    epoch_batches, self.plan, self.examples, self.engine, following
                )
            }
        return rest

    def report(self, done: int, sums: RunningMetrics) -> None:
        """Call `on_train_batch_end`: `done` more steps of the epoch are done."""
        self.callback.on_train_batch_end(self.progress.epoch + 1, self.progress.step + done, sums)

    def advance(self, done: int, sums: RunningMetrics, seconds: float, waiting: float) -> None:
        """Note that so many steps have been trained, in `seconds`, `waiting` of them for data.

        Raises:
            Diverged: the loss became NaN or infinite.
        """
        progress = self.progress
        self._clock(progress.step, done, seconds)
        if self.streamed:
            self._add_timing("waiting", waiting)
        progress.sums = sums
        if not sums.finite:
            raise Diverged(
                f"the loss became {sums.mean_loss} in epoch {progress.epoch + 1}; this is no result. "
                "Try a lower --learning-rate."
            )
        progress.step += done

    def _clock(self, first: int, done: int, seconds: float) -> None:
        progress = self.progress
        if first and len(progress.seconds) > progress.epoch:
            progress.seconds[-1] += seconds
            progress.throughput[-1] = done * self.recipe.batch_size / seconds
        else:
            progress.seconds.append(seconds)
            progress.throughput.append(done * self.recipe.batch_size / seconds)

    def end_epoch(self) -> None:
        """Validate, and write the epoch's row and a checkpoint."""
        progress = self.progress
        epoch, sums = progress.epoch + 1, progress.sums
        row = {
            "epoch": epoch,
            "learning_rate": self._learning_rate(epoch * self.steps - 1),
            "loss": sums.mean_loss,
            "accuracy": sums.accuracy,
            **self._validate(epoch),
        }
        progress.history.append(row)
        progress.epoch, progress.step, progress.sums = epoch, 0, RunningMetrics()
        self.run.save_history(progress.history)
        self.save()
        self.callback.on_epoch_end(epoch, row, progress.throughput[-1])

    def _learning_rate(self, step: int) -> float:
        rate = self.engine.optimizer._learning_rate
        return float(rate(step)) if callable(rate) else float(rate)

    def _validate(self, epoch: int) -> dict[str, float]:
        if not len(self.examples.y_validation):
            return {}
        started = time.perf_counter()
        with self._evaluated_weights():
            logits = self.engine.logits(self.examples.x_validation)
            loss, accuracy = loss_and_accuracy(logits, self.examples.y_validation)
            if self.recipe.select == "best" and self._is_best(accuracy):
                self.progress.best_epoch = epoch
                self.best = [_value(variable) for variable in self.model.variables]
        self._add_timing("validate", time.perf_counter() - started)
        return {"val_loss": loss, "val_accuracy": accuracy}

    def _add_timing(self, phase: str, seconds: float) -> None:
        timings = self.progress.timings
        timings[phase] = timings.get(phase, 0.0) + seconds

    def _is_best(self, accuracy: float) -> bool:
        best = self.progress.best_epoch
        return not best or accuracy > self.progress.history[best - 1]["val_accuracy"]

    @contextlib.contextmanager
    def _evaluated_weights(self) -> Iterator[None]:
        """Between, the model has the weights that are reported: averaged, if the recipe says so."""
        if not self.recipe.ema:
            yield
            return
        variables = self.model.trainable_variables
        trained = [_value(variable) for variable in variables]
        self.engine.optimizer.finalize_variable_values(variables)
        try:
            yield
        finally:
            for variable, value in zip(variables, trained, strict=True):
                variable.assign(value)

    def settle(self) -> int:
        """Give the model the weights that are reported, for good; returns their epoch."""
        if self.recipe.select == "best" and self.best:
            for variable, value in zip(self.model.variables, self.best, strict=True):
                variable.assign(value)
            return self.progress.best_epoch
        if self.recipe.ema:
            self.engine.optimizer.finalize_variable_values(self.model.trainable_variables)
        return self.progress.epoch


def prepare_engine(
    plan: Plan, examples: Examples, device: Device, deterministic: bool, precision: str
) -> Engine:
    """Build model, optimizer and engine for a plan, from its seed.

    `precision` is Keras' policy, where the plan may say `auto`.

    Raises:
        PluginError: the architecture does not build.
        UsageError: the dataset's samples cannot be given the architecture's layout.
    """
    import keras

    recipe = plan.recipe
    keras.utils.clear_session(free_memory=False)  # names and Keras' own generator start anew
    seed_everything(plan.backend, plan.seed)
    keras.config.set_dtype_policy(precision)
    pipeline = Pipeline.fitted(plan.dataset, plan.architecture, recipe, examples.x_train)
    model = model_of(plan, pipeline.shape)
    steps = len(examples.y_train) // recipe.batch_size * recipe.epochs
    optimizer = make_optimizer(recipe, steps)
    optimizer.build(model.trainable_variables)
    return make_engine(plan.backend, model, optimizer, pipeline, recipe, device, deterministic)


def model_of(plan: Plan, shape: tuple[int, ...]) -> "keras.Model":
    """A plan's model, for stored samples of a shape.

    Raises:
        PluginError: the architecture does not build.
        UsageError: the samples cannot be given the architecture's layout.
    """
    architecture, dataset = plan.architecture, plan.dataset
    how = architecture.frames_from_image
    try:
        given = layouts.shape(dataset.layout, tuple(shape), architecture.layout, how)
    except ValueError as error:
        raise UsageError(f"{architecture.name} on {dataset.name}: {error}.") from error
    classes = len(dataset.classes)
    return build_model(architecture, given, classes, plan.hyperparameters, plan.origin)


def load_examples(engine: Engine, examples: Examples) -> None:
    """Give the engine the training examples; lazy ones that are not streamed are made, once."""
    x = examples.x_train
    engine.load(x if streams(x, engine.device) else np.asarray(x), examples.y_train)


def load_to_time(engine: Engine, examples: Examples, batches: np.ndarray) -> np.ndarray:
    """Give the engine examples for steps that are only timed; the batches to time.

    Those of the first batch stand for all lazy ones, so that what is timed makes or reads no sample.
    """
    if not isinstance(examples.x_train, Samples):
        load_examples(engine, examples)
        return batches
    first = batches[0]
    engine.load(examples.x_train[first], examples.y_train[first])
    return np.tile(np.arange(len(first), dtype=first.dtype), (len(batches), 1))


def epoch_batches(
    plan: Plan, examples: Examples, engine: Engine, epoch: int
) -> tuple[np.ndarray, Transforms]:
    """An epoch's indices `(steps, batch_size)` and, if it augments, maps `(steps, batch_size, n)`."""
    seed, recipe = plan.seed, plan.recipe
    batches = order.batches(seed, epoch, len(examples.y_train), recipe.batch_size)
    if not engine.augments:
        return batches, None
    height, width = examples.x_train.shape[-3:-1]
    transforms = augmentation.transforms(recipe, seed, epoch, batches.size, height, width)
    return batches, transforms.reshape(*batches.shape, -1)


def _spec(shape: Sequence[int], dtype: Any) -> Spec:
    return tuple(shape), np.dtype(dtype).kind


def _value(variable) -> np.ndarray:
    from keras import ops

    return np.array(ops.convert_to_numpy(variable.value))
