"""The environment must not change a result under the same identity."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo import Run
from zoo.numerics import RECORDED

KERAS_JSON = {"floatx": "float16", "epsilon": 0.001, "image_data_format": "channels_first"}
VARIABLES = {
    "tensorflow": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "jax": {"JAX_ENABLE_X64": "1", "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16"},
}


@pytest.fixture(autouse=True)
def no_variables_of_this_machine(monkeypatch):
    for name in RECORDED:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keras_home(tmp_path):
    """A folder with a keras.json; the environment that names it."""

    def write(content: dict) -> dict[str, str]:
        home = tmp_path / "keras of a stranger"
        home.mkdir(exist_ok=True)
        (home / "keras.json").write_text(json.dumps(content))
        return {"KERAS_HOME": str(home)}

    return write


@pytest.fixture
def train(zoo, tiny_py, small_npz, tmp_path):
    """Train two epochs in some environment, into a folder of its own; the run."""

    def run(folder: str, env=None, backend="tensorflow") -> Run:
        into = tmp_path / folder
        options = ["--recipe", "tutorial", "--epochs", 2, "--quiet", "--device", "cpu"]
        answer = zoo(
            "train", tiny_py, "--dataset", small_npz, *options, "--backend", backend,
            "--runs-dir", into, env=env,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        return Run.open(next(into.iterdir()))

    return run


@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=pytest.mark.slow)])
def test_keras_json_and_variables_change_no_result(backend, train, keras_home):
    pytest.importorskip(backend)
    plain = train("plain", backend=backend)
    strange = train("strange", keras_home(KERAS_JSON) | VARIABLES[backend], backend)
    assert strange.name == plain.name
    for ours, theirs in zip(plain.read_predictions(), strange.read_predictions(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_flags_of_a_compiler_make_another_run(train, zoo, tmp_path):
    flags = "--xla_cpu_enable_fast_math=true"
    run = train("runs", {"XLA_FLAGS": f"{flags} --xla_dump_to={tmp_path / 'dump'}"})
    assert run.record.identity["variables"] == {"XLA_FLAGS": flags}
    answer = zoo("train", "--resume", run.folder)
    assert_one_line_error(answer, 2, "variables was {'XLA_FLAGS'", "is None")


def test_show_counts_a_model_as_it_is_trained(zoo, keras_home):
    def measured(env):
        return json.loads(zoo("show", "cnn", "--json", env=env).stdout)["on_mnist"]

    assert measured(keras_home(KERAS_JSON)) == measured({})


def test_a_keras_json_that_keras_refuses_is_named(zoo, keras_home):
    env = keras_home({"floatx": "float8"})
    answer = zoo("show", "cnn", env=env)
    assert_one_line_error(answer, 2, str(Path(env["KERAS_HOME"]) / "keras.json"), "floatx")


@pytest.mark.slow
def test_checks_hold_whatever_keras_json_says(zoo, keras_home):
    answer = zoo(
        "check", "cnn", "--only", "gradients", "--only", "saving", env=keras_home(KERAS_JSON)
    )
    assert answer.returncode == 0, answer.stdout
