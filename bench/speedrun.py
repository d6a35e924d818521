"""The seconds of training that 99 % on MNIST's test set take, against the fastest published recipe.

python bench/speedrun.py          trains by recipe `speedrun` and the port of the published one
                                  (speedrun_port.py), five seeds each, writes results/speedrun.json
python bench/speedrun.py tune     how the recipe was found: what each trial reaches on the
                                  validation split, writes results/speedrun-tuning.json

Both sides take turns, each seed in a fresh process, on the CPU; reading the data, compiling and a
first step to warm up are timed apart from training, on both sides. The machine should have nothing
else to do. Needs PyTorch, and MNIST (ZOO_DATA_DIR).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import checkout
import paired
from sizes import IMAGES, RESULTS, size

import zoo
from zoo.environment import machine
from zoo.manifest import Manifest
from zoo.recipe import Recipe, resolve

HERE = Path(__file__).parent
SETTINGS = {"filters": "8,16,32", "dropout": "0"}
"""Hyperparameters of `cnn`."""

BASE = {"filters": "16,16,32", "dropout": "0", "validation": 1 / 12}
TUNING_SEEDS = (100, 101, 102)[: size(3, 1)]  # none of those that are recorded
SLOW_MEANS = {"beta_1": 0.9, "beta_2": 0.999}
TRIALS = [
    {},
    {"filters": "16,24,32"},
    {"filters": "16,16,48"},
    {"filters": "16,24,64"},
    {"filters": "8,16,32"},  # what is recorded: as good, and the fastest
    {"filters": "8,24,64"},
    {"batch_size": 128},
    {"batch_size": 128, "learning_rate": 0.01},
    {"batch_size": 512},
    {"learning_rate": 0.01},
    {"learning_rate": 0.03},
    {"beta_1": 0.8, "beta_2": 0.95},
    SLOW_MEANS,
    {**SLOW_MEANS, "batch_size": 128, "learning_rate": 0.01},
    {"label_smoothing": 0.0},
    {"label_smoothing": 0.02},
    {"label_smoothing": 0.1},
    {"warmup": 0.1},
    {"warmup": 0.3},
    {"weight_decay": 0.1},
    {"normalization": "standard"},
    {"dropout": "0.1"},
]
"""What differs from BASE; a trial that is recorded already is not made again."""


def tune() -> None:
    path = RESULTS / "speedrun-tuning.json"
    commit = checkout.commit(but=path)
    recorded = json.loads(path.read_text()) if path.exists() else []
    rows = []
    for changes in TRIALS[: size(None, 1)]:
        settings, recipe = trial(changes)
        stands = [each for each in recorded if is_of(each, settings, recipe)]
        rows += stands or [{"settings": settings, "commit": commit, **validated(settings, recipe)}]
        print(changes, rows[-1]["val_accuracy"], file=sys.stderr)
    write(path, rows)


def is_of(row: dict, settings: dict, recipe: Recipe) -> bool:
    return row["settings"] == settings and row["recipe"]["digest"] == recipe.digest


def trial(changes: dict) -> tuple[dict, Recipe]:
    """One setting's hyperparameters, and its recipe."""
    every = BASE | changes
    settings = {key: value for key, value in every.items() if key in SETTINGS}
    changed = {key: value for key, value in every.items() if key not in SETTINGS}
    return settings, resolve(Manifest.read(), "speedrun", "cnn", changed)


def validated(settings: dict, recipe: Recipe) -> dict:
    """What a trial reaches on the validation split; its test set is not looked at."""
    changes = {k: v for k, v in recipe.as_dict().items() if k not in ("name", "summary")}
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            zoo.train(
                "cnn",
                IMAGES,
                recipe="speedrun",
                recipe_changes=changes,
                hyperparameters=settings,
                seed=seed,
                test=False,
                device="cpu",
                runs_dir=folder,
                progress=False,
            )
            for seed in TUNING_SEEDS
        ]
        accuracies = [run.metrics["val_accuracy"] for run in runs]
    return {
        "recipe": {**recipe.as_dict(), "digest": recipe.digest},
        "seeds": list(TUNING_SEEDS),
        "val_accuracy": accuracies,
        "mean_val_accuracy": statistics.mean(accuracies),
        "flops_per_sample": runs[0].record.flops_per_sample,
    }


def answer(*command: str) -> dict:
    """The JSON that a process prints."""
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    process = [sys.executable, *command]
    printed = subprocess.run(
        process, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(printed.stdout)


def ours(seed: int, folder: str) -> dict:
    settings = [word for pair in SETTINGS.items() for word in ("--set", "=".join(pair))]
    record = answer(
        "-m", "zoo", "train", "cnn", "--recipe", "speedrun", "--dataset", IMAGES, *settings,
        "--device", "cpu", "--seed", str(seed), "--runs-dir", folder, "--json",
    )  # fmt: skip
    phases = ("load", "import", "build", "compile", "train")
    return {
        "seed": seed,
        "seconds": {phase: record["timings"][phase] for phase in phases},
        "test_accuracy": record["metrics"]["test_accuracy"],
        "recipe": record["recipe"],
        "versions": record["sessions"][0]["versions"],
    }


def summary(records: list[dict]) -> dict:
    """The seeds of one side. What they share is told once."""
    shared = {key: value for key, value in records[0].items() if key in ("recipe", "versions")}
    seeds = [{k: v for k, v in each.items() if k not in shared} for each in records]
    seconds = [each["seconds"]["train"] for each in seeds]
    return {
        **shared,
        "mean_test_accuracy": statistics.mean(each["test_accuracy"] for each in seeds),
        "median_train_seconds": statistics.median(seconds),
        "quartiles_train_seconds": statistics.quantiles(seconds, method="inclusive")[::2],
        "seeds": seeds,
    }


def record(count: int, output: Path) -> None:
    commit = checkout.commit()
    sides: dict[str, list[dict]] = {"zoo": [], "port": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):  # in turn, so that both see the same machine
            sides["zoo"].append(ours(seed, folder))
            sides["port"].append(answer(str(HERE / "speedrun_port.py"), "--seed", str(seed)))
    zoo, port = (summary(records) for records in sides.values())
    seconds = [[each["seconds"]["train"] for each in side["seeds"]] for side in (zoo, port)]
    write(
        output,
        {
            **paired.ratio(*seconds),
            "zoo": {"settings": SETTINGS, **zoo},
            "port": port,
            "machine": machine(),
            "commit": commit,
        },
    )


def write(path: Path, content) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("record", "tune"), default="record")
    parser.add_argument("--seeds", type=int, default=size(5, 2), help="how many")
    parser.add_argument("--out", type=Path, default=RESULTS / "speedrun.json", help="of a record")
    arguments = parser.parse_args()
    if arguments.what == "tune":
        tune()
    else:
        record(arguments.seeds, arguments.out)


if __name__ == "__main__":
    main()
