"""`zoo predict` of one image by Keras and by the run's ONNX file, each in fresh processes, in turn.

`python bench/predict_runtime.py run` trains `cnn` for an epoch on scikit-learn's digits, exports it and
writes bench/results/predict-runtime.json; `... table` writes the sentence of docs/export.md from it.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import checkout
import numpy as np
from PIL import Image
from sizes import RESULTS, size

import zoo
from zoo.environment import machine, versions

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "export.md"
RESULT = RESULTS / "predict-runtime.json"
COMMAND = "python bench/predict_runtime.py table"
ROUNDS = size(5, 1)
RUNTIMES = ("keras", "onnx")


def once(runtime: str, run: Path, image: Path) -> dict:
    """Wall and processor seconds of one process, and the probabilities that it printed."""
    words = ["predict", run, image, "--as-is", "--json", "--runtime", runtime]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "zoo", *map(str, words)], capture_output=True, text=True, check=True
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (answer,) = json.loads(done.stdout)
    top = {each["class"]: each["probability"] for each in answer["top"]}
    return {"wall": wall, "cpu": cpu, "top": top, "answered": answer["runtime"]}


def run() -> None:
    commit = checkout.commit(but=RESULT)
    with TemporaryDirectory() as place:
        folder = Path(place)
        made = zoo.train("cnn", "digits", epochs=1, runs_dir=folder, device="cpu", progress=False)
        made.export("onnx")
        image = folder / "one.png"
        pixels = np.random.default_rng(0).integers(0, 256, (28, 28), "uint8")
        Image.fromarray(pixels).save(image)
        rows = [
            {"runtime": name, **once(name, made.folder, image)}
            for _ in range(ROUNDS)
            for name in RUNTIMES
        ]
    record = {
        "commit": commit,
        "machine": machine(),
        "load": os.getloadavg(),
        "versions": versions("tensorflow"),
        "rows": rows,
    }
    RESULT.write_text(json.dumps(record, indent=1) + "\n")
    print(sentence())


def sentence() -> str:
    """The ratios, as the median of pairs that ran one after the other."""
    record = json.loads(RESULT.read_text())
    of = {name: [row for row in record["rows"] if row["runtime"] == name] for name in RUNTIMES}
    ratios = {
        kind: [a[kind] / b[kind] for a, b in zip(of["keras"], of["onnx"], strict=True)]
        for kind in ("wall", "cpu")
    }
    said = {k: f"{np.median(v):.1f} ({min(v):.1f} to {max(v):.1f})" for k, v in ratios.items()}
    cpu = {name: np.median([row["cpu"] for row in rows]) for name, rows in of.items()}
    where, load = record["machine"], record["load"][0]
    return (
        f"One image in a fresh process: ONNX takes {cpu['onnx']:.1f} s of processor time, Keras on "
        f"TensorFlow {cpu['keras']:.1f} s. Keras takes {said['cpu']} times the processor time and "
        f"{said['wall']} times the wall time (median and range of {len(ratios['cpu'])} pairs; "
        f"{where['processor']}, {where['cores']} cores, load {load:.0f}: shared with other work)."
    )


def main() -> None:
    if sys.argv[1:] == ["run"]:
        run()
    elif sys.argv[1:] == ["table"]:
        marked = f"<!-- predict: {COMMAND} -->\n"
        before, _, rest = PAGE.read_text().partition(marked)
        after = rest.partition("<!-- end of predict -->")[2]
        PAGE.write_text(f"{before}{marked}\n{sentence()}\n<!-- end of predict -->{after}")
    else:
        sys.exit("usage: python bench/predict_runtime.py run|table")


if __name__ == "__main__":
    main()
