"""docs/results.md, whole: what the records under bench/results/ say beside the goals.

`python bench/results.py table` writes it; the goals and what others published are bench/goals.toml.
"""

import json
import statistics
import tomllib
from pathlib import Path

import speed_table
import tune

from zoo.comparison.table import markdown_table

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "results.md"
GOALS = tomllib.loads((HERE / "goals.toml").read_text())
TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}

HEAD = """\
# Results

Written by `python bench/results.py table` from the records under
[bench/results](../bench/results/); no figure here is typed by hand. Each comparison's record is the
JSON that `zoo compare` printed, and beside it lies the `run.json` of each of its runs. The test set is
read once a run, at its end, with the weights of an epoch that was chosen beforehand: the last.
[comparing.md](comparing.md) says what the intervals are.
"""


def percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f} %"


def comparisons() -> dict[tuple[str, str], dict]:
    """The comparison documents, by dataset and recipe."""
    found = {}
    for path in sorted(RESULTS.glob("compare-*.json")):
        document = json.loads(path.read_text())
        document["file"] = path.name
        found[document["dataset"]["name"], document["recipe"]["name"]] = document
    return found


def goals_of(dataset: str, recipe: str) -> dict[str, dict]:
    return {
        goal["architecture"]: goal
        for goal in GOALS["accuracy"]
        if (goal["dataset"], goal["recipe"]) == (dataset, recipe)
    }


def verdict(accuracy: float, seeds: int, goal: dict | None) -> tuple[str, str]:
    """The goal, and whether it is reached: the mean itself counts, not its interval."""
    if goal is None:
        return "", ""
    wanted = f"{percent(goal['goal'])}, {goal['seeds']} seeds"
    if accuracy < goal["goal"]:
        return wanted, f"missed by {100 * (goal['goal'] - accuracy):.2f} points"
    return wanted, "reached" if seeds >= goal["seeds"] else f"reached with {seeds}"


def accuracy_rows(document: dict) -> list[tuple[str, ...]]:
    goals = goals_of(document["dataset"]["name"], document["recipe"]["name"])
    rows = []
    for row in document["rows"]:
        if row["status"] != "ok":
            rows.append((f"`{row['name']}`", row["problem"], *[""] * 6))
            continue
        low, high = row["interval"]
        wanted, met = verdict(row["accuracy"], len(row["seeds"]), goals.get(row["name"]))
        rows.append(
            (
                f"`{row['name']}`",
                f"**{percent(row['accuracy'], 3)}**",
                f"{percent(low)} to {percent(high)}",
                str(len(row["seeds"])),
                f"{row['parameters']:,}",
                f"{statistics.mean(seconds_of(document, row['name'])):.0f} s",
                wanted,
                met,
            )
        )
    return rows


def seconds_of(document: dict, architecture: str) -> list[float]:
    """What each run of an architecture took to train, by its own record."""
    return [
        json.loads((RESULTS / run["run"] / "run.json").read_text())["timings"]["train"]
        for run in document["runs"]
        if run["architecture"] == architecture
    ]


def ensemble_rows(document: dict) -> list[tuple[str, ...]]:
    goals = goals_of(document["dataset"]["name"], document["recipe"]["name"])
    ensembles = document.get("ensembles", [])
    best = max((each["accuracy"] for each in ensembles), default=None)
    rows = []
    for each in ensembles:
        goal = goals.get("ensemble") if each["accuracy"] == best else None
        wanted, met = verdict(each["accuracy"], each["members"], goal)
        low, high = each["interval"]
        rows.append(
            (
                f"`{each['name']}`, {len(each['architectures'])} architectures"
                if len(each["architectures"]) > 1
                else f"`{each['name']}`",
                str(each["members"]),
                f"**{percent(each['accuracy'])}**",
                f"{percent(low)} to {percent(high)}",
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
    """One dataset and recipe."""
    dataset, recipe = document["dataset"], document["recipe"]
    conditions = document["conditions"]
    versions = ", ".join(f"{k} {v}" for k, v in conditions["versions"].items())
    lines = [
        f"## {TITLES.get(dataset['name'], dataset['name'])}, recipe `{recipe['name']}`\n",
        f"{command(document)} on {conditions['device']['name']}, {conditions['cores']} cores; "
        f"{conditions['backend']}, {conditions['precision']}; {versions}. "
        f"Record: [{document['file']}](../bench/results/{document['file']}).\n",
        markdown_table(
            ["architecture", "test accuracy", "95 % interval", "seeds", "parameters", "training a run",
             "goal", ""],
            accuracy_rows(document),
        ),
    ]  # fmt: skip
    if rows := ensemble_rows(document):
        titles = ["ensemble of", "members", "test accuracy", "95 % interval", "members' mean",
                  "goal", ""]  # fmt: skip
        lines.append(markdown_table(titles, rows))
    return "\n".join(lines)


def published() -> str:
    rows = [
        (TITLES[each["dataset"]], each["what"], each["accuracy"], each["source"])
        for each in GOALS["published"]
    ]
    titles = ["dataset", "what", "test accuracy", "source"]
    return "## What others published\n\n" + markdown_table(titles, rows)


def levers() -> str:
    """The tuning log."""
    titles = ["trial", "beside", "seeds", "validation accuracy", "difference, points", "val loss"]
    return (
        "## What each lever does\n\n"
        "Trials of [bench/trials.toml](../bench/trials.toml), judged by the validation split alone "
        "(5,000 images that no training saw), a line of "
        "[tuning.jsonl](../bench/results/tuning.jsonl) each; `python bench/tune.py run` makes them. "
        "The difference is to the trial named beside it, with a 95 % interval over seeds (Welch); "
        "where the interval contains 0, nobody can tell.\n\n" + markdown_table(titles, tune.rows())
    )


def speed() -> str:
    """The benchmarks' ratios."""
    table = markdown_table(speed_table.TITLES, speed_table.rows(GOALS["speed"]))
    return (
        "## Speed\n\n"
        "Each benchmark takes turns with its yardstick in one process: compare the ratios, the machines "
        "differ. Records: `bench-*.json` and `speedrun.json` under [bench/results](../bench/results/), by "
        "`bench/record.sh` and `python bench/speedrun.py`. No GPU was there; `bench/gpu.sh` and "
        "`pytest bench/` with `KERAS_BACKEND=jax` measure on one.\n\n" + table
    )


def missing(found: dict[tuple[str, str], dict]) -> str:
    """The goals that no record speaks of."""
    rows = []
    for goal in GOALS["accuracy"]:
        document = found.get((goal["dataset"], goal["recipe"]))
        names = {row["name"] for row in document["rows"]} if document else set()
        if goal["architecture"] not in names and not (
            goal["architecture"] == "ensemble" and document and document.get("ensembles")
        ):
            rows.append(
                (
                    TITLES[goal["dataset"]],
                    f"`{goal['recipe']}`",
                    goal["architecture"],
                    percent(goal["goal"]),
                )
            )
    if not rows:
        return ""
    return "## Goals that no record speaks of yet\n\n" + markdown_table(
        ["dataset", "recipe", "architecture", "goal"], rows
    )


def page() -> str:
    found = comparisons()
    named = [found[key] for key in sorted(found, key=lambda key: (key[0] != "mnist", key))]
    parts = [HEAD, *map(section, named), missing(found), levers(), speed(), published()]
    return "\n".join(part for part in parts if part)
