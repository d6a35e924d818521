"""How long the commands take that people and shells call all the time, and a training to begin."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sizes import size

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
