"""A worker process ends soon after its parent, even while it imports a backend."""

import os
import signal
import threading
import time

SECONDS = 0.5
"""Between two looks at the parent."""


VARIABLE = "_ZOO_PARENT"
"""The environment variable that tells a worker whose it is; the parent may be gone at its first line."""


def of_this_process() -> dict[str, str]:
    """What a worker of this process has in its environment."""
    return {VARIABLE: str(os.getpid())}


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
