"""Several seeds by one command: in one program with JAX, one after another elsewhere."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from test_interruption import wait_for
from test_training import assert_same_results, weights

from zoo.comparison import table
from zoo.comparison.schema import ComparisonReport
from zoo.runs.run import Run

jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")

# What has state or randomness: dropout, batch norm, augmentation, averaged weights, a schedule.
RECIPE = """
    epochs = 2
    batch_size = 50
    learning_rate = 0.002
    shift = 1
    rotation = 5.0
    clean_epochs = 1
    ema = 0.9
    clip_norm = 1.0
    weight_decay = 0.01
"""

# Overflows, but for seed 2 alone: its weights are all that tells.
ONE_BREAKS = """
    import random

    def build(input_shape, num_classes):
        import keras
        from keras import layers

        broken = random.random() == random.Random(2).random()
        start = keras.initializers.RandomNormal(stddev=1e38 if broken else 0.05)
        return keras.Sequential([
            keras.Input(input_shape),
            layers.Flatten(),
            layers.Dense(num_classes, kernel_initializer=start),
        ])
"""

# Two in one process are too many.
ONCE_A_PROCESS = """
    def build(input_shape, num_classes):
        import keras
        from keras import layers

        if hasattr(keras, "in_use"):
            raise MemoryError("wanted 9 TiB")
        keras.in_use = True
        return keras.Sequential([
            keras.Input(input_shape), layers.Flatten(), layers.Dense(num_classes)
        ])
"""

# A GPU that is the CPU: what is chosen for a GPU is chosen, and runs.
PRETEND = """
    import os
    from zoo.training import backend, precision

    backend._gpu_names = lambda backend: ["pretended"]
    backend.device_memory_peak = lambda backend, device: None
    if os.environ.get("NEVER_MEASURE"):
        precision.measure = None
    precision.STEPS = 5
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipes") / "own.toml"
    path.write_text(textwrap.dedent(RECIPE))
    return path


@pytest.fixture(scope="module")
def alone(tiny_py, small_npz, recipe, tmp_path_factory) -> Path:
    """The runs folder of seeds 1 to 3, trained one after another by JAX."""
    folder = tmp_path_factory.mktemp("alone") / "runs"
    train(tiny_py, small_npz, recipe, "--one-by-one", "--runs-dir", folder)
    return folder


@pytest.fixture
def gpu(tmp_path) -> dict[str, str]:
    """The environment of a process that finds a GPU, although there is none."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(textwrap.dedent(PRETEND))
    return {"PYTHONPATH": str(tmp_path / "site")}


def command(net, small_npz, recipe, *more) -> list[str]:
    arguments = ["train", net, "--dataset", small_npz, "--recipe", recipe, "--backend", "jax"]
    arguments += ["--seed", 1, "--seeds", 3, "--json", *more]
    return [sys.executable, "-m", "zoo", *map(str, arguments)]


def train(*arguments) -> list[dict]:
    # Fixtures of a module are made before conftest clears a test's environment.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZOO_")}
    result = subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False, env=clean
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def assert_alike(one: Run, other: Run) -> None:
    """The same run, within rounding."""
    assert one.name == other.name
    for key in ("identity", "recipe", "seed", "precision", "parameters", "input"):
        assert getattr(one.record, key) == getattr(other.record, key)
    files = [{path.name for path in run.folder.iterdir()} for run in (one, other)]
    assert files[0] == files[1]
    for row, its in zip(one.read_history(), other.read_history(), strict=True):
        assert row == pytest.approx(its, rel=1e-3, abs=1e-2)
    found = weights(other)
    for name, value in weights(one).items():
        if value.dtype.kind == "f":
            np.testing.assert_allclose(value, found[name], rtol=1e-2, atol=2e-3, err_msg=name)
        else:
            assert np.array_equal(value, found[name]), name  # the states of generators
    np.testing.assert_allclose(
        one.read_predictions()[0], other.read_predictions()[0], rtol=0.02, atol=0.02
    )


@jax
def test_three_together_are_the_three_alone(alone, tiny_py, small_npz, recipe):
    records = train(tiny_py, small_npz, recipe, "--together")
    assert [record["seed"] for record in records] == [1, 2, 3]
    runs = [Run.open(Path(record["folder"])) for record in records]
    for run in runs:
        assert_alike(run, Run.open(alone / run.name))
        (session,) = run.record.sessions
        assert (session.together, session.alongside) == (3, 2)
        assert Run.open(alone / run.name).record.sessions[0].together == 1
    # Seeds are no copies of each other.
    first, second, third = (run.read_predictions()[0] for run in runs)
    for one, other in ((first, second), (second, third), (first, third)):
        assert np.abs(one - other).max() > 0.1


def sessions(run: Run) -> list[tuple[int, int, int]]:
    """Where each began, and how many were trained at once."""
    return [(each.from_epoch, each.from_step, each.together) for each in run.record.sessions]


@pytest.mark.slow
@jax
@posix
def test_ctrl_c_leaves_each_a_checkpoint_and_all_go_on_from_where_they_are(
    alone, tiny_py, small_npz, recipe
):
    # 22 steps an epoch, in calls of 8, 8 and 6: the signal comes while they are compiled.
    Path("site").mkdir()
    Path("site/sitecustomize.py").write_text(
        "from zoo.training import chunks\nchunks.LONGEST_CALL = 8\n"
    )
    process = subprocess.Popen(
        command(tiny_py, small_npz, recipe, "--together"),
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "site"},
    )
    wait_for(lambda: len(list(Path("runs").glob("*/run.json"))) == 3, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "stopped with 0 of 3 seeds finished" in err
    assert "the same command goes on from there" in err
    runs = [Run.open(Path("runs") / folder.name) for folder in sorted(alone.iterdir())]
    for run in runs:
        assert run.status == "interrupted"
        assert run.checkpoint.exists()
    one, two, _ = runs
    at = (one.record.progress.epochs, one.record.progress.steps)
    assert at[1] % 8 == 0 and at != (0, 0)
    shutil.rmtree(two.folder)  # begins anew, by itself; the others go on together
    records = train(tiny_py, small_npz, recipe, "--together")
    assert [record["status"] for record in records] == ["finished"] * 3
    for run in runs:
        run = Run.open(run.folder)
        assert_alike(run, Run.open(alone / run.name))
        own = [(0, 0, 1)] if run.name == two.name else [(0, 0, 3), (*at, 2)]
        assert sessions(run) == own


@pytest.mark.slow
@jax
def test_a_seed_that_diverges_leaves_the_others_alone(small_npz, recipe, tmp_path):
    net = tmp_path / "breaks.py"
    net.write_text(textwrap.dedent(ONE_BREAKS))
    results = {}
    for way in ("--together", "--one-by-one"):
        arguments = command(net, small_npz, recipe, way, "--runs-dir", way)
        result = subprocess.run(arguments, capture_output=True, text=True, check=False)
        assert_one_line_error(result, 1, "1 of 3 runs diverged", "seed 2 (the loss became")
        results[way] = [Run.open(Path(each["folder"])) for each in json.loads(result.stdout)]
        statuses = [run.status for run in results[way]]
        assert statuses == ["finished", "diverged", "finished"]
        assert results[way][1].record.metrics is None
    for one, other in zip(*results.values(), strict=True):
        if one.finished:
            assert_alike(one, other)


def test_finished_seeds_are_reused_and_further_ones_trained(zoo_here, tiny_py, small_npz):
    arguments = ("train", tiny_py, "--dataset", small_npz, "--epochs", "1", "--batch-size", "100")
    single = json.loads(zoo_here(*arguments, "--seed", "4", "--json")[1])
    written = (Path(single["folder"]) / "run.json").stat().st_mtime_ns
    code, out, err = zoo_here(*arguments, "--seed", "3", "--seeds", "2")
    assert code == 0, err
    assert "seed 4  note: " in err
    assert "is finished already" in err
    lines = [line for line in out.splitlines() if line.startswith("seed ")]
    assert [line.split(":")[0] for line in lines] == ["seed 3", "seed 4"]
    assert single["folder"] in lines[1]
    assert (Path(single["folder"]) / "run.json").stat().st_mtime_ns == written
    # One after another is each by itself, bit for bit.
    new = Run.open(Path(lines[0].split(", ")[-1]))
    json.loads(zoo_here(*arguments, "--seed", "3", "--runs-dir", "single", "--json")[1])
    assert_same_results(new, Run.open(Path("single") / new.name))


def test_what_cannot_be_asked_for(zoo_here, tiny_py, small_npz):
    data = ("--dataset", small_npz)
    assert_one_line_error(zoo_here("train", tiny_py, "--seeds", "0"), 2, "--seeds 0", "at least 1")
    assert_one_line_error(zoo_here("train", tiny_py, "--together"), 2, "goes with --seeds")
    result = zoo_here("train", tiny_py, *data, "--seeds", "2", "--together")
    assert_one_line_error(result, 2, "tensorflow trains one model at a time", "--backend jax")
    seeds = ("--seed", str(2**31 - 2), "--seeds", "3")
    assert_one_line_error(zoo_here("train", tiny_py, *data, *seeds), 2, f"--seed {2**31}")
    assert not list(Path("runs").glob("*"))


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("jax", marks=[jax, pytest.mark.slow]),
        pytest.param("tensorflow", marks=pytest.mark.slow),
    ],
)
def test_on_a_gpu_precision_is_measured_once_and_kept(
    backend, tiny_py, small_npz, gpu, zoo, monkeypatch
):
    arguments = ["train", tiny_py, "--dataset", small_npz, "--epochs", "1", "--batch-size", "100"]
    arguments += ["--precision", "auto", "--backend", backend, "--json"]
    result = zoo(*arguments, "--seeds", "2", env=gpu)
    assert result.returncode == 0, result.stderr
    first, second = json.loads(result.stdout)
    loop, together = {"jax": ("scan", 2), "tensorflow": ("graph", 1)}[backend]
    for record in (first, second):
        assert record["device"]["name"] == "pretended"
        assert record["engine"]["loop"] == loop
        assert record["sessions"][0]["together"] == together  # what is chosen where nobody says
        assert record["identity"]["precision"] == "auto"
        measured = record["precision_measured"]
        times = {policy: measured[policy] for policy in ("float32", "mixed_bfloat16")}
        assert all(0 < seconds < 10 for seconds in times.values())
        assert record["precision"] == measured["chosen"] == min(times, key=times.get)
    assert first["precision_measured"]["by"] == ""
    assert second["precision_measured"]["by"] == first["name"]
    # Another seed takes what is known; going on takes what the run began with, whatever is known.
    never = {**gpu, "NEVER_MEASURE": "1"}
    third = json.loads(zoo(*arguments, "--seed", "2", env=never).stdout)
    assert third["precision_measured"] == second["precision_measured"]
    run = Run.open(Path(third["folder"]))
    other = next(policy for policy in times if policy != third["precision"])
    run.checkpoint.unlink()
    run.update(status="interrupted", precision=other)
    again = json.loads(zoo(*arguments, "--seed", "2", env=never).stdout)
    assert (again["status"], again["precision"]) == ("finished", other)
    assert again["name"] == third["name"]
    # Elsewhere nothing is known.
    result = zoo(*arguments, "--runs-dir", "elsewhere", env=never)
    assert result.returncode == 1
    assert "NoneType" in result.stderr


def test_on_a_cpu_automatic_precision_is_float32(zoo_here, tiny_py, small_npz):
    arguments = ("--dataset", small_npz, "--epochs", "1", "--precision", "auto", "--json")
    code, out, err = zoo_here("train", tiny_py, *arguments)
    assert code == 0, err
    record = json.loads(out)
    assert record["precision"] == record["identity"]["precision"] == "float32"
    assert "precision_measured" not in record


@jax
@pytest.mark.slow  # a minute
def test_a_comparison_gives_all_seeds_of_an_architecture_one_precision(
    tiny_py, small_npz, gpu, zoo, tmp_path
):
    (tmp_path / "fast.toml").write_text('epochs = 1\nbatch_size = 100\nprecision = "auto"\n')
    arguments = ["compare", tiny_py, "--dataset", small_npz, "--recipe", "fast.toml"]
    arguments += ["--backend", "jax", "--seeds", "2", "--costs", "quick", "--json"]
    result = zoo(*arguments, env=gpu)
    assert result.returncode == 0, result.stderr
    runs = [Run.open(path.parent) for path in Path("runs").glob("*/run.json")]
    assert len(runs) == 2
    first, second = (run.record.precision_measured for run in runs)
    assert first == second
    assert first.by == "zoo compare"
    (costs,) = Path("runs/costs").iterdir()
    assert json.loads(costs.read_text())["conditions"]["precision"] == first.chosen
    again = zoo(*arguments, env={**gpu, "NEVER_MEASURE": "1"})
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["harness"]["reused"] == 2


@pytest.mark.slow
@jax
def test_a_comparison_trains_seeds_together_where_it_is_told_to(
    alone, tiny_py, small_npz, recipe, zoo, tmp_path
):
    twice = tmp_path / "twice.py"
    twice.write_text(textwrap.dedent(ONCE_A_PROCESS))
    arguments = ["compare", tiny_py, twice, "--dataset", small_npz, "--recipe", recipe]
    arguments += ["--backend", "jax", "--seeds", "2", "--costs", "none", "--together"]
    result = zoo(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    assert "twice: joint training of 2 seeds failed (failed: build of twice" in result.stderr
    assert result.stderr.count("training the seeds one by one") == 1
    runs = [Run.open(path.parent) for path in sorted(Path("runs").glob("*/run.json"))]
    made = [(Path(run.architecture).stem, run.record.seed, run.status) for run in runs]
    assert made == [
        (name, seed, "finished") for name in (tiny_py.stem, twice.stem) for seed in (0, 1)
    ]
    assert [sessions(run)[-1] for run in runs] == [(0, 0, 2)] * 2 + [(0, 0, 1)] * 2
    assert_alike(runs[1], Run.open(alone / runs[1].name))
    document = json.loads(result.stdout)
    assert "--together" in document["command"]
    assert document["harness"]["overhead"] is None  # seconds of two are no seconds of one
    foot = "\n".join(table.foot(ComparisonReport.from_dict(document)))
    assert "in the runs' own phases, the seeds of an architecture together" in foot
    assert any("a program, with others (tiny)" in note for note in document["notes"])


def test_a_comparison_trains_together_with_jax_alone(zoo_here, tiny_py, small_npz):
    result = zoo_here("compare", tiny_py, "--dataset", small_npz, "--together")
    assert_one_line_error(result, 2, "tensorflow trains one model at a time", "--backend jax")
    result = zoo_here("compare", "--from", "runs", "--together")
    assert_one_line_error(result, 2, "leave --together out")


@pytest.mark.slow
@jax
def test_what_a_gpu_does_otherwise_changes_no_result(tiny_py, small_npz, recipe, gpu, zoo):
    """Many steps a call, and epochs drawn ahead by a thread."""
    arguments = ["train", tiny_py, "--dataset", small_npz, "--recipe", recipe, "--epochs", "3"]
    arguments += ["--backend", "jax", "--json"]
    results = [zoo(*arguments), zoo(*arguments, env=gpu)]
    records = [json.loads(result.stdout) for result in results]
    assert [record["engine"]["loop"] for record in records] == ["python", "scan"]
    one, other = (Run.open(Path(record["folder"])) for record in records)
    for row, its in zip(one.read_history(), other.read_history(), strict=True):
        assert row == pytest.approx(its, rel=1e-3, abs=1e-2)
    np.testing.assert_allclose(
        one.read_predictions()[0], other.read_predictions()[0], rtol=0.02, atol=0.02
    )
