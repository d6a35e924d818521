"""How long the commands take that people and shells call all the time, and a training to begin."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sizes import size

import zoo
from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset

HERE = Path(__file__).parent
CLICK = [sys.executable, "-c", "import click"]
TENSORFLOW = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}


def process(command, **options):
    return lambda: subprocess.run(command, capture_output=True, check=True, **options)


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["plugins"]], ids=" ".join)
def test_start_up_against_a_bare_import_of_click(arguments, against):
    zoo = [sys.executable, "-m", "zoo", *arguments]
    against(
        process(zoo), process(CLICK), rounds=15, baseline="python -c 'import click'", aim="under 3"
    )


def test_the_first_step_of_zoo_train_against_a_bare_script(against, tmp_path):
    """From the start of the process until the first step is done; both processes end right there."""
    folder = find_dataset("mnist", Registry.discover()).find(Locations.of_user())
    environment = TENSORFLOW | {"MNIST": str(folder)}
    zoo = [sys.executable, HERE / "first_step.py", "train", "cnn", "--dataset", "mnist"]
    bare = [sys.executable, HERE / "first_step_bare.py"]
    runs = (tmp_path / str(number) for number in itertools.count())

    def train():
        process([*zoo, "--device", "cpu", "--runs-dir", next(runs)], env=environment)()

    against(
        train,
        process(bare, env=environment),
        rounds=7,
        baseline="a script by hand that does the same",
        backend="tensorflow",
        aim="at most 1.3",
    )
    made = len(list(tmp_path.glob("*/*/run.json")))
    assert made == size(8, 2)  # seven rounds and a warm-up


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with a run on digits that has its ONNX file, and a picture."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    place = tmp_path_factory.mktemp("predict")
    run = zoo.train("cnn", "digits", epochs=1, runs_dir=place / "runs", progress=False)
    run.export("onnx")
    sample = np.asarray(zoo.load_dataset("digits").load(Locations.of_user()).x_test[0])
    Image.fromarray(sample[..., 0]).save(place / "digit.png")
    return place


def test_zoo_predict_by_onnx_against_keras(against, exported):
    """One picture in a process of its own: TensorFlow is imported, or not."""
    predict = [sys.executable, "-m", "zoo", "predict", "last", "digit.png", "--runtime"]
    against(
        process([*predict, "onnx"], cwd=exported),
        process([*predict, "keras"], cwd=exported),
        rounds=7,
        baseline="zoo predict --runtime keras",
        aim="below 0.5",
    )
