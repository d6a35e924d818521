"""Using a finished run: evaluate, predict, on this backend and on others."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image

from zoo.runs.run import Run


@pytest.fixture(scope="module")
def cnn(data_dir, tmp_path_factory) -> Run:
    """A cnn that knows digits well, trained on a part of MNIST."""
    import os
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("runs")
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "zoo",
            "train",
            "cnn",
            "--recipe",
            "quick",
            "--epochs",
            "1",
            "--dataset",
            "mnist",
            "--data-dir",
            str(data_dir),
            "--runs-dir",
            str(folder),
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    run = Run.open(Path(json.loads(result.stdout)["folder"]))
    assert run.test.accuracy > 0.98
    return run


@pytest.fixture
def copy(cnn, tmp_path) -> Run:
    """The run, in a folder that a test may damage."""
    return Run.open(Path(shutil.copytree(cnn.folder, tmp_path / "runs" / cnn.name)))


def test_evaluate_repeats_the_runs_own_result(cnn, zoo_here, data_dir):
    code, out, err = zoo_here("evaluate", cnn.folder, "--data-dir", data_dir, "--json")
    assert code == 0, err
    found, metrics = json.loads(out), cnn.record.to_dict()["metrics"]
    for key in ("test_loss", "test_accuracy", "test_correct", "test_accuracy_interval"):
        assert found[key] == metrics[key]


def test_evaluate_on_another_dataset(cnn, zoo_here, data_dir):
    code, out, _ = zoo_here("evaluate", cnn.folder, "--dataset", "digits")
    assert code == 0
    assert "on digits" in out
    assert "test accuracy" in out
    result = zoo_here("evaluate", cnn.folder, "--dataset", "fashion_mnist", "--data-dir", data_dir)
    assert_one_line_error(result, 2, "'T-shirt/top'", "0, 1, 2")


def test_another_backend_gives_the_same_answers(cnn, zoo, data_dir):
    for backend, package in (("jax", "jax"), ("torch", "torch")):
        try:
            __import__("importlib").import_module(package)
        except ImportError:
            continue
        result = zoo("evaluate", cnn.folder, "--data-dir", data_dir, "--backend", backend, "--json")
        assert result.returncode == 0, result.stderr
        found = json.loads(result.stdout)
        assert found["test_loss"] == pytest.approx(cnn.test.loss, rel=1e-3)
        assert abs(found["test_correct"] - cnn.test.correct) <= 2


def test_what_does_not_fit_is_refused(cnn, zoo_here, tmp_path):
    x, y = np.zeros((30, 8, 8), "uint8"), np.arange(30) % 3
    np.savez(tmp_path / "small.npz", x_train=x, y_train=y)
    images, names = np.zeros((30, 28, 28), "uint8"), ["0", "1", "cat"]
    np.savez(tmp_path / "three.npz", x_train=images, y_train=y, classes=names)
    result = zoo_here("evaluate", cnn.folder, "--dataset", "small.npz")
    assert_one_line_error(result, 2, "reads image (28, 28, 1)", "(8, 8, 1)")
    result = zoo_here("evaluate", cnn.folder, "--dataset", "three.npz")
    assert_one_line_error(result, 2, "'cat'", "does not know")


def test_a_model_file_that_is_not_the_runs(copy, zoo_here, data_dir):
    import keras

    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save(copy.model_file)
    result = zoo_here("evaluate", copy.folder, "--data-dir", data_dir)
    assert_one_line_error(result, 1, "model.keras", "is not the file that this run saved")
    copy.model_file.unlink()
    assert_one_line_error(
        zoo_here("evaluate", copy.folder, "--data-dir", data_dir), 1, "is missing"
    )
    keras_file = copy.folder / "other.keras"
    other.save(keras_file)
    assert_one_line_error(zoo_here("evaluate", keras_file), 2, "is a file; a run is the folder")


def test_an_unfinished_run_has_no_model(copy, zoo_here, data_dir):
    copy.update(status="interrupted")
    result = zoo_here("evaluate", copy.folder, "--data-dir", data_dir)
    assert_one_line_error(result, 2, "is interrupted", "--resume")


def picture(image: np.ndarray, kind: str) -> Image.Image:
    light = Image.fromarray(image)
    dark = Image.fromarray(255 - image)
    if kind == "as it is":
        return light
    if kind == "dark on light, large":
        return dark.resize((280, 280), Image.Resampling.BICUBIC)
    if kind == "wide, off centre, in colour":
        page = Image.new("RGB", (500, 300), (240, 235, 210))
        ink = Image.new("RGB", (140, 140), (30, 20, 110))
        page.paste(ink, (320, 20), light.resize((140, 140)))
        return page
    if kind == "light on dark, tiny":
        return light.resize((20, 20), Image.Resampling.BICUBIC)
    transparent = Image.new("RGBA", (112, 112), (0, 0, 0, 0))
    transparent.paste(Image.new("RGBA", (112, 112), "black"), (0, 0), light.resize((112, 112)))
    return transparent


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize(
    "kind",
    [
        "as it is",
        "dark on light, large",
        "wide, off centre, in colour",
        "light on dark, tiny",
        "transparent",
    ],
)
def test_predict_reads_any_picture_of_a_digit(kind, suffix, cnn, mnist_arrays, zoo_here, tmp_path):
    if kind == "transparent" and suffix == "jpg":
        pytest.skip("JPEG has no transparency")
    paths = []
    for index in range(20):
        path = tmp_path / f"{index}.{suffix}"
        image = picture(mnist_arrays["x_test"][index], kind)
        (image.convert("RGB") if suffix == "jpg" else image).save(path)
        paths.append(path)
    code, out, err = zoo_here("predict", cnn.folder, *paths, "--json")
    assert code == 0, err
    answers = json.loads(out)
    right = sum(a["class"] == str(y) for a, y in zip(answers, mnist_arrays["y_test"], strict=False))
    assert right >= 18
    for answer in answers:
        probabilities = [each["probability"] for each in answer["top"]]
        assert len(probabilities) == 3
        assert probabilities == sorted(probabilities, reverse=True)
        assert answer["probability"] == probabilities[0]


def test_a_picture_that_is_none(cnn, zoo_here, tmp_path):
    (tmp_path / "text.png").write_text("hello")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), "uint8")).save(
        tmp_path / "cut.png"
    )
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:200])
    assert_one_line_error(zoo_here("predict", cnn.folder, "text.png"), 1, "text.png", "is no image")
    assert_one_line_error(zoo_here("predict", cnn.folder, "cut.png"), 1, "cut.png", "damaged")
    assert_one_line_error(
        zoo_here("predict", cnn.folder, "gone.png"), 1, "gone.png", "no such file"
    )
    assert_one_line_error(zoo_here("predict", cnn.folder), 2, "FILE")


def test_an_empty_picture_still_gets_an_answer(cnn, zoo_here, tmp_path):
    Image.new("L", (50, 50), 200).save(tmp_path / "blank.png")
    code, out, _ = zoo_here("predict", cnn.folder, "blank.png")
    assert code == 0
    assert "blank.png: " in out


def test_a_run_of_a_file_outlives_the_file(tiny_py, small_npz, zoo_here, tmp_path):
    net = tmp_path / "mine.py"
    net.write_bytes(tiny_py.read_bytes())
    code, out, err = zoo_here("train", net, "--dataset", small_npz, "--epochs", "1", "--json")
    assert code == 0, err
    run = Run.open(Path(json.loads(out)["folder"]))
    assert (run.folder / "source" / "mine.py").read_bytes() == tiny_py.read_bytes()
    net.unlink()
    code, out, err = zoo_here("evaluate", "last", "--json")
    assert code == 0, err
    assert json.loads(out)["test_accuracy"] == run.test.accuracy
