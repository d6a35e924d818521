"""Training on samples that are made or read while it runs: the same results, whatever happens."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image
from test_interruption import wait_for
from test_training import assert_same_results

from zoo.runs.run import Run

STREAM = {"ZOO_RESIDENT_MIB": "0"}
CLIPS = ("--dataset", "moving_digits", "--data-set", "frames=3")
FEW = (*CLIPS, "--data-set", "clips=480", "--data-set", "test_clips=60", "--batch-size", "20")

# Whatever a streamed step must do as well: move clips, scale them by their statistics, average.
RECIPE = """
    epochs = 3
    rotation = 5.0
    shift = 1
    ema = 0.9
    normalization = "standard"
"""

# Chosen as for a GPU, on the CPU; calls of five steps, and of two where samples are streamed.
PRETEND = """
    from zoo.training import backend, chunks, loader

    backend._gpu_names = lambda backend: ["pretended"]
    backend.device_memory_peak = lambda backend, device: None
    chunks.LONGEST_CALL = 5
    loader.CALL_BYTES = 200_000
"""


def installed(*names, slow=()):
    return [
        pytest.param(
            name,
            marks=[
                pytest.mark.skipif(
                    importlib.util.find_spec(name) is None, reason=f"{name} is not installed"
                ),
                *([pytest.mark.slow] if name in slow else []),
            ],
        )
        for name in names
    ]


@pytest.fixture
def recipe(tmp_path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(textwrap.dedent(RECIPE))
    return path


def trained(result) -> tuple[Run, dict]:
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    return Run.open(Path(record["folder"])), record


def test_streamed_stopped_and_gone_on_with_it_learns_the_same_bits(tiny_py, recipe, data_dir, zoo):
    train = ("train", tiny_py, *FEW, "--recipe", recipe, "--json")
    data = {"ZOO_DATA_DIR": str(data_dir)}
    resident, record = trained(zoo(*train, "--runs-dir", "resident", env=data))
    assert record["engine"]["data"] == "resident"
    assert "waiting" not in record["timings"]
    process = subprocess.Popen(
        [sys.executable, "-m", "zoo", *map(str, train)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **data, **STREAM},
    )
    wait_for(lambda: list(Path("runs").glob("*/checkpoint/state.npz")), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    streamed, record = trained(zoo(*train, env={**data, **STREAM}))
    assert_same_results(resident, streamed)
    assert record["identity"] == resident.record.identity
    assert record["engine"]["data"] == "streamed"
    timings = record["timings"]
    assert 0 < timings["waiting"] < timings["train"]
    share = timings["waiting"] / timings["train"]
    assert timings["waiting_share"] == pytest.approx(share, abs=1e-3)
    shown = zoo("runs", "show", streamed.folder).stdout
    assert "'data': 'streamed'" in shown
    assert f"waiting for data {100 * timings['waiting_share']:.1f} % of train" in shown


BOTH = """
import os, sys
from zoo.__main__ import run

for limit in ("32", "0"):
    os.environ["ZOO_RESIDENT_MIB"] = limit
    assert run([*sys.argv[1:], "--runs-dir", f"runs-{limit}", "--quiet"]) == 0
"""


@pytest.mark.parametrize("backend", installed("jax", "torch", slow=["jax"]))
def test_other_backends_learn_the_same_bits_streamed(backend, tiny_py, recipe, data_dir):
    train = ("train", tiny_py, *FEW, "--recipe", recipe, "--backend", backend)
    subprocess.run(
        [sys.executable, "-c", BOTH, *map(str, train)],
        check=True,
        env={**os.environ, "ZOO_DATA_DIR": str(data_dir)},
    )
    ((resident,), (streamed,)) = (Path(name).iterdir() for name in ("runs-32", "runs-0"))
    assert Run.open(resident).record.engine["data"] == "resident"
    assert Run.open(streamed).record.engine["data"] == "streamed"
    assert_same_results(Run.open(resident), Run.open(streamed))


@pytest.mark.parametrize("backend", installed("tensorflow", "jax", slow=["tensorflow", "jax"]))
def test_many_steps_a_call_are_streamed_and_on_jax_several_seeds(
    backend, tiny_py, recipe, data_dir, zoo
):
    Path("site").mkdir()
    Path("site/sitecustomize.py").write_text(textwrap.dedent(PRETEND))
    env = {"ZOO_DATA_DIR": str(data_dir), "PYTHONPATH": "site"}
    train = ("train", tiny_py, *FEW, "--recipe", recipe, "--backend", backend, "--json")
    train = (*train, "--precision", "float32", "--epochs", "2", "--seeds", "2")
    results = [
        zoo(*train, "--runs-dir", "resident", env=env),
        zoo(*train, env={**env, **STREAM}),
    ]
    for result in results:
        assert result.returncode == 0, result.stderr
    records = [json.loads(result.stdout) for result in results]
    for resident, streamed in zip(*records, strict=True):
        together = 2 if backend == "jax" else 1
        assert streamed["sessions"][0]["together"] == together
        assert streamed["engine"]["loop"] != "python"
        assert [each["engine"]["data"] for each in (resident, streamed)] == ["resident", "streamed"]
        one, other = (Run.open(Path(each["folder"])) for each in (resident, streamed))
        for row, its in zip(one.read_history(), other.read_history(), strict=True):
            assert row == pytest.approx(its, rel=1e-3, abs=1e-2)
        np.testing.assert_allclose(
            one.read_predictions()[0], other.read_predictions()[0], rtol=0.02, atol=0.02
        )


COUNTED = """
import sys
import keras, numpy as np
from pathlib import Path
from zoo import Recipe, Samples
from zoo.single_file import architecture_from_file
from zoo.training.backend import make_engine
from zoo.training.device import Device
from zoo.training.running import RunningMetrics
from zoo.training.optimizer import make_optimizer
from zoo.training.pipeline import Pipeline
from zoo.training.loader import AHEAD

BATCH = 10

class Counted(Samples):
    shape, dtype, checksum, made = (10**6, 28, 28, 1), np.dtype("uint8"), "counted", 0

    def take(self, indices):
        Counted.made += len(indices)
        return np.zeros((len(indices), 28, 28, 1), "uint8")

architecture, _ = architecture_from_file(Path(sys.argv[1]))
model = architecture.build((28, 28, 1), 10)
optimizer = make_optimizer(Recipe(), 30)
optimizer.build(model.trainable_variables)
pipeline = Pipeline("image", "image", (28, 28, 1), "whole", 1 / 255, 0.0)
backend = keras.backend.backend()
engine = make_engine(backend, model, optimizer, pipeline, Recipe(), Device("cpu", ""), False)
engine.load(Counted(), np.zeros(10**6, "int32"))
batches = np.random.default_rng(0).integers(0, 10**6, (30, BATCH)).astype("int32")
engine.compile(batches, None)
assert Counted.made == 0

done = 0
engine.begin(RunningMetrics())
with engine.chunks(batches, None) as made:
    for chunk in made:
        engine.step(chunk)
        done += chunk.steps
        assert done * BATCH <= Counted.made <= (done + AHEAD) * BATCH, (done, Counted.made)
        engine.metrics()
        if done == 20:
            break
engine.end()
assert done == 20
assert Counted.made <= (20 + AHEAD) * BATCH
print("counted")
"""


@pytest.mark.parametrize("backend", installed("tensorflow", "jax", slow=["jax"]))
def test_of_a_million_samples_few_are_made_ahead_and_none_after_the_end(backend, tiny_py):
    result = subprocess.run(
        [sys.executable, "-c", COUNTED, tiny_py],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.stdout.strip() == "counted", result.stderr[-2000:]


@pytest.fixture
def films(tmp_path) -> Path:
    random = np.random.default_rng(0)
    for name in ("dark", "light"):
        for clip in range(40):
            folder = tmp_path / "films" / name / f"clip{clip}"
            folder.mkdir(parents=True)
            for frame in range(3):
                pixels = random.integers(0, 128, (12, 12), "uint8") + 127 * (name == "light")
                Image.fromarray(pixels.astype("uint8")).save(folder / f"{frame}.png")
    return tmp_path / "films"


@pytest.mark.slow
def test_a_file_that_breaks_meanwhile_is_named_and_when_it_is_mended_it_goes_on(
    films, tiny_py, zoo
):
    train = ("train", tiny_py, "--dataset", "./films", "--batch-size", "4", "--json")
    train = (*train, "--epochs", "30")
    whole, _ = trained(zoo(*train, "--runs-dir", "whole"))
    process = subprocess.Popen(
        [sys.executable, "-m", "zoo", *map(str, train)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **STREAM},
    )
    wait_for(lambda: list(Path("runs").glob("*/checkpoint/state.npz")), process)
    broken = films / "dark" / "clip7"
    before = {each: each.read_bytes() for each in broken.iterdir()}
    for each, content in before.items():
        Path("part").write_bytes(content[:60])
        Path("part").replace(each)
    out, err = process.communicate(timeout=60)
    (folder,) = Path("runs").iterdir()
    process = subprocess.CompletedProcess(train, process.returncode, out, err)
    parts = ("clip7", ".png: is damaged", f"resume the run: zoo train --resume runs/{folder.name}")
    assert_one_line_error(process, 1, *parts)
    assert Run.open(folder).status == "interrupted"
    for each, content in before.items():
        each.write_bytes(content)
    result = zoo("train", "--resume", "last", "--json", env=STREAM)
    assert_same_results(whole, trained(result)[0])


@pytest.mark.parametrize("limit", ["-1", "much", "1.5"])
def test_a_limit_that_is_no_number(limit, films, tiny_py, zoo_here, monkeypatch):
    monkeypatch.setenv("ZOO_RESIDENT_MIB", limit)
    result = zoo_here("train", tiny_py, "--dataset", "./films", "--batch-size", "4")
    assert_one_line_error(result, 2, f"ZOO_RESIDENT_MIB={limit}", "a whole number of MiB")
    assert not list(Path("runs").glob("*"))
