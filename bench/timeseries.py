"""Architectures on six sets of the UCR and UEA archives, beside published results.

python bench/timeseries.py run [SET...] [--architectures A,B] [--seeds 5]        the default split
python bench/timeseries.py run [SET...] [--architectures A,B] --resamples 10     resamples 1 to 10, seed 0
python bench/timeseries.py table                                                 what docs/results.md shows

The sets lie in `ZOO_DATA_DIR`/timeseries. Each training is with the recipe that the dataset names. The log,
results/timeseries.jsonl, gets a line for each as it ends; what it has is not trained again, unless the
recipe or the architecture's hyperparameters have changed. `published_timeseries.csv` holds accuracies that
the aeon package (BSD-3-Clause) distributes: on the default split, and the mean of thirty resamples, which
are drawn as `zoo.datasets.resample` does.
"""

import argparse
import csv
import json
import statistics
import tempfile
from pathlib import Path

import checkout
import timeseries_goals
import tune
from sizes import RESULTS, SMALLEST, size

HERE = Path(__file__).parent
LOG = RESULTS / "timeseries.jsonl"
PUBLISHED = HERE / "published_timeseries.csv"
SETS: dict[str, dict] = {
    "GunPoint": {},
    "ItalyPowerDemand": {},
    "ArrowHead": {},
    "OSULeaf": {},
    "BasicMotions": {},
    "JapaneseVowels": {"unequal": "pad"},
}
"""Their parameters."""
ARCHITECTURES = ("fcn", "resnet1d", "inception_time", "lstm_fcn", "tcn", "gru", "transformer")


def logged() -> list[dict]:
    """The log's lines; of trainings of the same kind, the latest."""
    if not LOG.exists():
        return []
    lines = map(json.loads, LOG.read_text().splitlines())
    return list({_key(line): line for line in lines}.values())


def _key(line: dict) -> str:
    names = ("set", "architecture", "hyperparameters", "recipe", "seed", "resample")
    return json.dumps([line[name] for name in names], sort_keys=True)


def current() -> list[dict]:
    """The lines of the recipe that was trained last, with each architecture's last hyperparameters: figures
    of two recipes do not stand in one table."""
    lines = logged()
    lines = [each for each in lines if each["recipe"]["digest"] == lines[-1]["recipe"]["digest"]]
    last = {(line["set"], line["architecture"]): line["hyperparameters"] for line in lines}
    return [
        each for each in lines if last[each["set"], each["architecture"]] == each["hyperparameters"]
    ]


def plan_of(name: str, architecture: str, seed: int, resample: int):
    """What is trained; `resample` 0 is the default split."""
    import zoo

    parameters = {**SETS[name], **({"resample": resample} if resample else {})}
    place = tune.place(f"timeseries/{name}")
    # The smallest size tries the command out: eight steps teach nothing.
    changes = {"steps": 8} if SMALLEST else {}
    return zoo.plan(
        architecture, place, seed=seed, data_parameters=parameters, recipe_changes=changes
    )


def cause(plan, name: str, resample: int) -> dict:
    """What a line says of what was trained."""
    from zoo.parameters import plain

    recipe = plan.recipe
    return {
        "set": name,
        "architecture": plan.architecture.name,
        "hyperparameters": plain(plan.hyperparameters),
        "recipe": {"name": recipe.name, "digest": recipe.digest},
        "seed": plan.seed,
        "resample": resample,
    }


def train(plan, name: str, resample: int) -> dict:
    """One training and its test set."""
    import zoo

    with tempfile.TemporaryDirectory() as folder:
        record = zoo.train(plan, runs_dir=folder, progress=False).record
    metrics = record.metrics
    return {
        **cause(plan, name, resample),
        "accuracy": metrics.test_accuracy,
        "correct": metrics.test_correct,
        "examples": metrics.test_examples,
        "conversion": record.input.conversion,
        "parameters": record.parameters.trainable,
        "seconds": round(record.timings.train, 1),
        "device": record.device.name,
        "versions": record.sessions[0].versions,
    }


def run(names: list[str], architectures: list[str], seeds: int, resamples: int) -> None:
    """Seed by seed, or resample by resample, so that all have as many when it is stopped."""
    commit = checkout.commit(but=LOG)
    done = {_key(line) for line in logged()}
    numbers = [(0, number) for number in range(1, resamples + 1)]
    for seed, resample in numbers or [(seed, 0) for seed in range(seeds)]:
        for name in names:
            for architecture in architectures:
                plan = plan_of(name, architecture, seed, resample)
                if _key(cause(plan, name, resample)) in done:
                    continue
                line = {**train(plan, name, resample), "commit": commit}
                with LOG.open("a") as log:
                    log.write(json.dumps(line) + "\n")
                print(
                    f"{name:17} {architecture:15} seed {seed} resample {resample}  "
                    f"{100 * line['accuracy']:.2f} %  {line['seconds']:.0f} s",
                    flush=True,
                )


def published() -> dict[tuple[str, str], dict[str, str]]:
    """Published accuracies, by set and classifier."""
    with PUBLISHED.open(newline="") as file:
        return {(each["dataset"], each["classifier"]): each for each in csv.DictReader(file)}


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    mean = f"{100 * statistics.mean(values):.2f}"
    spread = f" ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{mean}{spread} ({len(values)})"


def rows(*, resampled: bool) -> tuple[list[str], list[list[str]]]:
    """Titles and a line for each set: ours, then what is published."""
    lines = [line for line in current() if bool(line["resample"]) == resampled]
    ours = sorted({line["architecture"] for line in lines})
    known = published()
    theirs = list(dict.fromkeys(classifier for _, classifier in known))
    found = []
    for name in SETS:
        own = [
            [x["accuracy"] for x in lines if (x["set"], x["architecture"]) == (name, each)]
            for each in ours
        ]
        if any(own):
            others = [_published(known.get((name, each)), resampled=resampled) for each in theirs]
            found.append([name, *map(_cell, own), *others])
    return [
        "set",
        *(f"`{each}`" for each in ours),
        *(f"{each}, published" for each in theirs),
    ], found


def _published(each: dict[str, str] | None, *, resampled: bool) -> str:
    if each is None:
        return ""
    if not resampled:
        return f"{100 * float(each['accuracy_on_the_default_split']):.2f}"
    mean, spread = (float(each[k]) for k in ("mean_over_resamples", "standard_deviation"))
    return f"{100 * mean:.2f} ± {100 * spread:.2f} ({each['resamples']})"


def section() -> str:
    """For docs/results.md; empty while the log is."""
    from zoo.comparison.table import markdown_table

    recipes = sorted({line["recipe"]["name"] for line in current()})
    if not recipes:
        return ""
    parts = [
        "## Time series\n",
        "Test accuracy in %, mean ± standard deviation (trainings), beside results that the "
        "[aeon](https://www.aeon-toolkit.org) package distributes. `python bench/timeseries.py run` trains, "
        f"with recipe {', '.join(f'`{each}`' for each in recipes)}; "
        "[timeseries.jsonl](../bench/results/timeseries.jsonl) has a line for each training.\n",
    ]
    for resampled, what in ((False, "The default split"), (True, "Resamples, one seed each")):
        titles, found = rows(resampled=resampled)
        if found:
            parts += [f"{what}:\n", markdown_table(titles, found)]
    return "\n".join([*parts, timeseries_goals.section(current(), published())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("run", "table"))
    parser.add_argument("sets", nargs="*", choices=[[], *SETS])
    parser.add_argument("--architectures", default=size(",".join(ARCHITECTURES), "fcn"))
    parser.add_argument("--seeds", type=int, default=size(5, 1))
    parser.add_argument("--resamples", type=int, default=0)
    given = parser.parse_args()
    if given.command == "table":
        print(section() or "nothing is recorded")
        return
    names = given.sets or list(SETS)[: size(len(SETS), 2)]
    run(names, given.architectures.split(","), given.seeds, given.resamples)


if __name__ == "__main__":
    main()
