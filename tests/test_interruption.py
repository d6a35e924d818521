"""Stopping a training in every rude way, and going on as if nothing had happened."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from conftest import assert_one_line_error
from test_training import assert_same_results

from zoo.runs.run import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

OPTIONS = ("--epochs", "4", "--batch-size", "10", "--json")


@pytest.fixture(scope="module")
def whole(tiny_py, small_npz, tmp_path_factory) -> Run:
    """The run that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    # Made before any test of this module, so before conftest clears a test's environment.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZOO_")}
    result = subprocess.run(
        command(tiny_py, small_npz),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=clean,
    )
    return Run.open(folder / json.loads(result.stdout)["folder"])


def command(tiny_py, small_npz) -> list[str]:
    arguments = ["train", tiny_py, "--dataset", small_npz, *OPTIONS]
    return [sys.executable, "-m", "zoo", *map(str, arguments)]


def start(tiny_py, small_npz, **options) -> subprocess.Popen:
    return subprocess.Popen(
        command(tiny_py, small_npz),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(condition, process, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def the_run() -> Run:
    (folder,) = Path("runs").iterdir()
    return Run.open(folder)


def is_training() -> bool:
    return bool(list(Path("runs").glob("*/run.json")))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_checkpoint_and_the_line_to_go_on(
    number, code, whole, tiny_py, small_npz, zoo
):
    process = start(tiny_py, small_npz)
    wait_for(is_training, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f"zoo train --resume runs/{whole.name}" in err
    assert "Traceback" not in err
    run = the_run()
    assert run.status == "interrupted"
    assert run.checkpoint.exists()
    result = zoo("train", "--resume", "last", "--json")
    assert result.returncode == 0, result.stderr
    assert_same_results(whole, the_run())
    assert len(the_run().record.sessions) == 2


def test_resume_takes_everything_from_the_run(whole, zoo_here, tmp_path):
    runs = whole.folder.parent
    result = zoo_here("train", "--resume", whole.name, "--runs-dir", runs, "--seed", "9")
    assert_one_line_error(result, 2, "--resume takes everything from the run", "--seed")
    assert_one_line_error(zoo_here("train", "--resume", "gone"), 2, "unknown run", "gone")
    assert_one_line_error(zoo_here("train"), 2, "what should be trained?")


# The k-th time the process calls os.fsync or replaces a file, it is killed: inside the writing of
# run.json, history.csv, checkpoints (before, within and after the renaming), predictions and model.
KILLER = """
import os, signal, pathlib
kind, _, count = os.environ["KILL_AT"].partition(":")
left = int(count)

def fatal(function, after):
    def wrapped(*arguments, **options):
        global left
        left -= 1
        if left <= 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

if kind == "fsync":
    os.fsync = fatal(os.fsync, after=False)
else:
    pathlib.Path.replace = fatal(pathlib.Path.replace, after=kind == "after-rename")
"""


@pytest.mark.slow
def test_killed_at_many_moments_it_goes_on_to_the_same_bits(whole, tiny_py, small_npz, tmp_path):
    site = tmp_path / "killer"
    site.mkdir()
    (site / "sitecustomize.py").write_text(textwrap.dedent(KILLER))
    moments = [
        "fsync:1",
        "rename:1",
        "fsync:4",
        "rename:2",
        "after-rename:3",
        "fsync:3",
        "fsync:7",
        "after-rename:2",
        "rename:4",
        "after-rename:5",
    ]
    killed = 0
    for moment in moments:
        environment = {**os.environ, "PYTHONPATH": str(site), "KILL_AT": moment}
        process = start(tiny_py, small_npz, env=environment)
        process.communicate(timeout=120)
        killed += process.returncode == -signal.SIGKILL
        if process.returncode == 0:
            break
    assert killed >= 6
    process = start(tiny_py, small_npz)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    run = the_run()
    assert_same_results(whole, run)
    assert not list(run.folder.rglob("*.partial*"))


def test_killed_between_steps_it_goes_on_to_the_same_bits(whole, tiny_py, small_npz):
    for delay in (0.05, 0.5, 0.3):
        process = start(tiny_py, small_npz)
        wait_for(lambda: list(Path("runs").glob("*/checkpoint/state.npz")), process)
        time.sleep(delay)
        process.kill()
        process.communicate()
    run = the_run()
    if process.returncode:
        assert run.status in ("interrupted", "finished")
    process = start(tiny_py, small_npz)
    assert process.wait(timeout=120) == 0
    assert_same_results(whole, the_run())


def test_a_full_disk_keeps_the_last_checkpoint(whole, tiny_py, small_npz, zoo):
    process = start(tiny_py, small_npz)
    wait_for(lambda: list(Path("runs").glob("*/checkpoint/state.npz")), process)
    process.kill()
    process.communicate()
    run = the_run()
    assert run.epochs_done >= 1  # although run.json was to be told at the end
    before = run.checkpoint.read_bytes()
    room = len(before) // 2  # no file may grow past half a checkpoint

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    result = zoo("train", "--resume", run.folder, preexec_fn=little_room)
    assert_one_line_error(
        result, 1, "cannot be written", "The last complete checkpoint is kept", "zoo train --resume"
    )
    assert run.checkpoint.read_bytes() == before
    assert not list(run.folder.rglob("*.partial*"))
    result = zoo("train", "--resume", run.folder, "--quiet")
    assert result.returncode == 0, result.stderr
    assert_same_results(whole, the_run())


def test_what_was_trained_with_something_else_does_not_go_on(whole, small_npz, tmp_path, zoo_here):
    import shutil

    shutil.copytree(whole.folder, tmp_path / "runs" / whole.name)
    run = the_run()
    net = tmp_path / "tiny.py"
    net.write_text(Path(run.record.architecture.origin.file).read_text() + "\n# changed\n")
    record = run.record.to_dict()
    record["architecture"]["origin"]["file"] = str(net)
    record["status"] = "interrupted"
    (run.folder / "run.json").write_text(json.dumps(record))
    result = zoo_here("train", "--resume", run.name)
    assert_one_line_error(result, 2, "cannot go on", "origin was", "sha256")


def test_a_damaged_checkpoint_is_named(whole, tmp_path, zoo_here):
    import shutil

    shutil.copytree(whole.folder, tmp_path / "runs" / whole.name)
    run = the_run()
    run.update(status="interrupted")
    run.checkpoint.write_bytes(run.checkpoint.read_bytes()[:1000])
    assert_one_line_error(
        zoo_here("train", "--resume", run.name, "--trust-source"),
        1,
        "state.npz",
        "damaged",
        "delete it to start over",
    )
