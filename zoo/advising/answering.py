"""How fast an exported model answers, and in how much memory: in a process that does nothing else.

The model has new weights: neither latency nor memory depends on what it has learned.
"""

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo import diagnosis, orphan
from zoo.comparison.cost_record import spread
from zoo.comparison.row_schema import Statistic
from zoo.errors import ZooError
from zoo.exit_reason import exit_reason
from zoo.training.request import Request


@dataclass(frozen=True)
class AnswerSpeed:
    """Seconds for one sample, over the rounds of two processes; the peak memory of one in bytes.

    `noise` is the second process' median over the first's: the same model, measured twice.
    """

    latency: Statistic
    memory: int
    noise: float


def answer_speed(request: Request, data_dir: str | None, *, use_plugins: bool) -> AnswerSpeed:
    """Export an architecture with new weights, and time the file in another process.

    Raises:
        ZooError: it cannot be built or exported, or a process died.
    """
    with tempfile.TemporaryDirectory() as folder:
        task = {
            "request": request.as_json(),
            "folder": folder,
            "data_dir": data_dir,
            "use_plugins": use_plugins,
        }
        environ = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
        _ask("zoo.advising.onnx_writer", task, environ)
        first, second = (_ask("zoo.advising.onnx_timer", {"folder": folder}, {}) for _ in range(2))
    return AnswerSpeed(
        spread([*first["latency"], *second["latency"]]),
        max(first["memory"], second["memory"]),
        statistics.median(second["latency"]) / statistics.median(first["latency"]),
    )


def _ask(module: str, task: dict[str, Any], environ: dict[str, str]) -> dict[str, Any]:
    """What a process answers to a task."""
    with tempfile.TemporaryFile() as stderr:
        process = orphan.start(module, stderr, environ)
        try:
            answer, _ = process.communicate(json.dumps(task))
        except BaseException:
            process.kill()
            process.wait()
            raise
        lines = answer.splitlines()
        if process.returncode or not lines:
            stderr.seek(0)
            reason = exit_reason(process.returncode, stderr.read().decode(errors="replace"))
            raise ZooError(f"the process that measures the exported file {reason}.")
    found = json.loads(lines[-1])
    if "error" in found:
        raise ZooError(found["error"])
    return found


def carry_out(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """In such a process: the task from standard input, the answer to standard output."""
    orphan.end_with_parent()
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints must not mix with the answer
    task = json.loads(sys.stdin.readline())
    try:
        found = work(task)
    except ZooError as error:
        found = {"error": str(error)}
    except Exception as error:  # converters and strangers' code raise anything
        found = {"error": f"cannot be exported: {diagnosis.in_a_line(error)}."}
    channel.write(json.dumps(found) + "\n")
    channel.flush()


def file_in(folder: str) -> Path:
    """The exported file."""
    return Path(folder) / "model.onnx"


def samples_in(folder: str) -> Path:
    """One sample, `(1, *shape)`, as it is stored."""
    return Path(folder) / "sample.npy"
