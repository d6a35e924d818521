"""The parent's end of a worker process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from zoo.exit_reason import KILLED, exit_reason
from zoo.orphan import of_this_process


class Worker:
    """A process that carries out one task, and tells of it in events.

    It is in a session of its own: Ctrl-C reaches the parent alone, which then decides. If the
    parent dies, the worker's standard input ends, and it stops by itself.

    Args:
        task: `train`, `survey` or `cost`; see `zoo.comparison.worker`.
        environ: environment variables besides this process' own.
        content: what the task needs, JSON-plain.
    """

    def __init__(self, task: str, environ: Mapping[str, str] | None = None, /, **content: Any):
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        process = subprocess.Popen(
            # -P: the working folder may hold a `zoo` of its own, such as a checkout.
            [sys.executable, "-P", "-m", "zoo.comparison.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            env={**os.environ, **(environ or {}), **of_this_process()},
        )
        assert process.stdin and process.stdout
        self._process, self._input, self._output = process, process.stdin, process.stdout
        self._stopping = False
        self.send(task=task, **content)

    def send(self, **message: Any) -> None:
        """Tell the worker something; no error if it is gone, which `receive` will say."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()

    def receive(self) -> dict[str, Any] | None:
        """The next event; None when there will be no more."""
        line = self._output.readline()
        return json.loads(line) if line else None

    def ask(self, **message: Any) -> dict[str, Any]:
        """Tell it something and wait for its answer; `{"event": "died", "cause"}` if it dies."""
        self.send(**message)
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

    def death(self) -> dict[str, Any]:
        """How a worker ended that told nothing: an event of its own."""
        code = self._process.wait()
        if self._stopping:
            return {"event": "interrupted", "cause": "stopped"}
        self._stderr.seek(0)
        return {
            "event": "failed",
            "status": "killed" if code == KILLED else "crashed",
            "cause": exit_reason(code, self._stderr.read().decode(errors="replace")),
        }
