"""Showing a comparison while it runs: two bars on a terminal, a line for each run in a log."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.messages import Epoch, Note, Started, Step
from zoo.formatting import duration, percent
from zoo.printable import printable
from zoo.progress import bars
from zoo.terminal import echo

if TYPE_CHECKING:
    from rich.progress import TaskID

    from zoo.comparison.jobs import Job, Outcome, RunPlan
    from zoo.comparison.messages import Progress as Message

SECONDS_BETWEEN = 2.0
"""Between two lines about work that is fast but of many parts."""

MANY = 100
"""Parts of work that is worth a line before it is done."""


def make_comparison_callback(*, silent: bool) -> ComparisonCallback:
    """Bars for a terminal, even if what is printed goes to a file; else lines, or only notes."""
    if sys.stderr.isatty():
        return LiveBars(silent=silent)
    return Notes() if silent else LogLines()


class Notes(ComparisonCallback):
    """What would be lost otherwise.

    Attributes:
        several: whether the runs are of several datasets, which are then named.
    """

    several = False

    def _title(self, job: "Job") -> str:
        fold = job.request.fold
        data = f"{Path(job.request.dataset).name} " if self.several else ""
        return printable(
            f"{data}{job.entry.name} {fold.name if fold else f'seed {job.request.seed}'}"
        )

    def _ending(self, job: "Job", outcome: "Outcome") -> str:
        if outcome.run is None:
            return f"{self._title(job)}: {outcome.status.upper()}: {outcome.cause}"
        accuracy = percent(outcome.run.test.accuracy)
        return f"{self._title(job)}: {accuracy} in {duration(outcome.seconds)}"

    def on_note(self, text: str) -> None:
        echo(f"note: {text}", err=True)


class LogLines(Notes):
    """A line for each run that ends, with how long the rest will take."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def on_survey(self, name: str) -> None:
        echo(f"looking at {name}", err=True)

    def on_progress(self, what: str, done: int, total: int) -> None:
        if total >= MANY and time.monotonic() - self._told > SECONDS_BETWEEN:
            self._told = time.monotonic()
            echo(f"{what}: {done:,} of {total:,}", err=True)

    def on_plan(self, run_plan: "RunPlan") -> None:
        self.several = len({job.request.dataset for job in run_plan.jobs}) > 1
        echo(run_plan.summary, err=True)
        self._total, self._done = len(run_plan.to_do), 0
        self._left = run_plan.seconds

    def on_run_end(self, job: "Job", outcome: "Outcome") -> None:
        self._done += 1
        self._left -= job.seconds
        rest = f", about {duration(self._left)} left" if self._left > 1 else ""
        echo(f"run {self._done}/{self._total}  {self._ending(job, outcome)}{rest}", err=True)

    def on_benchmark(self, name: str, done: int, total: int) -> None:
        if done % max(1, total // 5) == 0:
            echo(f"measuring costs: {done} of {total} measurements done", err=True)


class LiveBars(Notes):
    """rich's bars: one for the whole, in estimated seconds, one for each running job."""

    def __init__(self, *, silent: bool):
        self._silent = silent
        self._progress = bars()
        self._tasks: dict[int, TaskID] = {}
        self._steps: dict[int, tuple[int, int]] = {}
        self._shares: dict[int, float] = {}
        self._whole: TaskID | None = None
        self._costs: TaskID | None = None
        self._work: TaskID | None = None

    def _print(self, text: str) -> None:
        self._progress.console.print(printable(text), markup=False)

    def on_note(self, text: str) -> None:
        self._print(f"note: {text}")

    def on_survey(self, name: str) -> None:
        self._progress.start()
        if self._whole is None:
            self._whole = self._progress.add_task("looking", total=None, detail="")
        self._progress.update(self._whole, description=printable(f"looking at {name}"))

    def on_plan(self, run_plan: "RunPlan") -> None:
        if self._whole is not None:
            self._progress.remove_task(self._whole)
        self._whole = None
        self._progress.stop()
        self._run_plan = run_plan
        self.several = len({job.request.dataset for job in run_plan.jobs}) > 1
        if not self._silent:
            echo(run_plan.summary, err=True)

    def on_run_start(self, job: "Job") -> None:
        if self._whole is None:
            self._ended, self._done, self._total = 0.0, 0, len(self._run_plan.to_do)
            self._whole = self._progress.add_task(
                "all runs", total=self._run_plan.seconds, detail=f"0 of {self._total} done"
            )
            self._progress.start()
        if id(job) in self._tasks:  # a second try
            self._progress.remove_task(self._tasks[id(job)])
        self._tasks[id(job)] = self._progress.add_task(
            self._title(job), total=None, detail="starting"
        )
        self._steps[id(job)], self._shares[id(job)] = (0, 0), 0.0

    def on_run_message(self, job: "Job", message: "Message") -> None:
        match message:
            case Started():
                self._begin(job, message)
            case Step():
                steps, _ = self._steps[id(job)]
                self._step(job, (message.epoch - 1) * steps + message.done)
                detail = (
                    f"epoch {message.epoch}  loss {message.loss:.4f}  acc {message.accuracy:.4f}"
                )
                self._progress.update(self._tasks[id(job)], detail=detail)
            case Epoch():
                self._step(job, int(message.row["epoch"]) * self._steps[id(job)][0])
            case Note():
                self.on_note(f"{self._title(job)}: {message.text}")

    def _begin(self, job: "Job", started: Started) -> None:
        total = started.total_steps
        self._steps[id(job)] = (started.steps, total)
        self._progress.update(
            self._tasks[id(job)],
            total=total,
            completed=started.steps * started.start_epoch,
            detail="first step",
        )

    def _step(self, job: "Job", done: int) -> None:
        self._progress.update(self._tasks[id(job)], completed=done)
        total = self._steps[id(job)][1]
        if total:
            self._shares[id(job)] = job.seconds * done / total
            self._show_whole()

    def _show_whole(self, **more: Any) -> None:
        """The estimated seconds of what has ended, and the shares of what is running."""
        completed = self._ended + sum(self._shares.values())
        if self._whole is not None:
            self._progress.update(self._whole, completed=completed, **more)

    def on_run_end(self, job: "Job", outcome: "Outcome") -> None:
        self._progress.remove_task(self._tasks.pop(id(job)))
        del self._shares[id(job)]
        self._ended += job.seconds
        self._done += 1
        self._show_whole(detail=f"{self._done} of {self._total} done")
        self._print(self._ending(job, outcome))

    def on_benchmark(self, name: str, done: int, total: int) -> None:
        if self._whole is not None:
            self._progress.remove_task(self._whole)
            self._whole = None
        if self._costs is None:
            self._costs = self._progress.add_task("costs", total=total, detail="")
            self._progress.start()
        self._progress.update(self._costs, completed=done, detail=printable(name))

    def on_progress(self, what: str, done: int, total: int) -> None:
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

    def close(self) -> None:
        self._progress.stop()
