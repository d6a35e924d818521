"""Processes on this machine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from zoo.comparison.worker_process import Worker


class LocalExecutor:
    """Starts processes on this machine.

    Args:
        at_once: how many train at a time.
    """

    place = ""

    def __init__(self, at_once: int = 1):
        self._at_once = at_once
        self.shares_gpu = at_once > 1
        self.alongside = at_once - 1

    def room(self) -> int:
        """How many runs are trained at a time."""
        return self._at_once

    def start(
        self, task: Struct, kind: type[Worker] = Worker, environ: Mapping[str, str] | None = None
    ) -> Worker:
        """Start a process for a task."""
        return kind.start(task, environ)

    @contextmanager
    def alone(self) -> Iterator["LocalExecutor"]:
        """This machine: what else runs on it is the user's to know."""
        yield self

    def free_memory(self) -> int:
        """Bytes of memory that are free."""
        import psutil

        return psutil.virtual_memory().available
