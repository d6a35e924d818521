"""A comparison from beginning to end, for those who call it: the command, a notebook, a test."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zoo.comparison import benchmark, conditions, planning
from zoo.comparison.benchmark import Settings
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.entries import Entry
from zoo.comparison.executors import Execution
from zoo.comparison.jobs import Outcome, RunPlan
from zoo.comparison.planning import CostEstimator
from zoo.comparison.results import Result, Wanted, of_outcomes
from zoo.environment import cores_in_words, usable_cores
from zoo.errors import Interrupted, UsageError, ZooError
from zoo.registry import Registry
from zoo.runs.run import check_writable
from zoo.training.backend import check_trains_together
from zoo.training.request import Request


@dataclass(frozen=True)
class Workplace:
    """Where a comparison works.

    Attributes:
        jobs: processes that train at a time.
        together: whether such a process trains all seeds of an architecture, in one program.
        use_plugins: whether workers load plugins.

    Raises:
        UsageError: `jobs` is below 1, or more than there are cores.
    """

    runs_dir: Path
    data_dir: str | None = None
    jobs: int = 1
    together: bool = False
    use_plugins: bool = True

    def __post_init__(self):
        cores = usable_cores()
        if not 1 <= self.jobs <= cores:
            raise UsageError(
                f"jobs is {self.jobs}: this machine has {cores_in_words(cores)}; use 1 to {cores}."
            )

    @property
    def for_workers(self) -> dict[str, Any]:
        """What every worker is told."""
        return {"use_plugins": self.use_plugins, "data_dir": self.data_dir}


@dataclass
class Comparing:
    """The trainings and measurements of one comparison.

    Args:
        entries: what is compared.
        request: makes an entry's request.
        workplace: where it works.
        settings: those of the cost benchmark; None: costs are not measured.
        callback: is told what happens.
    """

    entries: Sequence[Entry]
    request: Callable[[Entry], Request]
    workplace: Workplace
    settings: Settings | None
    callback: ComparisonCallback
    outcomes: list[Outcome] = field(default_factory=list)
    _seconds: float = 0.0

    def plan(self, seeds: Sequence[int]) -> RunPlan:
        """Find the cached runs, and estimate how long the others will take; nothing is trained.

        Raises:
            UsageError: more jobs than the machine's memory holds.
            ZooError: the runs folder cannot be written.
        """
        workplace = self.workplace
        with self._clocked():
            check_writable(workplace.runs_dir)
            with self._estimator() as estimator:
                run_plan = planning.make_run_plan(
                    self.entries,
                    self.request,
                    seeds,
                    workplace.runs_dir,
                    estimator,
                    self.callback,
                )
            run_plan = replace(
                run_plan, parallel=workplace.jobs, costs_follow=self.settings is not None
            )
            _check_memory(run_plan, workplace.jobs)
        self.callback.on_plan(run_plan)
        return run_plan

    def _estimator(self) -> CostEstimator:
        workplace = self.workplace
        return CostEstimator(workplace.use_plugins, workplace.data_dir, workplace.runs_dir)

    def train(self, run_plan: RunPlan) -> list[Result]:
        """Carry out the plan: each architecture's runs and failures.

        Raises:
            Interrupted: by a signal; the same comparison goes on from there.
        """
        workplace = self.workplace
        with self._clocked():
            execution = Execution(
                workplace.runs_dir,
                workplace.jobs,
                workplace.together,
                workplace.for_workers,
                self.callback,
            )
            self.outcomes = execution.carry_out(run_plan)
        return of_outcomes(self.outcomes)

    def costs(self, results: Sequence[Result]) -> dict[str, Any] | None:
        """The cost benchmark of those that have runs, from a file or measured now; None: no settings.

        Raises:
            Interrupted: by Ctrl-C; what was measured is measured again.
        """
        present = {result.name: result for result in results if result.runs}
        requests = {
            entry.name: self.request(entry) for entry in self.entries if entry.name in present
        }
        if not requests or self.settings is None:
            return None
        first = next(iter(present.values())).runs[0]
        path = benchmark.file_of(
            self.workplace.runs_dir,
            [present[name].runs[0].record["identity"] for name in requests],
            conditions.of_run(first),
            self.settings,
        )
        if path.exists():
            try:
                return benchmark.read(path)
            except ZooError as error:
                self.callback.note(f"measured again: {error}")
        try:
            precisions = {name: present[name].runs[0].record["precision"] for name in requests}
            record = benchmark.benchmark(
                requests, self.settings, self.workplace.for_workers, self.callback, precisions
            )
        except KeyboardInterrupt as error:
            raise Interrupted(
                "stopped during the cost benchmark; all runs are kept. Give the same command to continue.",
                signal.SIGINT,
            ) from error
        if not record["problems"]:
            benchmark.write(path, record)
        return record

    @property
    def harness(self) -> dict[str, Any]:
        """What the comparison itself cost, beyond what its runs took.

        `wall_seconds` holds planning, estimating and training; `overhead` is its excess over the
        phases of the runs (loading, importing, compiling, training, ...) as a share of these; None
        if nothing was trained, or several at a time or together.
        """
        phases = sum(outcome.seconds for outcome in self.outcomes)
        trained = [outcome for outcome in self.outcomes if outcome.seconds]
        alone = trained and self.workplace.jobs == 1 and not self.workplace.together
        return {
            "jobs": self.workplace.jobs,
            "together": self.workplace.together,
            "trained": len(trained),
            "reused": sum(o.status == "finished" for o in self.outcomes) - len(trained),
            "wall_seconds": self._seconds,
            "phases_seconds": phases,
            "overhead": self._seconds / phases - 1 if alone else None,
        }

    @contextmanager
    def _clocked(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - started


@dataclass(frozen=True)
class Compared:
    """A comparison that is made.

    Attributes:
        report: what `zoo compare --json` prints.
        results: the runs and failures of each architecture.
    """

    report: dict[str, Any]
    results: list[Result]

    @property
    def failed(self) -> list[str]:
        """The architectures of which a run is missing."""
        return [row["name"] for row in self.report["rows"] if row["problem"]]


def plan_runs(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    seeds: Sequence[int],
    workplace: Workplace,
    registry: Registry,
    *,
    settings: Settings | None,
    callback: ComparisonCallback,
) -> RunPlan:
    """Which runs `compare_runs` would train, and for how long; nothing is trained.

    Args:
        entries: what is compared.
        request: makes an entry's request.
        seeds: those of each architecture.
        workplace: where runs are, and how many are trained at a time.
        registry: knows the architectures and datasets.
        settings: those of the cost benchmark; None: costs are not measured.
        callback: is told what happens.

    Raises:
        UsageError: a name or a value is unknown, or more jobs are asked for than memory holds.
        ZooError: the runs folder cannot be written.
    """
    _check_names(entries, request, workplace, registry)
    return Comparing(entries, request, workplace, settings, callback).plan(seeds)


def compare_runs(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    seeds: Sequence[int],
    workplace: Workplace,
    registry: Registry,
    *,
    settings: Settings | None,
    target: float,
    command: str,
    callback: ComparisonCallback,
) -> Compared:
    """Train the runs that are missing, measure what they cost, and judge.

    Args:
        entries, request, seeds, workplace, registry, settings, callback: as for `plan_runs`.
        target: the validation accuracy that is timed, above 0 and at most 1.
        command: what to type to make the comparison again.

    Raises:
        UsageError: a name or a value is unknown, or more jobs are asked for than memory holds.
        ZooError: no run is finished, or the runs folder cannot be written.
        Interrupted: by a signal; the same comparison goes on from there.
    """
    from zoo.comparison.report import ReportInfo, make_document
    from zoo.comparison.results import what_differs

    _check_names(entries, request, workplace, registry)
    comparing = Comparing(entries, request, workplace, settings, callback)
    found = comparing.train(comparing.plan(seeds))
    cost = comparing.costs(found)
    problems = (cost or {}).get("problems", {})
    notes = [f"costs of {name}: {cause}" for name, cause in problems.items()]
    mixed = what_differs([each for each in found if each.runs], registry.manifest)
    about = ReportInfo(command, target, mixed, comparing.harness, notes)
    return Compared(make_document(found, cost, about, callback), found)


def compare_folders(
    folders: Sequence[Path],
    wanted: Wanted,
    registry: Registry,
    *,
    allow_mixed: bool = False,
    target: float,
    command: str,
    callback: ComparisonCallback,
) -> Compared:
    """Judge finished runs that were made elsewhere; nothing is trained.

    Args:
        folders: of runs, or of one run each.
        wanted: which of the runs are compared.
        registry: knows the named recipes.
        allow_mixed: compare runs of different devices, versions or recipes, too.
        target, command, callback: as for `compare_runs`.

    Raises:
        UsageError: a folder is missing, no run is wanted, or the runs must not be mixed.
        ZooError: the predictions of a run cannot be read.
    """
    from zoo.comparison import results
    from zoo.comparison.report import ReportInfo, make_document

    found = results.of_folders(folders, wanted, callback)
    present = [each for each in found if each.runs]
    results.check_same_test_set(present)
    mixed = results.what_differs(present, registry.manifest)
    if not allow_mixed:
        results.refuse_mixed(mixed)
    cost = costs_in(folders, present, callback.note)
    return Compared(make_document(found, cost, ReportInfo(command, target, mixed), callback), found)


def _check_names(entries, request, workplace: Workplace, registry: Registry) -> None:
    """Every name and value is checked before a process is started."""
    for entry in entries:
        if not entry.problem:
            plan = request(entry).plan(registry)
            if workplace.together:
                check_trains_together(plan.backend)


def _check_memory(run_plan: RunPlan, jobs: int) -> None:
    import psutil

    if run_plan.memory is None or jobs == 1:
        return
    there = psutil.virtual_memory().available
    fit = max(1, there // run_plan.memory)
    if jobs > fit:
        raise UsageError(
            f"jobs is {jobs}: a training here takes {run_plan.memory / 2**30:.1f} GiB and "
            f"{there / 2**30:.1f} GiB are free; use at most {fit}."
        )


def costs_in(
    folders: Sequence[Path], results: Sequence[Result], note: Callable[[str], None]
) -> Mapping[str, Any] | None:
    """The latest record of costs in some runs folders that covers most of the results."""
    from zoo.comparison.report import matching_cost

    best, covered = None, 0
    for path in sorted(path for folder in folders for path in folder.glob("costs/costs-*.json")):
        try:
            record = benchmark.read(path)
        except ZooError as error:
            note(f"skipped: {error}")
            continue
        count = sum(matching_cost(result, record) is not None for result in results)
        if count and (count, record["created"]) > (covered, best["created"] if best else ""):
            best, covered = record, count
    return best
