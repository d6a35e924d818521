"""A comparison from beginning to end: what `zoo compare` and `zoo.compare` call."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from zoo.comparison.benchmark import Settings
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.comparison_runner import ComparisonRunner
from zoo.comparison.entries import Entry
from zoo.comparison.equivalence import rope_of
from zoo.comparison.executors.opening import open_executor
from zoo.comparison.jobs import RunPlan
from zoo.comparison.planning import CostEstimator
from zoo.comparison.results import Result, Wanted
from zoo.comparison.schema import ComparisonReport, TunedInfo
from zoo.comparison.workplace import Workplace
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.scoring import find_metric
from zoo.training.backend import check_trains_together
from zoo.training.request import Replicate, Request


@dataclass(frozen=True)
class Compared:
    """A comparison that is made.

    Attributes:
        report: all of it, typed.
        results: the runs and failures of each architecture.
    """

    report: ComparisonReport
    results: list[Result]

    @property
    def failed(self) -> list[str]:
        """The architectures of which a run is missing."""
        return [row.name for row in self.report.rows if row.problem]


@dataclass(frozen=True)
class Prepared:
    """A comparison that is planned, and can be carried out."""

    runner: ComparisonRunner
    run_plan: RunPlan


@contextmanager
def prepared_runs(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    replicates: Sequence[Replicate],
    workplace: Workplace,
    registry: Registry,
    *,
    settings: Settings | None,
    callback: ComparisonCallback,
    estimator: CostEstimator | None = None,
) -> Iterator[Prepared]:
    """What `plan_runs` finds, for `compare_runs`, which then need not look again; its
    executor ends with the block.

    `estimator`: one that several comparisons share, so that a process starts once.
    """
    _check_names(entries, request, replicates, workplace, registry)
    requests = [request(entry) for entry in entries]
    with open_executor(workplace, requests, registry, callback.on_note) as executor:
        runner = ComparisonRunner(entries, request, workplace, executor, settings, callback)
        yield Prepared(runner, runner.plan(replicates, estimator))


def plan_runs(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    replicates: Sequence[Replicate],
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
        replicates: the runs of each architecture: seeds, and folds if there are some.
        workplace: where runs are, and how many are trained at a time.
        registry: knows the architectures and datasets.
        settings: those of the cost benchmark; None: costs are not measured.
        callback: its hooks are called.

    Raises:
        UsageError: a name or a value is unknown, or more jobs are asked for than memory holds.
        ZooError: the runs folder cannot be written.
    """
    parts = entries, request, replicates, workplace, registry
    with prepared_runs(*parts, settings=settings, callback=callback) as planned:
        return planned.run_plan


def compare_runs(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    replicates: Sequence[Replicate],
    workplace: Workplace,
    registry: Registry,
    *,
    settings: Settings | None,
    target: float,
    metric: str = "accuracy",
    command: str,
    callback: ComparisonCallback,
    tuned: TunedInfo | None = None,
    prepared: Prepared | None = None,
    rope: float | None = None,
    until_told: bool = False,
) -> Compared:
    """Train the runs that are missing, measure what they cost, and judge.

    Args:
        entries, request, replicates, workplace, registry, settings, callback: as for `plan_runs`.
        target: the validation accuracy that is timed, above 0 and at most 1.
        metric: that by which architectures are ranked and told apart; see `zoo.scoring`.
        command: what to type to make the comparison again.
        tuned: the study whose recipe the requests have, if it is one's.
        prepared: what `prepared_runs` found of the same.
        rope: the margin of equivalence, in percentage points for shares; None: not tested.
        until_told: train the replicates in stages, until every pair is told apart or equivalent; see
            `zoo.comparison.sequential`.

    Raises:
        UsageError: a name, a value or the metric is unknown, the target is out of range, or more jobs
            are asked for than memory holds.
        ZooError: no run is finished, or the runs folder cannot be written.
        Interrupted: by a signal; the same comparison continues from there.
    """
    from zoo.comparison.report import ReportInfo, make_report
    from zoo.comparison.results import what_differs
    from zoo.comparison.sequential import SequentialDesign
    from zoo.comparison.until_told import Stages

    _check_target(target)
    check_rope(metric, rope)
    parts = entries, request, replicates, workplace, registry
    own = prepared_runs(*parts, settings=settings, callback=callback)
    with nullcontext(prepared) if prepared else own as planned:
        runner, design = planned.runner, None
        if until_told:
            design = SequentialDesign([entry.name for entry in entries], len(replicates))
            stages = Stages(runner, planned.run_plan, design, find_metric(metric), rope, callback)
            found = stages.run()
        else:
            found = runner.train(planned.run_plan)
        cost = runner.costs(found)
        harness = runner.harness
    problems = cost.problems if cost else {}
    notes = [f"costs of {name}: {cause}" for name, cause in problems.items()]
    recipe = request(entries[0]).recipe
    mixed = what_differs([each for each in found if each.runs], registry.manifest, recipe)
    about = ReportInfo(command, target, mixed, harness, notes, metric, tuned, rope, design)
    return Compared(make_report(found, cost, about, callback), found)


def compare_folders(
    folders: Sequence[Path],
    wanted: Wanted,
    registry: Registry,
    *,
    allow_mixed: bool = False,
    target: float,
    metric: str = "accuracy",
    command: str,
    callback: ComparisonCallback,
    recipe: str | None = None,
    rope: float | None = None,
) -> Compared:
    """Judge finished runs that were made elsewhere; nothing is trained.

    Args:
        folders: of runs, or of one run each.
        wanted: which of the runs are compared.
        registry: knows the named recipes.
        allow_mixed: compare runs of different devices, versions or recipes, too.
        target, metric, command, callback, rope: as for `compare_runs`.
        recipe: a recipe file that the runs may have been trained by.

    Raises:
        UsageError: a folder is missing, no run is wanted, or the runs must not be mixed.
        ZooError: the predictions of a run cannot be read.
    """
    from zoo.comparison import results
    from zoo.comparison.recorded_costs import costs_in
    from zoo.comparison.report import ReportInfo, make_report

    _check_target(target)
    check_rope(metric, rope)
    found = results.of_folders(folders, wanted, callback)
    present = [each for each in found if each.runs]
    results.check_same_test_set(present)
    mixed = results.what_differs(present, registry.manifest, recipe)
    if not allow_mixed:
        results.refuse_mixed(mixed)
    cost = costs_in(folders, present, callback.on_note)
    about = ReportInfo(command, target, mixed, metric=metric, rope=rope)
    return Compared(make_report(found, cost, about, callback), found)


def check_rope(metric: str, rope: float | None) -> None:
    """Check the metric and the margin, before anything is trained.

    Raises:
        UsageError: the metric is unknown, or the margin is not allowed.
    """
    found = find_metric(metric)
    if rope is not None and not rope_of(found, rope):
        raise UsageError(
            "`rope=0`: a margin of equivalence is above 0, such as 0.1; or leave it out."
        )


def _check_target(target: float) -> None:
    if not 0 < target <= 1:
        raise UsageError(
            f"`target={target:g}`: use an accuracy above 0 and at most 1, such as 0.99."
        )


def _check_names(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    replicates: Sequence[Replicate],
    workplace: Workplace,
    registry: Registry,
) -> None:
    """Every name and value is checked before a process is started."""
    if not replicates:
        raise UsageError("`seeds=0`: use at least 1; with 5, more differences are significant.")
    if workplace.together and replicates[0].fold:
        raise UsageError(
            "`folds` and `together`: one program trains on the same data for all runs; leave one out."
        )
    for entry in entries:
        if not entry.problem:
            plan = request(entry).plan(registry)
            if workplace.together:
                check_trains_together(plan.backend)
