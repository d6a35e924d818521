"""Events that TensorBoard reads, in the run's own folder."""

import importlib.util

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

    def __init__(self):
        self._writer = None

    def on_train_begin(self, folder, steps, epochs, start_epoch):
        from tensorboard.summary import Writer

        self._writer = Writer(str(folder / "tensorboard"))

    def on_epoch_end(self, epoch, row, samples_per_second):
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, epoch)
        self._writer.add_scalar("images_per_second", samples_per_second, epoch)
        self._writer.flush()

    def on_run_end(self, record):
        metrics = record.metrics
        for name in ("test_loss", "test_accuracy"):
            if (value := getattr(metrics, name)) is not None:
                self._writer.add_scalar(name, value, metrics.epoch)

    def close(self):
        if self._writer is not None:
            self._writer.close()
