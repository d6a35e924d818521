"""The work of one comparison: plan, train, measure costs."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from msgspec import UNSET

from zoo.comparison import benchmark, conditions, planning
from zoo.comparison.benchmark import Settings
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.cost_record import BenchmarkReport
from zoo.comparison.entries import Entry
from zoo.comparison.executors.dispatcher import Dispatcher
from zoo.comparison.executors.executor import Executor
from zoo.comparison.jobs import Outcome, RunPlan
from zoo.comparison.planning import CostEstimator
from zoo.comparison.results import Result, of_outcomes
from zoo.comparison.schema import HarnessInfo
from zoo.comparison.workplace import Workplace, check_memory
from zoo.errors import Interrupted, ZooError
from zoo.runs.files import check_writable
from zoo.training.request import Replicate, Request


@dataclass
class ComparisonRunner:
    """The trainings and measurements of one comparison.

    Args:
        entries: what is compared.
        request: makes an entry's request.
        workplace: where it works.
        executor: starts its processes.
        settings: those of the cost benchmark; None: costs are not measured.
        callback: its hooks are called.
    """

    entries: Sequence[Entry]
    request: Callable[[Entry], Request]
    workplace: Workplace
    executor: Executor
    settings: Settings | None
    callback: ComparisonCallback
    outcomes: list[Outcome] = field(default_factory=list)
    _at_once: int = 1
    _seconds: float = 0.0

    def plan(
        self, replicates: Sequence[Replicate], estimator: CostEstimator | None = None
    ) -> RunPlan:
        """Find the cached runs, and estimate how long the others will take; nothing is trained.

        Args:
            estimator: one that other comparisons use, too; None: one of its own.

        Raises:
            UsageError: more jobs than the machine's memory holds.
            ZooError: the runs folder cannot be written.
        """
        workplace = self.workplace
        with self._clocked():
            check_writable(workplace.runs_dir)
            with nullcontext(estimator) if estimator else self._estimator() as used:
                run_plan = planning.make_run_plan(
                    self.entries,
                    self.request,
                    replicates,
                    workplace.runs_dir,
                    used,
                    self.callback,
                    any_device=bool(workplace.ray and workplace.ray.mixed),
                )
            run_plan = replace(
                run_plan,
                parallel=self.executor.room(),
                costs_follow=self.settings is not None,
                place=self.executor.place,
            )
            if workplace.ray is None:
                check_memory(run_plan, workplace.at_once)
        self.callback.on_plan(run_plan)
        return run_plan

    def _estimator(self) -> CostEstimator:
        workplace = self.workplace
        return CostEstimator(
            workplace.use_plugins, workplace.data_dir, workplace.runs_dir, self.executor
        )

    def train(self, run_plan: RunPlan) -> list[Result]:
        """Carry out the plan: each architecture's runs and failures.

        Raises:
            Interrupted: by a signal; the same comparison continues from there.
        """
        workplace, self._at_once = self.workplace, run_plan.parallel
        with self._clocked():
            dispatcher = Dispatcher(
                self.executor,
                workplace.runs_dir,
                workplace.together,
                workplace.use_plugins,
                workplace.data_dir,
                self.callback,
            )
            self.outcomes = dispatcher.run(run_plan)
        return of_outcomes(self.outcomes)

    def costs(self, results: Sequence[Result]) -> BenchmarkReport | None:
        """The cost benchmark of those that have runs, from a file or measured now; None: no settings.

        Raises:
            Interrupted: by Ctrl-C; what was measured is measured again.
        """
        present = {result.name: result for result in results if result.runs}
        requests = {
            entry.name: replace(self.request(entry), fold=present[entry.name].runs[0].fold)
            for entry in self.entries
            if entry.name in present
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
            with self.executor.alone() as executor:
                report = benchmark.measure(
                    requests,
                    self.settings,
                    self.workplace.data_dir,
                    self.callback,
                    use_plugins=self.workplace.use_plugins,
                    precisions=precisions,
                    executor=executor,
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
        alone = trained and self._at_once == 1 and not self.workplace.together
        return HarnessInfo(
            jobs=self._at_once,
            together=self.workplace.together,
            trained=len(trained),
            reused=sum(o.status == "finished" for o in self.outcomes) - len(trained),
            wall_seconds=self._seconds,
            phases_seconds=phases,
            overhead=self._seconds / phases - 1 if alone else None,
            place=self.executor.place or UNSET,
        )

    @contextmanager
    def _clocked(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - started
