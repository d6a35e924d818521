"""The same command on every backend."""

import importlib.util
import json

import numpy as np
import pytest
from conftest import assert_one_line_error
from test_training import assert_same_results

from zoo.run import Run

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


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("architecture", ["cnn", "cnn_lstm", "convlstm2d", "lrcn"])
def test_every_architecture_trains(backend, architecture, easy_npz, zoo):
    # 14×14 has phases and strips of its own; the numbers of filters are cut down for speed.
    small = {
        "cnn": "filters=8,8,8",
        "cnn_lstm": "units=8",
        "convlstm2d": "filters=8",
        "lrcn": "filters=8,8",
    }
    result = zoo(
        "train",
        architecture,
        "--set",
        small[architecture],
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
    record = json.loads(result.stdout)
    assert record["backend"] == backend
    assert record["status"] == "finished"
    first, second = Run.open(__import__("pathlib").Path(record["folder"])).history()
    assert second["loss"] < first["loss"]
    assert record["flops_per_sample"] > 0


@pytest.mark.parametrize("backend", OTHERS)
def test_it_goes_on_after_an_interruption_to_the_same_bits(
    backend, tiny_py, small_npz, tmp_path, zoo
):
    import signal
    import time
    from pathlib import Path

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
    import os

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


@pytest.mark.parametrize("backend", OTHERS)
def test_all_backends_count_the_same_operations(backend, zoo):
    def flops(name, chosen):
        return json.loads(zoo("show", name, "--backend", chosen, "--json").stdout)["on_mnist"][
            "flops"
        ]

    for name in ("cnn", "lrcn"):
        assert flops(name, backend) == flops(name, "tensorflow")


def test_order_and_augmentation_do_not_depend_on_the_backend():
    from zoo.recipe import Recipe
    from zoo.training import augmentation, order

    batches = order.batches(3, 2, 1000, 64)
    assert batches.shape == (15, 64)
    assert len(np.unique(batches)) == 960
    assert not np.array_equal(batches, order.batches(3, 1, 1000, 64))
    recipe = Recipe(shift=2, rotation=10.0, zoom=0.1, shear=0.1, epochs=3, clean_epochs=1)
    maps = augmentation.transforms(recipe, 3, 2, 500, 28, 28)
    assert np.array_equal(maps, augmentation.transforms(recipe, 3, 2, 500, 28, 28))
    centre = np.array([13.5, 13.5, 1])
    moved = np.stack([maps[:, :3] @ centre, maps[:, 3:6] @ centre], axis=1) - 13.5
    assert np.abs(moved).max() < 2.001  # the centre is only shifted
    clean = augmentation.transforms(recipe, 3, 3, 5, 28, 28)
    assert np.array_equal(clean, np.tile(augmentation.IDENTITY, (5, 1)))


def test_the_identity_leaves_images_exactly_as_they_are():
    from keras import ops

    from zoo.training import augmentation

    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype("float32")
    maps = np.tile(augmentation.IDENTITY, (4, 1))
    assert np.array_equal(ops.convert_to_numpy(augmentation.move(images, maps, "image")), images)


def test_frames_of_a_clip_move_alike():
    from keras import ops

    from zoo.recipe import Recipe
    from zoo.training import augmentation

    image = np.random.default_rng(0).random((3, 12, 10, 1), "float32")
    clips = np.repeat(image[:, None], 4, axis=1)
    recipe = Recipe(shift=2, rotation=20.0, zoom=0.1)
    maps = augmentation.transforms(recipe, 0, 1, 3, 12, 10)
    moved = ops.convert_to_numpy(augmentation.move(clips, maps, "frames"))
    one = ops.convert_to_numpy(augmentation.move(image, maps, "image"))
    for t in range(4):
        np.testing.assert_allclose(moved[:, t], one, atol=1e-6)


def test_a_backend_that_is_not_installed(zoo_here, monkeypatch):
    import zoo.training.backend as backend

    monkeypatch.setitem(backend.BACKENDS, "torch", "no_such_package_at_all")
    result = zoo_here("train", "cnn", "--dataset", "digits", "--backend", "torch")
    assert_one_line_error(result, 2, "torch is not installed", "pip install 'archzoo[torch]'")
