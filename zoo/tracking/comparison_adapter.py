"""A comparison's hooks, told to trackers: a parent, and a child for each of its runs."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.messages import Epoch, Started, Step
from zoo.comparison.places import without_places
from zoo.errors import ZooError
from zoo.tracker import TrackedComparison
from zoo.tracking import described
from zoo.tracking.tracking import Tracking
from zoo.tracking.training_adapter import Pace, recorded_status

if TYPE_CHECKING:
    from zoo.compared import Comparison
    from zoo.comparison.jobs import Job, Outcome, RunPlan
    from zoo.comparison.messages import Progress
    from zoo.comparison.schema import ComparisonReport

STATUSES = ("finished", "diverged", "interrupted")


@dataclass
class _Child:
    """A run that is being trained."""

    folder: Path
    steps: int
    key: str | None
    pace: Pace = field(default_factory=Pace)


class TrackedComparisonCallback(ComparisonCallback):
    """Passes everything on to a display, and tells trackers.

    Args:
        display: its hooks are called.
        tracking: the trackers of the command.
        runs_dir: where the runs are.
    """

    def __init__(self, display: ComparisonCallback, tracking: Tracking, runs_dir: Path):
        self._display, self._tracking, self._runs_dir = display, tracking, runs_dir
        self._children: dict[int, _Child] = {}
        self._comparison: TrackedComparison | None = None

    def on_note(self, text: str) -> None:
        self._display.on_note(text)

    def on_survey(self, name: str) -> None:
        self._display.on_survey(name)

    def on_plan(self, run_plan: "RunPlan") -> None:
        self._display.on_plan(run_plan)
        self._comparison = described.compared(run_plan.jobs, self._runs_dir)
        self._tracking.begin_comparison(self._comparison)
        for job in run_plan.cached:
            if job.run is not None:
                self._tracking.finished(job.run, self._comparison)
        self._tracking.warn_of_news()

    def on_run_start(self, job: "Job") -> None:
        self._display.on_run_start(job)

    def on_run_message(self, job: "Job", message: "Progress") -> None:
        self._display.on_run_message(job, message)
        match message:
            case Started():
                folder = Path(message.folder)
                key = self._tracking.begin(folder, message.start_epoch, self._comparison)
                self._children[id(job)] = _Child(folder, message.steps, key)
            case Epoch():
                child = self._children[id(job)]
                self._tracking.epoch(child.key, message.row, message.images_per_second)
            case Step():
                self._step(self._children[id(job)], message)

    def _step(self, child: _Child, message: Step) -> None:
        if child.pace.ready():
            at = (message.epoch - 1) * child.steps + message.done
            values = {"loss": message.loss, "accuracy": message.accuracy}
            self._tracking.running(child.key, values, at)

    def on_run_end(self, job: "Job", outcome: "Outcome") -> None:
        self._display.on_run_end(job, outcome)
        if child := self._children.pop(id(job), None):
            status = outcome.status if outcome.status in STATUSES else "failed"
            self._tracking.end(child.key, status)

    def on_benchmark(self, name: str, done: int, total: int) -> None:
        self._display.on_benchmark(name, done, total)

    def on_progress(self, what: str, done: int, total: int) -> None:
        self._display.on_progress(what, done, total)

    def close(self) -> None:
        self._display.close()

    def end(self, made: "Comparison") -> None:
        """The comparison is made: log its results, its report and its page."""
        if self._comparison is None or not self._tracking.takes_comparisons:
            return
        metrics, files = _metrics(made.report), self._files(made)
        self._tracking.end_comparison(self._comparison, "finished", metrics, files)

    def _files(self, made: "Comparison") -> list[Path]:
        try:
            folder = self._tracking.folder()
            told = folder / "comparison.json"
            told.write_text(json.dumps(without_places(made.report).to_dict(), indent=2))
            return [told, made.to_html(folder / "comparison.html")]
        except (ZooError, OSError) as error:
            self._display.on_note(f"the report is not tracked: {error}")
            return []

    def cut(self, status: str) -> None:
        """The comparison was stopped or has failed."""
        for child in self._children.values():
            self._tracking.end(child.key, recorded_status(child.folder))
        if self._comparison is not None:
            self._tracking.end_comparison(self._comparison, status, {})


def _metrics(report: "ComparisonReport") -> dict[str, float]:
    """Each architecture's means and ranks."""
    found: dict[str, float] = {}
    for row in report.rows:
        values = {"accuracy": row.accuracy, **row.scores}
        if row.rank is not None:
            values |= {"rank_best": row.rank[0], "rank_worst": row.rank[1]}
        found |= {f"{key}/{row.name}": v for key, v in values.items() if v is not None}
    return found
