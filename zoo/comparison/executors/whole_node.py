"""A node of a cluster that is measured on, and does nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from zoo.comparison.executors.ray_nodes import Node
from zoo.comparison.executors.ray_process import Cluster, RayProcess
from zoo.comparison.worker_process import Worker


class WholeNode:
    """A node for measurements alone: all processes are on it."""

    shares_gpu = True
    alongside = 0

    def __init__(self, executor: Cluster, host: Any, node: Node):
        self._executor, self._host, self._node = executor, host, node
        self.place = f"on node {node.name} alone"

    def room(self) -> int:
        """All processes are started at once; one is measured at a time."""
        return 1

    def start(
        self, task: Struct, kind: type[Worker] = Worker, environ: Mapping[str, str] | None = None
    ) -> RayProcess:
        """Start a process for a task on the node."""
        return RayProcess(self._host, self._executor, kind, task, environ, owns_host=False)

    @contextmanager
    def alone(self) -> Iterator["WholeNode"]:
        """The same node."""
        yield self

    def free_memory(self) -> int:
        """Bytes of memory that Ray lends of the node."""
        return self._node.memory
