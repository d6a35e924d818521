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
    """Describe the callbacks that may stop a training: they are part of a run's identity."""
    return tuple(
        _description(each)
        for each in callbacks
        if (each.may_stop if isinstance(each, Callback) else type(each).__name__ not in OBSERVERS)
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
    """Calls a `keras.callbacks.Callback` as `keras.Model.fit` would.

    `on_train_batch_end` is called at most every `interval` seconds. The callback may read the model
    and stop the training (`model.stop_training = True`). A callback that changes the optimizer's
    learning rate is refused: a resumed run could not repeat that.
    """

    interval = 0.05
    may_stop = True

    def __init__(self, callback: Any):
        self._callback = callback

    @property
    def name(self) -> str:
        """The name of Keras' class."""
        return type(self._callback).__name__

    @property  # type: ignore[misc]  # Keras' callback sets it on the model
    def stop_training(self) -> bool:
        """Whether the callback set `model.stop_training`."""
        model = getattr(self._callback, "model", None)
        return bool(model is not None and model.stop_training)

    def on_model_built(self, model: Any, optimizer: Any) -> None:
        # Not by Keras' own setattr, which would make the optimizer a part of the model that is saved.
        object.__setattr__(model, "stop_training", False)
        object.__setattr__(model, "optimizer", optimizer)
        if getattr(self._callback, "mode", "") == "auto" and "accuracy" in self._callback.monitor:
            self._callback.mode = "max"  # Keras finds this out from a compiled model's metrics
        self._callback.set_model(model)
        self._rate = _rate_of(model)

    def on_train_begin(self, folder: Any, steps: int, epochs: int, start_epoch: int) -> None:
        self._callback.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
        self._call("on_train_begin", {})

    def on_epoch_begin(self, epoch: int) -> None:
        self._call("on_epoch_begin", epoch - 1, {})

    def on_train_batch_end(self, epoch: int, step: int, metrics: Any) -> None:
        logs = {"loss": metrics.mean_loss, "accuracy": metrics.accuracy}
        self._call("on_train_batch_begin", step - 1, {})
        self._call("on_train_batch_end", step - 1, logs)

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        self._call("on_epoch_end", epoch - 1, {name: row[name] for name in LOGS if name in row})

    def on_train_end(self) -> None:
        self._call("on_train_end", {})

    def _call(self, hook: str, *arguments: Any) -> None:
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
            f"{self.name} changes the learning rate, which is the recipe's, so that "
            "a resumed run has the same one. Choose a schedule in the recipe instead."
        )


def _rate_of(model: Any) -> Any:
    rate = model.optimizer._learning_rate
    return rate if callable(rate) else float(rate)
