"""Which runs a comparison needs: cached ones, resumable ones, and those to train."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.comparison import conditions
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.conditions import Conditions
from zoo.comparison.entries import Entry
from zoo.comparison.executors.executor import Executor, TaskProcess
from zoo.comparison.jobs import CACHED, FAILED, PENDING, RESUMABLE, Job, RunPlan
from zoo.comparison.messages import (
    LOST,
    AnyEvent,
    Ended,
    Failed,
    Identified,
    Paced,
    Question,
    Refused,
    SurveyTask,
)
from zoo.datasets.fold import Fold
from zoo.errors import ZooError
from zoo.runs.record import DIVERGED, FINISHED, INTERRUPTED
from zoo.runs.run import Run
from zoo.runs.selection import all_runs
from zoo.training.plan import run_name
from zoo.training.request import Replicate, Request

ATTEMPTS = 3
"""How often a question is asked if the machine that should answer is lost."""


class CostEstimator:
    """Asks a worker about requests; starts another if one dies of a question.

    Args:
        use_plugins, data_dir, runs_dir: what the worker uses.
        executor: starts it.
    """

    def __init__(self, use_plugins: bool, data_dir: str | None, runs_dir: Path, executor: Executor):
        self._executor = executor
        self._task = SurveyTask(use_plugins=use_plugins, data_dir=data_dir, runs_dir=str(runs_dir))
        self._worker: TaskProcess | None = None

    def identity(self, request: Request) -> Identified | str:
        """What a request is; or why it cannot be trained."""
        answer = self._ask(Question(ask="identity", request=request))
        return answer if isinstance(answer, Identified) else _cause(answer)

    def pace(self, request: Request) -> Paced | str:
        """How long a request takes to train; or why it cannot be trained."""
        answer = self._ask(Question(ask="pace", request=request))
        return answer if isinstance(answer, Paced) else _cause(answer)

    def _ask(self, question: Question) -> AnyEvent | Ended:
        for _ in range(ATTEMPTS):
            if self._worker is None:
                self._worker = self._executor.start(self._task)
            event = self._worker.ask(question)
            if isinstance(event, Failed):
                self._end()
            if not isinstance(event, Failed) or event.status != LOST:
                break
        return event

    def __enter__(self) -> "CostEstimator":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()  # it has nothing to save
            self._worker.finish()
            self._worker = None


def make_run_plan(
    entries: Iterable[Entry],
    request: Callable[[Entry], Request],
    replicates: Sequence[Replicate],
    runs_dir: Path,
    estimator: CostEstimator,
    callback: ComparisonCallback,
    any_device: bool = False,
) -> RunPlan:
    """Find the cached runs, and estimate how long the others will take.

    `request` makes an entry's request, for any seed and fold. The callback is told of runs that cannot
    be used. `any_device`: cached runs may be of another device of the same kind, CPU or GPU.
    """
    memory = None
    by_entry: list[list[Job]] = []
    for entry in entries:
        callback.on_survey(entry.name)
        asked = request(entry).of(replicates[0])
        answers = _answers(entry, asked, replicates, estimator)
        for answer in answers.values():
            if isinstance(answer, str):
                continue
            for line in answer.data:
                callback.on_note(line)
        jobs = [
            _job(entry, asked.of(each), answers[each.fold], runs_dir, callback.on_note, any_device)
            for each in replicates
        ]
        held, first = None, answers[replicates[0].fold]
        if not isinstance(first, str):
            jobs, held = _paced(jobs, asked, first, runs_dir, estimator)
        memory = max(filter(None, (memory, held)), default=None)
        by_entry.append(jobs)
    return RunPlan(tuple(job for each in zip(*by_entry, strict=True) for job in each), memory)


def _cause(event: AnyEvent | Ended) -> str:
    assert isinstance(event, Refused | Ended)
    return event.cause


def _answers(
    entry: Entry, asked: Request, replicates: Sequence[Replicate], estimator: CostEstimator
) -> dict[Fold | None, Identified | str]:
    """What the runs are, by fold; or why they cannot be trained."""
    return {
        each.fold: entry.problem or estimator.identity(asked.of(each))
        for each in {each.fold: each for each in replicates}.values()
    }


def _job(
    entry: Entry,
    request: Request,
    answer: Identified | str,
    runs_dir: Path,
    note: Callable[[str], None],
    any_device: bool,
) -> Job:
    if isinstance(answer, str):
        return Job(entry, request, FAILED, cause=answer)
    identity = {**answer.identity, "seed": request.seed}
    name = run_name(identity)
    folders = sorted(path for path in runs_dir.glob(f"{name}*") if _is_of(path.name, name))
    usable = [
        run
        for folder in folders
        if (run := _usable(folder, identity, answer.conditions, note, any_device)) is not None
    ]
    for status, state in ((FINISHED, CACHED), (DIVERGED, FAILED)):
        for run in usable:
            if run.status == status:
                return Job(entry, request, state, run, cause=run.record.error or "")
    for run in usable:
        if run.status == INTERRUPTED:
            return Job(entry, request, RESUMABLE, run, name=name)
    again = bool(folders) and not usable
    return Job(entry, request, PENDING, again=again, precision=answer.precision, name=name)


def _is_of(folder: str, name: str) -> bool:
    rest = folder.removeprefix(name)
    return not rest or (rest[0] == "-" and rest[1:].isdigit())


def _usable(
    folder: Path,
    identity: dict[str, Any],
    wanted: Conditions,
    note: Callable[[str], None],
    any_device: bool,
) -> Run | None:
    if not (folder / "run.json").exists():
        return None
    try:
        run = Run.open(folder)
    except ZooError as error:
        note(f"not used: {error}")
        return None
    made = conditions.of_run(run)
    if any_device:  # the identity says whether it is a CPU or a GPU
        made = {**made, "device": wanted["device"]}
    if run.record.identity != identity or made != wanted:
        return None  # made by other versions or on another machine: it stays, and is not mixed in
    if run.status == FINISHED and (damage := run.damage()):
        note(f"not used: {damage}")
        return None
    return run


def _paced(
    jobs: list[Job],
    asked: Request,
    answer: Identified,
    runs_dir: Path,
    estimator: CostEstimator,
) -> tuple[list[Job], int | None]:
    """The jobs with their seconds; or all failed, if not even a step can be trained."""
    if not any(job.to_do for job in jobs):
        return jobs, None
    known = _taken_before(runs_dir, answer)
    memory = None
    if known is None:
        pace = estimator.pace(asked)
        if isinstance(pace, str):
            failed = Job(jobs[0].entry, asked, FAILED, cause=pace)
            return [
                replace(failed, request=job.request) if job.to_do else job for job in jobs
            ], None
        known, memory = pace.seconds, pace.memory
    return [replace(job, seconds=known * _left(job)) if job.to_do else job for job in jobs], memory


def _taken_before(runs_dir: Path, answer: Identified) -> float | None:
    """The median of what finished runs took that differ in nothing but the seed."""
    identity = {k: v for k, v in answer.identity.items() if k != "seed"}
    taken = []
    for run in all_runs(runs_dir)[0]:
        same = {k: v for k, v in run.record.identity.items() if k != "seed"} == identity
        alone = not run.shared_machine
        here = conditions.of_run(run) == answer.conditions
        if same and alone and here and run.status == FINISHED:
            taken.append(run.phase_seconds)
    return statistics.median(taken) if taken else None


def _left(job: Job) -> float:
    """The share of a run that is still to be trained."""
    if job.run is None:
        return 1.0
    record = job.run.record
    return 1 - (record.progress.epochs if record.progress else 0) / job.run.recipe.epochs
