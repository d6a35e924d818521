"""One plan and one progress for the comparisons of a study."""

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.comparison.callback import ComparisonCallback

if TYPE_CHECKING:
    from zoo.comparison.jobs import Job, Outcome, RunPlan
    from zoo.comparison.messages import Progress


class StudyCallback(ComparisonCallback):
    """Passes on what happens; the plans of all datasets are told as one, by `start`.

    Args:
        inner: shows it.
    """

    def __init__(self, inner: ComparisonCallback):
        self._inner = inner
        self._plans: list[RunPlan] = []

    @property
    def run_plan(self) -> "RunPlan":
        """All runs of all datasets."""
        jobs = tuple(job for plan in self._plans for job in plan.jobs)
        return replace(self._plans[0], jobs=jobs)

    def start(self) -> None:
        """Every dataset is planned."""
        if self._plans:
            self._inner.on_plan(self.run_plan)

    def on_note(self, text: str) -> None:
        self._inner.on_note(text)

    def on_survey(self, name: str) -> None:
        self._inner.on_survey(name)

    def on_plan(self, run_plan: "RunPlan") -> None:
        self._plans.append(run_plan)

    def on_run_start(self, job: "Job") -> None:
        self._inner.on_run_start(job)

    def on_run_message(self, job: "Job", message: "Progress") -> None:
        self._inner.on_run_message(job, message)

    def on_run_end(self, job: "Job", outcome: "Outcome") -> None:
        self._inner.on_run_end(job, outcome)

    def on_progress(self, what: str, done: int, total: int) -> None:
        self._inner.on_progress(what, done, total)
