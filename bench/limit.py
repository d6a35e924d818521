"""The share of the limit: FLOP/s of training over FLOP/s of a matrix product on the same machine, in turn.

`python bench/limit.py run [NAME...]` measures each architecture on each backend that is installed, every
pair in a process of its own; what comes out goes to bench/results/limit.json. `python bench/limit.py table`
shows it. The machine should do nothing else.

A training step counts as three forward passes, as is usual: one forward, two backward (each product has a
gradient for its weights and one for its input). The limit is the faster of the backend's and of NumPy's
product of two float32 matrices of 2048×2048. Processor seconds beside seconds say how many cores worked.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import checkout
import numpy as np
import paired
from sizes import RESULTS, size

HERE = Path(__file__).parent
RESULT = RESULTS / "limit.json"
BACKENDS = ("tensorflow", "jax", "torch")
SIDE = size(2048, 64)
ROUNDS = size(7, 2)
LEAST_SECONDS = size(0.5, 0.0)
"""A round of products takes at least so long."""
PASSES = 3


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds and processor seconds of a call."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def product_of_backend() -> Callable[[], object]:
    """A product of two matrices that lie on the backend's device; it has ended when the call does."""
    import keras

    a = keras.ops.convert_to_tensor(np.random.default_rng(0).random((SIDE, SIDE), "float32"))
    return lambda: keras.ops.convert_to_numpy(keras.ops.matmul(a, a)[0, 0])


def product_of_numpy() -> Callable[[], object]:
    a = np.random.default_rng(0).random((SIDE, SIDE), "float32")
    return lambda: a @ a


def rate(product: Callable[[], object]) -> float:
    """FLOP/s of a product, over at least `LEAST_SECONDS`."""
    count, started = 0, time.perf_counter()
    while not count or time.perf_counter() - started < LEAST_SECONDS:
        product()
        count += 1
    return count * 2 * SIDE**3 / (time.perf_counter() - started)


def measure(name: str) -> dict:
    """One architecture in this process, on the backend that KERAS_BACKEND names."""
    from test_trainer import given, ours

    import zoo

    arguments, info = given(name)
    flops = zoo.describe(name).on_mnist.flops
    examples = len(arguments[2]) // info["batch"] * info["batch"]
    epoch = ours(*arguments)
    products = {"backend": product_of_backend(), "numpy": product_of_numpy()}
    for each in (epoch, *products.values()):
        each()
    rounds = [
        {"limit": {key: rate(each) for key, each in products.items()}, "epoch": timed(epoch)}
        for _ in range(ROUNDS)
    ]
    limits = [max(each["limit"].values()) for each in rounds]
    rates = [PASSES * flops * examples / each["epoch"][0] for each in rounds]
    shares = paired.ratio(rates, limits)
    return {
        "architecture": name,
        **info,
        "flops": flops,
        "share": shares["ratio"],
        "share_quartiles": shares["ratio_quartiles"],
        "gflops": round(float(np.median(rates)) / 1e9, 2),
        "limit_gflops": round(float(np.median(limits)) / 1e9, 2),
        "seconds": round(float(np.median([each["epoch"][0] for each in rounds])), 4),
        "processor_seconds": round(float(np.median([each["epoch"][1] for each in rounds])), 4),
    }


def in_a_process(name: str, backend: str) -> dict:
    """The same in a fresh process: models of one slow down another's."""
    done = subprocess.run(
        [sys.executable, __file__, "one", name],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{name} on {backend}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run(names: list[str]) -> None:
    from zoo.environment import machine, versions

    commit = checkout.commit()
    backends = [each for each in BACKENDS if importlib.util.find_spec(each)]
    rows = []
    for name in names:
        for backend in size(backends, backends[:1]):
            rows.append(in_a_process(name, backend))
            print(*line(rows[-1]), flush=True)
    record = {"commit": commit, "machine": machine(), "load": os.getloadavg()[0], "passes": PASSES}
    record |= {"versions": {each: versions(each) for each in backends}, "rows": rows}
    RESULT.write_text(json.dumps(record, indent=1) + "\n")


def line(row: dict) -> list[str]:
    """A row of the table."""
    low, high = row["share_quartiles"]
    return [
        f"`{row['architecture']}`",
        row["backend"],
        f"{row['share']:.2f}",
        f"{low:.2f} to {high:.2f}",
        f"{row['gflops']:.1f}",
        f"{row['limit_gflops']:.1f}",
        f"{row['processor_seconds'] / row['seconds']:.2f}",
    ]


TITLES = ["architecture", "backend", "share", "quartiles", "GFLOP/s", "limit", "cores at work"]


def section() -> str:
    """For docs/results.md; empty while there is no record."""
    from zoo.comparison.table import markdown_table

    if not RESULT.exists():
        return ""
    record = json.loads(RESULT.read_text())
    intro = (
        "## Share of the limit\n\n"
        f"Training FLOP/s over those of a float32 matrix product of {SIDE}×{SIDE}, measured in turn in one "
        f"process, {record['machine']['processor']}, {record['machine']['cores']} cores, load average "
        f"{record['load']:.1f}; median and quartiles of {ROUNDS} rounds. A step counts as "
        f"{record['passes']} forward passes. `python bench/limit.py run` measures.\n\n"
    )
    return intro + markdown_table(TITLES, [line(row) for row in record["rows"]])


def main() -> None:
    from test_trainer import SHIPPED

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=("run", "one", "table"))
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    if asked.command == "one":
        print(json.dumps(measure(asked.names[0])))
    elif asked.command == "run":
        run(asked.names or size(SHIPPED, ["gru"]))
    else:
        print(section())


if __name__ == "__main__":
    main()
