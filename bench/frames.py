"""How an image should become frames for convlstm2d: what each way learns, and for how much compute.

python bench/frames.py [--seeds 2]   trains each way by recipe `quick` and writes results/frames.json

Judged by validation accuracy: the choice must not see the test set. Each training is a process of
its own; the machine should have nothing else to do.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

import checkout
from sizes import IMAGES, RESULTS, size

from zoo.architecture import FROM_IMAGE

RESULT = RESULTS / "frames.json"
WAYS = size(FROM_IMAGE, FROM_IMAGE[:1])
NET = """
import archzoo_convlstm2d

build = archzoo_convlstm2d.build
layout = "frames"
frames_from_image = {how!r}
summary = "convlstm2d with another way to make frames"
"""


def train(how: str, seed: int, folder: Path) -> dict:
    net = folder / f"convlstm2d_{how}.py"
    net.write_text(NET.format(how=how))
    command = [
        sys.executable,
        "-m",
        "zoo",
        "train",
        str(net),
        "--recipe",
        "quick",
        "--dataset",
        IMAGES,
        "--seed",
        str(seed),
        "--runs-dir",
        str(folder / "runs"),
        "--json",
    ]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    record = json.loads(answer.stdout)
    history = (Path(record["folder"]) / "history.csv").read_text().splitlines()
    record["val_accuracy"] = float(history[-1].rsplit(",", 1)[1])
    return record


def summary(how: str, records: list[dict]) -> dict:
    first = records[0]
    return {
        "frames_from_image": how,
        "input_shape": first["input"]["input_shape"],
        "seeds": [record["seed"] for record in records],
        "val_accuracy": [record["val_accuracy"] for record in records],
        "mean_val_accuracy": statistics.mean(record["val_accuracy"] for record in records),
        "training_seconds": [record["timings"]["train"] for record in records],
        "flops_per_sample": first["flops_per_sample"],
        "parameters": first["parameters"]["trainable"],
        "recipe": first["recipe"]["digest"],
        "backend": first["backend"],
        "device": first["device"]["name"],
        "cores": first["environment"]["cores"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=size(2, 1))
    parser.add_argument("--folder", type=Path, default=Path("runs-frames"))
    arguments = parser.parse_args()
    commit = checkout.commit()
    arguments.folder.mkdir(exist_ok=True)
    records = {how: [] for how in WAYS}
    for seed in range(arguments.seeds):  # in turn, so that all see the same machine
        for how in WAYS:
            records[how].append(train(how, seed, arguments.folder))
    rows = [{**summary(how, runs), "commit": commit} for how, runs in records.items()]
    RESULT.write_text(json.dumps(rows, indent=2) + "\n")
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
