"""Training the missing runs: each job group in a fresh process, some at a time."""

import queue
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.jobs import CACHED, FAILED, RESUMABLE, Job, Outcome, RunPlan
from zoo.comparison.worker_process import ONE_OF_MANY, Worker
from zoo.errors import Interrupted, ZooError
from zoo.runs.run import Run
from zoo.training.interruption import Interruption


@dataclass(eq=False)
class _Group:
    """Jobs that one process trains, in one program; `left` are the places of those in hand."""

    jobs: tuple[Job, ...]
    worker: Worker
    left: set[int] = field(init=False)

    def __post_init__(self):
        self.left = set(range(len(self.jobs)))


class Execution:
    """Trains the missing runs of a plan.

    Args:
        runs_dir: where runs are.
        at_once: processes at a time.
        together: whether one process trains all runs of an entry, in one program. Those that it
            could not are then trained each alone.
        content: what each worker is told besides its job: `use_plugins`, `data_dir`.
        callback: is told what happens.
    """

    def __init__(
        self,
        runs_dir: Path,
        at_once: int,
        together: bool,
        content: dict[str, Any],
        callback: ComparisonCallback,
    ):
        self._runs_dir, self._at_once, self._together = runs_dir, at_once, together
        self._content, self._callback = content, callback
        self._events: queue.Queue[tuple[_Group, dict[str, Any] | None]] = queue.Queue()
        self._waiting: list[tuple[Job, ...]] = []
        self._in_hand: list[_Group] = []

    def carry_out(self, run_plan: RunPlan) -> list[Outcome]:
        """Every job's outcome, in the plan's order.

        Raises:
            Interrupted: by a signal; running ones have a checkpoint, finished ones are kept, and
                the same comparison continues from there.
        """
        outcomes = {id(job): _known(job) for job in run_plan.jobs if not job.to_do}
        self._waiting = run_plan.job_groups(self._together)
        with Interruption() as interruption:
            try:
                while self._waiting or self._in_hand:
                    while self._waiting and len(self._in_hand) < self._at_once:
                        self._start(self._waiting.pop(0))
                    for outcome in self._step():
                        outcomes[id(outcome.job)] = outcome
                        self._callback.on_run_end(outcome.job, outcome)
                    if interruption.signal_number is not None:
                        self._wind_down(len(run_plan.to_do), interruption.signal_number)
            finally:
                for group in self._in_hand:
                    group.worker.kill()
        return [outcomes[id(job)] for job in run_plan.jobs]

    def _start(self, jobs: tuple[Job, ...]) -> None:
        precision = next((job.precision for job in jobs if job.precision), None)
        worker = Worker(
            "train",
            ONE_OF_MANY if self._at_once > 1 else None,
            runs=[
                {
                    "request": job.request.as_json(),
                    "again": job.again,
                    "resume": str(job.run.folder) if job.run and job.state == RESUMABLE else None,
                }
                for job in jobs
            ],
            runs_dir=str(self._runs_dir),
            alongside=self._at_once - 1,
            precision=asdict(precision) if precision else None,
            **self._content,
        )
        group = _Group(jobs, worker)
        self._in_hand.append(group)
        for job in jobs:
            self._callback.on_run_start(job)
        threading.Thread(target=self._listen, args=(group,), daemon=True).start()

    def _listen(self, group: _Group) -> None:
        while event := group.worker.receive():
            self._events.put((group, event))
        self._events.put((group, None))

    def _step(self) -> Iterable[Outcome]:
        """Handle one event, if one comes soon; the outcomes, if it was the last of some jobs."""
        try:
            group, event = self._events.get(timeout=0.2)
        except queue.Empty:
            return
        if group not in self._in_hand:
            return  # what ended it has been told already
        event = event or group.worker.death()
        if event["event"] not in ("finished", "failed", "interrupted"):
            self._callback.on_run_message(group.jobs[event["place"]], event)
            return
        places = {event["place"]} if "place" in event else set(group.left)
        group.left -= places
        if not group.left:
            self._in_hand.remove(group)
            group.worker.finish()
        jobs = [group.jobs[place] for place in sorted(places)]
        if event["event"] == "failed" and "place" not in event and len(group.jobs) > 1:
            self._take_apart(jobs, event)
            return
        for job in jobs:
            yield _outcome(job, event)

    def _take_apart(self, jobs: list[Job], event: dict[str, Any]) -> None:
        """Joint training failed, perhaps for want of memory: train each seed alone."""
        self._callback.note(
            f"{jobs[0].entry.name}: joint training of {len(jobs)} seeds failed "
            f"({event['status']}: {event['cause']}); training the seeds one by one"
        )
        self._waiting = [(job,) for job in jobs] + self._waiting

    def _wind_down(self, planned: int, signal_number: int) -> None:
        waiting = sum(len(jobs) for jobs in self._waiting)
        in_hand = sum(len(group.left) for group in self._in_hand)
        for group in self._in_hand:
            group.worker.stop()
        while self._in_hand:
            for _ in self._step():
                pass
        raise Interrupted(
            f"stopped with {planned - waiting - in_hand} of {planned} runs done. Give the same command "
            "to continue; runs in progress resume from their checkpoints.",
            signal_number,
        )


def _known(job: Job) -> Outcome:
    if job.state == CACHED:
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
