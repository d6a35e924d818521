"""A comparison from beginning to end, for those who call it: the command, a notebook, a test."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.comparison import benchmark, conditions, planning
from zoo.comparison.benchmark import Settings
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.entries import Entry
from zoo.comparison.executors import Execution, Outcome
from zoo.comparison.planning import CostEstimator, RunPlan
from zoo.comparison.results import Result, of_outcomes
from zoo.environment import cores_in_words, usable_cores
from zoo.errors import Interrupted, UsageError, ZooError
from zoo.registry import Registry
from zoo.runs.run import check_writable
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
                f"--jobs {self.jobs}: this machine has {cores_in_words(cores)}; use 1 to {cores}."
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
        reporter: is told what happens.
    """

    entries: Sequence[Entry]
    request: Callable[[Entry], Request]
    workplace: Workplace
    reporter: ComparisonCallback
    outcomes: list[Outcome] = field(default_factory=list)
    _seconds: float = 0.0

    def plan(self, seeds: Sequence[int]) -> RunPlan:
        """Find what stands, and measure how long the rest will take; nothing is trained.

        Raises:
            UsageError: more jobs than the machine's memory holds.
            ZooError: the runs folder cannot be written.
        """
        with self._clocked():
            check_writable(self.workplace.runs_dir)
            with self._surveyor() as estimator:
                run_plan = planning.make_run_plan(
                    self.entries,
                    self.request,
                    seeds,
                    self.workplace.runs_dir,
                    estimator,
                    self.reporter,
                )
            _check_memory(run_plan, self.workplace.jobs)
        return run_plan

    def _surveyor(self) -> CostEstimator:
        workplace = self.workplace
        return CostEstimator(workplace.use_plugins, workplace.data_dir, workplace.runs_dir)

    def train(self, run_plan: RunPlan) -> list[Result]:
        """Carry out the agenda: each architecture's runs and failures.

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
                self.reporter,
            )
            self.outcomes = execution.carry_out(run_plan)
        return of_outcomes(self.outcomes)

    def costs(self, results: Sequence[Result], settings: Settings) -> dict[str, Any] | None:
        """The benchmark of those that have runs: as measured before, or measured now and kept.

        Raises:
            Interrupted: by Ctrl-C; what was measured is measured again.
        """
        present = {result.name: result for result in results if result.runs}
        requests = {
            entry.name: self.request(entry) for entry in self.entries if entry.name in present
        }
        if not requests:
            return None
        first = next(iter(present.values())).runs[0]
        path = benchmark.file_of(
            self.workplace.runs_dir,
            [present[name].runs[0].record["identity"] for name in requests],
            conditions.of_run(first),
            settings,
        )
        if path.exists():
            try:
                return benchmark.read(path)
            except ZooError as error:
                self.reporter.note(f"measured anew: {error}")
        try:
            precisions = {name: present[name].runs[0].record["precision"] for name in requests}
            record = benchmark.benchmark(
                requests, settings, self.workplace.for_workers, self.reporter, precisions
            )
        except KeyboardInterrupt as error:
            raise Interrupted(
                "stopped while costs were measured; all runs stand, and the same command goes on.",
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
    reporter: ComparisonCallback,
) -> tuple[dict[str, Any], list[Result]]:
    """Train what is missing, measure costs with `settings` (None: not), and judge.

    Returns:
        The document, as `zoo compare --json` prints it, and the runs of each architecture.

    Raises:
        UsageError: a name or a value is unknown.
        ZooError: no run is finished, or the runs folder cannot be written.
        Interrupted: by a signal; the same comparison goes on from there.
    """
    from zoo.comparison.report import ReportInfo, make_document
    from zoo.comparison.results import what_differs

    comparing = Comparing(entries, request, workplace, reporter)
    for entry in entries:
        if not entry.problem:
            request(entry).plan(registry)  # every name is checked before a process is started
    found = comparing.train(comparing.plan(seeds))
    cost = comparing.costs(found, settings) if settings else None
    problems = (cost or {}).get("problems", {})
    notes = [f"costs of {name}: {cause}" for name, cause in problems.items()]
    mixed = what_differs([each for each in found if each.runs], registry.manifest)
    about = ReportInfo(command, target, mixed, comparing.harness, notes)
    return make_document(found, cost, about), found


def _check_memory(run_plan: RunPlan, jobs: int) -> None:
    import psutil

    if run_plan.memory is None or jobs == 1:
        return
    there = psutil.virtual_memory().available
    fit = max(1, there // run_plan.memory)
    if jobs > fit:
        raise UsageError(
            f"--jobs {jobs}: a training here holds {run_plan.memory / 2**30:.1f} GiB and "
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
