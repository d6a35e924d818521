"""The parent's end of a law that needs a new process."""

import json
import os
import subprocess
import sys
from typing import Any

from zoo.exit_reason import exit_reason
from zoo.orphan import of_this_process
from zoo.testing.check import Broken

PATIENCE = 600
"""Seconds after which a process is given up; the slowest tasks take about twenty."""


def ask(task: str, *, advice: str = "", **content: Any) -> dict[str, Any]:
    """What a new process answers to a task of `zoo.testing.check_worker`; content is JSON-plain.

    `advice` is what to change if it fails in no line of the author's.

    Raises:
        Broken: it failed, died, or gave no answer in time.
    """
    question = json.dumps(
        {"task": task, "path": [each for each in sys.path if each], "content": content}
    )
    try:
        done = subprocess.run(
            # -P: the working folder may hold a `zoo` of its own, such as a checkout.
            [sys.executable, "-P", "-m", "zoo.testing.check_worker"],
            input=question,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **of_this_process()},
        )
    except subprocess.TimeoutExpired:
        raise Broken(
            f"a new process gave no answer in {PATIENCE} seconds",
            "look for a loop without end in build or in a layer",
        ) from None
    if not done.stdout:
        raise Broken(
            f"a new process {exit_reason(done.returncode, done.stderr)}",
            "look for what ends or crashes a process: os._exit, C code",
        )
    answer = json.loads(done.stdout)
    if "seen" in answer:
        seen, change = answer["seen"], answer["change"]
        own_lines = "\n" in seen
        raise Broken(f"in a new process: {seen}", change if own_lines or not advice else advice)
    return answer
