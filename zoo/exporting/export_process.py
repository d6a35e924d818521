"""The parent's end of the process that exports."""

import subprocess
import tempfile
from collections.abc import Callable

import msgspec

from zoo import errors, orphan
from zoo.errors import PluginError, ZooError
from zoo.exit_reason import exit_reason
from zoo.exporting.export_messages import (
    AnyTask,
    Exported,
    ExportTask,
    Measured,
    Message,
    Refused,
    SpeedTask,
    Stage,
)
from zoo.exporting.export_report import ExportReport


def carry_out(task: ExportTask, on_stage: Callable[[str], None]) -> ExportReport:
    """Export in a new process and return the report.

    Raises:
        ZooError: whatever failed there, with its own class; or the process died.
    """
    found = _ask(task, task.name, on_stage)
    assert isinstance(found, Exported)
    return found.report


def carry_out_measurement(task: SpeedTask, name: str) -> dict[str, dict[str, list[float]]]:
    """Time runtimes in a new process.

    Args:
        name: what messages call the architecture.

    Returns:
        By runtime and measure, a value for each round.

    Raises:
        ZooError: as `carry_out`.
    """
    found = _ask(task, name, lambda text: None)
    assert isinstance(found, Measured)
    return found.times


def _ask(task: AnyTask, name: str, on_stage: Callable[[str], None]) -> Exported | Measured:
    with tempfile.TemporaryFile() as stderr:
        environ = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
        process = orphan.start("zoo.exporting.export_worker", stderr, environ)
        with process:  # which closes its pipes
            try:
                found = _converse(process, task, on_stage)
            finally:
                process.kill()
        if isinstance(found, Exported | Measured):
            return found
        if isinstance(found, Refused):
            raise _error(found)
        stderr.seek(0)
        reason = exit_reason(process.returncode, stderr.read().decode(errors="replace"))
        raise ZooError(f"{name}: the process that exports it {reason}.")


def _converse(
    process: "subprocess.Popen[str]", task: AnyTask, on_stage: Callable[[str], None]
) -> Message | None:
    """Send the task and read messages up to the last; None if there is none."""
    assert process.stdin and process.stdout
    try:
        process.stdin.write(msgspec.json.encode(task).decode() + "\n")
        process.stdin.close()
    except BrokenPipeError:
        pass
    for line in process.stdout:
        message = msgspec.json.decode(line, type=Message)
        if not isinstance(message, Stage):
            return message
        on_stage(message.text)
    process.wait()
    return None


def _error(refused: Refused) -> ZooError:
    kind = getattr(errors, refused.kind, ZooError)
    if kind is PluginError:
        return PluginError(refused.message, refused.details)
    try:
        return kind(refused.message)
    except TypeError:  # an error that takes more
        return ZooError(refused.message)
