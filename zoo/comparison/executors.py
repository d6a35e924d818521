"""Carrying out the missing runs, each portion of them in a fresh process, some at a time."""

import queue
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.planning import FAILED, GOES_ON, STANDS, Job, RunPlan
from zoo.comparison.worker_process import Worker
from zoo.errors import Interrupted, ZooError
from zoo.runs.run import Run
from zoo.training.backend import shared_gpu_variables
from zoo.training.interruption import Interruption


@dataclass(frozen=True)
class Outcome:
    """What became of a job: a finished run, or why there is none.

    Attributes:
        status: `finished`; or `failed`, `diverged`, `out of memory`, `killed`, `crashed`.
        seconds: what the phases of its training took in this session; 0 if it stood before.
    """

    job: Job
    status: str
    run: Run | None = None
    cause: str = ""
    seconds: float = 0.0


@dataclass(eq=False)
class _Portion:
    """Jobs that one process trains, in one program; `left` are the places of those in hand."""

    jobs: tuple[Job, ...]
    worker: Worker
    left: set[int] = field(init=False)

    def __post_init__(self):
        self.left = set(range(len(self.jobs)))


class Execution:
    """Runs an agenda's jobs.

    Args:
        runs_dir: where runs are.
        at_once: processes at a time.
        together: whether one process trains all runs of an entry, in one program. Those that it
            could not are then trained each alone.
        content: what each worker is told besides its job: `use_plugins`, `data_dir`.
        reporter: is told what happens.
    """

    def __init__(
        self,
        runs_dir: Path,
        at_once: int,
        together: bool,
        content: dict[str, Any],
        reporter: ComparisonCallback,
    ):
        self._runs_dir, self._at_once, self._together = runs_dir, at_once, together
        self._content, self._reporter = content, reporter
        self._events: queue.Queue[tuple[_Portion, dict[str, Any] | None]] = queue.Queue()
        self._waiting: list[tuple[Job, ...]] = []
        self._in_hand: list[_Portion] = []

    def carry_out(self, run_plan: RunPlan) -> list[Outcome]:
        """Every job's outcome, in the agenda's order.

        Raises:
            Interrupted: by a signal; the runs in hand have checkpoints, and the finished ones
                stand, so that the same comparison goes on from there.
        """
        outcomes = {id(job): _known(job) for job in run_plan.jobs if not job.to_do}
        self._waiting = run_plan.portions(self._together)
        with Interruption() as interruption:
            try:
                while self._waiting or self._in_hand:
                    while self._waiting and len(self._in_hand) < self._at_once:
                        self._start(self._waiting.pop(0))
                    for outcome in self._step():
                        outcomes[id(outcome.job)] = outcome
                        self._reporter.ended(outcome.job, outcome)
                    if interruption.signal_number is not None:
                        self._wind_down(len(run_plan.to_do), interruption.signal_number)
            finally:
                for portion in self._in_hand:
                    portion.worker.kill()
        return [outcomes[id(job)] for job in run_plan.jobs]

    def _start(self, jobs: tuple[Job, ...]) -> None:
        precision = next((job.precision for job in jobs if job.precision), None)
        worker = Worker(
            "train",
            shared_gpu_variables() if self._at_once > 1 else None,
            runs=[
                {
                    "request": job.request.as_json(),
                    "again": job.again,
                    "resume": str(job.run.folder) if job.run and job.state == GOES_ON else None,
                }
                for job in jobs
            ],
            runs_dir=str(self._runs_dir),
            alongside=self._at_once - 1,
            precision=asdict(precision) if precision else None,
            **self._content,
        )
        portion = _Portion(jobs, worker)
        self._in_hand.append(portion)
        for job in jobs:
            self._reporter.started(job)
        threading.Thread(target=self._listen, args=(portion,), daemon=True).start()

    def _listen(self, portion: _Portion) -> None:
        while event := portion.worker.receive():
            self._events.put((portion, event))
        self._events.put((portion, None))

    def _step(self) -> Iterable[Outcome]:
        """Handle one event, if one comes soon; the outcomes, if it was the last of some jobs."""
        try:
            portion, event = self._events.get(timeout=0.2)
        except queue.Empty:
            return
        if portion not in self._in_hand:
            return  # what ended it has been told already
        event = event or portion.worker.death()
        if event["event"] not in ("finished", "failed", "interrupted"):
            self._reporter.event(portion.jobs[event["place"]], event)
            return
        places = {event["place"]} if "place" in event else set(portion.left)
        portion.left -= places
        if not portion.left:
            self._in_hand.remove(portion)
            portion.worker.finish()
        jobs = [portion.jobs[place] for place in sorted(places)]
        if event["event"] == "failed" and "place" not in event and len(portion.jobs) > 1:
            self._take_apart(jobs, event)
            return
        for job in jobs:
            yield _outcome(job, event)

    def _take_apart(self, jobs: list[Job], event: dict[str, Any]) -> None:
        """A program for several was too much, or one of them ended it: each has another try."""
        self._reporter.note(
            f"{jobs[0].entry.name}: {len(jobs)} seeds could not be trained together "
            f"({event['status']}: {event['cause']}); each is trained alone now"
        )
        self._waiting = [(job,) for job in jobs] + self._waiting

    def _wind_down(self, planned: int, signal_number: int) -> None:
        waiting = sum(len(jobs) for jobs in self._waiting)
        in_hand = sum(len(portion.left) for portion in self._in_hand)
        for portion in self._in_hand:
            portion.worker.stop()
        while self._in_hand:
            for _ in self._step():
                pass
        raise Interrupted(
            f"stopped with {planned - waiting - in_hand} of {planned} runs done; the same command "
            "goes on from there, and what was in hand from its checkpoint.",
            signal_number,
        )


def _known(job: Job) -> Outcome:
    if job.state == STANDS:
        return Outcome(job, "finished", job.run)
    assert job.state == FAILED
    return Outcome(job, "diverged" if job.run else "failed", cause=job.cause)


def _outcome(job: Job, event: dict[str, Any]) -> Outcome:
    if event["event"] != "finished":
        status = event.get("status", event["event"])
        return Outcome(job, status, cause=event["cause"])
    try:
        run = Run.open(Path(event["folder"]))
    except ZooError as error:
        return Outcome(job, "failed", cause=str(error))
    before = job.run.phase_seconds if job.run else 0.0
    return Outcome(job, "finished", run, seconds=run.phase_seconds - before)
