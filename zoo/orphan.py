"""Worker processes: started here, each ends soon after its parent, even while it imports a backend."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO

SECONDS = 0.5
"""Between two looks at the parent."""


VARIABLE = "_ZOO_PARENT"
"""The environment variable that tells a worker whose it is; the parent may be gone at its first line."""


def of_this_process() -> dict[str, str]:
    """What a worker of this process has in its environment."""
    return {VARIABLE: str(os.getpid())}


def start(module: str, stderr: IO[bytes], environ: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start `python -m module` in a session of its own, with pipes for its standard input and output.

    Args:
        stderr: the file that its standard error goes to.
        environ: environment variables besides this process' own.
    """
    return subprocess.Popen(
        # -P: the working folder may hold a `zoo` of its own, such as a checkout.
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env={**os.environ, **environ, **of_this_process()},
    )


def end_with_parent() -> None:
    """Send this process SIGTERM when its parent is gone: a training writes a checkpoint first.

    Until a handler is set the signal ends it at once, wherever it is.
    """
    parent = int(os.environ.pop(VARIABLE, os.getppid()))
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="zoo-parent").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
