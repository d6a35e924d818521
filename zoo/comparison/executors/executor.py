"""What every executor can do: start a process that carries out a task, and be its parent's end."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from zoo.comparison.messages import AnyEvent, Ended, Failed, Interrupted
from zoo.comparison.worker_process import Worker


class TaskProcess(Protocol):
    """The parent's end of a process, wherever that runs; `Worker` is one."""

    def send(self, message: Struct) -> None:
        """Send a message; no error if the process is gone, which `receive` shows."""

    def receive(self) -> AnyEvent | None:
        """Wait for the next event; None when there will be no more."""

    def ask(self, message: Any) -> AnyEvent | Ended:
        """Send a message and wait for the answer; how the process ended, if it dies."""

    def stop(self) -> None:
        """Ask it to end: a training writes a checkpoint first."""

    def kill(self) -> None:
        """End it now."""

    def finish(self) -> None:
        """Nothing more will be asked; wait for its end."""

    def death(self) -> Failed | Interrupted:
        """How it ended without a message."""


class Executor(Protocol):
    """Where processes run."""

    @property
    def shares_gpu(self) -> bool:
        """Whether processes share a GPU."""

    @property
    def alongside(self) -> int:
        """How many other trainings may run beside one on its machine."""

    @property
    def place(self) -> str:
        """Where, in words, for the table; empty: on this machine."""

    def room(self) -> int:
        """How many runs there is room for at a time, now."""

    def start(
        self, task: Struct, kind: type[Worker] = Worker, environ: Mapping[str, str] | None = None
    ) -> TaskProcess:
        """Start a process for a task.

        Args:
            task: the first message that it gets.
            kind: names the module that it runs, and the events that it sends.
            environ: environment variables for it.
        """

    def alone(self) -> AbstractContextManager["Executor"]:
        """One machine for measurements: its processes are all started there, and nothing else is."""

    def free_memory(self) -> int:
        """Bytes of memory that are free where processes run."""
