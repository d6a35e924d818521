"""Reading a folder of JPEGs: several threads against one, and how long training waits for them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sizes import SMALLEST, size

from zoo.datasets.catalog import own_dataset

COUNT = size(600, 48)
SIDE = 256


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Smooth pictures with noise, 256×256, as JPEGs of usual quality."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(COUNT):
        folder = root / "abc"[number % 3]
        folder.mkdir(exist_ok=True)
        coarse = rng.integers(0, 256, (16, 16, 3), "uint8")
        image = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        noisy = np.asarray(image).astype(int) + rng.integers(-12, 13, (SIDE, SIDE, 3))
        clipped = noisy.clip(0, 255).astype("uint8")
        Image.fromarray(clipped).save(folder / f"{number:04}.jpg", quality=90)
    return root


def test_two_threads_against_one(photos, against):
    arrays = own_dataset(photos).configured({"size": "64"}).load(None)

    def read(threads: int) -> None:
        os.environ["ZOO_WORKERS"] = str(threads)
        try:
            arrays.x_train[:]
        finally:
            del os.environ["ZOO_WORKERS"]

    against(
        lambda: read(2),
        lambda: read(1),
        rounds=7,
        baseline=f"one thread, {len(arrays.x_train)} JPEGs of {SIDE}×{SIDE} to 64×64",
        images=len(arrays.x_train),
        processors=os.cpu_count(),
    )


@pytest.mark.parametrize("threads", size([1, 2], [2]))
def test_waiting_for_files(threads, photos, benchmark, tmp_path):
    command = [
        *(sys.executable, "-m", "zoo", "train", "cnn", "--dataset", str(photos)),
        *("--data-set", "size=64", "--recipe", "small", "--epochs", str(size(3, 1))),
        *("--device", "cpu", "--json", "--again", "--runs-dir", str(tmp_path)),
    ]
    environ = {**os.environ, "ZOO_RESIDENT_MIB": "0", "ZOO_WORKERS": str(threads)}

    def train() -> dict:
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
        return json.loads(done.stdout)

    timings = benchmark.pedantic(train, rounds=1)["timings"]
    benchmark.extra_info.update(
        ratio=timings["waiting_share"],
        baseline=f"the time of its training steps, {timings['train']:.1f} s",
        threads=threads,
        waiting_seconds=timings["waiting"],
        images_per_second=timings["images_per_second"][-1],
    )
    assert 0 <= timings["waiting_share"] <= 1 or SMALLEST
