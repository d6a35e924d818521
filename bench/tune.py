"""Trials on the validation split: what an ablation of the recipe, or an architecture's size, does.

python bench/tune.py run [NAME...] [--seeds 3]   the trials of bench/trials.toml that the log lacks
python bench/tune.py table                       the log's trials beside their base, with intervals

A trial's test set is never evaluated. The log, results/tuning.jsonl, gets a line for each training as
it ends; what it has is not trained again.
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import tomllib
from pathlib import Path

import checkout
from sizes import IMAGES, RESULTS, size

HERE = Path(__file__).parent
TRIALS = HERE / "trials.toml"
LOG = RESULTS / "tuning.jsonl"
ABLATED = "cnn-ten"
"""The trial whose recipe is taken apart, change by change."""


def trials(path: Path = TRIALS) -> dict[str, dict]:
    """By name: `architecture`, `dataset`, `data` (its parameters), `recipe`, `changes`, `settings`,
    whether it is `retired`, `base`, whose values it takes, and `ablation`, what it shows of them.

    With `splits`, each seed holds out other examples: where they are few, one split tells little. A
    trial `over` several architectures and datasets is one for each, and so are those of its base."""
    read = expanded(tomllib.loads(path.read_text()))
    found: dict[str, dict] = {}
    for name, own in read.items():
        base = found.get(own.get("base", ""), {"changes": {}, "settings": {}, "data": {}})
        merged = {**base, **own}
        for key in ("changes", "settings", "data"):
            merged[key] = {**base[key], **own.get(key, {})}
        merged.setdefault("dataset", IMAGES)
        merged["base"] = own.get("base")
        merged["ablation"] = own.get("ablation")
        merged["retired"] = own.get("retired", False)
        merged.setdefault("splits", False)
        found[name] = merged
    return found


def expanded(read: dict[str, dict]) -> dict[str, dict]:
    """Trials with one for each architecture and dataset that they are `over`."""
    found: dict[str, dict] = {}
    for name, own in read.items():
        several = own.get("over") or read.get(own.get("base", ""), {}).get("over")
        if not several:
            found[name] = own
            continue
        rest = {key: value for key, value in own.items() if key != "over"}
        for architecture, dataset in several:
            suffix = f"{architecture}-{Path(dataset).name}"
            base = {"base": f"{own['base']}-{suffix}"} if "base" in own else {}
            one = {"architecture": architecture, "dataset": dataset}
            found[f"{name}-{suffix}"] = {**rest, **one, **base}
    return found


def of_seed(trial: dict, seed: int) -> dict:
    """A trial as one seed trains it."""
    if not trial.get("splits"):
        return trial
    return {**trial, "changes": {**trial["changes"], "split_seed": seed}}


def place(dataset: str) -> str:
    """A dataset's name, or for `timeseries/GunPoint` the folder below `ZOO_DATA_DIR`."""
    return str(Path(os.environ.get("ZOO_DATA_DIR", ".")) / dataset) if "/" in dataset else dataset


def cause(trial: dict) -> dict:
    """What a line of the log has of its trial."""
    fields = {k: trial[k] for k in ("architecture", "dataset", "recipe", "changes", "settings")}
    return {**fields, **({"data": trial["data"]} if trial.get("data") else {})}


def key(trial: dict, seed: int) -> str:
    """What makes a training of the log the same as another."""
    return json.dumps({**cause(of_seed(trial, seed)), "seed": seed}, sort_keys=True)


def logged() -> dict[str, dict]:
    """The log's lines, by key."""
    if not LOG.exists():
        return {}
    lines = map(json.loads, LOG.read_text().splitlines())
    return {key(line, line["seed"]): line for line in lines}


def train(trial: dict, seed: int) -> dict:
    """One training, judged by the validation split alone."""
    import zoo

    trial = of_seed(trial, seed)
    fields = cause(trial)
    with tempfile.TemporaryDirectory() as folder:
        run = zoo.train(
            trial["architecture"],
            place(trial["dataset"]),
            recipe=trial["recipe"],
            recipe_changes=trial["changes"],
            hyperparameters=trial["settings"],
            data_parameters=trial["data"],
            seed=seed,
            test=False,
            runs_dir=folder,
            progress=False,
        )
        found, record = run.metrics, run.record
    return {
        **fields,
        "seed": seed,
        "val_accuracy": round(found["val_accuracy"], 6),
        "val_loss": round(found["val_loss"], 6),
        "validation_examples": record.dataset.sizes.validation,
        "parameters": record.parameters.trainable,
        "seconds": round(record.timings.train, 1),
        "versions": record.sessions[0].versions,
    }


def run(names: list[str], seeds: int) -> None:
    """Seed by seed, so that all trials have as many when it is stopped."""
    known = trials()
    done, commit = logged(), checkout.commit(but=LOG)
    for seed in range(seeds):
        for name in names or size([*known], [ABLATED]):
            if key(known[name], seed) in done or known[name]["retired"]:
                continue
            line = {**train(known[name], seed), "commit": commit}
            with LOG.open("a") as log:
                log.write(json.dumps(line) + "\n")
            print(f"{name:24} seed {seed}  {100 * line['val_accuracy']:.2f} %", flush=True)


def difference(one: list[float], other: list[float]) -> tuple[float, float]:
    """Difference of the means and half the width of its 95 % interval: Welch, over seeds.

    The validation images are the same for both: what is told apart is told apart on those.
    """
    from scipy import stats

    shares = [statistics.variance(each) / len(each) for each in (one, other)]
    error, change = math.sqrt(sum(shares)), statistics.mean(one) - statistics.mean(other)
    if not error:
        return change, 0.0
    pairs = zip(shares, (one, other), strict=True)
    freedom = sum(shares) ** 2 / sum(share**2 / (len(each) - 1) for share, each in pairs)
    return change, float(stats.t.ppf(0.975, freedom)) * error


def trainings() -> dict[str, list[dict]]:
    """The log's lines of each trial, seed by seed."""
    done = logged()
    return {
        name: [line for seed in range(1000) if (line := done.get(key(trial, seed)))]
        for name, trial in trials().items()
    }


def effect(lines: list[dict], base: list[dict]) -> str:
    """What a trial changes in points of accuracy; empty where there are not two seeds of both."""
    if min(len(lines), len(base)) < 2:
        return ""
    change, half = difference(_accuracies(lines), _accuracies(base))
    return f"{100 * change:+.2f} ± {100 * half:.2f}"


ABLATION_TITLES = ("change", "seeds", "validation accuracy, points", "validation loss")


def ablations(base: str) -> list[tuple[str, ...]]:
    """A line for each ablation of a base with two seeds or more, the one that harms most first.

    The intervals are Dunnett's (1955, https://doi.org/10.1080/01621459.1955.10501294): all of them
    at once hold with 95 %, by one variance of seeds for all trials.
    """
    known, log = trials(), trainings()
    lines = {
        known[name]["ablation"]: log[name]
        for name in known
        if known[name]["base"] == base and known[name]["ablation"] and len(log[name]) > 1
    }
    # A smoothed loss is another one: only accuracies compare.
    losses = {k: v for k, v in lines.items() if "label_smoothing" not in v[0]["changes"]}
    points = effects(lines, log[base], "val_accuracy", ".2f", 100)
    other = effects(losses, log[base], "val_loss", ".4f")
    order = sorted(lines, key=lambda ablation: statistics.mean(_accuracies(lines[ablation])))
    return [
        (ablation, str(len(lines[ablation])), points[ablation], other.get(ablation, ""))
        for ablation in order
    ]


def effects(
    lines: dict[str, list[dict]], base: list[dict], of: str, form: str, unit: float = 1.0
) -> dict[str, str]:
    """What each ablation changes, with Dunnett's interval; nothing without two seeds of the base."""
    from scipy import stats

    if not lines or len(base) < 2:
        return {}
    control = [unit * line[of] for line in base]
    samples = [[unit * line[of] for line in each] for each in lines.values()]
    # Its critical value is integrated by chance: the same draws, the same digits.
    low, high = stats.dunnett(*samples, control=control, rng=0).confidence_interval(0.95)
    return {
        ablation: f"{(a + b) / 2:+{form}} ± {(b - a) / 2:{form}}"
        for ablation, a, b in zip(lines, low, high, strict=True)
    }


def _accuracies(lines: list[dict]) -> list[float]:
    return [line["val_accuracy"] for line in lines]


TITLES = ("trial", "base", "seeds", "validation accuracy", "difference, points", "val loss")


def rows() -> list[tuple[str, ...]]:
    """A line for each trial with a training in the log."""
    known, log = trials(), trainings()
    return [
        (
            f"`{name}`",
            f"`{trial['base']}`" if trial["base"] else "",
            str(len(lines)),
            f"{100 * statistics.mean(_accuracies(lines)):.2f} %",
            effect(lines, log.get(trial["base"], [])),
            f"{statistics.mean(line['val_loss'] for line in lines):.4f}",
        )
        for name, trial in known.items()
        if (lines := log[name])
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("run", "table"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=size(3, 1))
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments.names, arguments.seeds)
    else:
        for row in (ABLATION_TITLES, *ablations(ABLATED), TITLES, *rows()):
            print("  ".join(f"{cell:>16}" for cell in row))


if __name__ == "__main__":
    main()
