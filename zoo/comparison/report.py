"""A comparison's report: what its runs learned and cost, judged."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from zoo.comparison import (
    columns,
    conditions,
    cross_validation,
    methods,
    ranking,
    report_notes,
    significance,
)
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.cost_record import THROUGHPUT, BenchmarkReport
from zoo.comparison.ensembles import make_ensembles
from zoo.comparison.equivalence import rope_of
from zoo.comparison.fronts import make_fronts
from zoo.comparison.judging import Judged, JudgedFolds, JudgedSeeds, judge, judge_folds
from zoo.comparison.pairs import Difference, Differences
from zoo.comparison.report_rows import make_rows, problem_of
from zoo.comparison.results import Result, resolved_recipe
from zoo.comparison.schema import (
    SCHEMA,
    ColumnInfo,
    ComparisonReport,
    ConditionsInfo,
    CostSummary,
    DatasetInfo,
    DeviceInfo,
    Ensemble,
    Equivalence,
    FoldsInfo,
    HarnessInfo,
    MetricInfo,
    NoiseFloor,
    Pair,
    RunInfo,
    SequentialInfo,
    TunedInfo,
)
from zoo.comparison.sequential import DecidedPairs, SequentialDesign
from zoo.errors import ZooError
from zoo.runs.files import now
from zoo.runs.part import plain
from zoo.runs.run import Run
from zoo.scoring import Metric, find_metric
from zoo.version import __version__

MOST_PAIRS = 10_000
"""Pairs in a report: those of 141 architectures. Nobody reads more, and memory would not hold all."""

SPLITS = ("train", "validation", "test")

MACHINE = ("system", "processor", "memory_bytes", "driver", "gpu", "cuda")
"""Facts of the environment that describe the machine."""


@dataclass(frozen=True)
class ReportInfo:
    """Facts of a comparison that its runs do not hold.

    Attributes:
        command: as it was typed.
        target: the validation accuracy that is timed.
        mixed: what differs between its runs and should not.
        harness: wall time and overhead of making it; None for runs made elsewhere.
        notes: further lines for the table's foot.
        metric: the name of that by which architectures are ranked and told apart.
        tuned: the study whose recipe was compared, if it was one's.
        rope: the margin of equivalence in percentage points, or the metric's unit; None: not tested.
        design: the stages in which seeds were added, and what was decided; None: all at once.
    """

    command: str
    target: float
    mixed: Sequence[str] = ()
    harness: HarnessInfo | None = None
    notes: Sequence[str] = field(default_factory=list)
    metric: str = "accuracy"
    tuned: TunedInfo | None = None
    rope: float | None = None
    design: SequentialDesign | None = None


def make_report(
    results: Sequence[Result],
    cost: BenchmarkReport | None,
    info: ReportInfo,
    callback: ComparisonCallback,
) -> ComparisonReport:
    """Judge the results. Rows come best first, failed ones last.

    Raises:
        ZooError: no result has a run, or predictions cannot be read.
    """
    present = [result for result in results if result.runs]
    if not present:
        causes = "; ".join(f"{result.name}: {problem_of(result)}" for result in results)
        raise ZooError(f"nothing to compare: no run is finished. {causes}")
    metric, progress = find_metric(info.metric), _Progress(callback, present)
    folds = folds_of(present)
    judging = judge_folds if folds else judge
    judged: dict[str, Judged] = {
        result.name: judging(result, metric, progress.read) for result in present
    }
    rope = None if info.rope is None else rope_of(metric, info.rope)
    pairs: Differences | DecidedPairs = differences_of(judged, metric, progress.tested, rope)
    if info.design is not None:
        pairs = DecidedPairs(pairs, info.design)
    told = pairs.told_apart
    rows = make_rows(results, judged, ranking.ranks(list(judged), told), cost, info.target)
    notes = [
        *report_notes.folds(folds),
        *info.notes,
        *report_notes.tuned(info.tuned),
        *report_notes.left_out(len(pairs), MOST_PAIRS),
        *report_notes.notes(rows, present, cost, metric),
    ]
    rows.sort(key=lambda row: judged[row.name].order if row.name in judged else math.inf)
    chosen = columns.of(metric, folds=folds is not None)
    for row in rows:
        row.text = {column.key: columns.write(column, row) for column in chosen}
    return ComparisonReport(
        schema=SCHEMA,
        created=now(),
        archzoo=__version__,
        command=info.command,
        metric=_metric(metric),
        dataset=_dataset(present[0], judged[present[0].name].support),
        recipe=dict(resolved_recipe(present[0])),
        conditions=_conditions(present[0]),
        mixed=list(info.mixed),
        notes=notes,
        target=info.target,
        folds=folds or UNSET,
        methods=methods.of(
            metric, folds=folds is not None, rope=rope, sequential=info.design is not None
        ),
        columns=[_column(column) for column in chosen],
        rows=rows,
        ensembles=_ensembles(present, judged, progress),
        pairs=[_pair(pair, judged, metric) for pair in pairs[:MOST_PAIRS]],
        fronts=make_fronts(rows, present, told, cost),
        noise=_noise(judged, metric, cost),
        cost=_cost_summary(cost),
        harness=info.harness,
        runs=[_run(result.name, run) for result in present for run in result.runs],
        repeat=_repeat(present, info.command),
        tuned=UNSET if info.tuned is None else info.tuned,
        rope=UNSET if rope is None else rope,
        sequential=UNSET if info.design is None else sequential_info(info.design, judged),
    )


def differences_of(
    judged: Mapping[str, Judged],
    metric: Metric,
    tested: Callable[[int], object],
    rope: float | None,
) -> Differences:
    """Every pair; what is better is more, whatever the metric. `rope`: in the metric's own units."""
    folds = {name: each.chosen for name, each in judged.items() if isinstance(each, JudgedFolds)}
    if folds:
        return cross_validation.differences(folds, tested, rope)
    sampled = {name: each.sampled for name, each in _of_seeds(judged).items()}
    values = {
        name: each.values if metric.sign == 1 else -each.values for name, each in sampled.items()
    }
    test = significance.pair_test(list(sampled.values()))
    return significance.differences(values, tested, test, rope)


def sequential_info(design: SequentialDesign, judged: Mapping[str, Judged]) -> SequentialInfo:
    """What the stages took."""
    seeds = {name: len(each.values) for name, each in judged.items()}
    return SequentialInfo(
        stages=design.stages,
        seeds=seeds,
        runs=sum(seeds.values()),
        most=design.max_seeds * len(design.names),
        undecided=design.pairs - sum(each.told for each in design.decisions.values()),
    )


def _of_seeds(judged: Mapping[str, Judged]) -> dict[str, JudgedSeeds]:
    return {name: each for name, each in judged.items() if isinstance(each, JudgedSeeds)}


def _ensembles(
    present: Sequence[Result], judged: Mapping[str, Judged], progress: "_Progress"
) -> list[Ensemble]:
    """None of folds: their runs answer different samples."""
    seeds = _of_seeds(judged)
    return make_ensembles(_best_first(present, judged), seeds, progress.added) if seeds else []


class _Progress:
    """Calls a callback while many runs are judged."""

    def __init__(self, callback: ComparisonCallback, results: Sequence[Result]):
        self._callback, self._read = callback, 0
        self._results, self._runs = len(results), sum(len(result.runs) for result in results)

    def read(self, count: int) -> None:
        self._read += count
        self._callback.on_progress("reading predictions", self._read, self._runs)

    def tested(self, done: int) -> None:
        self._callback.on_progress("testing pairs", done, self._results)

    def added(self, done: int) -> None:
        self._callback.on_progress("averaging predictions", done, self._runs)


def _best_first(results: Sequence[Result], judged: Mapping[str, Judged]) -> list[Result]:
    return sorted(results, key=lambda result: judged[result.name].order)


def _metric(metric: Metric) -> MetricInfo:
    return MetricInfo(
        name=metric.name,
        title=metric.title,
        unit=metric.unit,
        lower_is_better=metric.lower_is_better,
        definition=metric.definition,
    )


def _column(column: columns.Column) -> ColumnInfo:
    return ColumnInfo(
        key=column.key,
        title=column.title,
        unit=column.unit,
        group=column.group,
        explanation=column.explanation,
    )


def folds_of(results: Sequence[Result]) -> FoldsInfo | None:
    """The cross-validation that these runs are of; None where they have no folds."""
    runs = [run for result in results for run in result.runs]
    found = [(run.fold, run) for run in runs if run.fold]
    if not found:
        return None
    by_fold = {fold: run.record.dataset.sizes for fold, run in found}
    tested = [sizes.test for sizes in by_fold.values()]
    trained = [sizes.train for sizes in by_fold.values()]
    return FoldsInfo(
        folds=found[0][0].of,
        repetitions=len({fold.seed for fold in by_fold}),
        tested=(min(tested), max(tested)),
        trained=(min(trained), max(trained)),
    )


def _dataset(result: Result, support: list[int]) -> DatasetInfo:
    record = result.runs[0].record
    sizes = plain(record.dataset.sizes)
    return DatasetInfo(
        name=record.dataset.name,
        parameters=record.dataset.parameters or UNSET,
        classes=list(record.dataset.classes),
        sizes={name: sizes[name] for name in SPLITS if name in sizes},
        origin=record.dataset.origin,
        layout=record.input.source,
        checksums=record.identity["checksums"],
        support=support,
    )


def _conditions(result: Result) -> ConditionsInfo:
    record = result.runs[0].record
    environment = plain(record.environment)
    return ConditionsInfo(
        backend=record.backend,
        device=DeviceInfo(kind=record.device.kind, name=record.device.name),
        precision=record.precision,
        cores=record.environment.cores,
        versions=record.sessions[-1].versions,
        machine={key: environment[key] for key in MACHINE if key in environment},
        engine=record.engine,
    )


def _pair(pair: Difference, judged: Mapping[str, Judged], metric: Metric) -> Pair:
    """First minus second, literally: negative where the better one has less."""
    value, *ends = (metric.sign * each for each in (pair.value, pair.low, pair.high))
    return Pair(
        first=pair.first,
        second=pair.second,
        difference=value + 0.0,
        interval=(min(ends), max(ends)),
        p=pair.p,
        p_adjusted=pair.p_adjusted,
        test=pair.test,
        different=pair.different,
        equivalence=UNSET
        if pair.p_equivalent is None
        else Equivalence(p_adjusted=pair.p_equivalent, equivalent=pair.equivalent),
        decided=UNSET if pair.decided is None else pair.decided,
        seeds=min(len(judged[pair.first].values), len(judged[pair.second].values)),
    )


def _noise(
    judged: Mapping[str, Judged], metric: Metric, cost: BenchmarkReport | None
) -> NoiseFloor:
    seeds = _of_seeds(judged)
    accuracy = ranking.seed_noise({name: each.correct for name, each in seeds.items()})
    own = ranking.seed_noise({name: each.sampled.values for name, each in seeds.items()})
    lines = []
    if own is not None:
        by = " ".join(filter(None, (metric.text(own), metric.points, "of", metric.short)))
        lines.append(
            f"two seeds of one architecture differ by {by} (root mean square over all such pairs)"
        )
    ratios = cost.noise if cost else None
    if ratios:
        worst = max(ratios, key=lambda key: abs(ratios[key] - 1))
        lines.append(
            f"one architecture measured twice: training {ratios['train']:.2f} ×, inference "
            f"{ratios[THROUGHPUT]:.2f} ×, latency {ratios['latency_p50']:.2f} ×; worst of all "
            f"measures {worst} {ratios[worst]:.2f} ×"
        )
    floor = NoiseFloor(accuracy=accuracy, cost=ratios, text="; ".join(lines))
    if metric.name != "accuracy" and own is not None:
        floor.metric_value = own
    return floor


def _cost_summary(cost: BenchmarkReport | None) -> CostSummary | None:
    if cost is None:
        return None
    return CostSummary(
        created=cost.created,
        batch_size=cost.settings.batch_size,
        processes=cost.settings.processes,
        rounds=cost.settings.rounds,
        conditions=cost.conditions,
        problems=cost.problems,
        entries={
            name: {key: stat.summary for key, stat in entry.measures.items()}
            for name, entry in cost.entries.items()
        },
    )


def _repeat(results: Sequence[Result], command: str) -> list[str]:
    """What to type to make the comparison again, with the same versions."""
    versions = dict(conditions.of_run(results[0].runs[0]))
    for fact in ("backend", "device", "precision", "python"):
        versions.pop(fact)
    files = []
    for result in results:
        origin = result.runs[0].record.architecture.origin
        if origin.file:
            files.append(f"# {result.name}: the file with SHA-256 {origin.sha256}")
        else:
            versions[origin.distribution] = origin.version
    pins = " ".join(f"{name}=={version}" for name, version in versions.items())
    return [f"python -m pip install {pins}", *files, command]


def _run(name: str, run: Run) -> RunInfo:
    return RunInfo(
        architecture=name,
        seed=run.record.seed,
        run=run.name,
        fold=run.fold.name if run.fold else UNSET,
        test_accuracy=run.test.accuracy,
        conditions=dict(conditions.of_run(run)),
        commit=run.commit,
        predictions_sha256=run.hash_of("predictions.npz") or "",
    )
