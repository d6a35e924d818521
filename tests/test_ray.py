"""Runs on a cluster of Ray are the runs of one machine, whatever happens to its processes and nodes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import assert_one_line_error
from test_training import assert_same_results

from zoo.runs.run import Run

pytest.importorskip("ray")
from rayed import RayCluster, environment, has_namespaces, workers_of

QUICK = ("--dataset", "digits", "--recipe", "quick", "--epochs", "1")
LONG = ("--dataset", "digits", "--recipe", "quick", "--epochs", "120")
"""Long enough that something can happen to it."""


@pytest.fixture(scope="module")
def cluster():
    made = RayCluster()
    yield made
    made.shutdown()


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> Path:
    """A file, with another one that it imports."""
    folder = tmp_path_factory.mktemp("net")
    (folder / "layer_sizes.py").write_text("UNITS = 24\n")
    (folder / "tiny.py").write_text(
        textwrap.dedent('''
        """A small network with everything that has state."""

        from layer_sizes import UNITS


        def build(input_shape, num_classes, *, dropout: float = 0.2):
            import keras
            from keras import layers

            return keras.Sequential([
                keras.Input(input_shape),
                layers.Flatten(),
                layers.Dense(UNITS, activation="relu"),
                layers.BatchNormalization(),
                layers.Dropout(dropout),
                layers.Dense(num_classes),
            ])
    ''')
    )
    return folder / "tiny.py"


@pytest.fixture
def far(tmp_path_factory):
    """The folder that a far node does not see: that of this session's tests."""
    probe = tmp_path_factory.mktemp("probe")
    if not has_namespaces(probe):
        pytest.skip("needs the right to mount file systems")
    return tmp_path_factory.getbasetemp()


def runs_in(folder: Path) -> dict[str, Run]:
    return {path.parent.name: Run.open(path.parent) for path in folder.glob("*/run.json")}


def started(cluster, *arguments, **environ) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "zoo", *map(str, arguments), "--on", "ray"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment(cluster), **environ},
        start_new_session=True,
    )


def ended(process: subprocess.Popen, code: int = 0) -> str:
    out, err = process.communicate(timeout=400)
    assert process.returncode == code, out + err
    return out + err


def wait_for_epochs(runs_dir: Path, count: int = 2) -> Run:
    """A run that has so many epochs behind it, as the driver sees it."""
    deadline = time.monotonic() + 200
    while True:
        for run in runs_in(runs_dir).values() if runs_dir.exists() else ():
            history = run.folder / "history.csv"
            lines = history.read_text().splitlines() if history.exists() else []
            if run.checkpoint.exists() and len(lines) > count:
                return run
        assert time.monotonic() < deadline, "no run has come so far"
        time.sleep(0.1)


def wait_for_none(runs_dir: Path) -> None:
    deadline = time.monotonic() + 30
    while workers_of(runs_dir):
        assert time.monotonic() < deadline, "a worker has outlived its command"
        time.sleep(0.2)


def assert_went_on(run: Run) -> None:
    """It was begun at least twice, and the last time not from the start."""
    sessions = run.record.sessions
    assert len(sessions) > 1
    assert sessions[-1].from_epoch


def locally(zoo, net: Path, runs_dir: Path, *arguments) -> dict[str, Run]:
    result = zoo("train", net, *arguments, "--runs-dir", runs_dir)
    assert result.returncode == 0, result.stderr
    return runs_in(runs_dir)


def test_runs_of_nodes_are_bit_for_bit_those_of_this_machine(cluster, net, zoo, tmp_path):
    """One node trains in the folder of runs itself, the other in one of its own."""
    here = locally(zoo, net, tmp_path / "here", *QUICK, "--seeds", 2)
    scratch = tmp_path / "scratch"
    with cluster.node("near"), cluster.node("own", ZOO_SCRATCH_DIR=scratch):
        result = zoo(
            "train", net, *QUICK, "--seeds", 2, "--on", "ray", "--runs-dir", tmp_path / "there",
            env=environment(cluster),
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "on Ray: 2 nodes of one kind, each run alone on its node" in result.stderr
    there = runs_in(tmp_path / "there")
    assert there.keys() == here.keys()
    for name, run in there.items():
        assert not run.damage()
        assert_same_results(run, here[name])
        assert run.record.identity == here[name].record.identity
        assert str(scratch) not in (run.folder / "run.json").read_text()
    assert scratch.is_dir(), result.stderr
    assert not list(scratch.glob("run-*/*")), "a node has kept what was brought back"
    assert not list((tmp_path / "there").glob(".shared-*"))


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--on", "slurm"), ("--on slurm", "ray://HOST:PORT")),
        (("--on", "ray://"), ("--on ray://", "ray://HOST:PORT")),
        (("--on", "ray://head:99999"), ("--on",)),
        (("--on", "ray", "--cpus-per-run", "0"), ("--cpus-per-run 0", "from 1")),
        (("--on", "ray", "--gpus-per-run", "1.5"), ("--gpus-per-run 1.5", "fraction")),
        (("--on", "ray", "--gpus-per-run", "nan"), ("nan", "fraction")),
        (("--cpus-per-run", "2"), ("--cpus-per-run 2", "--on")),
    ],
    ids=lambda each: " ".join(each),
)
@pytest.mark.parametrize("command", ["train", "compare", "tune"])
def test_what_cannot_be_meant_is_refused(command, arguments, parts, zoo_here):
    more = {"train": ("--seeds", "2"), "compare": (), "tune": ("--trials", "2")}[command]
    found = zoo_here(command, "cnn", "--dataset", "digits", *more, *arguments)
    assert_one_line_error(found, 2, *parts)
    assert not list(Path().iterdir())


def test_one_run_needs_no_cluster(zoo_here):
    found = zoo_here("train", "cnn", "--dataset", "digits", "--on", "ray")
    assert_one_line_error(found, 2, "--on", "--seeds")


def test_a_cluster_that_does_not_answer_is_named(zoo_here):
    found = zoo_here("compare", "cnn", "--dataset", "digits", "--on", "ray://127.0.0.1:9")
    assert_one_line_error(found, 1, "127.0.0.1:9", "ray start")


def test_without_ray_the_line_to_type_is_told(zoo, tmp_path):
    (tmp_path / "ray.py").write_text("raise ImportError('hidden')\n")
    result = zoo(
        "compare", "cnn", "--dataset", "digits", "--on", "ray", env={"PYTHONPATH": str(tmp_path)}
    )
    assert_one_line_error(result, 2, "pip install 'archzoo[ray]'")


def test_an_address_in_the_environment_is_checked(zoo):
    result = zoo(
        "compare", "cnn", "--dataset", "digits", "--on", "ray", env={"RAY_ADDRESS": "somewhere"}
    )
    assert_one_line_error(result, 2, "RAY_ADDRESS", "HOST:PORT")


@pytest.mark.slow
def test_a_killed_worker_goes_on_from_its_checkpoint(cluster, net, zoo, tmp_path):
    runs_dir = tmp_path / "runs"
    with cluster.node("near"):
        command = started(cluster, "train", net, *LONG, "--seeds", 1, "--runs-dir", runs_dir)
        wait_for_epochs(runs_dir)
        for worker in workers_of(runs_dir):
            worker.kill()
        told = ended(command)
    assert "near" in told
    assert "goes on" in told
    (run,) = runs_in(runs_dir).values()
    assert_went_on(run)
    (here,) = locally(zoo, net, tmp_path / "here", *LONG, "--seeds", 1).values()
    assert_same_results(run, here)
    wait_for_none(runs_dir)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["shared", "own"])
def test_a_killed_node_s_runs_go_on_elsewhere(folder, cluster, net, zoo, tmp_path):
    """With folders of their own the other node gets the copy that the driver has of the checkpoint."""
    runs_dir = tmp_path / "runs"
    own = {"ZOO_SCRATCH_DIR": tmp_path / "scratch"} if folder == "own" else {}
    with cluster.node("first", **own) as first:
        command = started(cluster, "train", net, *LONG, "--seeds", 1, "--runs-dir", runs_dir)
        wait_for_epochs(runs_dir)
        with cluster.node("second", **own):
            cluster.remove(first)
            told = ended(command)
    assert "first" in told
    (run,) = runs_in(runs_dir).values()
    assert_went_on(run)
    (here,) = locally(zoo, net, tmp_path / "here", *LONG, "--seeds", 1).values()
    assert_same_results(run, here)
    wait_for_none(runs_dir)


@pytest.mark.slow
def test_a_driver_that_was_killed_goes_on(cluster, net, zoo, tmp_path):
    runs_dir = tmp_path / "runs"
    with cluster.node("near"):
        words = ("train", net, *LONG, "--seeds", 2, "--runs-dir", runs_dir)
        command = started(cluster, *words)
        run = wait_for_epochs(runs_dir)
        os.kill(command.pid, signal.SIGKILL)
        command.communicate()
        wait_for_none(runs_dir)
        ended(started(cluster, *words))
    assert_went_on(Run.open(run.folder))
    assert len(runs_in(runs_dir)) == 2
    assert all(each.finished for each in runs_in(runs_dir).values())


@pytest.mark.slow
def test_ctrl_c_leaves_checkpoints_and_no_process(cluster, net, tmp_path):
    runs_dir = tmp_path / "runs"
    own = tmp_path / "scratch"
    with cluster.node("own", ZOO_SCRATCH_DIR=own):
        recipe = tmp_path / "slow.toml"
        recipe.write_text(
            'optimizer = "adam"\nschedule = "constant"\nbatch_size = 50\nepochs = 200\nvalidation = 0.2\n'
        )
        words = (
            "compare", net, "--dataset", "digits", "--recipe", recipe, "--seeds", 2, "--costs", "none",
            "--runs-dir", runs_dir,
        )  # fmt: skip
        command = started(cluster, *words)
        wait_for_epochs(runs_dir, 1)  # the first copy of a run that is trained elsewhere
        os.kill(command.pid, signal.SIGINT)
        told = ended(command, 130)
        assert "0 of 2 runs done" in told
        wait_for_none(runs_dir)
        (run,) = runs_in(runs_dir).values()
        assert run.status == "interrupted"
        assert run.checkpoint.exists()
        told = ended(started(cluster, *words))
    assert_went_on(Run.open(run.folder))
    assert "on Ray: 1 node of one kind, each run alone on its node" in told
    assert not list(own.glob("run-*/*"))


@pytest.mark.slow
def test_a_node_without_the_files_is_sent_them(cluster, net, zoo, far, tmp_path):
    """It has a file system of its own where the driver's files would be."""
    x = np.random.default_rng(0).integers(0, 256, (240, 8, 8), "uint8")
    y = np.arange(240) % 3
    np.savez(tmp_path / "d.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    data = ("--dataset", tmp_path / "d.npz", "--recipe", "quick", "--quiet")
    here = locally(zoo, net, tmp_path / "here", *data, "--seeds", 2)
    with cluster.far_node("far", far, size="200m"):
        result = zoo(
            "train", net, *data, "--seeds", 2, "--on", "ray", "--runs-dir", tmp_path / "there",
            env=environment(cluster),
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    there = runs_in(tmp_path / "there")
    assert there.keys() == here.keys()
    for name, run in there.items():
        assert_same_results(run, here[name])
        assert run.architecture == here[name].architecture
        assert run.dataset == here[name].dataset
        assert run.source and run.source.read_text() == net.read_text()


@pytest.mark.slow
def test_a_full_node_is_left_and_another_one_trains(cluster, net, far, tmp_path):
    runs_dir = tmp_path / "runs"
    with cluster.far_node("full", far, size="60k"), cluster.node("near"):
        told = ended(started(cluster, "train", net, *QUICK, "--seeds", 2, "--runs-dir", runs_dir))
    assert "node full is not used any more: its disk is full" in told
    assert len(runs_in(runs_dir)) == 2
    assert all(run.finished for run in runs_in(runs_dir).values())


@pytest.mark.slow
def test_a_node_with_other_versions_is_refused_by_name(cluster, zoo, tmp_path):
    site = tmp_path / "site"
    info = site / "keras-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 1.0\n")
    with cluster.node("near"), cluster.node("old", PYTHONPATH=site):
        result = zoo(
            "compare", "cnn", "--dataset", "digits", "--on", "ray", env=environment(cluster)
        )
    assert_one_line_error(result, 2, "node old: keras 1.0, here", "pip install archzoo==")


@pytest.mark.slow
def test_a_node_with_other_sources_is_sent_those_of_the_checkout(cluster, net, zoo, tmp_path):
    import zoo as package

    site = tmp_path / "site"
    shutil.copytree(Path(package.__file__).parent, site / "zoo")
    (site / "zoo" / "training" / "runner.py").write_text("raise RuntimeError('an older one')\n")
    with cluster.node("old", PYTHONPATH=site):
        result = zoo("train", net, *QUICK, "--seeds", 1, "--on", "ray", env=environment(cluster))
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_a_node_without_the_data_is_refused_by_name(cluster, zoo, data_dir, tmp_path):
    (tmp_path / "empty").mkdir()
    empty = {"ZOO_DATA_DIR": tmp_path / "empty", "ZOO_CACHE_DIR": tmp_path / "cache"}
    keras = {"KERAS_HOME": tmp_path / "keras"}
    with cluster.node("bare", **empty, **keras):
        result = zoo(
            "compare", "cnn", "--dataset", "mnist", "--on", "ray",
            env={**environment(cluster), "ZOO_DATA_DIR": str(data_dir)},
        )  # fmt: skip
    assert_one_line_error(result, 2, "node bare: dataset mnist is not there", "ZOO_DATA_DIR")


@pytest.mark.slow
def test_what_no_node_lends_is_refused(cluster, zoo):
    with cluster.node("near"):
        for option, value, part in (
            ("--gpus-per-run", "1", "no node lends a GPU"),
            ("--cpus-per-run", "64", "at most 2"),
            ("--device", "gpu", "no node lends a GPU"),
        ):
            result = zoo(
                "compare", "cnn", "--dataset", "digits", "--on", "ray", option, value,
                env=environment(cluster),
            )  # fmt: skip
            assert_one_line_error(result, 2, part)


@pytest.mark.slow
def test_nodes_of_another_kind_are_left_out(cluster, net, zoo, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "nvidia-smi").write_text("#!/bin/sh\necho Imagined GPU\n")
    (tools / "nvidia-smi").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    words = ("compare", net, "--dataset", "digits", "--recipe", "quick", "--costs", "none")
    with cluster.node("a"), cluster.node("b"), cluster.node("other", PATH=path):
        result = zoo(*words, "--on", "ray", "--seeds", 2, "--dry-run", env=environment(cluster))
        assert "left out, so that runs are comparable: other" in result.stderr
        mixed = zoo(
            *words, "--on", "ray", "--seeds", 2, "--dry-run", "--allow-mixed",
            env=environment(cluster),
        )  # fmt: skip
    assert "3 nodes of 2 kinds" in mixed.stdout + mixed.stderr
    assert "not comparable" in mixed.stdout + mixed.stderr


@pytest.mark.slow
def test_costs_are_measured_on_one_node_alone(cluster, net, zoo, tmp_path):
    page = ("--costs", "quick", "--json", "--seeds", 1, "--cpus-per-run", 1)
    with cluster.node("near"):
        result = zoo(
            "compare", net, "--dataset", "digits", "--recipe", "quick", *page, "--on", "ray",
            env=environment(cluster),
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["cost"]["processes"] == 1
    assert "timings are upper bounds" in report["harness"]["place"]
    (run,) = runs_in(Path("runs")).values()
    assert run.shared_machine
    assert run.record.environment.cores == min(1, psutil.cpu_count())


@pytest.mark.slow
def test_a_cluster_of_another_version_of_ray_is_refused(cluster, zoo):
    from ray._private import ray_constants
    from ray._raylet import GcsClient

    client = GcsClient(address=cluster.address)
    space = ray_constants.KV_NAMESPACE_CLUSTER
    known = client.internal_kv_get(b"CLUSTER_METADATA", space)
    other = {**json.loads(known), "ray_version": "2.1.0"}
    client.internal_kv_put(b"CLUSTER_METADATA", json.dumps(other).encode(), True, space)
    try:
        result = zoo(
            "compare", "cnn", "--dataset", "digits", "--on", "ray", env=environment(cluster)
        )
    finally:
        client.internal_kv_put(b"CLUSTER_METADATA", known, True, space)
    assert_one_line_error(result, 2, "Ray 2.1.0", "pip install 'ray==2.1.0'")


@pytest.mark.slow
def test_a_client_s_address_is_one_of_a_cluster(cluster, net, zoo, tmp_path):
    with cluster.node("own", ZOO_SCRATCH_DIR=tmp_path / "scratch"):
        result = zoo("train", net, *QUICK, "--seeds", 1, "--on", cluster.client_address)
    assert result.returncode == 0, result.stderr
    (run,) = runs_in(Path("runs")).values()
    (here,) = locally(zoo, net, tmp_path / "here", *QUICK, "--seeds", 1).values()
    assert_same_results(run, here)


@pytest.mark.slow
def test_trials_of_a_study_are_trained_on_the_nodes(cluster, net, zoo, tmp_path):
    words = ("tune", net, "--dataset", "digits", "--recipe", "quick", "--epochs", 1, "--trials", 4)
    with cluster.node("near"), cluster.node("own", ZOO_SCRATCH_DIR=tmp_path / "scratch"):
        result = zoo(*words, "--on", "ray", "--study", "s", "--json", env=environment(cluster))
    assert result.returncode == 0, result.stderr
    (row,) = json.loads(result.stdout)["rows"]
    assert len(row["trials"]) == 4
    assert {each["state"] for each in row["trials"]} <= {"complete", "pruned"}
    runs = runs_in(Path("studies/s/runs"))
    assert len(runs) == 4
    assert all(not run.tested for run in runs.values())
