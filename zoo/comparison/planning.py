"""Which runs a comparison needs: those that stand, those to go on with, those to train."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoo.comparison import conditions
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.conditions import Conditions
from zoo.comparison.entries import Entry
from zoo.comparison.worker_process import Worker
from zoo.errors import ZooError
from zoo.runs import run as runs
from zoo.runs.run import Run
from zoo.training.plan import run_name
from zoo.training.precision import Precision
from zoo.training.request import Request

STANDS, GOES_ON, TRAINS, FAILED = "stands", "goes on", "trains", "failed"


@dataclass(frozen=True)
class Job:
    """One run of a comparison.

    Attributes:
        state: `stands` (finished earlier), `goes on` (interrupted earlier), `trains`, or `failed`
            (cannot be trained, or has diverged before).
        run: the run that stands, goes on or has diverged; None if it is to be trained.
        again: its usual folder is taken by a run that cannot be used here.
        seconds: how long it will take, about; 0 if it stands.
        cause: why it failed.
        precision: that of all runs of its entry; None: as its recipe says.
    """

    entry: Entry
    request: Request
    state: str
    run: Run | None = None
    again: bool = False
    seconds: float = 0.0
    cause: str = ""
    precision: Precision | None = None

    @property
    def to_do(self) -> bool:
        """Whether a process must be started for it."""
        return self.state in (GOES_ON, TRAINS)


@dataclass(frozen=True)
class RunPlan:
    """All runs of a comparison, seeds in turn: A0 B0 C0 A1 B1 C1.

    Attributes:
        memory: the most bytes that a process held while the paces were measured; None if none was.
    """

    jobs: tuple[Job, ...]
    memory: int | None

    @property
    def to_do(self) -> list[Job]:
        return [job for job in self.jobs if job.to_do]

    def portions(self, together: bool) -> list[tuple[Job, ...]]:
        """The runs that are to do, by the process that trains them: each alone, or those of an
        entry `together`."""
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


class CostEstimator:
    """Asks a worker about requests; starts another if one dies of a question."""

    def __init__(self, use_plugins: bool, data_dir: str | None, runs_dir: Path):
        self._content = {
            "use_plugins": use_plugins,
            "data_dir": data_dir,
            "runs_dir": str(runs_dir),
        }
        self._worker: Worker | None = None

    def ask(self, what: str, request: Request) -> dict[str, Any]:
        """An event: `answer`, `refused` or `failed`."""
        if self._worker is None:
            self._worker = Worker("survey", **self._content)
        event = self._worker.ask(ask=what, request=request.as_json())
        if event["event"] == "failed":
            self._end()
        return event

    def __enter__(self) -> "CostEstimator":
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()  # it has nothing to save
            self._worker.finish()
            self._worker = None


def make_run_plan(
    entries: Iterable[Entry],
    request: Callable[[Entry], Request],
    seeds: Iterable[int],
    runs_dir: Path,
    estimator: CostEstimator,
    reporter: ComparisonCallback,
) -> RunPlan:
    """Find what stands, and measure how long the rest will take.

    `request` makes an entry's request, for any seed. The reporter is told of runs that cannot be
    used.
    """
    seeds = list(seeds)
    memory = None
    by_entry: list[list[Job]] = []
    for entry in entries:
        reporter.surveying(entry.name)
        asked = request(entry)
        answer = {"event": "refused", "cause": entry.problem}
        if not entry.problem:
            answer = estimator.ask("identity", asked)
        if answer["event"] != "answer":
            by_entry.append(_none_of(entry, asked, seeds, answer["cause"]))
            continue
        for line in answer["data"]:
            reporter.note(line)
        jobs = [
            _job(entry, asked.with_seed(seed), answer, runs_dir, reporter.note) for seed in seeds
        ]
        jobs, held = _paced(jobs, asked, answer, runs_dir, estimator)
        memory = max(filter(None, (memory, held)), default=None)
        by_entry.append(jobs)
    run_plan = RunPlan(tuple(job for each in zip(*by_entry, strict=True) for job in each), memory)
    reporter.planned(run_plan)
    return run_plan


def _none_of(entry: Entry, asked: Request, seeds: list[int], cause: str) -> list[Job]:
    return [Job(entry, asked.with_seed(seed), FAILED, cause=cause) for seed in seeds]


def _job(entry: Entry, request: Request, answer: dict[str, Any], runs_dir: Path, note) -> Job:
    identity = {**answer["identity"], "seed": request.seed}
    name = run_name(identity)
    folders = sorted(path for path in runs_dir.glob(f"{name}*") if _is_of(path.name, name))
    usable = [
        run
        for folder in folders
        if (run := _usable(folder, identity, answer["conditions"], note)) is not None
    ]
    for status, state in ((runs.FINISHED, STANDS), (runs.DIVERGED, FAILED)):
        for run in usable:
            if run.status == status:
                return Job(entry, request, state, run, cause=run.record.get("error", ""))
    for run in usable:
        if run.status == runs.INTERRUPTED:
            return Job(entry, request, GOES_ON, run)
    precision = Precision(**answer["precision"])
    again = bool(folders) and not usable
    return Job(entry, request, TRAINS, again=again, precision=precision)


def _is_of(folder: str, name: str) -> bool:
    rest = folder.removeprefix(name)
    return not rest or (rest[0] == "-" and rest[1:].isdigit())


def _usable(folder: Path, identity, wanted: Conditions, note) -> Run | None:
    if not (folder / "run.json").exists():
        return None
    try:
        run = Run.open(folder)
    except ZooError as error:
        note(f"not used: {error}")
        return None
    if run.record["identity"] != identity or conditions.of_run(run) != wanted:
        return None  # made by other versions or on another machine: it stays, and is not mixed in
    if run.status == runs.FINISHED and (damage := run.damage()):
        note(f"not used: {damage}")
        return None
    return run


def _paced(jobs, asked, answer, runs_dir, estimator) -> tuple[list[Job], int | None]:
    """The jobs with their seconds; or all failed, if not even a step can be trained."""
    if not any(job.to_do for job in jobs):
        return jobs, None
    known = _taken_before(runs_dir, answer)
    memory = None
    if known is None:
        pace = estimator.ask("pace", asked)
        if pace["event"] != "answer":
            failed = _none_of(jobs[0].entry, asked, [0], pace["cause"])[0]
            return [
                replace(failed, request=job.request) if job.to_do else job for job in jobs
            ], None
        known, memory = pace["seconds"], pace["memory"]
    return [replace(job, seconds=known * _left(job)) if job.to_do else job for job in jobs], memory


def _taken_before(runs_dir: Path, answer: dict[str, Any]) -> float | None:
    """The median of what finished runs took that differ in nothing but the seed."""
    identity = {k: v for k, v in answer["identity"].items() if k != "seed"}
    taken = []
    for run in runs.all_runs(runs_dir)[0]:
        same = {k: v for k, v in run.record["identity"].items() if k != "seed"} == identity
        alone = not any(each.get("alongside") for each in run.record["sessions"])
        here = conditions.of_run(run) == answer["conditions"]
        if same and alone and here and run.status == runs.FINISHED:
            taken.append(run.phase_seconds)
    return statistics.median(taken) if taken else None


def _left(job: Job) -> float:
    """The share of a run that is still to be trained."""
    if job.run is None:
        return 1.0
    done = job.run.record.get("progress", {}).get("epochs", 0)
    return 1 - done / job.run.record["recipe"]["epochs"]
