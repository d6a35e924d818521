"""A comparison from beginning to end, for those who call it: the command, a notebook, a test."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from zoo.comparison import benchmark, conditions, planning
from zoo.comparison.benchmark import Settings
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.cost_record import BenchmarkReport
from zoo.comparison.entries import Entry
from zoo.comparison.executors import LocalExecutor
from zoo.comparison.jobs import Outcome, RunPlan
from zoo.comparison.planning import CostEstimator
from zoo.comparison.results import Result, Wanted, of_outcomes
from zoo.comparison.schema import ComparisonReport, HarnessInfo
from zoo.comparison.workplace import Workplace, check_memory
from zoo.errors import Interrupted, UsageError, ZooError
from zoo.registry import Registry
from zoo.runs.files import check_writable
from zoo.training.backend import check_trains_together
from zoo.training.request import Request


@dataclass
class ComparisonRunner:
    """The trainings and measurements of one comparison.

    Args:
        entries: what is compared.
        request: makes an entry's request.
        workplace: where it works.
        settings: those of the cost benchmark; None: costs are not measured.
        callback: its hooks are called.
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
            check_memory(run_plan, workplace.jobs)
        self.callback.on_plan(run_plan)
        return run_plan

    def _estimator(self) -> CostEstimator:
        workplace = self.workplace
        return CostEstimator(workplace.use_plugins, workplace.data_dir, workplace.runs_dir)

    def train(self, run_plan: RunPlan) -> list[Result]:
        """Carry out the plan: each architecture's runs and failures.

        Raises:
            Interrupted: by a signal; the same comparison continues from there.
        """
        workplace = self.workplace
        with self._clocked():
            executor = LocalExecutor(
                workplace.runs_dir,
                workplace.jobs,
                workplace.together,
                workplace.use_plugins,
                workplace.data_dir,
                self.callback,
            )
            self.outcomes = executor.run(run_plan)
        return of_outcomes(self.outcomes)

    def costs(self, results: Sequence[Result]) -> BenchmarkReport | None:
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
            [present[name].runs[0].record.identity for name in requests],
            conditions.of_run(first),
            self.settings,
        )
        if path.exists():
            try:
                return BenchmarkReport.read(path)
            except ZooError as error:
                self.callback.on_note(f"measured again: {error}")
        try:
            precisions = {name: present[name].runs[0].record.precision for name in requests}
            report = benchmark.measure(
                requests,
                self.settings,
                self.workplace.data_dir,
                self.callback,
                use_plugins=self.workplace.use_plugins,
                precisions=precisions,
            )
        except KeyboardInterrupt as error:
            raise Interrupted(
                "stopped during the cost benchmark; all runs are kept. Give the same command to continue.",
                signal.SIGINT,
            ) from error
        if not report.problems:
            report.write(path)
        return report

    @property
    def harness(self) -> HarnessInfo:
        """What the comparison itself took; its wall time holds planning, estimating and training."""
        phases = sum(outcome.seconds for outcome in self.outcomes)
        trained = [outcome for outcome in self.outcomes if outcome.seconds]
        alone = trained and self.workplace.jobs == 1 and not self.workplace.together
        return HarnessInfo(
            jobs=self.workplace.jobs,
            together=self.workplace.together,
            trained=len(trained),
            reused=sum(o.status == "finished" for o in self.outcomes) - len(trained),
            wall_seconds=self._seconds,
            phases_seconds=phases,
            overhead=self._seconds / phases - 1 if alone else None,
        )

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
        report: all of it, typed; `zoo compare --json` prints it.
        results: the runs and failures of each architecture.
    """

    report: ComparisonReport
    results: list[Result]

    @property
    def failed(self) -> list[str]:
        """The architectures of which a run is missing."""
        return [row.name for row in self.report.rows if row.problem]


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
        callback: its hooks are called.

    Raises:
        UsageError: a name or a value is unknown, or more jobs are asked for than memory holds.
        ZooError: the runs folder cannot be written.
    """
    _check_names(entries, request, workplace, registry)
    return ComparisonRunner(entries, request, workplace, settings, callback).plan(seeds)


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
        UsageError: a name or a value is unknown, the target is out of range, or more jobs are asked
            for than memory holds.
        ZooError: no run is finished, or the runs folder cannot be written.
        Interrupted: by a signal; the same comparison continues from there.
    """
    from zoo.comparison.report import ReportInfo, make_report
    from zoo.comparison.results import what_differs

    _check_target(target)
    _check_names(entries, request, workplace, registry)
    runner = ComparisonRunner(entries, request, workplace, settings, callback)
    found = runner.train(runner.plan(seeds))
    cost = runner.costs(found)
    problems = cost.problems if cost else {}
    notes = [f"costs of {name}: {cause}" for name, cause in problems.items()]
    mixed = what_differs([each for each in found if each.runs], registry.manifest)
    about = ReportInfo(command, target, mixed, runner.harness, notes)
    return Compared(make_report(found, cost, about, callback), found)


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
    from zoo.comparison.recorded_costs import costs_in
    from zoo.comparison.report import ReportInfo, make_report

    _check_target(target)
    found = results.of_folders(folders, wanted, callback)
    present = [each for each in found if each.runs]
    results.check_same_test_set(present)
    mixed = results.what_differs(present, registry.manifest)
    if not allow_mixed:
        results.refuse_mixed(mixed)
    cost = costs_in(folders, present, callback.on_note)
    return Compared(make_report(found, cost, ReportInfo(command, target, mixed), callback), found)


def _check_target(target: float) -> None:
    if not 0 < target <= 1:
        raise UsageError(
            f"`target={target:g}`: use an accuracy above 0 and at most 1, such as 0.99."
        )


def _check_names(entries, request, workplace: Workplace, registry: Registry) -> None:
    """Every name and value is checked before a process is started."""
    for entry in entries:
        if not entry.problem:
            plan = request(entry).plan(registry)
            if workplace.together:
                check_trains_together(plan.backend)
