"""Showing a comparison while it runs: two bars on a terminal, a line for each run in a log."""

import sys
import time
from typing import Any

from zoo.comparison.callback import ComparisonCallback
from zoo.formatting import duration, percent
from zoo.printable import printable
from zoo.progress import bars
from zoo.terminal import echo

SECONDS_BETWEEN = 2.0
"""Between two lines about work that is fast but of many parts."""

MANY = 100
"""Parts of work that is worth a line before it is done."""


def make_comparison_callback(*, silent: bool) -> ComparisonCallback:
    """Bars for a terminal, even if what is printed goes to a file; else lines, or only notes."""
    if sys.stderr.isatty():
        return LiveBars(silent=silent)
    return Notes() if silent else LogLines()


def _title(job) -> str:
    return printable(f"{job.entry.name} seed {job.request.seed}")


def _ending(job, outcome) -> str:
    if outcome.run is None:
        return f"{_title(job)}: {outcome.status.upper()}: {outcome.cause}"
    accuracy = percent(outcome.run.record["metrics"]["test_accuracy"])
    return f"{_title(job)}: {accuracy} in {duration(outcome.seconds)}"


class Notes(ComparisonCallback):
    """What would be lost otherwise."""

    def note(self, text):
        echo(f"note: {text}", err=True)


class LogLines(Notes):
    """A line for each run that ends, with how long the rest will take."""

    def __init__(self):
        self._told = time.monotonic()

    def on_survey(self, name):
        echo(f"looking at {name}", err=True)

    def on_progress(self, what, done, total):
        if total >= MANY and time.monotonic() - self._told > SECONDS_BETWEEN:
            self._told = time.monotonic()
            echo(f"{what}: {done:,} of {total:,}", err=True)

    def on_plan(self, run_plan):
        echo(run_plan.summary, err=True)
        self._total, self._done = len(run_plan.to_do), 0
        self._left = run_plan.seconds

    def on_run_end(self, job, outcome):
        self._done += 1
        self._left -= job.seconds
        rest = f", about {duration(self._left)} left" if self._left > 1 else ""
        echo(f"run {self._done}/{self._total}  {_ending(job, outcome)}{rest}", err=True)

    def on_benchmark(self, name, done, total):
        if done % max(1, total // 5) == 0:
            echo(f"measuring costs: {done} of {total} measurements done", err=True)


class LiveBars(Notes):
    """rich's bars: one for the whole, in estimated seconds, one for each run in hand."""

    def __init__(self, *, silent: bool):
        self._silent = silent
        self._progress = bars()
        self._tasks: dict[int, Any] = {}
        self._steps: dict[int, tuple[int, int]] = {}
        self._shares: dict[int, float] = {}
        self._whole = self._costs = self._work = None

    def _print(self, text):
        self._progress.console.print(printable(text), markup=False)

    def note(self, text):
        self._print(f"note: {text}")

    def on_survey(self, name):
        self._progress.start()
        if self._whole is None:
            self._whole = self._progress.add_task("looking", total=None, detail="")
        self._progress.update(self._whole, description=printable(f"looking at {name}"))

    def on_plan(self, run_plan):
        if self._whole is not None:
            self._progress.remove_task(self._whole)
        self._whole = None
        self._progress.stop()
        self._run_plan = run_plan
        if not self._silent:
            echo(run_plan.summary, err=True)

    def on_run_start(self, job):
        if self._whole is None:
            self._ended, self._done, self._total = 0.0, 0, len(self._run_plan.to_do)
            self._whole = self._progress.add_task(
                "all runs", total=self._run_plan.seconds, detail=f"0 of {self._total} done"
            )
            self._progress.start()
        if id(job) in self._tasks:  # a second try
            self._progress.remove_task(self._tasks[id(job)])
        self._tasks[id(job)] = self._progress.add_task(_title(job), total=None, detail="starting")
        self._steps[id(job)], self._shares[id(job)] = (0, 0), 0.0

    def on_run_message(self, job, event):
        task = self._tasks[id(job)]
        if event["event"] == "started":
            total = event["steps"] * event["epochs"]
            self._steps[id(job)] = (event["steps"], total)
            done = event["steps"] * event["start_epoch"]
            self._progress.update(task, total=total, completed=done, detail="first step")
        elif event["event"] == "step":
            self._step(job, task, (event["epoch"] - 1) * self._steps[id(job)][0] + event["done"])
            detail = (
                f"epoch {event['epoch']}  loss {event['loss']:.4f}  acc {event['accuracy']:.4f}"
            )
            self._progress.update(task, detail=detail)
        elif event["event"] == "epoch":
            self._step(job, task, event["row"]["epoch"] * self._steps[id(job)][0])
        elif event["event"] == "note":
            self.note(f"{_title(job)}: {event['text']}")

    def _step(self, job, task, done):
        self._progress.update(task, completed=done)
        total = self._steps[id(job)][1]
        if total:
            self._shares[id(job)] = job.seconds * done / total
            self._show_whole()

    def _show_whole(self, **more):
        """The estimated seconds of what has ended, and the shares of what is in hand."""
        completed = self._ended + sum(self._shares.values())
        self._progress.update(self._whole, completed=completed, **more)

    def on_run_end(self, job, outcome):
        self._progress.remove_task(self._tasks.pop(id(job)))
        del self._shares[id(job)]
        self._ended += job.seconds
        self._done += 1
        self._show_whole(detail=f"{self._done} of {self._total} done")
        self._print(_ending(job, outcome))

    def on_benchmark(self, name, done, total):
        if self._whole is not None:
            self._progress.remove_task(self._whole)
            self._whole = None
        if self._costs is None:
            self._costs = self._progress.add_task("costs", total=total, detail="")
            self._progress.start()
        self._progress.update(self._costs, completed=done, detail=printable(name))

    def on_progress(self, what, done, total):
        if total < MANY:
            return
        if self._work is None:
            self._work = self._progress.add_task(what, total=total, detail="")
            self._progress.start()
        self._progress.update(
            self._work, description=what, completed=done, total=total, detail=f"{done} of {total}"
        )
        if done == total:
            self._progress.remove_task(self._work)
            self._work = None

    def close(self):
        self._progress.stop()
