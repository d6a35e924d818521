"""The parent's end of a worker process."""

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO, Any, Self

from msgspec import Struct

from zoo import orphan
from zoo.comparison.messages import (
    AnyEvent,
    Ended,
    Failed,
    Interrupted,
    Measure,
    Question,
    decode,
    encode,
)
from zoo.exit_reason import KILLED, exit_reason


class Worker:
    """A process that carries out one task, and tells of it in events.

    It is in a session of its own: Ctrl-C reaches the parent alone, which then decides. If the
    parent dies, the worker's standard input ends, and it stops by itself.

    Args:
        process: with pipes for its standard input and output; `start` makes one.
        stderr: the file that its standard error goes to.

    Attributes:
        module: what `start` runs.
        events: the kinds of events that it sends.
    """

    module = "zoo.comparison.worker"
    events: Any = AnyEvent

    def __init__(self, process: subprocess.Popen[str], stderr: IO[bytes]):
        assert process.stdin and process.stdout
        self._process, self._stderr = process, stderr
        self._input, self._output = process.stdin, process.stdout
        self._stopping = False

    @classmethod
    def start(cls, task: Struct, environ: Mapping[str, str] | None = None) -> Self:
        """Start a process for a task, with environment variables besides this process' own."""
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        process = orphan.start(cls.module, stderr, environ or {})
        worker = cls(process, stderr)
        worker.send(task)
        return worker

    def send(self, message: Struct) -> None:
        """Send a message; no error if the worker is gone, which `receive` shows."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(encode(message))
            self._input.flush()

    def receive(self) -> AnyEvent | None:
        """The next event; None when there will be no more."""
        line = self._output.readline()
        return decode(line, self.events) if line else None

    def ask(self, message: Question | Measure) -> AnyEvent | Ended:
        """Send a message and wait for the answer; how it ended, if it dies."""
        self.send(message)
        return self.receive() or self.death()

    def finish(self) -> None:
        """Nothing more will be asked; wait for its end."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        self._process.wait()
        self._output.close()
        self._stderr.close()

    def stop(self) -> None:
        """Ask it to end: a training writes a checkpoint first."""
        self._stopping = True
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        self._stopping = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def death(self) -> Failed | Interrupted:
        """How a worker ended without a message."""
        code = self._process.wait()
        if self._stopping:
            return Interrupted(cause="stopped")
        self._stderr.seek(0)
        return Failed(
            status="killed" if code == KILLED else "crashed",
            cause=exit_reason(code, self._stderr.read().decode(errors="replace")),
        )
