"""Remarks for the foot of a comparison's table."""

from collections.abc import Sequence

from zoo.comparison import conditions
from zoo.comparison.cost_record import BenchmarkReport
from zoo.comparison.results import Result, resolved_recipe
from zoo.comparison.row_schema import Row
from zoo.comparison.schema import FoldsInfo, TunedInfo
from zoo.metrics import ADVICE, majority, majority_lines
from zoo.scoring import ROBUST, Metric


def folds(found: FoldsInfo | None) -> list[str]:
    """What was tested, if not the test set."""
    if found is None:
        return []
    repeated = f", {found.repetitions} times with other splits" if found.repetitions > 1 else ""
    return [
        f"{found.folds}-fold cross-validation of the training set{repeated}: each run is trained on "
        f"{_range(found.trained)} samples and tested on {_range(found.tested)} others; the test set was not "
        "read. Results are of models that are trained on fewer samples than the training set has"
    ]


def _range(ends: tuple[int, int]) -> str:
    low, high = ends
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def left_out(pairs: int, most: int) -> list[str]:
    """That only some of the pairs are listed."""
    if pairs <= most:
        return []
    return [
        f"of {pairs:,} pairs the {most:,} with the largest differences are listed; ranks and "
        "corrected p values are of all"
    ]


def notes(
    rows: Sequence[Row], results: Sequence[Result], cost: BenchmarkReport | None, metric: Metric
) -> list[str]:
    """What should be known of the numbers; `results` have runs."""
    return [
        *_majority(rows, results[0], metric),
        *_overrides(results),
        *_test_time_augmentation(results),
        *_shared(results),
        *_unmeasured(rows, cost),
    ]


def tuned(info: TunedInfo | None) -> list[str]:
    """By whose recipe was trained, and whether its budgets were equal."""
    if info is None:
        return []
    counts = ", ".join(
        f"{name} {count} ({info.steps[name]:,} steps)" for name, count in info.trials.items()
    )
    unequal = "" if info.equal else "; the budget was not spent, so parts of it may be unequal"
    return [
        f"recipes tuned by study {info.study}: {info.budget}, chosen by {info.objective} (sampler "
        f"{info.sampler}, pruner {info.pruner}); trials: {counts}{unequal}. The seeds here were not used "
        "for tuning"
    ]


def _majority(rows: Sequence[Row], result: Result, metric: Metric) -> list[str]:
    """What the largest class of the test set explains; nothing where its share is an ordinary one."""
    run = result.runs[0]
    labels, classes = run.read_predictions()[1], run.record.dataset.classes
    largest, share = majority(labels)
    advice = f"this comparison is by {metric.title}" if metric.name in ROBUST else ADVICE
    about = (share, classes[largest], len(classes), advice)
    lines = majority_lines(1.0, *about)
    if no_better := [row.name for row in rows if row.interval and row.interval[0] <= share]:
        first, *lines = majority_lines(0.0, *about)
        lines.insert(0, f"{', '.join(no_better)}: {first}")
    return lines


def _overrides(results: Sequence[Result]) -> list[str]:
    """What the recipe has for some architectures alone."""
    recipes = {result.name: resolved_recipe(result) for result in results}
    lines = []
    for key in next(iter(recipes.values())):
        values = [(name, recipe[key]) for name, recipe in recipes.items()]
        if key != "digest":
            lines += conditions.differing({f"the recipe differs in {key}": values})
    return lines


def _test_time_augmentation(results: Sequence[Result]) -> list[str]:
    """Who averages predictions over shifted copies, and that the costs are those of one."""
    whose: dict[tuple[int, int], list[str]] = {}
    for result in results:
        recipe = result.runs[0].recipe
        if recipe.tta_shift:
            whose.setdefault((recipe.tta_shift, recipe.tta_copies), []).append(result.name)
    return [
        f"tta_shift {most}{'' if len(names) == len(results) else ' of ' + ', '.join(names)}: "
        f"test and validation predictions average the probabilities of {copies} copies, shifted by "
        f"up to {most} "
        f"pixel{'s' * (most > 1)} (test-time augmentation); inference samples/s and latency are "
        "those of one copy"
        for (most, copies), names in whose.items()
    ]


def _shared(results: Sequence[Result]) -> list[str]:
    """Whose timings are those of runs beside others."""
    names = [result.name for result in results if any(run.shared_machine for run in result.runs)]
    if not names:
        return []
    return [
        "timings are upper bounds: some runs shared the machine, or a program, with others "
        f"({', '.join(names)})"
    ]


def _unmeasured(rows: Sequence[Row], cost: BenchmarkReport | None) -> list[str]:
    names = [row.name for row in rows if row.from_runs]
    if cost is None or not names:
        return []
    return [
        f"not in the benchmark: {', '.join(names)}; their training samples/s and compile times "
        "were measured in their own runs"
    ]
