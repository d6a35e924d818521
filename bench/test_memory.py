"""The most memory that a training of cnn on MNIST holds, on the CPU."""

import json
import subprocess
import sys

from sizes import IMAGES


def test_peak_memory_of_cnn_on_mnist(benchmark, tmp_path):
    command = [
        sys.executable,
        "-m",
        "zoo",
        "train",
        "cnn",
        "--recipe",
        "quick",
        "--dataset",
        IMAGES,
        "--device",
        "cpu",
        "--json",
        "--again",
        "--runs-dir",
        str(tmp_path),
    ]

    def train():
        return subprocess.run(command, capture_output=True, text=True, check=True)

    record = json.loads(benchmark.pedantic(train, rounds=1).stdout)
    gib = record["peak_memory"]["host_bytes"] / 2**30
    benchmark.extra_info.update(
        peak_gib=round(gib, 3),
        limit_gib=1.5,
        backend=record["backend"],
        test_accuracy=record["metrics"]["test_accuracy"],
    )
    assert gib < 1.5
