"""Training through the command: what lies in the run folder, and every way it can end."""

import csv
import json
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo.runs.run import Run

FAST = ("--epochs", "2", "--batch-size", "100", "--json")


def train(zoo_here, *arguments) -> dict:
    code, out, err = zoo_here("train", *arguments)
    assert code == 0, err
    return json.loads(out)


@pytest.fixture
def finished(zoo_here, tiny_py, small_npz) -> Run:
    record = train(zoo_here, tiny_py, "--dataset", small_npz, *FAST)
    return Run.open(Path(record["folder"]))


def test_a_run_folder_is_complete_and_self_sufficient(finished, small_npz):
    record = finished.record.to_dict()
    assert re.fullmatch(r"tiny-small-standard-s0-[0-9a-f]{8}", finished.name)
    assert record["status"] == "finished"
    names = {path.name for path in finished.folder.iterdir()}
    assert {"run.json", "history.csv", "predictions.npz", "model.keras", "checkpoint"} <= names
    assert not list(finished.folder.rglob("*.partial*"))
    assert record["dataset"]["sizes"] == {"train": 1100, "validation": 100, "test": 300}
    assert record["recipe"]["epochs"] == 2
    assert re.fullmatch("[0-9a-f]{12}", record["recipe"]["digest"])
    assert set(record["identity"]["checksums"]) == {"x_train", "y_train", "x_test", "y_test"}
    assert record["architecture"]["origin"]["sha256"]
    assert record["device"]["kind"] == "cpu"
    assert record["engine"] == {
        "loop": "python",
        "jit": False,
        "data": "resident",
        "deterministic": True,
    }
    assert {"python", "keras", "tensorflow", "cores", "processor"} <= set(record["environment"])
    phases = {"load", "import", "build", "compile", "train", "validate", "evaluate", "save"}
    assert phases <= set(record["timings"])
    assert len(record["timings"]["epochs"]) == 2
    assert record["peak_memory"]["host_bytes"] > 100e6
    # 8 filters of 5×5 with bias, batch norm's scale and shift, then 8·8·8 inputs to 10 classes.
    assert record["parameters"]["trainable"] == 8 * 26 + 16 + 8 * 8 * 8 * 10 + 10
    assert record["flops_per_sample"] == 2 * (8 * 8 * 8 * 25) + 2 * (512 * 10)


def test_the_numbers_in_the_record_follow_from_the_files(finished, mnist_arrays):
    logits, labels = finished.read_predictions()
    assert logits.shape == (300, 10)
    assert logits.dtype == np.float32
    assert np.array_equal(labels, mnist_arrays["y_test"][:300])
    metrics = finished.record.to_dict()["metrics"]
    assert metrics["test_correct"] == (logits.argmax(1) == labels).sum()
    assert metrics["test_accuracy"] == pytest.approx(metrics["test_correct"] / 300)
    stable = logits - logits.max(1, keepdims=True)
    log_probability = stable - np.log(np.exp(stable).sum(1, keepdims=True))
    loss = -log_probability[np.arange(300), labels].mean()
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-5)
    with (finished.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])
    assert float(rows[1]["accuracy"]) > 0.5


def test_the_same_command_finds_the_finished_run_and_again_makes_another(
    finished, zoo_here, tiny_py, small_npz, tmp_path
):
    before = (finished.folder / "run.json").read_bytes()
    same = train(zoo_here, tiny_py, "--dataset", small_npz, *FAST)
    assert same["folder"] == str(finished.folder)
    assert (finished.folder / "run.json").read_bytes() == before
    anew = train(zoo_here, tiny_py, "--dataset", small_npz, *FAST, "--again")
    assert anew["folder"] == f"{finished.folder}-2"
    assert_same_results(finished, Run.open(finished.folder.with_name(f"{finished.name}-2")))
    elsewhere = ("--again", "--runs-dir", tmp_path / "elsewhere")
    first = train(zoo_here, tiny_py, "--dataset", small_npz, *FAST, *elsewhere)
    assert Path(first["folder"]).name == finished.name
    other = train(zoo_here, tiny_py, "--dataset", small_npz, *FAST, "--seed", "1")
    assert other["metrics"]["test_loss"] != same["metrics"]["test_loss"]


def assert_same_results(one: Run, other: Run) -> None:
    """Weights, history and predictions, bit for bit."""
    assert (one.folder / "history.csv").read_bytes() == (other.folder / "history.csv").read_bytes()
    assert np.array_equal(one.read_predictions()[0], other.read_predictions()[0])
    for name, value in weights(one).items():
        assert np.array_equal(value, weights(other)[name]), name


def weights(run: Run) -> dict[str, np.ndarray]:
    import io
    import zipfile

    found = {}
    with zipfile.ZipFile(run.model_file) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(
            lambda n, o: found.update({n: o[()]}) if isinstance(o, h5py.Dataset) else None
        )
    assert found
    return found


@pytest.mark.parametrize(
    "recipe",
    [
        'optimizer = "sgd"\nlearning_rate = 0.05\nschedule = "constant"\nclip_norm = 1.0',
        "ema = 0.9\nlabel_smoothing = 0.1",
        'select = "best"',
        'normalization = "standard"\nrotation = 10.0\nzoom = 0.1\nshear = 0.1\nshift = 2',
        "validation = 0.0",
        'precision = "mixed_bfloat16"',
    ],
    ids=lambda text: text.split()[0],
)
def test_recipes_train(recipe, zoo_here, tiny_py, small_npz, tmp_path):
    rate = "" if "learning_rate" in recipe else "learning_rate = 0.01\n"
    (tmp_path / "own.toml").write_text(f"{recipe}\nepochs = 3\nbatch_size = 50\n{rate}")
    record = train(zoo_here, tiny_py, "--dataset", small_npz, "--recipe", "own.toml", "--json")
    assert record["metrics"]["test_accuracy"] > 0.7
    if "best" in recipe:
        history = Run.open(Path(record["folder"])).read_history()
        best = max(history, key=lambda row: row["val_accuracy"])
        assert record["metrics"]["epoch"] == best["epoch"]


def test_averaged_weights_are_what_is_evaluated_and_saved(zoo_here, tiny_py, small_npz, tmp_path):
    (tmp_path / "own.toml").write_text("ema = 0.99\nepochs = 1\nbatch_size = 50\n")
    record = train(zoo_here, tiny_py, "--dataset", small_npz, "--recipe", "own.toml", "--json")
    run = Run.open(Path(record["folder"]))
    again = json.loads(zoo_here("evaluate", run.folder, "--json")[1])
    assert again["test_accuracy"] == record["metrics"]["test_accuracy"]
    # The checkpoint's optimizer holds the average; the model there has the last step's weights.
    with np.load(run.checkpoint) as archive:
        last = archive["model/0"]
    kernel = next(v for v in weights(run).values() if v.shape == last.shape)
    assert not np.array_equal(kernel, last)


def test_averaged_weights_forget_where_training_began(zoo_here, tiny_py, small_npz, tmp_path):
    (tmp_path / "own.toml").write_text(
        "ema = 0.9999\nepochs = 2\nbatch_size = 10\nlearning_rate = 0.01\n"
    )
    record = train(zoo_here, tiny_py, "--dataset", small_npz, "--recipe", "own.toml", "--json")
    assert record["metrics"]["test_accuracy"] > 0.7


def test_json_is_all_that_is_printed(zoo, tiny_py, small_npz):
    result = zoo("train", tiny_py, "--dataset", small_npz, *FAST)
    assert result.returncode == 0
    assert json.loads(result.stdout)["status"] == "finished"
    assert result.stderr == ""


def test_a_log_gets_plain_lines_and_the_result_says_what_to_type_next(zoo, tiny_py, small_npz):
    result = zoo("train", tiny_py, "--dataset", small_npz, "--epochs", "2")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert re.search(
        r"epoch 1/2  loss [\d.]+  accuracy [\d.]+  val loss .* samples/s", result.stderr
    )
    for part in (
        "test loss",
        "test accuracy",
        "95 % interval",
        "time",
        "run ",
        "next: zoo runs show",
    ):
        assert part in result.stdout


def test_quiet_prints_one_line(zoo, tiny_py, small_npz):
    result = zoo("train", tiny_py, "--dataset", small_npz, "--epochs", "1", "--quiet")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""


def test_the_command_for_another_seed_has_all_that_was_typed(
    zoo_here, tiny_py, small_npz, tmp_path
):
    (tmp_path / "my own.toml").write_text('base = "tutorial"\nepochs = 1\n')
    options = ["--recipe", "my own.toml", "--batch-size", "64", "--set", "filters=3", "--set",
               "dropout=0.1", "--runs-dir", "else where", "--seed", "4"]  # fmt: skip
    out = zoo_here("train", tiny_py, "--dataset", small_npz, *options)[1]
    (line,) = [each.strip() for each in out.splitlines() if "another seed" in each]
    program, *words = shlex.split(line.removesuffix("(another seed)"))
    code, shown, _ = zoo_here(*words, "--dry-run", "--json")
    assert (program, code) == ("zoo", 0)
    plan = json.loads(shown)
    assert plan["seed"] == 5
    assert plan["hyperparameters"] == {"filters": 3, "dropout": 0.1}
    assert (plan["recipe"]["name"], plan["recipe"]["batch_size"]) == ("my own", 64)
    assert words[words.index("--runs-dir") + 1] == "else where"


def test_dry_run_trains_and_writes_nothing(zoo_here, tiny_py, small_npz, tmp_path):
    code, out, _ = zoo_here(
        "train", tiny_py, "--dataset", small_npz, "--dry-run", "--set", "filters=3"
    )
    assert code == 0
    assert "filters=3" in out
    assert not (tmp_path / "runs").exists()


def test_a_loss_that_is_not_finite_is_no_result(zoo_here, tiny_py, small_npz, tmp_path):
    arguments = (tiny_py, "--dataset", small_npz, *FAST, "--learning-rate", "1000")
    (tmp_path / "sgd.toml").write_text('optimizer = "sgd"\nschedule = "constant"\n')
    result = zoo_here("train", *arguments, "--recipe", "sgd.toml")
    assert_one_line_error(result, 1, "the loss became", "no result", "--learning-rate")
    (run,) = json.loads(zoo_here("runs", "--json")[1])
    assert run["status"] == "diverged"
    assert "metrics" not in run
    assert "diverged" in zoo_here("runs")[1]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_a_runs_folder_that_cannot_be_written(zoo_here, tiny_py, small_npz, tmp_path):
    (tmp_path / "file").write_text("")
    result = zoo_here("train", tiny_py, "--dataset", small_npz, "--runs-dir", "file/runs")
    assert_one_line_error(result, 1, "file/runs", "cannot be written", "--runs-dir")


def test_a_gpu_where_there_is_none(zoo_here, tiny_py, small_npz):
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is one")
    result = zoo_here("train", tiny_py, "--dataset", small_npz, "--device", "gpu")
    assert_one_line_error(
        result, 2, "--device gpu", "list_physical_devices('GPU') is empty", "zoo doctor"
    )


def test_two_processes_do_not_share_a_folder(zoo, tiny_py, small_npz, tmp_path):
    arguments = ["train", tiny_py, "--dataset", small_npz, "--epochs", "3", "--json"]
    results = []
    threads = [threading.Thread(target=lambda: results.append(zoo(*arguments))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(result.returncode for result in results)
    assert codes in ([0, 0], [0, 2])  # one refused, or came when the other had finished
    for result in results:
        if result.returncode:
            assert_one_line_error(result, 2, "another process is training this run")
    (folder,) = (tmp_path / "runs").iterdir()
    assert Run.open(folder).status == "finished"


def test_runs_are_listed_and_shown_and_damaged_ones_skipped(finished, zoo_here, tmp_path):
    broken = tmp_path / "runs" / "broken"
    broken.mkdir()
    (broken / "run.json").write_text("{")
    newer = tmp_path / "runs" / "newer"
    newer.mkdir()
    (newer / "run.json").write_text('{"schema": 99}')
    empty = tmp_path / "runs" / "empty"
    empty.mkdir()
    (empty / "run.json").write_text('{"schema": 1}')
    code, out, err = zoo_here("runs")
    assert code == 0
    assert finished.name in out
    assert "empty/run.json: is damaged (status: it is missing)" in err
    assert "broken/run.json: is damaged" in err
    assert "newer/run.json: has schema 99" in err
    for word in (finished.name, finished.name[-8:], str(finished.folder)):
        shown = zoo_here("runs", "show", word)
        assert shown[0] == 0
        assert "test accuracy" in shown[1]
    assert_one_line_error(zoo_here("runs", "show", "nothing-like-it"), 2, "unknown run", "zoo runs")


def test_tensorboard_can_read_the_run(zoo_here, tiny_py, small_npz, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    record = train(
        zoo_here, tiny_py, "--dataset", small_npz, *FAST, "--tensorboard"
    )  # the former name of --track
    events = accumulator.EventAccumulator(record["folder"] + "/tensorboard").Reload()
    tags = events.Tags()
    assert "val_accuracy" in tags["scalars"] + tags["tensors"]


def test_the_tutorial_recipe_prints_test_loss_and_accuracy(zoo_here, small_npz):
    code, out, _ = zoo_here(
        "train",
        "lrcn",
        "--recipe",
        "tutorial",
        "--dataset",
        small_npz,
        "--epochs",
        "2",
        "--set",
        "filters=8,8",
    )
    assert code == 0
    assert re.search(r"test loss +[\d.]+\ntest accuracy +[\d.]+ %", out)


def test_rows_and_frames_of_ones_own_train(zoo_here, tmp_path):
    random = np.random.default_rng(0)
    y = np.arange(240) % 3
    rows = (random.random((240, 6, 5)) + y[:, None, None]).astype("float32")
    frames = (random.random((240, 3, 8, 8, 2)) * 60 + 80 * y[:, None, None, None, None]).astype(
        "uint8"
    )
    np.savez(tmp_path / "rows.npz", x_train=rows, y_train=y, layout="sequence")
    np.savez(tmp_path / "clips.npz", x_train=frames, y_train=y, classes=np.array(["a", "b", "c"]))
    for name in ("rows.npz", "clips.npz"):
        for architecture in ("cnn", "cnn_lstm", "convlstm2d", "lrcn"):
            code, out, err = zoo_here(
                "train",
                architecture,
                "--dataset",
                name,
                "--batch-size",
                "32",
                "--epochs",
                "2",
                "--json",
                "--recipe",
                "quick",
            )
            assert code == 0, err
            assert json.loads(out)["metrics"]["test_examples"] == 48


def test_python_m_zoo_is_zoo(zoo):
    installed = Path(sys.executable).with_name("zoo")
    script = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
    assert zoo("--version").stdout == script.stdout
