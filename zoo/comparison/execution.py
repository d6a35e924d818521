"""Carrying out the missing runs, each in a fresh process, some at a time."""

import queue
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo.comparison.planning import FAILED, GOES_ON, STANDS, Agenda, Job
from zoo.comparison.process import ONE_OF_MANY, Worker
from zoo.comparison.reporter import ComparisonReporter
from zoo.errors import Interrupted, ZooError
from zoo.run import Run
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


class Execution:
    """Runs an agenda's jobs.

    Args:
        runs_dir: where runs are.
        at_once: processes at a time.
        content: what each worker is told besides its job: `use_plugins`, `data_dir`.
        reporter: is told what happens.
    """

    def __init__(
        self, runs_dir: Path, at_once: int, content: dict[str, Any], reporter: ComparisonReporter
    ):
        self._runs_dir, self._at_once = runs_dir, at_once
        self._content, self._reporter = content, reporter
        self._events: queue.Queue[tuple[Job, dict[str, Any] | None]] = queue.Queue()
        self._workers: dict[int, Worker] = {}

    def carry_out(self, agenda: Agenda) -> list[Outcome]:
        """Every job's outcome, in the agenda's order.

        Raises:
            Interrupted: by a signal; the runs in hand have checkpoints, and the finished ones
                stand, so that the same comparison goes on from there.
        """
        outcomes = {id(job): _known(job) for job in agenda.jobs if not job.to_do}
        waiting = list(agenda.to_do)
        with Interruption() as interruption:
            try:
                while waiting or self._workers:
                    while waiting and len(self._workers) < self._at_once:
                        self._start(waiting.pop(0))
                    for outcome in self._step():
                        outcomes[id(outcome.job)] = outcome
                        self._reporter.ended(outcome.job, outcome)
                    if interruption.signal_number is not None:
                        self._wind_down(len(waiting), agenda, interruption.signal_number)
            finally:
                for worker in self._workers.values():
                    worker.kill()
        return [outcomes[id(job)] for job in agenda.jobs]

    def _start(self, job: Job) -> None:
        worker = Worker(
            "train",
            ONE_OF_MANY if self._at_once > 1 else None,
            request=job.request.as_json(),
            runs_dir=str(self._runs_dir),
            again=job.again,
            resume=str(job.run.folder) if job.run and job.state == GOES_ON else None,
            alongside=self._at_once - 1,
            precision=asdict(job.precision) if job.precision else None,
            **self._content,
        )
        self._workers[id(job)] = worker
        self._reporter.started(job)
        threading.Thread(target=self._listen, args=(job, worker), daemon=True).start()

    def _listen(self, job: Job, worker: Worker) -> None:
        while event := worker.receive():
            self._events.put((job, event))
        self._events.put((job, None))

    def _step(self) -> Iterable[Outcome]:
        """Handle one event, if one comes soon; an outcome, if it was a job's last."""
        try:
            job, event = self._events.get(timeout=0.2)
        except queue.Empty:
            return
        worker = self._workers.get(id(job))
        if worker is None:
            return  # what ended it has been told already
        event = event or worker.death()
        if event["event"] in ("finished", "failed", "interrupted"):
            del self._workers[id(job)]
            worker.finish()
            yield _outcome(job, event)
        else:
            self._reporter.event(job, event)

    def _wind_down(self, waiting: int, agenda: Agenda, signal_number: int) -> None:
        for worker in self._workers.values():
            worker.stop()
        in_hand = len(self._workers)
        while self._workers:
            for _ in self._step():
                pass
        planned = len(agenda.to_do)
        raise Interrupted(
            f"stopped with {planned - waiting - in_hand} of {planned} runs done; the same command "
            "goes on from there, and the run in hand from its checkpoint.",
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
