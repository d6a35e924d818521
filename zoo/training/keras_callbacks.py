"""Keras' own callbacks in archzoo's loop: they see the model, the logs and the epochs they expect."""

from collections.abc import Sequence
from typing import Any

from zoo.errors import UsageError
from zoo.training.callbacks import Callback

LOGS = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
"""What a callback sees of an epoch, by the names that Keras gives it, too."""


def adapted(callback: Any) -> Callback:
    """A callback of archzoo's, or one of Keras' as one.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(callback, Callback):
        return callback
    import sys

    keras = sys.modules.get("keras")
    if keras is not None and isinstance(callback, keras.callbacks.Callback):
        return KerasCallback(callback)
    raise UsageError(
        f"callbacks are zoo.Callback or keras.callbacks.Callback; received {type(callback).__name__}."
    )


OBSERVERS = ("CSVLogger", "History", "ProgbarLogger", "TensorBoard", "ModelCheckpoint")
"""Keras' callbacks that never end a training."""


def descriptions(callbacks: Sequence[Any]) -> tuple[str, ...]:
    """Of the callbacks that may end a training early: they are part of a run's identity."""
    return tuple(
        _description(each)
        for each in callbacks
        if not isinstance(each, Callback) and type(each).__name__ not in OBSERVERS
    )


def _description(callback: Any) -> str:
    plain = {
        key: value
        for key, value in sorted(vars(callback).items())
        if not key.startswith("_") and isinstance(value, bool | int | float | str)
    }
    settings = ", ".join(f"{key}={value!r}" for key, value in plain.items())
    return f"{type(callback).__name__}({settings})"


class KerasCallback(Callback):
    """Tells a `keras.callbacks.Callback` what happens, under Keras' names.

    `on_train_batch_end` comes as often as progress is reported, at least once an epoch. A callback
    may read the model and stop the training (`model.stop_training = True`). The optimizer's learning
    rate is the recipe's: a resumed run must get the same one, so a callback that changes it is
    refused.
    """

    interval = 0.05

    def __init__(self, callback: Any):
        self._callback = callback
        self._next = 0

    @property
    def stops(self) -> bool:
        """Whether the callback asked to stop."""
        model = getattr(self._callback, "model", None)
        return bool(model is not None and model.stop_training)

    def model_built(self, model, optimizer):
        # Not by Keras' own setattr, which would make the optimizer a part of the model that is saved.
        object.__setattr__(model, "stop_training", False)
        object.__setattr__(model, "optimizer", optimizer)
        if getattr(self._callback, "mode", "") == "auto" and "accuracy" in self._callback.monitor:
            self._callback.mode = "max"  # Keras finds this out from a compiled model's metrics
        self._callback.set_model(model)
        self._rate = _rate_of(model)

    def training_started(self, folder, steps, epochs, start_epoch):
        self._callback.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
        self._tell("on_train_begin", {})
        self._next = start_epoch
        self.next_epoch()

    def next_epoch(self):
        self._tell("on_epoch_begin", self._next, {})

    def step(self, epoch, done, sums):
        logs = {"loss": sums.mean_loss, "accuracy": sums.accuracy}
        self._tell("on_train_batch_begin", done - 1, {})
        self._tell("on_train_batch_end", done - 1, logs)

    def epoch_ended(self, row, images_per_second):
        logs = {name: row[name] for name in LOGS if name in row}
        self._tell("on_epoch_end", row["epoch"] - 1, logs)
        self._next = row["epoch"]

    def training_ended(self):
        self._tell("on_train_end", {})

    def _tell(self, hook: str, *arguments: Any) -> None:
        try:
            getattr(self._callback, hook)(*arguments)
        except TypeError as error:
            if "LearningRateSchedule" not in str(error):
                raise
            raise UsageError(self._refusal()) from error
        if _rate_of(self._callback.model) != self._rate:
            raise UsageError(self._refusal())

    def _refusal(self) -> str:
        return (
            f"{type(self._callback).__name__} changes the learning rate, which is the recipe's, so that "
            "a resumed run has the same one. Choose a schedule in the recipe instead."
        )


def _rate_of(model: Any) -> Any:
    rate = model.optimizer._learning_rate
    return rate if callable(rate) else float(rate)
