"""The other process of a study: trains its trials one after another, and tells of each epoch.

`python -m zoo.tuning.trial_worker` reads lines of JSON and answers with lines of JSON, which
`zoo.tuning.trial_messages` describes. Backends take seconds to import, so one process trains many trials;
if a trial ends it, another is started.
"""

import sys
import time
import traceback
from pathlib import Path
from typing import Any

from zoo.comparison import messages
from zoo.comparison.worker import Channel, end_event
from zoo.datasets.location import Locations
from zoo.errors import Pruned
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent
from zoo.registry import Registry
from zoo.runs.run import Run
from zoo.training.callbacks import Callback
from zoo.tuning.trial_messages import (
    TrialDone,
    TrialEpoch,
    TrialNote,
    TrialOrder,
    TrialRun,
    TrialSetup,
    Verdict,
)


class Asking(Callback):
    """Tells the study of each epoch, and stops the training if the study says so."""

    may_stop = True

    def __init__(self, channel: Channel):
        self._channel, self._started = channel, time.perf_counter()
        self.steps_done = 0

    @property
    def seconds(self) -> float:
        """Since the trial was ordered."""
        return time.perf_counter() - self._started

    def on_note(self, text: str) -> None:
        self._channel.send(TrialNote(text=text))

    def on_train_begin(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        self._steps = steps
        self._channel.send(TrialRun(run=folder.name))

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        self.steps_done = min(epoch * self._steps, self.total_steps)
        self._channel.send(
            TrialEpoch(
                row=row,
                steps=self.steps_done,
                total_steps=self.total_steps,
                next_steps=min((epoch + 1) * self._steps, self.total_steps),
                seconds=self.seconds,
            )
        )
        verdict = self._channel.receive(Verdict)
        if verdict and verdict.reason:
            self.pruned, self.stop_training = verdict.reason, True


def train(channel: Channel, setup: TrialSetup, order: TrialOrder, registry: Registry) -> None:
    """Train one trial, on the training and validation samples alone."""
    import filelock

    from zoo.training.fit import train as train_plan
    from zoo.tuning.validation_only import sealed

    asking = Asking(channel)
    with filelock.FileLock(order.lock):
        plan = sealed(order.request.plan(registry))
        run = train_plan(
            plan, Path(setup.runs_dir), Locations.of_user(setup.data_dir), callback=asking
        )
        channel.send(_done(run, asking.seconds))


def _done(run: Run, seconds: float) -> TrialDone:
    history = run.read_history()
    assert run.record.metrics
    row = history[run.record.metrics.epoch - 1]
    sizes, recipe = run.record.dataset.sizes, run.recipe
    steps = recipe.total_steps(sizes.train // recipe.batch_size)
    return TrialDone(run=run.name, row=row, epochs=len(history), steps=steps, seconds=seconds)


def _carry_out(channel: Channel, setup: TrialSetup, order: TrialOrder, registry: Registry) -> None:
    try:
        train(channel, setup, order, registry)
    except KeyboardInterrupt:
        raise
    except Pruned as error:
        channel.send(messages.Failed(status="pruned", cause=str(error)))
    except BaseException as error:  # a stranger's code may raise anything
        channel.send(end_event(error))
        traceback.print_exc()


def _start_backend(name: str) -> Any:
    from zoo.native_logs import quiet_native_logs
    from zoo.training.backend import choose_backend, start_keras

    with quiet_native_logs():
        return start_keras(choose_backend(name))


def main() -> None:
    """Train the trials that are ordered, until standard input ends."""
    end_with_parent()
    settle_variables()
    channel = Channel.open()
    setup = channel.receive(TrialSetup)
    if setup is None:
        return  # the parent is gone already
    registry = Registry.discover(use_plugins=setup.use_plugins)
    _start_backend(setup.backend)
    while order := channel.receive(TrialOrder):
        _carry_out(channel, setup, order, registry)
        sys.stderr.flush()


if __name__ == "__main__":
    main()
