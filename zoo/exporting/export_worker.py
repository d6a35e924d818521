"""The process that exports: `python -m zoo.exporting.export_worker`.

It reads a task as JSON from standard input and writes messages as lines of JSON to standard
output. Whatever else is printed goes to standard error. Keras runs on TensorFlow here, whatever
backend the run was trained on, and on the CPU.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from zoo import diagnosis, errors
from zoo.errors import ZooError
from zoo.exporting.export_messages import (
    AnyTask,
    Exported,
    ExportTask,
    Measured,
    Message,
    Refused,
    Stage,
)
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent


def export(task: ExportTask, tell: Callable[[str], None]) -> Exported:
    """Write the file and prove it.

    Raises:
        ZooError: the run, its data or its code cannot be used; the format cannot hold the model; or
            the file answers differently.
    """
    from zoo.exporting.exported_run import ExportedRun
    from zoo.exporting.format_writing import write
    from zoo.exporting.serving_graph import FileContent

    tell("loading the run and its data")
    run = ExportedRun.load(task)
    tell(f"converting {run.run.record.architecture.name} to {task.format}")
    keras = run.graph.answer()
    calibration = run.calibration(task.quantize)
    content = FileContent(run.graph, run.metadata(), task.quantize, calibration)
    write(content, Path(task.path), task.format, task.name)
    tell("comparing its answers with Keras'")
    return Exported(report=run.prove(task, keras))


def _name(task: AnyTask) -> str:
    return task.name if isinstance(task, ExportTask) else task.request.architecture


def _refused(name: str, error: BaseException) -> Refused:
    if isinstance(error, ZooError):
        kind = type(error).__name__
        known = kind if hasattr(errors, kind) else "ZooError"
        return Refused(kind=known, message=str(error), details=getattr(error, "details", ""))
    if isinstance(error, OSError):
        cause = error.strerror or error
        return Refused(kind="ZooError", message=f"{name}: cannot be written ({cause}).")
    if isinstance(error, MemoryError):
        return Refused(kind="ZooError", message=f"{name}: memory is used up.")
    return Refused(
        kind="ZooError",
        message=f"{name}: cannot be exported: {diagnosis.in_a_line(error)}.",
        details=diagnosis.own_frames(error),
    )


def carry_out(task: AnyTask, tell: Callable[[str], None]) -> Exported | Measured:
    """Do what a task asks for."""
    if isinstance(task, ExportTask):
        return export(task, tell)
    from zoo.exporting.runtime_speed import measure

    return measure(task, tell)


def main() -> None:
    """Carry out the task on standard input."""
    end_with_parent()
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints must not mix with the messages
    settle_variables()

    def send(message: Message) -> None:
        messages.write(msgspec.json.encode(message).decode() + "\n")
        messages.flush()

    task = msgspec.json.decode(sys.stdin.readline(), type=AnyTask)
    try:
        send(carry_out(task, lambda text: send(Stage(text=text))))
    except BaseException as error:
        if os.environ.get("ZOO_DEBUG", "") not in ("", "0"):
            raise
        send(_refused(_name(task), error))


if __name__ == "__main__":
    main()
