"""Workers end soon after a command that was killed, even while they import a backend."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest


def children(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "cnn", "--dataset", "digits", "--recipe", "quick", "--seeds", "1"),
        ("bench", "cnn", "--dataset", "digits", "--processes", "1"),
        ("check", "cnn", "--only", "light_import", "--only", "saving"),
    ],
)
def test_a_worker_of_a_killed_command_ends_within_seconds(arguments):
    command = subprocess.Popen(
        [sys.executable, "-m", "zoo", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (workers := children(command)) and command.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert workers, "the command ended without a worker"
    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    _, alive = psutil.wait_procs(workers, timeout=8)
    for each in alive:
        each.kill()
    assert not alive
