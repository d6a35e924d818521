"""Training on clips that are made meanwhile: its memory, and how long it waits for them, on the CPU."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
from sizes import SMALLEST, size

pytestmark = pytest.mark.skipif("ZOO_DATA_DIR" not in os.environ, reason="needs MNIST's files")

CLIPS = size(4000, 256)
"""Too large to be resident; and ten times as many."""

# As fast as the clips can be made: nothing may hide that they pile up.
FAST = """
    layout = "frames"

    def build(input_shape, num_classes):
        import keras
        from keras import layers

        return keras.Sequential([
            keras.Input(input_shape),
            layers.AveragePooling3D((2, 6, 6)),
            layers.Flatten(),
            layers.Dense(num_classes),
        ])
"""


def train(net, clips: int, folder, **environ) -> dict:
    """The record of one epoch by recipe `quick`, in a process of its own."""
    command = [
        *(sys.executable, "-m", "zoo", "train", str(net), "--dataset", "moving_digits"),
        *(
            "--data-set",
            f"clips={clips}",
            "--data-set",
            f"test_clips={CLIPS // 10}",
            "--recipe",
            "quick",
        ),
        *("--epochs", "1", "--device", "cpu", "--json", "--again", "--runs-dir", str(folder)),
    ]
    small = size({}, {"ZOO_RESIDENT_MIB": "0"})  # so few clips would be resident
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **small, **environ}
    )
    record = json.loads(done.stdout)
    assert record["engine"]["data"] == "streamed"
    return record


def test_peak_memory_of_ten_times_the_clips(benchmark, tmp_path):
    net = tmp_path / "fast.py"
    net.write_text(textwrap.dedent(FAST))
    few = train(net, CLIPS, tmp_path)
    many = benchmark.pedantic(train, args=(net, 10 * CLIPS, tmp_path), rounds=1)
    held, once = (each["peak_memory"]["host_bytes"] for each in (many, few))
    benchmark.extra_info.update(
        ratio=round(held / once, 3),
        baseline=f"the peak memory with {CLIPS:,} clips, {once / 2**20:,.0f} MiB",
        peak_bytes=held,
        baseline_bytes=once,
        backend=many["backend"],
    )
    assert held / once < 1.1 or SMALLEST


@pytest.mark.parametrize("name", size(["cnn", "cnn_lstm", "convlstm2d", "lrcn"], ["cnn"]))
def test_waiting_for_data(name, benchmark, tmp_path):
    record = benchmark.pedantic(
        train, args=(name, size(2000, 256), tmp_path), kwargs={"ZOO_RESIDENT_MIB": "0"}, rounds=1
    )
    timings = record["timings"]
    benchmark.extra_info.update(
        ratio=timings["waiting_share"],
        baseline=f"the time of its training steps, {timings['train']:.1f} s",
        waiting_seconds=timings["waiting"],
        images_per_second=timings["images_per_second"][0],
        backend=record["backend"],
    )
    assert timings["waiting_share"] < 0.1 or SMALLEST
