"""The runs of a comparison: what is to do for each, and what became of it."""

from dataclasses import dataclass
from pathlib import Path

from zoo.comparison.entries import Entry
from zoo.formatting import duration
from zoo.runs.run import Run
from zoo.training.precision import Precision
from zoo.training.request import Request

CACHED, RESUMABLE, PENDING, FAILED = "cached", "resumable", "pending", "failed"


@dataclass(frozen=True)
class Job:
    """One run of a comparison.

    Attributes:
        state: `cached` (finished earlier), `resumable` (interrupted earlier), `pending`, or `failed`
            (cannot be trained, or has diverged before).
        run: the run that is cached, resumable or has diverged; None if it is to be trained.
        again: its usual folder is taken by a run that cannot be used here.
        seconds: how long it will take, about; 0 if it is cached.
        cause: why it failed.
        precision: that of all runs of its entry; None: as its recipe says.
        name: what its run is called; of a run of the same name in another folder a number follows.
    """

    entry: Entry
    request: Request
    state: str
    run: Run | None = None
    again: bool = False
    seconds: float = 0.0
    cause: str = ""
    precision: Precision | None = None
    name: str = ""

    @property
    def to_do(self) -> bool:
        """Whether a process must be started for it."""
        return self.state in (RESUMABLE, PENDING)


@dataclass(frozen=True)
class RunPlan:
    """All runs of a comparison, seeds in turn: A0 B0 C0 A1 B1 C1.

    Attributes:
        memory: the most bytes that a process held while speeds were measured; None if none was.
        parallel: runs that are trained at a time.
        costs_follow: whether the cost benchmark comes after the training.
        place: on which cluster, in words; empty: on this machine.
    """

    jobs: tuple[Job, ...]
    memory: int | None
    parallel: int = 1
    costs_follow: bool = False
    place: str = ""

    @property
    def to_do(self) -> list[Job]:
        return [job for job in self.jobs if job.to_do]

    @property
    def cached(self) -> list[Job]:
        return [job for job in self.jobs if job.state == CACHED]

    def job_groups(self, together: bool) -> list[tuple[Job, ...]]:
        """The runs to train, by the process that trains them: each alone, or those of an entry
        `together`."""
        if not together:
            return [(job,) for job in self.to_do]
        found: dict[str, list[Job]] = {}
        for job in self.to_do:
            found.setdefault(job.entry.name, []).append(job)
        return [tuple(jobs) for jobs in found.values()]

    @property
    def seconds(self) -> float:
        """How long the missing runs will take one after another, about."""
        return sum(job.seconds for job in self.to_do)

    @property
    def summary(self) -> str:
        """`4 runs to train, 0 cached; about 59 s, then the cost benchmark`"""
        count = len(self.to_do)
        text = f"{count} run{'s' * (count != 1)} to train, {len(self.cached)} cached"
        if not count:
            return text
        at_once = f", {self.parallel} at a time" if self.parallel > 1 else ""
        costs = ", then the cost benchmark" if self.costs_follow else ""
        place = f"; {self.place}" if self.place else ""
        return f"{text}; about {duration(self.seconds / self.parallel)}{at_once}{costs}{place}"


@dataclass(frozen=True)
class Outcome:
    """What became of a job: a finished run, or why there is none.

    Attributes:
        status: `finished`; or `failed`, `diverged`, `out of memory`, `killed`, `crashed`, `lost`.
        seconds: what the phases of its training took in this session; 0 if it was cached.
        folder: of a run that was begun and has not finished, if one was.
    """

    job: Job
    status: str
    run: Run | None = None
    cause: str = ""
    seconds: float = 0.0
    folder: Path | None = None
