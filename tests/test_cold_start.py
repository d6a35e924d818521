"""The commands that people and shells call all the time import nothing heavy."""

import json
import subprocess
import sys

import pytest

HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy", "scipy", "sklearn", "rich", "PIL")
PROBE = """
import sys, json
from zoo.__main__ import run
code = run(sys.argv[1:])
print("\\n" + json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


def loaded_by(*arguments, env=None):
    result = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=env,
    )
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["code"] == 0, result.stderr
    return set(answer["modules"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["plugins"],
        ["--version"],
        ["completion", "bash"],
        ["train", "--help"],
        ["compare", "--help"],
        ["compare", "--explain"],
        ["tune", "--help"],
        ["advise", "--help"],
        ["bench", "--help"],
        ["serve", "--help"],
        ["runs"],
        ["datasets"],
    ],
    ids=" ".join,
)
def test_imports_nothing_heavy(arguments):
    modules = loaded_by(*arguments)
    assert not modules & set(HEAVY)


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], "zoo.datasets.catalog"),
        (["runs"], "zoo.datasets.catalog"),
        (["train", "--help"], "zoo.datasets.cifar"),
        (["datasets"], "tarfile"),
        (["datasets"], "zoo.datasets.numpy_pickle"),
    ],
    ids=str,
)
def test_what_opens_no_file_imports_no_reader(arguments, unneeded):
    assert unneeded not in loaded_by(*arguments)


def test_list_imports_no_plugin():
    modules = loaded_by("list")
    assert not [name for name in modules if name.startswith("archzoo")]


def test_verbose_plugins_import_plugins_but_not_keras():
    modules = loaded_by("plugins", "--verbose")
    assert "archzoo_cnn" in modules
    assert not modules & set(HEAVY)


def test_a_mistyped_hyperparameter_is_found_before_keras_is_imported(tmp_path):
    probe = PROBE.replace("code = run", "code = run") + "assert code"
    result = subprocess.run(
        [sys.executable, "-c", probe, "train", "cnn", "--set", "filter=3"],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["code"] == 2
    assert "Did you mean filters" in result.stderr
    assert not set(answer["modules"]) & set(HEAVY)


def test_starting_tensorflow_says_nothing(zoo, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    result = zoo("show", "cnn")
    assert result.returncode == 0
    assert result.stderr == ""
