"""A comparison's report as text: Markdown, CSV, the table's foot, what the columns mean."""

from collections.abc import Callable

from msgspec import UNSET

from zoo.comparison import columns, verdict
from zoo.comparison.columns import COLUMNS, title
from zoo.comparison.methods import ENSEMBLE
from zoo.comparison.schema import ComparisonReport, Ensemble, HarnessInfo
from zoo.datasets import dataset as datasets
from zoo.environment import cores_in_words
from zoo.formatting import p_value, size
from zoo.printable import printable
from zoo.scoring import Metric


def grid(report: ComparisonReport, groups: tuple[str, ...]) -> tuple[list[str], list[list[str]]]:
    """Titles and cells of the columns of these groups, the architecture's name first.

    Reports of before there was a column say nothing in it.
    """
    if not any(row.scores for row in report.rows):
        groups = tuple(group for group in groups if group != columns.SCORES)
    chosen = [column for column in columns.of(report.judged_by) if column.group in groups]
    cells = [
        [row.name, *(row.text.get(column.key, columns.NOTHING) for column in chosen)]
        for row in report.rows
    ]
    return ["architecture", *map(title, chosen)], cells


def pair_grid(report: ComparisonReport) -> tuple[list[str], list[list[str]]]:
    """Every pair: by how much the first is better, and whether that is significant."""
    metric = report.judged_by
    cells = [
        [
            f"{pair.first} - {pair.second}",
            metric.difference(pair.difference),
            " to ".join(map(metric.difference, pair.interval)),
            p_value(pair.p),
            p_value(pair.p_adjusted),
            *([] if pair.equivalence is UNSET else [p_value(pair.equivalence.p_adjusted)]),
            verdict.of_pair(pair, metric),
        ]
        for pair in report.pairs
    ]
    titles = [
        "difference",
        metric.points or metric.title,
        "95 % interval",
        "p",
        "p, all pairs",
        *([] if report.rope is UNSET else ["p, equivalence"]),
        "verdict",
    ]
    return titles, cells


FRONT_MARKS = {"front": "★", "dominated": "×", "cannot tell": "?"}
"""How a cell says whether an architecture is on a front."""
_FRONT_TEXTS: dict[str, tuple[str, Callable[[float], str]]] = {
    "train_seconds": ("training s", "{:.3g}".format),
    "flops": ("FLOPs", size),
    "latency": ("latency ms", lambda seconds: f"{1e3 * seconds:.2f}"),
    "memory": ("memory GiB", lambda held: f"{held / 2**30:.2f}"),
}


def front_grid(report: ComparisonReport) -> tuple[list[str], list[list[str]]]:
    """For each architecture its costs, each with a mark of `FRONT_MARKS`; no rows without fronts."""
    there = [each for each in report.fronts if each.cost in _FRONT_TEXTS]
    titles = ["architecture", *(_FRONT_TEXTS[each.cost][0] for each in there)]
    entries = [{entry.name: entry for entry in front.entries} for front in there]
    cells = []
    for row in report.rows:
        found = [those.get(row.name) for those in entries]
        if any(found):
            texts = [
                f"{_FRONT_TEXTS[front.cost][1](each.cost)} {FRONT_MARKS[each.state]}"
                if each
                else columns.NOTHING
                for front, each in zip(there, found, strict=True)
            ]
            cells.append([row.name, *texts])
    return titles, cells


def ensemble_grid(report: ComparisonReport) -> tuple[list[str], list[list[str]]]:
    """Every ensemble; none in a report of before there were any."""
    metric = report.judged_by
    cells = [
        [each.name, str(each.members), *_ensemble_cells(each, metric)] for each in report.ensembles
    ]
    what = f"{metric.title} {metric.unit}".rstrip()
    mean = f"mean of its members {metric.unit}".rstrip()
    return ["ensemble", "members", what, "95 % interval", mean], cells


def _ensemble_cells(each: Ensemble, metric: Metric) -> list[str]:
    value, interval, members = each.judged
    return [metric.text(value), metric.interval(interval), metric.text(members)]


def foot(report: ComparisonReport) -> list[str]:
    """The lines under the table: n, what ± is, device, versions, recipe, noise floor, notes."""
    where, recipe = report.conditions, report.recipe
    counts = {len(row.seeds) for row in report.rows if row.seeds}
    seeds = " to ".join(map(str, sorted({min(counts), max(counts)})))
    versions = ", ".join(f"{name} {version}" for name, version in where.versions.items())
    cores = f", {cores_in_words(where.cores)}" if where.device.kind == "cpu" else ""
    lines = [
        _count(report, seeds),
        *_metric(report),
        f"interval: {report.methods['interval']}",
        f"differences: {report.methods['difference']}",
        *(
            f"{key}: {report.methods[key]}"
            for key in ("equivalence", "sequential")
            if key in report.methods
        ),
        *_stages(report),
        f"rank: {report.methods['rank']}",
        *([f"ensembles: {report.methods['ensemble']}"] if report.ensembles else []),
        *([f"fronts: {report.methods['front']}"] if report.fronts else []),
        *_inputs(report),
        f"recipe: {recipe['name']} ({recipe['digest']}): {recipe['summary']}",
        f"device: {where.device.kind}, {where.device.name}{cores}; "
        f"{where.backend}, {where.precision}; {versions}",
        f"costs: {_costs(report)}",
        f"target: validation accuracy {100 * report.target:g} %",
    ]
    if report.noise.text:
        lines.append(f"noise floor: {report.noise.text}")
    if report.harness:
        lines.append(f"harness: {_harness(report.harness)}")
    lines += [f"MIXED: {line}" for line in report.mixed]
    lines += [f"note: {line}" for line in report.notes]
    lines += [f"FAILED: {row.name}: {row.problem}" for row in report.rows if row.problem]
    return lines


def _stages(report: ComparisonReport) -> list[str]:
    """What seeds in stages took; nothing where all were trained at once."""
    found = report.sequential
    if found is UNSET:
        return []
    seeds = ", ".join(f"{name} {count}" for name, count in found.seeds.items())
    left = f"; {found.undecided} undecided" if found.undecided else ""
    return [
        f"stages: {', '.join(map(str, found.stages))} seeds; {seeds}: {found.runs} of at most "
        f"{found.most} runs{left}"
    ]


def _count(report: ComparisonReport, runs: str) -> str:
    data, folds = report.dataset, report.folds
    title = datasets.title(data.name, data.chosen)
    if folds is not UNSET:
        repeated = f", {folds.repetitions} repetitions" if folds.repetitions > 1 else ""
        return f"n: {runs} runs each, {folds.folds} folds of the training set of {title}{repeated}"
    return (
        f"n: {runs} seeds each, {data.sizes['test']:,} test samples of {title}, "
        f"{data.sizes['train']:,} training samples"
    )


def _metric(report: ComparisonReport) -> list[str]:
    """By what is compared, unless by accuracy."""
    metric = report.judged_by
    return [] if metric.name == "accuracy" else [f"metric: {metric.title}: {metric.definition}"]


def _inputs(report: ComparisonReport) -> list[str]:
    """How samples reach each model; none in a report of before that was recorded."""
    whose: dict[str, list[str]] = {}
    for row in report.rows:
        if row.conversion:
            whose.setdefault(row.conversion, []).append(row.name)
    words = [f"{conversion} ({', '.join(names)})" for conversion, names in whose.items()]
    return [f"input: {'; '.join(words)}"] if words else []


def _costs(report: ComparisonReport) -> str:
    cost = report.cost
    if cost is None:
        return (
            "not measured by a benchmark; training samples/s and compile are what the runs saw "
            "(zoo bench measures)"
        )
    return (
        f"medians over {(cost.rounds or 0) * (cost.processes or 0)} rounds in {cost.processes} fresh "
        f"processes each, measured in turn; training batch {cost.batch_size}; inference batch 256; "
        f"measured {cost.created[:16].replace('T', ' ')} UTC"
    )


def _harness(harness: HarnessInfo) -> str:
    if not harness.trained:
        return "every run was cached"
    return (
        f"{harness.trained} runs trained, {harness.reused} cached; "
        f"{harness.wall_seconds:.0f} s of wall time for {harness.phases_seconds:.0f} s in the "
        "runs' own phases"
        + (f" ({100 * harness.overhead:.1f} % more)" if harness.overhead is not None else "")
        + (f", {harness.jobs} at a time" if harness.jobs > 1 else "")
        + (", the seeds of an architecture together" if harness.together else "")
        + (f"; {harness.place}" if harness.place else "")
    )


def markdown(report: ComparisonReport) -> str:
    """The whole table, the ensembles, the pairs and the foot."""
    groups = (columns.LEARNS, columns.SCORES, columns.SEES, columns.IS, columns.COSTS)
    titles, cells = grid(report, groups)
    parts = [markdown_table(titles, cells)]
    if report.ensembles:
        parts.append(markdown_table(*ensemble_grid(report)))
    if report.pairs:
        parts.append(markdown_table(*pair_grid(report)))
    if report.fronts:
        parts.append(markdown_table(*front_grid(report)))
    parts.append("".join(f"- {_escaped(line)}\n" for line in foot(report)))
    return "\n".join(parts)


def markdown_table(titles: list[str], cells: list[list[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    rule = [":--", *["--:"] * (len(titles) - 1)]
    rows = [titles, rule, *[[_escaped(cell) for cell in row] for row in cells]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _escaped(text: str) -> str:
    return printable(text.replace("|", "\\|").replace("\n", " "))


def explanations() -> list[tuple[str, str]]:
    """Each column's title and what it says; the ensembles' lines too."""
    return [
        *((title(column), column.explanation) for column in COLUMNS),
        ("ensembles", ENSEMBLE),
    ]
