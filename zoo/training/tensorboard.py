"""Events that TensorBoard reads, in the run's own folder."""

import importlib.util
from typing import Any

from zoo.errors import UsageError
from zoo.training.callbacks import Callback


def require_tensorboard() -> None:
    """Find out before training that the package is missing.

    Raises:
        UsageError: it is.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise UsageError(
            "`tensorboard=True`: it is not installed: pip install 'archzoo[tensorboard]'."
        )


class TensorBoard(Callback):
    """Writes each epoch's metrics to `<run>/tensorboard`."""

    def __init__(self) -> None:
        self._writer: Any = None

    def on_train_begin(self, folder: Any, steps: int, epochs: int, start_epoch: int) -> None:
        from tensorboard.summary import Writer

        self._writer = Writer(str(folder / "tensorboard"))

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, epoch)
        self._writer.add_scalar("images_per_second", samples_per_second, epoch)
        self._writer.flush()

    def on_run_end(self, record: Any) -> None:
        metrics = record.metrics
        for name in ("test_loss", "test_accuracy"):
            if (value := getattr(metrics, name)) is not None:
                self._writer.add_scalar(name, value, metrics.epoch)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
