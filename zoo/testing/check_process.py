"""Running part of a check in a new process: the parent's side."""

import json
import os
import subprocess
import sys
from typing import Any

from zoo.exit_reason import exit_reason
from zoo.orphan import of_this_process
from zoo.testing.check import CheckFailed

PATIENCE = 600
"""Timeout in seconds; the slowest tasks take about twenty."""


def ask(task: str, *, advice: str = "", **content: Any) -> dict[str, Any]:
    """Run a task of `zoo.testing.check_worker` in a new process and return its result.

    Args:
        task: a key of `check_worker.TASKS`.
        advice: what to change if the task fails outside the author's lines.
        content: the task's arguments, JSON values.

    Raises:
        CheckFailed: the task failed, the process died, or it took too long.
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
        raise CheckFailed(
            f"a new process did not finish within {PATIENCE} seconds",
            "look for an endless loop in build or in a layer",
        ) from None
    if not done.stdout:
        raise CheckFailed(
            f"a new process {exit_reason(done.returncode, done.stderr)}",
            "look for code that ends or crashes the process: os._exit, C extensions",
        )
    answer = json.loads(done.stdout)
    if "seen" in answer:
        seen, change = answer["seen"], answer["change"]
        own_lines = "\n" in seen
        raise CheckFailed(
            f"in a new process: {seen}", change if own_lines or not advice else advice
        )
    return answer
