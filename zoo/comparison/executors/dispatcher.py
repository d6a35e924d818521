"""Training the missing runs: each job group in a fresh process, some at a time."""

import queue
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from zoo.comparison import messages
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.executors.executor import Executor, TaskProcess
from zoo.comparison.jobs import CACHED, FAILED, RESUMABLE, Job, Outcome, RunPlan
from zoo.comparison.messages import (
    LOST,
    AnyEvent,
    Ended,
    Failed,
    Finished,
    Progress,
    RunOrder,
    Started,
    TrainTask,
)
from zoo.errors import Interrupted, ZooError
from zoo.runs.run import Run
from zoo.training.backend import shared_gpu_variables
from zoo.training.interruption import Interruption

ATTEMPTS = 5
"""How often a run is begun whose process or machine is lost; that a node is gone shows after a while."""


@dataclass(eq=False)
class _Group:
    """Jobs that one process trains, in one program; `left` are the places of unfinished ones."""

    jobs: tuple[Job, ...]
    worker: TaskProcess
    left: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.left = set(range(len(self.jobs)))


class Dispatcher:
    """Trains the missing runs of a plan.

    Args:
        executor: starts the processes.
        runs_dir: where runs are.
        together: whether one process trains all runs of an entry, in one program. Those that it
            could not are then trained each alone.
        use_plugins, data_dir: what each worker uses.
        callback: its hooks are called.
    """

    def __init__(
        self,
        executor: Executor,
        runs_dir: Path,
        together: bool,
        use_plugins: bool,
        data_dir: str | None,
        callback: ComparisonCallback,
    ):
        self._executor = executor
        self._runs_dir, self._together = runs_dir, together
        self._use_plugins, self._data_dir, self._callback = use_plugins, data_dir, callback
        self._events: queue.Queue[tuple[_Group, AnyEvent | None]] = queue.Queue()
        self._waiting: list[tuple[Job, ...]] = []
        self._running: list[_Group] = []
        self._folders: dict[int, Path] = {}
        self._lost: Counter[int] = Counter()

    def run(self, run_plan: RunPlan) -> list[Outcome]:
        """Every job's outcome, in the plan's order.

        Raises:
            Interrupted: by a signal; running ones have a checkpoint, finished ones are kept, and
                the same comparison continues from there.
        """
        outcomes = {id(job): _known(job) for job in run_plan.jobs if not job.to_do}
        self._waiting = run_plan.job_groups(self._together)
        with Interruption() as interruption:
            try:
                while self._waiting or self._running:
                    while self._waiting and len(self._running) < self._executor.room():
                        self._start(self._waiting.pop(0))
                    for outcome in self._step():
                        outcomes[id(outcome.job)] = outcome
                        self._callback.on_run_end(outcome.job, outcome)
                    if interruption.signal_number is not None:
                        self._wind_down(len(run_plan.to_do), interruption.signal_number)
            finally:
                for group in self._running:
                    group.worker.kill()
        return [outcomes[id(job)] for job in run_plan.jobs]

    def _start(self, jobs: tuple[Job, ...]) -> None:
        precision = next((job.precision for job in jobs if job.precision), None)
        task = TrainTask(
            use_plugins=self._use_plugins,
            data_dir=self._data_dir,
            runs=[
                RunOrder(
                    request=job.request,
                    again=job.again,
                    resume=self._resumed(job),
                )
                for job in jobs
            ],
            runs_dir=str(self._runs_dir),
            alongside=self._executor.alongside,
            precision=precision,
        )
        shared = shared_gpu_variables() if self._executor.shares_gpu else None
        group = _Group(jobs, self._executor.start(task, environ=shared))
        self._running.append(group)
        for job in jobs:
            self._callback.on_run_start(job)
        threading.Thread(target=self._listen, args=(group,), daemon=True).start()

    def _resumed(self, job: Job) -> str | None:
        """The folder of a run that was begun, earlier or by a process that is lost."""
        folder = self._folders.get(id(job))
        if folder and (folder / "run.json").exists():
            return str(folder)
        return str(job.run.folder) if job.run and job.state == RESUMABLE else None

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
        if group not in self._running:
            return  # how it ended is known already
        event = event or group.worker.death()
        if isinstance(event, Started):
            self._folders[id(group.jobs[event.place])] = Path(event.folder)
        if isinstance(event, Progress):
            self._callback.on_run_message(group.jobs[event.place], event)
            return
        assert isinstance(event, Finished | Ended)
        places = set(group.left) if event.place is None else {event.place}
        group.left -= places
        if not group.left:
            self._running.remove(group)
            group.worker.finish()
        jobs = [group.jobs[place] for place in sorted(places)]
        if isinstance(event, Failed) and event.status == LOST and self._again(jobs, event):
            return
        if isinstance(event, Failed) and event.place is None and len(group.jobs) > 1:
            self._take_apart(jobs, event)
            return
        for job in jobs:
            yield _outcome(job, event, self._folders.get(id(job)))

    def _again(self, jobs: list[Job], event: Failed) -> bool:
        """Begin runs again whose process or machine is lost, unless that happened too often."""
        self._lost.update(id(job) for job in jobs)
        if any(self._lost[id(job)] >= ATTEMPTS for job in jobs):
            return False
        name = jobs[0].entry.name
        self._callback.on_note(f"{name}: {event.cause}; its run goes on, or begins again")
        self._waiting = [tuple(jobs), *self._waiting]
        return True

    def _take_apart(self, jobs: list[Job], event: Failed) -> None:
        """Joint training failed, perhaps for want of memory: train each seed alone."""
        self._callback.on_note(
            f"{jobs[0].entry.name}: joint training of {len(jobs)} seeds failed "
            f"({event.status}: {event.cause}); training the seeds one by one"
        )
        self._waiting = [(job,) for job in jobs] + self._waiting

    def _wind_down(self, planned: int, signal_number: int) -> None:
        waiting = sum(len(jobs) for jobs in self._waiting)
        running = sum(len(group.left) for group in self._running)
        for group in self._running:
            group.worker.stop()
        while self._running:
            for _ in self._step():
                pass
        raise Interrupted(
            f"stopped with {planned - waiting - running} of {planned} runs done. Give the same command "
            "to continue; runs in progress resume from their checkpoints.",
            signal_number,
        )


def _known(job: Job) -> Outcome:
    if job.state == CACHED:
        return Outcome(job, "finished", job.run)
    assert job.state == FAILED
    return Outcome(job, "diverged" if job.run else "failed", cause=job.cause)


def _outcome(
    job: Job, event: Finished | Failed | messages.Interrupted, folder: Path | None
) -> Outcome:
    if not isinstance(event, Finished):
        return Outcome(job, event.status, cause=event.cause, folder=folder)
    try:
        run = Run.open(Path(event.folder))
    except ZooError as error:
        return Outcome(job, "failed", cause=str(error))
    if not run.name.startswith(job.name):
        cause = (
            f"{run.name} is another run than the one that was planned, {job.name}: the data, the versions "
            "or settings differ where it was trained."
        )
        return Outcome(job, "failed", cause=cause)
    before = job.run.phase_seconds if job.run else 0.0
    return Outcome(job, "finished", run, seconds=run.phase_seconds - before)
