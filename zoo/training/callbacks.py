"""Callbacks: what a training calls while it runs, under the hook names of Keras and Lightning."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import diagnosis
from zoo.errors import UsageError, ZooError

if TYPE_CHECKING:
    from zoo.runs.record import RunRecord
    from zoo.training.running import RunningMetrics


class Callback:
    """Base class of callbacks; each hook does nothing until a subclass overrides it.

    Hooks are called in this order: `on_data_loaded`, `on_model_built`, `on_train_begin`; in each epoch
    `on_epoch_begin`, `on_train_batch_end` (several times), `on_epoch_end`; then `on_train_end`,
    `on_test_begin`, `on_test_end`, `on_run_end`, and always `close`. `on_note` may come at any time.
    Epochs and steps are counted from 1.

    A resumed run calls the hooks of the epochs that are left; a finished run calls `on_data_loaded`,
    `on_note` and `close` alone. Hooks may read the model. They must not change it, the optimizer or
    random generators: a resumed run would not repeat that.

    Attributes:
        interval: seconds between two calls of `on_train_batch_end`, at least.
        total_steps: steps of the whole training; set before `on_train_begin`. Fewer than steps times
            epochs where the recipe counts steps, because the last epoch is then cut.
        may_stop: whether this class sets `stop_training`. The callback then becomes part of the run's
            identity, because a run that it may stop is another one than a run without it.
        pruned: why the run is given up; with `stop_training` set, the run then ends with status `pruned`
            and has no results. Empty: it is not.

    Example:
        >>> class Losses(zoo.Callback):
        ...     def on_epoch_end(self, epoch, row, samples_per_second):
        ...         print(epoch, row["loss"])
        >>> zoo.train("cnn", "digits", epochs=2, callbacks=[Losses()])  # doctest: +SKIP
    """

    interval: float = 0.25
    total_steps: int = 0
    may_stop: bool = False
    pruned: str = ""
    _stop_training: bool = False

    @property
    def name(self) -> str:
        """The class' name, for messages."""
        return type(self).__name__

    @property
    def stop_training(self) -> bool:
        """Set it to True to end the training after the current epoch.

        Raises:
            UsageError: it is set by a class whose `may_stop` is False.
        """
        return self._stop_training

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        if value and not self.may_stop:
            raise UsageError(
                f"{self.name} sets stop_training, and its may_stop is False. Add may_stop = "
                "True to the class, so that the run's identity names the callback."
            )
        self._stop_training = value

    def on_data_loaded(self, notes: Sequence[str]) -> None:
        """Called when the data are loaded; of several runs in one process, for the first.

        Args:
            notes: what was found in the data, a line each: how they were read, what looks wrong.
        """

    def on_model_built(self, model: Any, optimizer: Any) -> None:
        """Called before the training step is compiled.

        Args:
            model: the `keras.Model` that will be trained.
            optimizer: its `keras.optimizers.Optimizer`.
        """

    def on_train_begin(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        """Called when the training step is compiled.

        Args:
            folder: the run's folder.
            steps: steps in an epoch; the last one may have fewer, see `total_steps`.
            epochs: epochs of the whole training.
            start_epoch: epochs that are complete already; more than 0 in a resumed run.
        """

    def on_epoch_begin(self, epoch: int) -> None:
        """Called before an epoch's first step, and in a resumed run before its next step."""

    def on_train_batch_end(self, epoch: int, step: int, metrics: "RunningMetrics") -> None:
        """Called after a step, at most every `interval` seconds.

        Args:
            epoch: the current epoch.
            step: steps done in this epoch.
            metrics: the epoch so far: `mean_loss`, `accuracy`, `examples`.
        """

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        """Called when an epoch is validated and its row is in `history.csv`.

        Args:
            epoch: the epoch that is complete.
            row: `epoch`, `learning_rate`, `loss`, `accuracy`; with validation `val_loss` and
                `val_accuracy`, too.
            samples_per_second: training samples per second in this epoch.
        """

    def on_train_end(self) -> None:
        """Called after the last epoch, or when the training was stopped or interrupted."""

    def on_test_begin(self) -> None:
        """Called before the test set is read, once. Not called if the run leaves it untouched."""

    def on_test_end(self, metrics: dict[str, Any]) -> None:
        """Called with the results on the test set.

        Args:
            metrics: `test_loss`, `test_accuracy` and more, as in `run.json`.
        """

    def on_run_end(self, record: "RunRecord") -> None:
        """Called when the run is finished and its files are written.

        Args:
            record: the contents of `run.json`.
        """

    def on_note(self, text: str) -> None:
        """Called with a line that the user should see."""

    def close(self) -> None:
        """Called once at the end, after an error as well. Release files and displays here."""


HOOKS = (*(name for name in vars(Callback) if name.startswith("on_")), "close")
"""The names of all hooks."""


class CallbackList(Callback):
    """Several callbacks as one: each hook calls theirs, in order.

    Args:
        callbacks: the callbacks.

    Raises:
        ZooError: one of them fails; the message names it and its hook.
    """

    may_stop = True

    def __init__(self, *callbacks: Callback):
        self.callbacks = callbacks
        self.interval = min((each.interval for each in callbacks), default=Callback.interval)

    @property  # type: ignore[override]
    def total_steps(self) -> int:
        """Steps of the whole training; what is set is set for each callback."""
        return self.callbacks[0].total_steps if self.callbacks else 0

    @total_steps.setter
    def total_steps(self, value: int) -> None:
        for each in self.callbacks:
            each.total_steps = value

    @property  # type: ignore[misc]  # each sets its own
    def stop_training(self) -> bool:
        """Whether one of them asks to stop."""
        return any(each.stop_training for each in self.callbacks)

    @property  # type: ignore[misc]
    def pruned(self) -> str:  # type: ignore[override]
        """Why one of them gives the run up; empty: none does."""
        return next((each.pruned for each in self.callbacks if each.pruned), "")


def _call_each(hook: str) -> Callable[..., None]:
    def call(self: CallbackList, *arguments: Any) -> None:
        for each in self.callbacks:
            try:
                getattr(each, hook)(*arguments)
            except (ZooError, OSError):
                raise
            except Exception as error:  # the user's own code
                raise ZooError(
                    f"{each.name}.{hook} failed: {diagnosis.in_a_line(error)}. The run can be resumed "
                    "from its last checkpoint."
                ) from error

    return call


for _hook in HOOKS:
    setattr(CallbackList, _hook, _call_each(_hook))
