"""The process that exports: `python -m zoo.exporting.export_worker`.

It reads an `ExportTask` as JSON from standard input and writes messages as lines of JSON to standard
output. Whatever else is printed goes to standard error. Keras runs on TensorFlow here, whatever
backend the run was trained on, and on the CPU.
"""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from zoo import diagnosis, errors
from zoo.errors import ZooError
from zoo.exporting.export_messages import Exported, ExportTask, Message, Refused, Stage
from zoo.exporting.formats import Format
from zoo.native_logs import quiet_native_logs
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent

if TYPE_CHECKING:
    from zoo.exporting.serving_graph import FileContent

PATTERNS = ("Tensorflow op", "not supported")


class _Log(logging.Handler):
    """Keeps what tf2onnx says of operations that it cannot convert: it logs them and goes on."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class _NotConverted(Exception):
    """A converter went on without an operation."""


def export(task: ExportTask, tell: Callable[[str], None]) -> Exported:
    """Write the file and prove it.

    Raises:
        ZooError: the run, its data or its code cannot be used; the format cannot hold the model; or
            the file answers differently.
    """
    from zoo.exporting.exported_run import ExportedRun
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


def write(content: "FileContent", path: Path, format: Format, name: str) -> None:
    """Write a file in a format.

    Args:
        name: what messages call the file.

    Raises:
        ZooError: the format cannot hold the model; the operation and its layer are named.
        OSError: the file cannot be written.
    """
    from zoo.exporting import culprits

    traced = content.graph.function().get_concrete_function()
    layers = content.graph.names_of_layers()
    log = _Log()
    logger = logging.getLogger("tf2onnx")
    logger.addHandler(log)
    try:
        with quiet_native_logs():
            _writer(format)(content, path)
        if any(all(part in line for part in PATTERNS) for line in log.lines):
            raise _NotConverted
    except (ZooError, OSError, KeyboardInterrupt):
        raise
    except BaseException as error:  # converters have errors of their own, and of their libraries
        _raise_if_disk_is_full(error)
        said = Exception("\n".join([str(error), *log.lines]))
        raise ZooError(
            f"{name}: {format} cannot hold this model: "
            f"{culprits.explain(said, traced, layers)}. Use another `format`, or another layer."
        ) from error
    finally:
        logger.removeHandler(log)


def _writer(format: Format) -> Callable[["FileContent", Path], None]:
    from zoo.exporting import litert_file, onnx_file, tensorflow_files

    return {
        "onnx": onnx_file.write,
        "litert": litert_file.write,
        "saved_model": tensorflow_files.write_saved_model,
        "keras": tensorflow_files.write_keras,
    }[format]


def _raise_if_disk_is_full(error: BaseException) -> None:
    """TensorFlow and Keras report a full disk as errors of their own.

    Raises:
        OSError: that is what it was.
    """
    text = diagnosis.text(error)
    for said in ("No space left on device", "File too large", "Disk quota exceeded"):
        if said in text:
            raise OSError(0, said) from error


def _refused(task: ExportTask, error: BaseException) -> Refused:
    if isinstance(error, ZooError):
        kind = type(error).__name__
        known = kind if hasattr(errors, kind) else "ZooError"
        return Refused(kind=known, message=str(error), details=getattr(error, "details", ""))
    if isinstance(error, OSError):
        cause = error.strerror or error
        return Refused(kind="ZooError", message=f"{task.name}: cannot be written ({cause}).")
    if isinstance(error, MemoryError):
        return Refused(kind="ZooError", message=f"{task.name}: memory is used up.")
    return Refused(
        kind="ZooError",
        message=f"{task.name}: cannot be exported: {diagnosis.in_a_line(error)}.",
        details=diagnosis.own_frames(error),
    )


def main() -> None:
    """Carry out the task on standard input."""
    end_with_parent()
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints must not mix with the messages
    settle_variables()

    def send(message: Message) -> None:
        messages.write(msgspec.json.encode(message).decode() + "\n")
        messages.flush()

    task = msgspec.json.decode(sys.stdin.readline(), type=ExportTask)
    try:
        send(export(task, lambda text: send(Stage(text=text))))
    except BaseException as error:
        if os.environ.get("ZOO_DEBUG", "") not in ("", "0"):
            raise
        send(_refused(task, error))


if __name__ == "__main__":
    main()
