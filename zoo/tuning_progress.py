"""Showing a study while it runs: a line for each trial."""

import time

from zoo.formatting import duration, percent
from zoo.terminal import echo
from zoo.tuning.trials import Trial
from zoo.tuning.tuning_callback import TuningCallback


def tuning_callback(*, silent: bool) -> TuningCallback:
    """A line for each trial that ends on standard error, or only notes."""
    return TuningNotes() if silent else TuningLines()


class TuningNotes(TuningCallback):
    """What would be lost otherwise."""

    def on_note(self, text: str) -> None:
        echo(f"note: {text}", err=True)


class TuningLines(TuningNotes):
    """A line for each trial."""

    def on_plan(self, text: str) -> None:
        echo(text, err=True)

    def on_trial_start(self, architecture: str, trial: Trial) -> None:
        self._started = time.monotonic()
        if trial.steps:
            echo(
                f"{architecture} trial {trial.number} goes on after {trial.steps:,} steps", err=True
            )

    def on_trial_end(self, architecture: str, trial: Trial, best: Trial | None, left: str) -> None:
        seconds = duration(time.monotonic() - self._started)
        end = _metrics(trial) if trial.state == "complete" else f"{trial.state}: {trial.cause}"
        top = f"; best: trial {best.number}, {_metrics(best)}" if best else ""
        echo(f"{architecture} trial {trial.number}: {end}, {seconds}{top}; {left}", err=True)


def _metrics(trial: Trial) -> str:
    found = trial.metrics
    return f"val accuracy {percent(found['val_accuracy'])}, val loss {found['val_loss']:.4f}"
