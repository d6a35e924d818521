"""The rows of a comparison's report: what each architecture learned, is and costs."""

import statistics
from collections.abc import Mapping, Sequence

from zoo.comparison import conditions, ranking
from zoo.comparison.cost_record import THROUGHPUT, BenchmarkReport, CostEntry, cost_identity, spread
from zoo.comparison.judging import Judged
from zoo.comparison.results import Result
from zoo.comparison.row_schema import FailedSeed, Row, Statistic, TimeToTarget
from zoo.runs.part import plain
from zoo.runs.record import RunRecord
from zoo.runs.run import Run
from zoo.scoring import Metric


def make_rows(
    results: Sequence[Result],
    judged: Mapping[str, Judged],
    ranks: Mapping[str, tuple[int, int]],
    cost: BenchmarkReport | None,
    target: float,
) -> list[Row]:
    """A row for each result, in their order.

    Args:
        judged: by a result's name, what its runs predicted.
        ranks: by a result's name, the best and the worst rank.
        cost: the cost benchmark; None: not measured.
        target: the validation accuracy that is timed.
    """
    rows = []
    for result in results:
        row = _empty_row(result)
        if result.runs:
            _fill_learned(row, result, judged[result.name], ranks[result.name], target)
            _fill_costs(row, result, cost)
        rows.append(row)
    _mark_pareto(rows, next(iter(judged.values())).metric)
    return rows


def _empty_row(result: Result) -> Row:
    problem = problem_of(result)
    return Row(
        accuracy=None,
        interval=None,
        rank=None,
        parameters=None,
        flops=None,
        peak_memory=None,
        target=None,
        train_images_per_second=None,
        inference_images_per_second=None,
        latency_p50=None,
        latency_p99=None,
        compile_seconds=None,
        name=result.name,
        status="failed" if not result.runs else "partial" if problem else "ok",
        problem=problem,
        failures=[
            FailedSeed(seed=each.seed, status=each.status, cause=each.cause)
            for each in result.failures
        ],
        seeds=[run.record.seed for run in result.runs],
        accuracies=[],
        pareto=False,
        origin=None,
        layout=None,
        conversion=None,
        hyperparameters={},
    )


def _fill_learned(
    row: Row, result: Result, judged: Judged, rank: tuple[int, int], target: float
) -> None:
    first = result.runs[0].record
    estimate = judged.accuracy()
    row.origin = {**plain(first.architecture.origin), "file": _file(first)}
    row.layout = first.architecture.layout
    row.input = plain(first.input)
    row.conversion = result.runs[0].conversion
    row.recipe = result.runs[0].recipe.digest
    row.hyperparameters = dict(first.architecture.hyperparameters)
    row.accuracies = [float(each) for each in judged.accuracies]
    if result.runs[0].fold:
        row.folds = [run.fold.name for run in result.runs if run.fold]
    row.accuracy = estimate.value
    row.interval = (estimate.low, estimate.high)
    row.rank = rank
    row.metrics, row.classes = dict(judged.metrics), judged.classes
    if judged.metric.name != "accuracy":
        found = judged.estimate()
        row.metric_value = judged.metrics[judged.metric.name]
        row.metric_interval = (found.low, found.high)
        row.metric_values = [float(each) for each in judged.values]
    row.parameters = first.parameters.trainable
    row.flops = first.flops_per_sample
    row.peak_memory = max(run.peak_memory for run in result.runs)
    row.target = time_to_target(result.runs, target)


def _file(record: RunRecord) -> str:
    """The name alone: where a file lay says much about a machine and nothing about a result."""
    return record.architecture.origin.file.replace("\\", "/").rpartition("/")[2]


def _memory(run: Run) -> int:
    return run.peak_memory


def problem_of(result: Result) -> str:
    """One line: which seeds have no result, and why."""
    causes: dict[str, list[int]] = {}
    for failure in result.failures:
        cause = failure.cause
        text = cause if failure.status in ("failed", "crashed", "killed") else ""
        text = text or f"{failure.status}: {cause}"
        causes.setdefault(text, []).append(failure.seed)
    return "; ".join(
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}: {cause}"
        for cause, seeds in causes.items()
    )


def _fill_costs(row: Row, result: Result, cost: BenchmarkReport | None) -> None:
    """From the benchmark; without one the training speed that the runs themselves saw."""
    entry = matching_cost(result, cost)
    if entry is None:
        speeds = [statistics.median(run.images_per_second) for run in result.runs]
        row.train_images_per_second = spread(speeds).summary
        row.compile_seconds = spread([run.compile_seconds for run in result.runs]).summary
        row.from_runs = True
        return
    row.train_images_per_second = _summary(entry, "train")
    row.inference_images_per_second = _summary(entry, THROUGHPUT)
    row.latency_p50 = _summary(entry, "latency_p50")
    row.latency_p99 = _summary(entry, "latency_p99")
    row.compile_seconds = _summary(entry, "compile")


def _summary(entry: CostEntry, measure: str) -> Statistic | None:
    found = entry.measures.get(measure)
    return found.summary if found else None


def matching_cost(result: Result, cost: BenchmarkReport | None) -> CostEntry | None:
    """The benchmark's entry for what this result's runs trained, under the same conditions."""
    if cost is None or result.identity is None:
        return None
    wanted = cost_identity(result.identity, cost.settings.batch_size)
    here = conditions.of_run(result.runs[0])
    for entry in cost.entries.values():
        if entry.identity == wanted and entry.conditions == here:
            return entry
    return None


def time_to_target(runs: Sequence[Run], target: float) -> TimeToTarget | None:
    """When the runs reached a validation accuracy; None where none was measured.

    `epochs` and `seconds` (of training steps) are medians over the seeds that reached it, None if
    none did.
    """
    import numpy as np

    if not runs[0].validates:
        return None
    hits = []
    for run in runs:
        seconds = np.cumsum(run.epoch_seconds)
        reached = [
            (row["epoch"], float(at))
            for row, at in zip(run.read_history(), seconds, strict=False)
            if row["val_accuracy"] >= target
        ]
        hits += reached[:1]
    return TimeToTarget(
        reached=len(hits),
        of=len(runs),
        epochs=statistics.median(epoch for epoch, _ in hits) if hits else None,
        seconds=statistics.median(at for _, at in hits) if hits else None,
    )


def _mark_pareto(rows: Sequence[Row], metric: Metric) -> None:
    points = {
        row.name: (metric.sign * row.judged, row.inference_images_per_second.median)
        for row in rows
        if row.judged is not None and row.inference_images_per_second
    }
    front = ranking.pareto(points)
    for row in rows:
        row.pareto = row.name in front
