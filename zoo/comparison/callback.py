"""What a comparison tells while it runs. The CLI shows it; a library's caller may ignore it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.comparison.executors import Outcome
    from zoo.comparison.planning import Job, RunPlan


class ComparisonCallback:
    """Does nothing with what it is told; subclasses show it."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def surveying(self, name: str) -> None:
        """An architecture is being looked up and its pace measured."""

    def planned(self, run_plan: "RunPlan") -> None:
        """What is there, what will be trained, and how long that will take."""

    def started(self, job: "Job") -> None:
        """A run's process has been started."""

    def event(self, job: "Job", event: dict[str, Any]) -> None:
        """A running job tells something: `started`, `step`, `epoch`, `note`."""

    def ended(self, job: "Job", outcome: "Outcome") -> None:
        """A run is finished or has failed."""

    def measuring(self, name: str, done: int, total: int) -> None:
        """The benchmark of costs is at this architecture; `done` of `total` portions are done."""

    def working(self, what: str, done: int, total: int) -> None:
        """Many runs are read or judged; `done` of `total` are."""

    def close(self) -> None:
        """Nothing more will be told, whatever happened."""
