"""The driver's end of a process on a node of a Ray cluster."""

import errno
import math
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from zoo.comparison.executors.node_host import Settled
from zoo.comparison.executors.working_set import NodePaths, WorkingSet, absolute
from zoo.comparison.messages import (
    LOST,
    AnyEvent,
    Ended,
    Failed,
    Finished,
    Interrupted,
    RunOrder,
    Started,
    decode,
    encode,
)
from zoo.comparison.worker_process import Worker
from zoo.errors import ZooError
from zoo.exit_reason import KILLED
from zoo.runs.packed import unpack
from zoo.training.request import Request

FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))
"""What a message says if a disk is full."""


class Cluster(Protocol):
    """What a process asks of the executor that started it."""

    lost_errors: tuple[type[BaseException], ...]
    runs_dir: Path
    working_set: WorkingSet

    def get(self, answer: Any) -> Any:
        """Wait for what an actor answers."""

    def loss(self, error: BaseException) -> str:
        """In a line: why an actor does not answer."""

    def name_of(self, node: str) -> str:
        """A node's name."""

    def avoid(self, node: str, why: str) -> None:
        """Start nothing more on a node."""

    def end_host(self, host: Any) -> None:
        """End an actor."""

    def packed(self, folder: Path) -> bytes:
        """A run's folder, to be sent to a node."""

    def copies_now(self, process: "RayProcess") -> bool:
        """Whether the time has come to copy the run of a process."""

    def rename_paths(self, folder: Path, names: Mapping[str, str]) -> None:
        """Put the driver's paths for a node's into a run's record."""


class RayProcess:
    """A process on a node: what `Worker` is for one on this machine.

    Args:
        host: the actor that starts it; it may wait for room yet.
        executor: knows the nodes, and fetches what the actor answers.
        kind: names the module that it runs, and the events that it sends.
        task: its first message.
        environ: environment variables for it.
        owns_host: whether the actor ends with it.

    Attributes:
        copied: when its run was copied last.
    """

    def __init__(
        self,
        host: Any,
        executor: Cluster,
        kind: type[Worker],
        task: Struct,
        environ: Mapping[str, str] | None,
        owns_host: bool,
    ):
        self._host, self._executor, self._kind, self._task = host, executor, kind, task
        self._environ, self._owns_host = dict(environ or {}), owns_host
        self.copied = -math.inf
        self._settled: Settled | None = None
        self._paths = NodePaths({})
        self._number: int | None = None
        self._lines: deque[str | None] = deque()
        self._folders: dict[int, str] = {}
        self._stopping, self._cause = False, ""
        self._starting = threading.Lock()
        self._unsent: list[Struct] = []

    @property
    def node(self) -> str:
        """The node's name; empty as long as it waits for room."""
        return self._executor.name_of(self._settled.node) if self._settled else ""

    def send(self, message: Struct) -> None:
        """Send a message; no error if the process is gone, which `receive` shows."""
        with self._starting:
            if self._number is None:
                self._unsent.append(message)
                return
        with suppress(*self._executor.lost_errors):
            self._bring_begun(message)
            self._call("send", self._number, encode(self._placed(message)))

    def receive(self) -> AnyEvent | None:
        """The next event; None when there will be no more."""
        try:
            if self._number is None:
                self._start()
            while not self._lines:
                self._lines.extend(self._call("lines", self._number))
            line = self._lines.popleft()
            return None if line is None else self._here(decode(line, self._kind.events))
        except self._executor.lost_errors as error:
            self._cause = self._executor.loss(error)
            return None
        except ZooError as error:  # this machine's disk
            return Failed(status="failed", cause=str(error))

    def ask(self, message: Any) -> AnyEvent | Ended:
        """Send a message and wait for the answer; how it ended, if it dies."""
        self.send(message)
        return self.receive() or self.death()

    def stop(self) -> None:
        """Ask it to end: a training writes a checkpoint first."""
        self._stopping = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        self._stopping = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._number is None:
            self._end_host()  # it has not begun
            return
        with suppress(*self._executor.lost_errors):
            self._call("signal", self._number, number)

    def finish(self) -> None:
        """Nothing more will be asked; wait for its end."""
        if self._number is not None:
            with suppress(*self._executor.lost_errors):
                self._call("end", self._number, self._owns_host)
        self._end_host()

    def _end_host(self) -> None:
        if self._owns_host:
            self._executor.end_host(self._host)

    def death(self) -> Failed | Interrupted:
        """How it ended without a message; `lost` if another node may do better."""
        if self._stopping:
            return Interrupted(cause="stopped")
        if not self._cause and self._number is not None:
            try:
                code, cause = self._call("death", self._number)
            except self._executor.lost_errors as error:
                self._cause = self._executor.loss(error)
            else:
                status = LOST if code == KILLED else "crashed"
                return Failed(status=status, cause=self._on_node(cause))
        return Failed(status=LOST, cause=self._on_node(self._cause or "it did not start"))

    def _on_node(self, cause: str) -> str:
        return f"node {self.node}: {cause}" if self.node else cause

    def _call(self, method: str, *arguments: Any) -> Any:
        return self._executor.get(getattr(self._host, method).remote(*arguments))

    def _start(self) -> None:
        """Wait for room, send what the node lacks, and start the process."""
        settled = msgspec.msgpack.decode(self._call("settled"), type=Settled)
        self._settled = settled
        working_set = self._executor.working_set
        self._paths = NodePaths.of(working_set, settled.missing, settled.files)
        for path, there in self._paths.pairs.items():
            self._call("put_file", there, Path(path).read_bytes())
        resumes = self._bring_resumed(settled)
        task = encode(self._placed(self._task))
        with self._starting:
            self._number = self._call("launch", self._kind.module, task, self._environ, resumes)
            for message in self._unsent:
                self._bring_begun(message)
                self._call("send", self._number, encode(self._placed(message)))
            self._unsent = []

    def _bring_resumed(self, settled: Settled) -> str:
        """Send the folders of runs that go on; the folder whose lock is waited for."""
        folder = ""
        for order in getattr(self._task, "runs", ()):
            if order.resume and not settled.shared:
                name = Path(order.resume).name
                self._call("put_run", name, self._executor.packed(Path(order.resume)))
            elif order.resume:
                folder = absolute(order.resume)
        return folder

    def _bring_begun(self, message: Any) -> None:
        """Send the folder of a trial that goes on."""
        name, settled = getattr(message, "run", ""), self._settled
        if name and settled and not settled.shared:
            content = self._executor.packed(self._executor.runs_dir / name)
            if content:
                self._call("put_run", name, content)

    def _placed(self, message: Any) -> Any:
        """A message with the node's paths in place of the driver's."""
        settled = self._settled
        assert settled is not None
        place: dict[str, Callable[[Any], Any]] = {
            "runs_dir": lambda _: settled.runs_dir,
            "data_dir": lambda _: settled.data_dir,
            "request": self._paths.request,
            "lock": lambda path: (
                path if settled.shared else f"{settled.runs_dir}/{Path(path).name}"
            ),
            "runs": lambda orders: [self._ordered(each, settled) for each in orders],
        }
        known = {name: getattr(message, name) for name in place if hasattr(message, name)}
        return msgspec.structs.replace(message, **{k: place[k](v) for k, v in known.items()})

    def _ordered(self, order: RunOrder, settled: Settled) -> RunOrder:
        resume = order.resume
        if resume:
            resume = f"{settled.runs_dir}/{Path(resume).name}"
        request: Request = self._paths.request(order.request)
        return msgspec.structs.replace(order, request=request, resume=resume)

    def _here(self, event: Any) -> Any:
        """An event with the driver's paths; runs that were trained elsewhere are brought here."""
        assert self._settled is not None
        if isinstance(event, Started):
            self._folders[event.place] = name = Path(event.folder).name
            return msgspec.structs.replace(event, folder=str(self._executor.runs_dir / name))
        if isinstance(event, Finished):
            self._folders.setdefault(event.place, Path(event.folder).name)
            self._bring(event.place)
            name = self._folders[event.place]
            return msgspec.structs.replace(event, folder=str(self._executor.runs_dir / name))
        if isinstance(event, Ended):
            return self._ended(event)
        self._here_of_trial(event)
        if hasattr(event, "row") and self._executor.copies_now(self):
            self._bring(getattr(event, "place", 0))  # an epoch is complete: a checkpoint is there
        return event

    def _here_of_trial(self, event: Any) -> None:
        """A study's events name a run: when it begins, and with its result."""
        name = getattr(event, "run", None)
        if name is not None:
            self._folders[0] = name
            if hasattr(event, "row"):
                self._bring(0)

    def _ended(self, event: Ended) -> Ended:
        for place in self._folders if event.place is None else [event.place]:
            self._bring(place)  # a checkpoint, or what tells how it failed
        if isinstance(event, Interrupted):
            return event
        status = event.status
        if self._settled and not self._settled.shared and any(t in event.cause for t in FULL):
            self._executor.avoid(self._settled.node, "its disk is full")
            status = LOST
        return msgspec.structs.replace(event, status=status, cause=self._on_node(event.cause))

    def _bring(self, place: int) -> None:
        """Bring a run's folder here, unless it is here already."""
        assert self._settled is not None
        name = self._folders.get(place)
        if self._settled.shared or name is None:
            return
        content = self._call("pack_run", name)
        if not content:
            return
        unpack(content, self._executor.runs_dir / name)
        self._executor.rename_paths(self._executor.runs_dir / name, self._node_names())

    def _node_names(self) -> dict[str, str]:
        """The driver's path for each of the node's."""
        assert self._settled is not None
        working_set: WorkingSet = self._executor.working_set
        there = {
            node: path for path, node in self._paths.pairs.items() if path in working_set.hashes
        }
        return {**there, self._settled.runs_dir: str(self._executor.runs_dir)}
