"""Whether ranks change when every architecture gets the same tuning: a study, then two comparisons.

python bench/tuning.py run gunpoint [--architectures A,B] [--trials 30] [--seeds 5] [--steps 1200]
python bench/tuning.py run mnist                     the same on MNIST with the recipe quick
python bench/tuning.py table                         what the records say

By default all architectures that read the set are tuned. The test set is read by the comparisons alone,
with seeds that the study has not used. Everything is kept in --folder, runs/tuning: stopped, the same
command goes on; with more trials, it adds some. The record, results/tuning-NAME.json, has the study's
report, both comparisons' rows and pairs, and the commit.
"""

import argparse
import json
import os
from pathlib import Path

import checkout
import tune
from sizes import IMAGES, RESULTS, SMALLEST, size

SETS = {
    "gunpoint": {"recipe": "timeseries", "objective": "val_loss", "validation": 0.4},
    "mnist": {"recipe": "quick", "objective": "val_accuracy", "validation": None},
}
"""How each is tuned. GunPoint has fifty training samples: by accuracy most trials would tie."""


def dataset_of(name: str) -> str:
    """What is trained on; the smallest size trains on digits."""
    if name == "mnist" or SMALLEST:
        return IMAGES
    return str(tune.place("timeseries/GunPoint"))


def architectures_of(name: str, asked: str) -> list[str]:
    """Those that are asked for, or all that read the set as it is."""
    import zoo

    if asked:
        return asked.split(",")
    if SMALLEST:
        return ["cnn"]
    registry = zoo.Registry.discover()
    names = zoo.list_architectures()
    if name == "mnist":
        return names
    return [each for each in names if registry.architecture(each)[0].layout == "sequence"]


def run(name: str, given: argparse.Namespace) -> None:
    """The study, the comparisons, the record."""
    import zoo

    commit, how = checkout.commit(), SETS[name]
    recipe = size(how["recipe"], "quick")
    changes = {"steps": given.steps} if given.steps and not SMALLEST else {}
    changes |= {"epochs": 1} if SMALLEST else {}
    folder = Path(given.folder)
    names, dataset = architectures_of(name, given.architectures), dataset_of(name)
    study = zoo.tune(
        names,
        dataset,
        trials=given.trials,
        recipe=recipe,
        recipe_changes=changes,
        objective=how["objective"],
        validation=None if SMALLEST else how["validation"],
        study=name,
        studies_dir=folder / "studies",
        progress=True,
    )
    record = {
        "commit": commit,
        "machine": {"cores": os.cpu_count(), "load": round(os.getloadavg()[2], 1)},
        "study": study.report.to_dict(),
        "default": None,
        "tuned": None,
    }
    path = RESULTS / f"tuning-{name}.json"
    write(path, record)  # the study is a result, even if the comparisons are not made
    shared = {"seeds": given.seeds, "runs_dir": folder / "runs", "progress": True}
    default = zoo.compare(names, dataset, recipe=recipe, recipe_changes=changes, **shared)
    write(path, {**record, "default": compared(default)})
    tuned = zoo.compare(names, tuned=study, **shared)
    write(path, {**record, "default": compared(default), "tuned": compared(tuned)})
    table(path)


def write(path: Path, record: dict) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n")


def compared(comparison) -> dict:
    """Rows, pairs and conditions of a comparison."""
    report = comparison.report.to_dict()
    row = ("name", "seeds", "accuracy", "interval", "rank")
    return {
        "recipe": report["recipe"]["name"],
        "versions": report["conditions"]["versions"],
        "device": report["conditions"]["device"],
        "rows": [{key: each.get(key) for key in row} for each in report["rows"]],
        "pairs": report["pairs"],
    }


def table(path: Path) -> None:
    """Ranks on the test set by both recipes, as ranges of what the tests leave open."""
    record = json.loads(path.read_text())
    study = {row["name"]: row for row in record["study"]["rows"]}
    print(f"{path.stem}: {record['study']['budget']}, {record['study']['objective']}")
    sides = {side: record[side] or {"rows": [], "pairs": []} for side in ("default", "tuned")}
    rows = {side: {row["name"]: row for row in sides[side]["rows"]} for side in sides}
    for name, row in study.items():
        cells = [f"{_cell(rows[side].get(name)):>28}" for side in sides]
        ranks = f"validation ranks {row['default_rank']} and {row['tuned_rank']}"
        spent = f"{sum(row['counts'].values())} trials, {row['steps']:,} steps"
        print(f"{name:16}{ranks}{''.join(cells)}   {spent}")
    before, after = (_told_apart(sides[side]["pairs"]) for side in sides)
    turned = sorted(pair for pair in before if pair[::-1] in after)
    told = ", ".join(f"{a} and {b}" for a, b in turned) or "no pair"
    if record["tuned"]:
        print(f"told apart by both, in opposite order: {told}")


def _cell(row: dict | None) -> str:
    if not row or row["accuracy"] is None:
        return "-"
    low, high = row["rank"] or ("?", "?")
    return f"{100 * row['accuracy']:.2f} %, rank {low} to {high}"


def _told_apart(pairs: list[dict]) -> set[tuple[str, str]]:
    return {(each["first"], each["second"]) for each in pairs if each["different"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("run", "table"))
    parser.add_argument("sets", nargs="*", choices=[[], *SETS])
    parser.add_argument("--architectures", default="")
    parser.add_argument("--trials", type=int, default=size(30, 2))
    parser.add_argument("--seeds", type=int, default=size(5, 1))
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--folder", default=os.environ.get("RUNS") or "runs/tuning")
    given = parser.parse_args()
    if given.command == "table":
        for path in sorted(RESULTS.glob("tuning-*.json")):
            table(path)
        return
    for name in given.sets or list(SETS)[: size(2, 1)]:
        run(name, given)


if __name__ == "__main__":
    main()
