"""Keras' own callbacks in archzoo's loop: they see the model, the logs and the epochs they expect."""

from collections.abc import Sequence
from typing import Any

from zoo.errors import UsageError
from zoo.training.reporter import Reporter

LOGS = {
    "loss": "loss",
    "accuracy": "accuracy",
    "val_loss": "val_loss",
    "val_accuracy": "val_accuracy",
}
"""Metrics of an epoch that a callback sees, by the names that Keras gives them."""


def adapted(callback: Any) -> Reporter:
    """A callback of archzoo's, or one of Keras' as one.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(callback, Reporter):
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
        if not isinstance(each, Reporter) and type(each).__name__ not in OBSERVERS
    )


def _description(callback: Any) -> str:
    plain = {
        key: value
        for key, value in sorted(vars(callback).items())
        if not key.startswith("_") and isinstance(value, bool | int | float | str)
    }
    settings = ", ".join(f"{key}={value!r}" for key, value in plain.items())
    return f"{type(callback).__name__}({settings})"


class KerasCallback(Reporter):
    """Tells a `keras.callbacks.Callback` what happens, under Keras' names.

    `on_train_batch_end` comes as often as progress is reported, at least once an epoch. A callback
    may read the model and stop the training (`model.stop_training = True`). The optimizer's learning
    rate is the recipe's: a resumed run must get the same one, so a callback that changes it is
    refused.
    """

    interval = 0.05

    def __init__(self, callback: Any):
        self._callback = callback
        self._epoch = -1

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
        self._rate = optimizer._learning_rate

    def training_started(self, folder, steps, epochs, start_epoch):
        self._steps = steps
        self._callback.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
        self._callback.on_train_begin({})
        self._begin(start_epoch)

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        self._callback.on_epoch_begin(epoch, {})

    def step(self, epoch, done, sums):
        logs = {"loss": sums.mean_loss, "accuracy": sums.accuracy}
        self._callback.on_train_batch_begin(done - 1, {})
        self._callback.on_train_batch_end(done - 1, logs)

    def epoch_ended(self, row, images_per_second):
        logs = {name: row[key] for name, key in LOGS.items() if key in row}
        self._callback.on_epoch_end(
            row["epoch"] - 1, {**logs, "learning_rate": row["learning_rate"]}
        )
        if self._callback.model.optimizer._learning_rate is not self._rate:
            raise UsageError(
                f"{type(self._callback).__name__} changed the learning rate, which is the recipe's; "
                "choose a schedule in the recipe instead."
            )
        self._next = row["epoch"]

    def next_epoch(self):
        self._begin(self._next)

    def training_ended(self):
        self._callback.on_train_end({})
