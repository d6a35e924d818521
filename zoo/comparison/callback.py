"""Hooks of a comparison: what is called while it runs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.comparison.jobs import Job, Outcome, RunPlan
    from zoo.comparison.messages import Progress


class ComparisonCallback:
    """Does nothing; subclasses show what happens."""

    def on_note(self, text: str) -> None:
        """Something worth a line."""

    def on_survey(self, name: str) -> None:
        """An architecture is being looked up and its speed measured."""

    def on_plan(self, run_plan: "RunPlan") -> None:
        """What is there, what will be trained, and how long that will take."""

    def on_run_start(self, job: "Job") -> None:
        """A run's process has been started."""

    def on_run_message(self, job: "Job", message: "Progress") -> None:
        """A run tells of its training: `Started`, `Step`, `Epoch` or `Note`."""

    def on_run_end(self, job: "Job", outcome: "Outcome") -> None:
        """A run is finished or has failed."""

    def on_benchmark(self, name: str, done: int, total: int) -> None:
        """The cost benchmark is at this architecture; `done` of `total` measurements are done."""

    def on_progress(self, what: str, done: int, total: int) -> None:
        """Many runs are read or judged; `done` of `total` are."""

    def close(self) -> None:
        """The comparison is over, whatever happened."""
