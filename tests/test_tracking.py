"""Trackers: what a real MLflow server and TensorBoard hold afterwards, and that none harms a training."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY, assert_one_line_error

import zoo

FAST = {"recipe": "tutorial", "device": "cpu", "progress": False}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of an MLflow server with a SQLite database."""
    pytest.importorskip("mlflow")
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    words = [
        "mlflow", "server", "--backend-store-uri", "sqlite:///runs.db", "--artifacts-destination",
        "./artifacts", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 240
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.3)
    yield address
    os.killpg(process.pid, signal.SIGKILL)  # its workers, too; nothing there is to be kept
    process.wait(timeout=30)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in list(os.environ):
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture
def client(server):
    from mlflow import MlflowClient

    return MlflowClient(server)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A dataset and an architecture, each a file."""
    place = tmp_path_factory.mktemp("tracked")
    x = np.random.default_rng(0).integers(0, 256, (240, 8, 8), "uint8")
    y = np.arange(240) % 3
    np.savez(place / "d.npz", x_train=x[:180], y_train=y[:180], x_test=x[180:], y_test=y[180:])
    (place / "tiny.py").write_text(TINY)
    return place / "tiny.py", place / "d.npz"


def tracked(client, **tags):
    """The runs on the server with these tags of archzoo's."""
    (experiment,) = [each for each in client.search_experiments() if each.name == "archzoo"]
    wanted = " and ".join(f"tags.`archzoo.{key}` = '{value}'" for key, value in tags.items())
    return client.search_runs([experiment.experiment_id], wanted)


def steps(client, run, name="loss"):
    return sorted(each.step for each in client.get_metric_history(run.info.run_id, name))


def test_mlflow_has_parameters_metrics_files_and_tags(client, server, data, tmp_path, zoo_here):
    words = [data[0], "--dataset", data[1], "--recipe", "tutorial", "--device", "cpu"]
    code, out, err = zoo_here(
        "train", *words, "--epochs", 2, "--json", "--track", f"mlflow:{server}"
    )
    assert code == 0, err
    record = json.loads(out)  # MLflow prints nothing of its own there
    (found,) = tracked(client, run=record["name"])
    assert found.info.status == "FINISHED"
    assert found.data.params["architecture"] == "tiny"
    assert found.data.params["hyperparameters.filters"] == "4"
    assert found.data.params["recipe.epochs"] == "2"
    assert found.data.params["conditions.keras"] == record["sessions"][0]["versions"]["keras"]
    assert found.data.tags["archzoo.backend"] == "tensorflow"
    assert found.data.tags["archzoo.device"].startswith("cpu")
    assert steps(client, found) == steps(client, found, "val_accuracy") == [1, 2]
    assert found.data.metrics["test_accuracy"] == record["metrics"]["test_accuracy"]
    loss = client.get_metric_history(found.info.run_id, "loss")[0].value
    assert zoo.load_run(record["folder"]).read_history()[0]["loss"] == pytest.approx(loss)
    names = {each.path for each in client.list_artifacts(found.info.run_id)}
    assert names == {"run.json", "history.csv", "model.keras"}
    kept = client.download_artifacts(found.info.run_id, "run.json", str(tmp_path))
    assert json.loads(Path(kept).read_text())["status"] == "finished"

    again = zoo_here("train", *words, "--epochs", 2, "--track", f"mlflow:{server}")
    assert again[0] == 0
    assert len(tracked(client, run=record["name"])) == 1  # a cached run is logged once
    assert steps(client, found) == [1, 2]


class Stops(zoo.Callback):
    """Ctrl-C in the second epoch."""

    def on_epoch_begin(self, epoch):
        if epoch == 2:
            signal.raise_signal(signal.SIGINT)


def test_a_resumed_run_goes_on_as_the_same_one(client, server, data, tmp_path):
    with pytest.raises(zoo.Interrupted):
        zoo.train(*data, epochs=4, track=f"mlflow:{server}", callbacks=[Stops()], **FAST)
    (folder,) = (tmp_path / "runs").iterdir()
    (before,) = tracked(client, run=folder.name)
    assert before.info.status == "KILLED"
    run = zoo.train(resume=folder, track=f"mlflow:{server}", progress=False)
    (after,) = tracked(client, run=run.name)
    assert after.info.run_id == before.info.run_id
    assert after.info.status == "FINISHED"
    assert steps(client, after) == [1, 2, 3, 4]


def test_epochs_of_before_a_run_was_tracked_are_logged_too(client, server, data, tmp_path):
    with pytest.raises(zoo.Interrupted):
        zoo.train(*data, epochs=3, seed=5, callbacks=[Stops()], **FAST)
    (folder,) = (tmp_path / "runs").iterdir()
    zoo.train(resume=folder, track=f"mlflow:{server}", progress=False)
    (found,) = tracked(client, run=folder.name)
    assert steps(client, found) == [1, 2, 3]


def test_a_finished_run_is_logged_from_its_files(client, server, data, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    run = zoo.train(*data, epochs=2, seed=7, **FAST)
    assert not tracked(client, run=run.name)
    zoo.train(*data, epochs=2, seed=7, track="mlflow", **FAST)
    (found,) = tracked(client, run=run.name)
    assert steps(client, found) == [1, 2]
    assert found.info.status == "FINISHED"


def test_a_password_is_sent_and_neither_shown_nor_kept(
    client, server, data, zoo_here, tmp_path, capfd
):
    address = server.replace("http://", "http://me:geheim@")
    words = ["train", data[0], "--dataset", data[1], "--recipe", "tutorial", "--epochs", 1]
    code, out, err = zoo_here(*words, "--seed", 11, "--track", f"mlflow:{address}")
    assert code == 0
    assert "note: tracking" not in err
    (folder,) = (tmp_path / "runs").iterdir()
    (found,) = tracked(client, run=folder.name)
    closed = f"mlflow:http://me:geheim@127.0.0.1:{free_port()}/?token=geheim"
    _, more_out, more_err = zoo_here(*words, "--seed", 12, "--track", closed)
    assert "note: tracking by mlflow was switched off: " in more_err
    shown = out + err + more_out + more_err + json.dumps(found.to_dictionary(), default=str)
    assert "geheim" not in shown
    for file in (tmp_path / "runs").rglob("*"):
        assert not file.is_file() or b"geheim" not in file.read_bytes(), file


@pytest.mark.slow
def test_a_comparison_has_a_child_for_each_run(client, server, data, tmp_path):
    other = tmp_path / "wide.py"
    other.write_text(TINY.replace("int = 4", "int = 6"))
    options = {"seeds": 1, "recipe": "tutorial", "recipe_changes": {"epochs": 1}, "device": "cpu"}
    told = {"track": [f"mlflow:{server}", "tensorboard:tb"], "progress": False}
    zoo.train(*data, recipe="tutorial", epochs=1, device="cpu", progress=False)  # one is cached
    made = zoo.compare([data[0], other], data[1], **options, **told)
    names = sorted(each.run for each in made.report.runs)
    children = [tracked(client, run=name)[0] for name in names]
    (parent,) = {each.data.tags["mlflow.parentRunId"] for each in children}
    found = client.get_run(parent)
    assert found.info.status == "FINISHED"
    assert found.data.params["architectures"] == "tiny, wide"
    for row in made.report.rows:
        assert found.data.metrics[f"accuracy/{row.name}"] == row.accuracy
        assert found.data.metrics[f"rank_worst/{row.name}"] == row.rank[1]
    assert {e.path for e in client.list_artifacts(parent)} == {"comparison.json", "comparison.html"}
    assert [each.info.status for each in children] == ["FINISHED", "FINISHED"]
    assert [steps(client, each) for each in children] == [[1], [1]]
    assert sorted(each.name for each in (tmp_path / "tb").iterdir()) == names


def test_tensorboard_has_metrics_and_hyperparameters(data, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with pytest.raises(zoo.Interrupted):
        zoo.train(*data, epochs=3, track="tensorboard", callbacks=[Stops()], **FAST)
    (folder,) = (tmp_path / "runs").iterdir()
    run = zoo.train(resume=folder, track=["tensorboard"], progress=False)
    events = accumulator.EventAccumulator(str(run.folder / "tensorboard")).Reload()
    assert [each.step for each in events.Scalars("val_accuracy")] == [1, 2, 3]
    (last,) = events.Scalars("test_accuracy")
    assert last.value == pytest.approx(run.test.accuracy)
    assert "_hparams_/session_start_info" in events.PluginTagToContent("hparams")


class Kept(zoo.Tracker):
    """Keeps what it is told; fails in the method `fails`, hangs in `hangs`."""

    name = "kept"

    def __init__(self, fails="", hangs="", error=RuntimeError, patience=60.0):
        super().__init__()
        self.fails, self.hangs, self.error, self.patience = fails, hangs, error, patience
        self.told = []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name not in CALLS:
            return found
        if name == self.hangs:
            return lambda *_: time.sleep(60)
        if name == self.fails:
            return self._fail

        def call(*arguments):
            self.told.append((name, arguments))
            return found(*arguments)

        return call

    def _fail(self, *_):
        raise self.error("broken at http://me:geheim@host")


CALLS = [
    name
    for name in vars(zoo.Tracker)
    if not name.startswith("_") and name not in ("name", "patience")
]


def test_a_tracker_object_is_told_everything(data):
    kept = Kept()
    run = zoo.train(*data, epochs=2, track=kept, **FAST)
    names = [name for name, _ in kept.told]
    assert names == [
        "open", "begin_run", "log_metrics", "log_metrics", "log_metrics", "log_files", "end_run", "close",
    ]  # fmt: skip
    told = dict(kept.told)
    assert told["begin_run"][0].folder == run.folder
    assert told["end_run"][1] == "finished"


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("method", ["open", "begin_run", "log_metrics", "end_run", "close"])
def test_a_tracker_that_fails_harms_no_training(method, error, data, tmp_path, capfd):
    if error is not RuntimeError and method != "log_metrics":
        pytest.skip("once is enough")
    run = zoo.train(*data, epochs=2, track=Kept(fails=method, error=error), **FAST)
    assert run.finished
    err = capfd.readouterr().err
    assert err.count("note: tracking by kept was switched off") == 1
    assert "geheim" not in err


@pytest.mark.parametrize("method", ["open", "log_metrics", "close"])
def test_a_tracker_that_hangs_is_given_up(method, data, capfd):
    started = time.monotonic()
    run = zoo.train(*data, epochs=2, track=Kept(hangs=method, patience=0.5), **FAST)
    assert run.finished
    assert time.monotonic() - started < 45
    assert capfd.readouterr().err.count("note: tracking by kept was switched off: no answer") == 1


def test_a_server_that_does_not_answer_is_given_up(data, capfd):
    pytest.importorskip("mlflow")
    from zoo.tracking.mlflow_tracker import MLflow

    with socket.create_server(("127.0.0.1", 0)) as silent:
        tracker = MLflow(f"http://127.0.0.1:{silent.getsockname()[1]}")
        tracker.patience = 2.0
        assert zoo.train(*data, epochs=1, track=tracker, **FAST).finished
    assert "note: tracking by mlflow was switched off: no answer for" in capfd.readouterr().err


def test_a_server_that_is_down_costs_no_time(data, capfd):
    pytest.importorskip("mlflow")
    assert zoo.train(
        *data, epochs=1, track=f"mlflow:http://127.0.0.1:{free_port()}", **FAST
    ).finished
    assert "switched off: ConnectionRefusedError" in capfd.readouterr().err


PLUGIN = """
import zoo

class Lines(zoo.Tracker):
    name = "lines"

    def log_metrics(self, run, metrics, step):
        with open(self.target, "a") as file:
            print(run.name, step, *metrics, file=file)

@zoo.hookimpl
def zoo_trackers():
    return [Lines]
"""


def test_a_plugin_brings_a_tracker(distribution, zoo_here, data, tmp_path, monkeypatch):
    distribution("zoo-lines", PLUGIN)
    monkeypatch.syspath_prepend(str(distribution("zoo-broken", "raise RuntimeError('no')")))
    words = ["train", data[0], "--dataset", data[1], "--recipe", "tutorial", "--epochs", 1]
    code, _, err = zoo_here(*words, "--quiet", "--track", "lines:told.txt")
    assert code == 0, err
    lines = (tmp_path / "told.txt").read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["1", "1"]  # the epoch, and the test set
    assert "test_accuracy" in lines[1]
    assert "trackers: lines" in zoo_here("plugins", "--verbose")[1]
    assert_one_line_error(zoo_here(*words, "--track", "line"), 2, "unknown tracker 'line'", "lines")


@pytest.mark.parametrize(
    ("hook", "cause"),
    [
        ("return [1]", "returned 1, which is no subclass of Tracker"),
        ("return zoo.Tracker", "must return a list of classes"),
        ("return [zoo.Tracker]", "Tracker, which has no name"),
    ],
)
def test_a_plugin_with_a_wrong_hook_is_broken_alone(
    hook, cause, distribution, zoo_here, monkeypatch
):
    site = distribution(
        "zoo-wrong", f"import zoo\n\n@zoo.hookimpl\ndef zoo_trackers():\n    {hook}\n"
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "zoo_wrong", raising=False)
    code, out, _ = zoo_here("plugins", "--verbose")
    assert code == 0
    assert cause in out
    assert zoo_here("train", "cnn", "--dataset", "digits", "--dry-run")[0] == 0


@pytest.mark.parametrize(
    ("track", "parts"),
    [
        (["mlfow"], ("unknown tracker 'mlfow'", "Did you mean mlflow?", "tensorboard")),
        (["mlflow:"], ("nothing follows the colon",)),
        (["mlflow:localhost:5000"], ("Write mlflow:http://localhost:5000",)),
        (["tensorboard", "tensorboard"], ("tensorboard is given twice",)),
        (["tensorboard:file"], ("is not a folder",)),
    ],
)
def test_bad_input(track, parts, zoo_here, tmp_path):
    (tmp_path / "file").write_text("")
    words = [word for each in track for word in ("--track", each)]
    for command in (["train", "cnn"], ["compare", "cnn"]):
        found = zoo_here(*command, "--dataset", "digits", *words)
        assert_one_line_error(found, 2, *parts)
    assert not (tmp_path / "runs").exists()


def test_runs_made_elsewhere_are_not_tracked(zoo_here):
    found = zoo_here("compare", "--from", "runs", "--track", "tensorboard")
    assert_one_line_error(found, 2, "leave --track out")


def test_a_missing_extra_says_what_to_type(zoo_here, monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    gone = ("mlflow", "tensorboard")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name in gone else real(name, *more)
    )
    for name in gone:
        found = zoo_here("train", "cnn", "--dataset", "digits", "--track", name)
        assert_one_line_error(found, 2, f"pip install 'archzoo[{name}]'")


def test_track_takes_names_and_trackers(data):
    with pytest.raises(zoo.UsageError, match="received int"):
        zoo.train(*data, track=[3], **FAST)
