"""docs/results.md, whole: what the records under bench/results/ say beside the goals.

`python bench/results.py table` writes it; the goals and what others published are bench/goals.toml.
"""

import json
from pathlib import Path

import frames_curve
import goals
import records
import speed_table
import tune
from comparisons import RESULTS, TITLES, Key, comparisons, key_of, span, title, training_seconds
from goals import goal_of, goal_of_ensemble, interval, percent, verdict

from zoo import aliases, layouts
from zoo.comparison.table import markdown_table
from zoo.datasets import dataset as datasets
from zoo.environment import cores_in_words

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "results.md"
GPU_RECORDS = sorted(RESULTS.glob("bench-gpu-*.json"))

HEAD = """\
# Results

Written by `python bench/results.py table` from the records under
[bench/results](../bench/results/); no figure here is typed by hand. Each comparison's record is the
JSON that `zoo compare` printed; `runs-DATASET.jsonl` beside it has a line for each of its runs. The test
set is read once a run, at its end, with the weights of an epoch that was chosen beforehand: the last.
Where the seconds of runs lie far apart, other work used the machine, too: the shortest are nearest the
truth. [comparing.md](comparing.md) says what the intervals are.
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
        "benchmark records were made with uncommitted changes (`dirty` in their records); such records "
        "are not taken any more.\n"
    )


def accuracy_with_interval(row: dict | None) -> str:
    """In one cell; empty where there is no row."""
    if row is None:
        return ""
    low, high = row["interval"]
    return f"**{percent(row['accuracy'], 1)}** ({percent(low, 1)} to {percent(high, 1)})"


def accuracy_rows(document: dict) -> list[tuple[str, ...]]:
    rows = []
    for row in document["rows"]:
        if row["status"] != "ok":
            rows.append((f"`{row['name']}`", "", row["problem"], *[""] * 7))
            continue
        goal = goal_of(document, row)
        wanted, met = verdict(row["accuracy"], len(row["seeds"]), goal, row["interval"][0])
        rows.append(
            (
                f"`{row['name']}`",
                layouts.recorded(row["input"]),
                f"**{percent(row['accuracy'], 3)}**",
                interval(row),
                str(len(row["seeds"])),
                f"{row['parameters']:,}",
                row["text"]["flops"],
                span(training_seconds(document, row["name"])),
                wanted,
                met,
            )
        )
    return rows


def accuracies(document: dict) -> str:
    """The table of what each architecture learns."""
    titles = ["architecture", "input", "test accuracy", "95 % interval", "seeds", "parameters", "FLOPs",
              "training a run", "goal", ""]  # fmt: skip
    return markdown_table(titles, accuracy_rows(document))


def ensemble_rows(document: dict) -> list[tuple[str, ...]]:
    rows = []
    for each in document.get("ensembles", []):
        goal = goal_of_ensemble(document, each)
        wanted, met = verdict(each["accuracy"], each["members"], goal)
        rows.append(
            (
                f"`{each['name']}`, {len(each['architectures'])} architectures"
                if len(each["architectures"]) > 1
                else f"`{each['name']}`",
                str(each["members"]),
                f"**{percent(each['accuracy'])}**",
                interval(each),
                percent(each["members_accuracy"]),
                wanted.partition(",")[0],
                met,
            )
        )
    return rows


def command(document: dict) -> str:
    """As it was typed; what `--all` takes depends on what is installed, so it is spelled out."""
    names = ", ".join(sorted(row["name"] for row in document["rows"]))
    everything = f" (`--all` was {names})" if "--all" in document["command"].split() else ""
    return f"`{document['command']}`{everything}"


def section(document: dict) -> str:
    """One dataset, its parameters and a recipe."""
    conditions = document["conditions"]
    versions = ", ".join(f"{k} {v}" for k, v in conditions["versions"].items())
    lines = [
        f"## {title(key_of(document))}\n",
        f"{command(document)} on {conditions['device']['name']}, "
        f"{cores_in_words(conditions['cores'])}; {conditions['backend']}, {conditions['precision']}; "
        f"{versions}. Record: [{document['file']}](../bench/results/{document['file']}).\n",
        accuracies(document),
    ]
    if rows := ensemble_rows(document):
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
    return "## What others published\n\n" + markdown_table(titles, rows)


def _held_out() -> str:
    """The sizes of the validation splits in the tuning log, in words."""
    sizes = {(each["dataset"], each["validation_examples"]) for each in tune.logged().values()}
    return "; ".join(f"{size:,} of {TITLES[dataset]}" for dataset, size in sorted(sizes))


def levers() -> str:
    """The ablation, and the tuning log whole."""
    base, lines = tune.trials()[tune.ABLATED], tune.trainings()[tune.ABLATED]
    recipe = aliases.current(aliases.RECIPES, base["recipe"])
    return "\n".join(
        [
            "## What each lever does\n",
            f"Of recipe `{recipe}` on {TITLES[base['dataset']]}, cut to {base['changes']['epochs']} "
            f"epochs, with `{base['architecture']}` and {lines[0]['validation_examples']:,} training images "
            "held out to judge by: what one change does to the accuracy and the loss of those "
            f"({len(lines)} seeds of the recipe as it is). Dunnett's intervals over seeds: all at once hold "
            "with 95 %. Where one contains 0, nobody can tell. `python bench/tune.py run` makes the "
            "trials of [bench/trials.toml](../bench/trials.toml).\n",
            markdown_table(tune.LEVER_TITLES, tune.levers(tune.ABLATED)),
            "## Every trial\n",
            "What was tried on the way to the shipped recipes and sizes, each judged by a validation split "
            f"alone ({_held_out()}, that no training saw); "
            "[tuning.jsonl](../bench/results/tuning.jsonl) has a line for each training. The difference "
            "is to the trial named beside it, with a 95 % interval over seeds (Welch).\n",
            markdown_table(tune.TITLES, tune.rows()),
        ]
    )


def speed() -> str:
    """The benchmarks' ratios."""
    table = markdown_table(speed_table.TITLES, speed_table.rows(goals.SPEED))
    gpu = "" if GPU_RECORDS else " No GPU was there; `bench/gpu.sh` measures on one."
    return (
        "## Speed\n\n"
        "Each benchmark takes turns with its yardstick in one process: compare the ratios, the machines "
        "differ. A ratio is the median of the rounds' own, with their quartiles beside it. Records: "
        "`bench-*.json` and `speedrun.json` under [bench/results](../bench/results/), by "
        f"`bench/record.sh` and `python bench/speedrun.py`.{gpu}\n\n" + table
    )


def missed(found: dict[Key, dict]) -> str:
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
        lines += [f"- Not measured, for want of a GPU: {each['goal']}." for each in goals.GPU]
    return "\n".join(["## What was missed, and what was tried", "", *lines, ""])


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
        cells = [accuracy_with_interval(rows_of.get(count)) for count in counts]
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
            f"{versions}. In brackets and as bars: {record['interval']} Record: "
            f"[{frames_curve.RECORD.name}](../bench/results/{frames_curve.RECORD.name}).\n",
            f"![accuracy against frames]({frames_curve.FIGURE.name})\n",
            markdown_table([*titles, f"training a run of {counts[-1]}"], rows),
        ]
    )


def page() -> str:
    found = comparisons()
    named = [found[key] for key in sorted(found, key=lambda key: (key[0] != "mnist", key))]
    sections = [*map(section, named), curve()]
    parts = [
        head(),
        goals.at_a_glance(found),
        missed(found),
        *sections,
        levers(),
        speed(),
        published(),
    ]
    return "\n".join(part for part in parts if part)
