"""The same command on every backend."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from test_training import assert_same_results

from zoo.runs.run import Run
from zoo.training.backend import installed_backends

OTHERS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None, reason=f"{name} is not installed"
        ),
    )
    for name in ("jax", "torch")
]


@pytest.fixture(scope="module")
def easy_npz(mnist_arrays, tmp_path_factory):
    """400 small digits: every other pixel of MNIST."""
    path = tmp_path_factory.mktemp("easy") / "easy.npz"
    small = {k: (v[:440, ::2, ::2] if v.ndim == 3 else v[:440]) for k, v in mnist_arrays.items()}
    np.savez(path, **small)
    return path


# 14×14 has phases and strips of its own; the numbers of filters are cut down for speed.
SMALL = {
    "cnn": "filters=8,8,8",
    "cnn_lstm": "units=8",
    "conv3d": "filters=8,8,8",
    "convlstm2d": "filters=8",
    "gru": "units=8",
    "lrcn": "filters=8,8",
    "tcn": "filters=16",
    "transformer": "width=32",
}
QUICK = {"cnn", "convlstm2d"}
"""On both backends whenever the tests run; of the others one each, and the rest with `-m slow`."""
ONE_EACH = {
    "cnn_lstm": "torch",
    "conv3d": "torch",
    "gru": "jax",
    "lrcn": "torch",
    "tcn": "jax",
    "transformer": "torch",
}


def choose(name, backend):
    slow = name not in QUICK and ONE_EACH[name] != backend.values[0]
    return pytest.param(
        *backend.values, name, marks=[*backend.marks, *([pytest.mark.slow] if slow else [])]
    )


@pytest.mark.parametrize(
    ("backend", "architecture"), [choose(name, backend) for name in SMALL for backend in OTHERS]
)
def test_every_architecture_trains(backend, architecture, easy_npz, zoo):
    result = zoo(
        "train",
        architecture,
        "--set",
        SMALL[architecture],
        "--dataset",
        easy_npz,
        "--epochs",
        "2",
        "--batch-size",
        "40",
        "--backend",
        backend,
        "--json",
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""  # no warnings, and no C++ logs of a backend that is not in use
    record = json.loads(result.stdout)
    assert record["backend"] == backend
    assert record["status"] == "finished"
    first, second = Run.open(Path(record["folder"])).read_history()
    assert second["loss"] < first["loss"]
    assert record["flops_per_sample"] > 0


LOOPS = """
import sys
import keras, numpy as np
from zoo.recipe import Recipe
from zoo.single_file import architecture_from_file
from zoo.training import augmentation, chunks, order
from zoo.training.backend import make_deterministic, make_engine, seed_everything
from zoo.training.device import Device
from zoo.training.running import RunningMetrics
from zoo.training.optimizer import make_optimizer
from zoo.training.pipeline import Pipeline
from pathlib import Path

chunks.LONGEST_CALL = 4  # 15 steps an epoch: calls of 3, as 3 divides them
backend = keras.backend.backend()
make_deterministic(backend, Device("cpu", ""))
architecture, _ = architecture_from_file(Path(sys.argv[1]))
recipe = Recipe(batch_size=20, shift=1, rotation=10.0, optimizer="sgd", learning_rate=0.01)
x = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1)).astype("uint8")
y = (np.arange(300) % 10).astype("int32")
pipeline = Pipeline("image", "image", (28, 28, 1), "whole", 1 / 255, 0.0)

def epoch(number):
    maps = augmentation.transforms(recipe, 0, number, 300, 28, 28).reshape(15, 20, -1)
    return order.batches(0, number, 300, 20), maps

results = []
for kind in ("cpu", "gpu"):  # "gpu" chooses the loop on the device, which runs on a CPU as well
    keras.utils.clear_session()
    seed_everything(backend, 0)
    model = architecture.build((28, 28, 1), 10)
    optimizer = make_optimizer(recipe, 30)
    optimizer.build(model.trainable_variables)
    engine = make_engine(backend, model, optimizer, pipeline, recipe, Device(kind, ""), True)
    assert engine.settings["loop"] == {"cpu": "python", "gpu": sys.argv[2]}[kind]
    engine.load(x, y)
    engine.compile(*epoch(1))
    # The second epoch is stopped after six steps, and gone on with.
    sums, seen = RunningMetrics(), []
    for number, start, stop in ((1, 0, 15), (2, 0, 6), (2, 6, 15)):
        (batches, maps), done = epoch(number), start
        engine.begin(sums if start else RunningMetrics())
        with engine.chunks(batches[start:], maps[start:]) as made:
            for chunk in made:
                engine.step(chunk)
                done += chunk.steps
                seen.append((number, done, engine.metrics().examples))
                if done == stop:
                    break
        sums = engine.end()
        assert (done, sums.examples) == (stop, stop * 20)
    assert seen == [
        (n, done, done * 20) for n in (1, 2) for done in range(1, 16) if kind == "cpu" or done % 3 == 0
    ]
    results.append([sums.mean_loss, *[keras.ops.convert_to_numpy(w) for w in model.weights]])
for one, other in zip(*results, strict=True):
    np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4)
print("same")
"""


@pytest.mark.parametrize(("backend", "loop"), [("jax", "scan"), ("tensorflow", "graph")])
def test_many_steps_in_a_call_learn_what_single_ones_learn(backend, loop, tiny_py):
    pytest.importorskip(backend)
    result = subprocess.run(
        [sys.executable, "-c", LOOPS, tiny_py, loop],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.stdout.strip() == "same", result.stderr[-2000:]


FORWARD = """
import keras, numpy as np
from archzoo_convlstm2d.layers import UNROLL_UP_TO, FusedConvLSTM2D

random = np.random.default_rng(0)
for steps in (1, 3, UNROLL_UP_TO + 2):
    for options in (
        {}, {"return_sequences": True, "go_backwards": True}, {"return_state": True, "padding": "same"}
    ):
        x = random.normal(size=(2, steps, 6, 5, 2)).astype("float32")
        mask = random.random((2, steps)) < 0.7
        stock = keras.layers.ConvLSTM2D(3, 3, **options)
        fused = FusedConvLSTM2D(3, 3, **options)
        stock.build(x.shape), fused.build(x.shape)
        fused.set_weights(stock.get_weights())
        # The stock layer itself fails on JAX when it gets a mask (Keras 3.15).
        for call in ({}, {"mask": mask})[: 1 if keras.backend.backend() == "jax" else 2]:
            expected, found = stock(x, **call), fused(x, **call)
            pairs = zip(keras.tree.flatten(expected), keras.tree.flatten(found), strict=True)
            for one, other in pairs:
                one, other = map(keras.ops.convert_to_numpy, (one, other))
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
print("same")
"""


@pytest.mark.parametrize("backend", OTHERS)
def test_the_fused_convlstm_gives_the_stock_numbers(backend):
    result = subprocess.run(
        [sys.executable, "-c", FORWARD],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.stdout.strip() == "same", result.stderr[-2000:]


@pytest.mark.parametrize("backend", OTHERS)
def test_it_goes_on_after_an_interruption_to_the_same_bits(
    backend, tiny_py, small_npz, tmp_path, zoo
):
    from test_interruption import start, wait_for

    options = (
        "train",
        tiny_py,
        "--dataset",
        small_npz,
        "--epochs",
        "3",
        "--batch-size",
        "10",
        "--json",
    )
    env = {"KERAS_BACKEND": backend}
    whole = zoo(*options, "--runs-dir", "whole", env=env)
    assert whole.returncode == 0, whole.stderr
    process = start(tiny_py, small_npz, env={**os.environ, **env})
    wait_for(lambda: list(Path("runs").glob("*/run.json")), process)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    again = zoo(*options, env=env)
    assert again.returncode == 0, again.stderr
    assert_same_results(
        *[Run.open(Path(json.loads(result.stdout)["folder"])) for result in (whole, again)]
    )


@pytest.mark.parametrize(
    "name",
    ["cnn", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lrcn", "transformer"))],
)
def test_all_backends_count_the_same_operations(name, zoo):
    def flops(backend):
        shown = json.loads(zoo("show", name, "--backend", backend, "--json").stdout)
        return shown["on_mnist"]["flops"]

    counted = {backend: flops(backend) for backend in installed_backends()}
    assert counted["tensorflow"]
    assert set(counted.values()) == {counted["tensorflow"]}, counted


def test_a_backend_that_is_not_installed(zoo_here, monkeypatch):
    import zoo.training.backend as backend

    monkeypatch.setitem(backend.BACKENDS, "torch", "no_such_package_at_all")
    result = zoo_here("train", "cnn", "--dataset", "digits", "--backend", "torch")
    assert_one_line_error(result, 2, "torch is not installed", "pip install 'archzoo[torch]'")
