"""docs/results.md, whole: what the records under bench/results/ say beside the goals.

`python bench/results.py table` writes it; the goals and what others published are bench/goals.toml.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import frames_curve
import goals
import limit
import records
import speed_table
import timeseries
import tune
from comparisons import (
    RESULTS,
    TITLES,
    Key,
    comparisons,
    files,
    key_of,
    span,
    title,
    training_seconds,
)
from goals import goal_of, goal_of_ensemble, interval, verdict

from zoo import aliases, layouts
from zoo.comparison.schema import ComparisonReport
from zoo.comparison.table import markdown_table
from zoo.datasets import dataset as datasets
from zoo.environment import cores_in_words
from zoo.formatting import percent

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "results.md"
GPU_RECORDS = sorted(RESULTS.glob("bench-gpu-*.json"))

HEAD = """\
# Results

`python bench/results.py table` writes this page from the records under
[bench/results](../bench/results/). No figure is typed by hand. The record of a comparison is the JSON that
`zoo compare` printed; `runs-DATASET.jsonl` has a line for each run. The test set is evaluated once per run,
at its end, with the weights of the last epoch. If the training times of runs differ widely, other work used
the machine: the shortest time is the most accurate. [Compare](comparing.md) explains the intervals.
"""


def head() -> str:
    """What the page is, and which records no commit can vouch for."""
    dirty = [run["dirty"] for run in records.runs().values()]
    measured = [json.loads(path.read_text()) for path in RESULTS.glob("bench-*.json")]
    changed = [each["commit_info"]["dirty"] for each in measured]
    if not any(dirty + changed):
        return HEAD
    return (
        f"{HEAD}\n{sum(dirty)} of the {len(dirty)} runs and {sum(changed)} of the {len(changed)} "
        "benchmark records were made with uncommitted changes (`dirty` in the record). Such records are "
        "no longer accepted.\n"
    )


def accuracy_with_interval(accuracy: float, interval: Sequence[float]) -> str:
    """In one cell."""
    low, high = interval
    return f"**{percent(accuracy, 1)}** ({percent(low, 1)} to {percent(high, 1)})"


def accuracy_rows(report: ComparisonReport) -> list[tuple[str, ...]]:
    rows = []
    for row in report.rows:
        if row.status != "ok":
            rows.append((f"`{row.name}`", "", row.problem, *[""] * 7))
            continue
        goal = goal_of(report, row)
        wanted, met = verdict(row.accuracy, len(row.seeds), goal, row.interval[0])
        rows.append(
            (
                f"`{row.name}`",
                layouts.recorded(row.input),
                f"**{percent(row.accuracy, 3)}**",
                interval(row),
                str(len(row.seeds)),
                f"{row.parameters:,}",
                row.text["flops"],
                span(training_seconds(report, row.name)),
                wanted,
                met,
            )
        )
    return rows


def accuracies(report: ComparisonReport) -> str:
    """The table of what each architecture learns."""
    titles = ["architecture", "input", "test accuracy", "95 % interval", "seeds", "parameters", "FLOPs",
              "training a run", "goal", ""]  # fmt: skip
    return markdown_table(titles, accuracy_rows(report))


def ensemble_rows(report: ComparisonReport) -> list[tuple[str, ...]]:
    rows = []
    for each in report.ensembles:
        goal = goal_of_ensemble(report, each)
        wanted, met = verdict(each.accuracy, each.members, goal)
        rows.append(
            (
                f"`{each.name}`, {len(each.architectures)} architectures"
                if len(each.architectures) > 1
                else f"`{each.name}`",
                str(each.members),
                f"**{percent(each.accuracy)}**",
                interval(each),
                percent(each.members_accuracy),
                wanted.partition(",")[0],
                met,
            )
        )
    return rows


def command(report: ComparisonReport) -> str:
    """As it was typed; what `--all` takes depends on what is installed, so it is spelled out."""
    names = ", ".join(sorted(row.name for row in report.rows))
    everything = f" (`--all` was {names})" if "--all" in report.command.split() else ""
    return f"`{report.command}`{everything}"


def section(report: ComparisonReport, file: str) -> str:
    """One dataset, its parameters and a recipe."""
    conditions = report.conditions
    versions = ", ".join(f"{k} {v}" for k, v in conditions.versions.items())
    lines = [
        f"## {title(key_of(report))}\n",
        f"{command(report)} on {conditions.device.name}, "
        f"{cores_in_words(conditions.cores)}; {conditions.backend}, {conditions.precision}; "
        f"{versions}. Record: [{file}](../bench/results/{file}).\n",
        accuracies(report),
    ]
    if rows := ensemble_rows(report):
        titles = ["ensemble of", "members", "test accuracy", "95 % interval", "members' mean",
                  "goal", ""]  # fmt: skip
        lines.append(markdown_table(titles, rows))
    return "\n".join(lines)


def published() -> str:
    rows = [
        (
            TITLES[each["dataset"]],
            each["what"],
            each["accuracy"],
            f"[{each['by']}]({each['source']})",
        )
        for each in goals.PUBLISHED
    ]
    titles = ["dataset", "what", "test accuracy", "source"]
    return "## Published results\n\n" + markdown_table(titles, rows)


def _held_out() -> str:
    """The sizes of the validation splits in the tuning log, in words."""
    sizes = {(each["dataset"], each["validation_examples"]) for each in tune.logged().values()}
    return "; ".join(
        f"{size:,} of {TITLES.get(dataset, Path(dataset).name)}" for dataset, size in sorted(sizes)
    )


def ablations() -> str:
    """The ablation, and the tuning log whole."""
    base, lines = tune.trials()[tune.ABLATED], tune.trainings()[tune.ABLATED]
    recipe = aliases.current(aliases.RECIPES, base["recipe"])
    return "\n".join(
        [
            "## Ablation of the recipe\n",
            f"Recipe `{recipe}` on {TITLES[base['dataset']]}, shortened to "
            f"{base['changes']['epochs']} epochs, with `{base['architecture']}`. Each row changes one key "
            "and shows the change in accuracy and loss on a validation split of "
            f"{lines[0]['validation_examples']:,} training images, against {len(lines)} seeds of the "
            "unchanged recipe. The intervals over seeds are Dunnett's: all of them hold jointly with 95 %. "
            "If an interval contains 0, the effect is not significant. `python bench/tune.py run` makes "
            "the trials of [bench/trials.toml](../bench/trials.toml).\n",
            markdown_table(tune.ABLATION_TITLES, tune.ablations(tune.ABLATED)),
            "## Every trial\n",
            "These trials led to the included recipes and sizes. Each is judged on a validation split alone "
            f"({_held_out()}; never trained on). [tuning.jsonl](../bench/results/tuning.jsonl) has a line "
            "for each training. The difference is to the trial in the second column, with a 95 % interval "
            "over seeds (Welch).\n",
            markdown_table(tune.TITLES, tune.rows()),
        ]
    )


def speed() -> str:
    """The benchmarks' ratios."""
    table = markdown_table(speed_table.TITLES, speed_table.rows(goals.SPEED))
    gpu = "" if GPU_RECORDS else " They were made without a GPU; `bench/gpu.sh` measures on one."
    return (
        "## Speed\n\n"
        "Each benchmark alternates with its baseline in one process. Machines differ, so compare the "
        "ratios. A ratio is the median over rounds, with quartiles. `bench/record.sh` and `python "
        "bench/speedrun.py` wrote the records, `bench-*.json` and `speedrun.json` under "
        f"[bench/results](../bench/results/).{gpu}\n\n" + table
    )


def missed(found: dict[Key, ComparisonReport]) -> str:
    """The goals that the records miss, and what was tried for each, as goals.toml tells."""
    lines = goals.missed(found)
    slow: dict[str, list[str]] = {}
    for name, _, ratio, *_, where, _, met in speed_table.rows(goals.SPEED):
        if met == "missed":
            slow.setdefault(name.split("[")[0], []).append(f"{name} {ratio} ({where})")
    for names in slow.values():
        aim = speed_table.aim_of(names[0], goals.SPEED) or {}
        told = f"{', '.join(names)}. {aim.get('tried', goals.UNTRIED)}"
        lines.append(f"- At most {aim['at_most']:g}: {told}")
    if not GPU_RECORDS:
        lines += [
            f"- Not measured, because no GPU was available: {each['goal']}." for each in goals.GPU
        ]
    return "\n".join(["## Missed goals", "", *lines, ""])


def curve() -> str:
    """Accuracy against the number of frames, if it was recorded."""
    if not frames_curve.RECORD.exists():
        return ""
    record = json.loads(frames_curve.RECORD.read_text())
    lines = frames_curve.lines_of(record)
    counts = sorted(point["frames"] for point in record["points"])
    rows = []
    for name, places in lines.items():
        rows_of = dict(places)
        cells = [
            accuracy_with_interval(row["accuracy"], row["interval"])
            if (row := rows_of.get(count))
            else ""
            for count in counts
        ]
        rows.append((f"`{name}`", *cells, f"{places[-1][1]['training_seconds']:.0f} s"))
    dataset, conditions = record["dataset"], record["conditions"]
    seeds = len(next(iter(lines.values()))[-1][1]["seeds"])
    versions = ", ".join(f"{k} {v}" for k, v in conditions["versions"].items())
    parameters = datasets.title("moving_digits", dataset["parameters"])
    titles = ["architecture", *(f"{count} frame{'s' * (count > 1)}" for count in counts)]
    return "\n".join(
        [
            "## Moving digits: accuracy and the number of frames\n",
            f"`python bench/frames_curve.py --seeds {seeds}`: {parameters}, "
            f"recipe `{record['recipe']['name']}`, {seeds} seed{'s' * (seeds > 1)}, "
            f"{dataset['sizes']['train']:,} clips to train on and "
            f"{dataset['sizes']['test']:,} to test, on {conditions['device']['name']}, "
            f"{cores_in_words(conditions['cores'])}; {conditions['backend']}, {conditions['precision']}; "
            f"{versions}. Brackets and bars: {record['interval']} Record: "
            f"[{frames_curve.RECORD.name}](../bench/results/{frames_curve.RECORD.name}).\n",
            f"![accuracy against frames]({frames_curve.FIGURE.name})\n",
            markdown_table([*titles, f"training a run of {counts[-1]}"], rows),
        ]
    )


def page() -> str:
    found = comparisons()
    named = sorted(files().items(), key=lambda each: (each[0].dataset != "mnist", each[0]))
    sections = [*(section(found[key], path.name) for key, path in named), curve()]
    parts = [
        head(),
        goals.at_a_glance(found),
        missed(found),
        *sections,
        timeseries.section(),
        ablations(),
        speed(),
        limit.section(),
        published(),
    ]
    return "\n".join(part for part in parts if part)
