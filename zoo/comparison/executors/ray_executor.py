"""Processes on the nodes of a cluster of Ray."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from zoo import atomic
from zoo.comparison.executors import ray_nodes
from zoo.comparison.executors.node_facts import bare_facts
from zoo.comparison.executors.node_host import NodeHost, as_place
from zoo.comparison.executors.ray_connection import Connection, connected
from zoo.comparison.executors.ray_nodes import Node
from zoo.comparison.executors.ray_options import RayOptions, check_address
from zoo.comparison.executors.ray_process import RayProcess
from zoo.comparison.executors.shipping import Sources, shipped_sources, token_in
from zoo.comparison.executors.whole_node import WholeNode
from zoo.comparison.executors.working_set import WorkingSet, absolute
from zoo.comparison.worker_process import Worker
from zoo.errors import UsageError, ZooError
from zoo.runs.packed import pack

LOOK_SECONDS = 5.0
"""Between two looks at which nodes live."""
WAIT_SECONDS = 60.0
"""How long a command without any node waits for one to join."""
COPY_SECONDS = 30.0
"""Between two copies of a run that a node trains in a folder of its own."""
THREADS = 64
"""Calls that an actor answers at a time; waiting for lines is one for each process."""


@contextmanager
def ray_executor(
    options: RayOptions,
    working_set: WorkingSet,
    runs_dir: Path,
    backend: str,
    device: str,
    note: Callable[[str], None],
) -> Iterator["RayExecutor"]:
    """An executor on a cluster, whose nodes have been checked; it ends with the block.

    Args:
        options: what each run gets.
        working_set: what the runs need.
        runs_dir: the driver's folder of runs.
        backend: the one that runs are trained with.
        device: `auto`, `cpu` or `gpu`.
        note: is called with what the user should know.

    Raises:
        UsageError: Ray is not installed; nodes have other versions, lack plugins or data, or what each run
            should get.
        ZooError: no cluster answers.
    """
    with connected(check_address(options.on)) as connection, token_in(runs_dir) as token:
        executor = RayExecutor(connection, options, working_set, runs_dir, token, note)
        with shipped_sources() as sources:
            executor.look_over(backend, device, sources)
            try:
                yield executor
            finally:
                executor.close()


class RayExecutor:
    """Starts processes on the nodes of a cluster.

    Args:
        connection: to the cluster.
        options: what each run gets.
        working_set: what the runs need.
        runs_dir: the driver's folder of runs.
        token: the name of a file in it.
        note: is called with what the user should know.
    """

    def __init__(
        self,
        connection: Connection,
        options: RayOptions,
        working_set: WorkingSet,
        runs_dir: Path,
        token: str,
        note: Callable[[str], None],
    ):
        self._connection, self._options, self._note = connection, options, note
        self._ray = ray = connection.ray
        self.working_set, self.runs_dir, self._token = working_set, Path(absolute(runs_dir)), token
        self.lost_errors: tuple[type[BaseException], ...] = (ray.exceptions.RayError,)
        self._nodes: dict[str, Node] = {}
        self._names: dict[str, str] = {}
        self._unused: dict[str, str] = {}
        self._hosts: list[Any] = []
        self._looked = self._had_room = time.monotonic()
        self._sent = False
        self._cpus, self._gpus = 1, 0.0

    # -- what an executor tells

    @property
    def shares_gpu(self) -> bool:
        """Whether processes share a GPU."""
        return 0 < self._gpus < 1

    @property
    def alongside(self) -> int:
        """How many other runs may be on the node of one."""
        rooms = (node.room(self._cpus, self._gpus) for node in self._nodes.values())
        return max(rooms, default=1) - 1

    @property
    def place(self) -> str:
        """`on Ray: 3 nodes of one kind, each run alone on its node`"""
        nodes = list(self._nodes.values())
        kinds = {node.kind for node in nodes}
        which = "of one kind" if len(kinds) == 1 else f"of {len(kinds)} kinds"
        count = f"{len(nodes)} node{'s' * (len(nodes) != 1)}"
        if self.alongside or any(node.cpus > self._cpus for node in nodes):
            with_ = f"{self._cpus} CPUs a run, beside others on its node: timings are upper bounds"
        else:
            with_ = "each run alone on its node"
        if len(kinds) > 1:
            with_ += "; timings of different nodes are not comparable"
        return f"on Ray: {count} {which}, {with_}"

    def room(self) -> int:
        """How many runs there is room for at a time, now.

        Raises:
            ZooError: no node is left, and none has joined for a while.
        """
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._look_again()
        room = sum(node.room(self._cpus, self._gpus) for node in self._nodes.values())
        if room:
            self._had_room = time.monotonic()
        elif time.monotonic() - self._had_room > WAIT_SECONDS:
            told = "; ".join(f"{self.name_of(node)}: {why}" for node, why in self._unused.items())
            raise ZooError(
                f"no node of the cluster is left for runs{f' ({told})' if told else ''}. Finished runs are "
                "kept; the same command goes on."
            )
        return room if self._options.jobs is None else min(room, self._options.jobs)

    def free_memory(self) -> int:
        """Bytes of memory that Ray lends of the smallest node."""
        return min((node.memory for node in self._nodes.values()), default=0)

    # -- the nodes

    def look_over(self, backend: str, device: str, sources: Sources) -> None:
        """Check every node, and decide what each run gets.

        Raises:
            UsageError: a node lacks something, or no node has what each run should get.
        """
        ray, wanted = self._ray, self.working_set
        self._backend = backend
        found = ray_nodes.alive(ray)
        if not found:
            raise UsageError("the cluster has no node that lends CPUs; start one: ray start.")
        told, silent = ray_nodes.with_facts(ray, found, backend, wanted.plugins)
        silent = ray_nodes.still_there(ray, silent)
        ray_nodes.check(silent, "Is Python there the one that has archzoo? Or remove the node.")
        if not told:
            raise ZooError("the nodes of the cluster are gone; start some: ray start.")
        used = told
        if not self._options.mixed:
            used, others = ray_nodes.one_kind(told)
            if others:
                self._note(
                    f"runs go to {ray_nodes.names(used)} ({used[0].kind_in_words}); left out, so that runs "
                    f"are comparable: {ray_nodes.names(others)} of another kind"
                )
            self._unused |= {node.id: "of another kind" for node in others}
        self._check_versions(used, bare_facts()(backend, list(wanted.plugins)), sources)
        self._check_data(used)
        self._nodes = {node.id: node for node in used}
        self._names = {node.id: node.name for node in found}
        self._decide_resources(device)

    def _check_versions(self, nodes: list[Node], here: dict[str, Any], sources: Sources) -> None:
        self._here = here
        if sources.folder and any(node.facts["source"] != here["source"] for node in nodes):
            self._connection.send_sources(sources.folder)
            self._sent = True
        faults = {node.name: self._unlike(node) for node in nodes}
        same = [f"{name}=={version}" for name, version in here["versions"].items() if version]
        ray_nodes.check(
            {name: fault for name, fault in faults.items() if fault},
            f"Runs of one command need the same on every node: pip install {' '.join(same)}.",
        )

    def _unlike(self, node: Node) -> str:
        plugins = self.working_set.plugins
        return ray_nodes.unlike(node, self._here, plugins, self._sent)

    def _check_data(self, nodes: list[Node]) -> None:
        ray_nodes.check(
            self._lacks_data(nodes),
            "Fetch it there (zoo datasets fetch), set ZOO_DATA_DIR there, or use a folder that all have.",
        )

    def _lacks_data(self, nodes: list[Node]) -> dict[str, str]:
        found = _found_data_dir()
        return ray_nodes.lacks_data(self._ray, nodes, self.working_set, found)

    def _decide_resources(self, device: str) -> None:
        nodes, options = list(self._nodes.values()), self._options
        most = max(node.cpus for node in nodes)
        gpus = max(node.gpus for node in nodes)
        wanted = options.gpus_per_run
        if wanted is None and device == "gpu":
            wanted = 1.0
        if wanted and wanted > gpus:
            has = f"the most that a node lends is {gpus:g}" if gpus else "no node lends a GPU"
            raise UsageError(f"`gpus_per_run={wanted:g}`: {has}; use less, or leave it out.")
        if (options.cpus_per_run or 0) > most:
            raise UsageError(
                f"`cpus_per_run={options.cpus_per_run}`: a node lends at most {most}; use 1 to {most}."
            )
        everywhere = device != "cpu" and all(node.gpus for node in nodes)
        self._gpus = wanted if wanted is not None else float(everywhere)
        self._cpus = options.cpus_per_run or self._fair_share(nodes)
        fits = {node.id: node for node in nodes if node.room(self._cpus, self._gpus)}
        for node in nodes:
            if node.id not in fits:
                self._unused[node.id] = "too small for a run"
        self._nodes = fits
        if not fits:
            raise UsageError(
                f"`cpus_per_run={self._cpus}`, `gpus_per_run={self._gpus:g}`: no node lends both; use less."
            )

    def _fair_share(self, nodes: list[Node]) -> int:
        """A whole node for a run; of a node with several GPUs the part that goes with what it gets."""
        shares = (
            min(1.0, self._gpus / node.gpus) if self._gpus and node.gpus else 1.0 for node in nodes
        )
        return max(1, min(int(n.cpus * share) for n, share in zip(nodes, shares, strict=True)))

    def _look_again(self) -> None:
        """Note which nodes are gone, and use those that have come."""
        self._looked = time.monotonic()
        now = {node.id: node for node in ray_nodes.alive(self._ray)}
        for gone in set(self._nodes) - set(now):
            self._note(f"node {self.name_of(gone)} is gone; its runs go on elsewhere")
            del self._nodes[gone]
        self._take_in([now[each] for each in now if each not in self._names])

    def _take_in(self, new: list[Node]) -> None:
        """Use nodes that have joined, if they have what runs need."""
        if not new:
            return
        self._names |= {node.id: node.name for node in new}
        told, faults = ray_nodes.with_facts(self._ray, new, self._backend, self.working_set.plugins)
        kinds = {node.kind for node in self._nodes.values()}
        faults |= {node.name: fault for node in told if (fault := self._unlike(node))}
        faults |= self._lacks_data([node for node in told if node.name not in faults])
        for node in new:
            self._unused[node.id] = faults.get(node.name, "of another kind")
        for node in told:
            fits = self._options.mixed or not kinds or node.kind in kinds
            if node.name not in faults and fits and node.room(self._cpus, self._gpus):
                self._nodes[node.id] = node
                del self._unused[node.id]
        for node in new:
            why = self._unused.get(node.id)
            self._note(
                f"node {node.name} has joined" + (f", and is not used: {why}" if why else "")
            )

    def avoid(self, node: str, why: str) -> None:
        """Start nothing more on a node."""
        if self._nodes.pop(node, None):
            self._unused[node] = why
            self._note(f"node {self.name_of(node)} is not used any more: {why}")

    def name_of(self, node: str) -> str:
        """A node's name."""
        return self._names.get(node, node[:8])

    # -- processes

    def start(
        self, task: Struct, kind: type[Worker] = Worker, environ: Mapping[str, str] | None = None
    ) -> RayProcess:
        """Start a process for a task on a node that has room; it may have to wait for that."""
        unused = list(self._unused)
        where = {"ray.io/node-id": f"!in({','.join(unused)})"} if unused else {}
        host = self._host(self._cpus, self._gpus, where, cores=self._cpus)
        return RayProcess(host, self, kind, task, environ, owns_host=True)

    def _host(self, cpus: int, gpus: float, where: Mapping[str, str], cores: int) -> Any:
        place = as_place(
            {
                "runs_dir": str(self.runs_dir),
                "token": self._token,
                "working_dir": str(Path.cwd()),
                "environ": self.working_set.environ,
                "data_dir": self.working_set.data_dir,
                "found_data_dir": _found_data_dir(),
                "cores": cores,
                "hashes": dict(self.working_set.hashes),
                "hides_gpus": not gpus,
            }
        )
        options: dict[str, Any] = {
            "num_cpus": cpus,
            "max_restarts": 0,
            "max_concurrency": THREADS,
        }
        if gpus:
            options["num_gpus"] = gpus
        if where:
            options["label_selector"] = dict(where)
        host = self._ray.remote(NodeHost).options(**options).remote(place)
        self._hosts.append(host)
        return host

    @contextmanager
    def alone(self) -> Iterator[WholeNode]:
        """A whole node for measurements: Ray gives nothing of it to anybody else meanwhile."""
        while not self.room():
            time.sleep(LOOK_SECONDS)
        node = max(self._nodes.values(), key=lambda each: (each.cpus, each.gpus))
        gpus = node.gpus if self._gpus else 0.0
        host = self._host(node.cpus, gpus, {"ray.io/node-id": node.id}, cores=0)
        try:
            yield WholeNode(self, host, node)
        finally:
            self.end_host(host)

    def get(self, answer: Any) -> Any:
        """Wait for what an actor answers."""
        return self._ray.get(answer)

    def end_host(self, host: Any) -> None:
        """End an actor; the process that it started ends with it."""
        if host in self._hosts:
            self._hosts.remove(host)
            with suppress(Exception):  # the cluster may be gone
                self._ray.kill(host)

    def loss(self, error: BaseException) -> str:
        """In a line: why an actor does not answer."""
        cause = getattr(error, "cause", None)
        if cause is not None:  # its own code failed, for example as a disk is full
            return f"{type(cause).__name__}: {cause}"[:300]
        text = " ".join(str(error).split())
        if "node has died" in text or "node was terminated" in text:
            return "the node is gone"
        if "is unavailable" in text:
            return "the node does not answer"
        return "its process was ended" if "actor died" in text.lower() else text[:300]

    def packed(self, folder: Path) -> bytes:
        """A run's folder, to be sent to a node."""
        return pack(folder)

    def copies_now(self, process: RayProcess) -> bool:
        """Whether the time has come to copy the run of a process."""
        now = time.monotonic()
        if now - process.copied < COPY_SECONDS:
            return False
        process.copied = now
        return True

    def rename_paths(self, folder: Path, names: Mapping[str, str]) -> None:
        """Put the driver's paths for a node's into a run's record."""
        path = folder / "run.json"
        text = before = path.read_text("utf-8")
        for there, here in names.items():
            text = text.replace(json.dumps(there)[1:-1], json.dumps(here)[1:-1])
        if text != before:
            atomic.write_text(path, text)

    def close(self) -> None:
        """End every actor."""
        for host in list(self._hosts):
            self.end_host(host)


def _found_data_dir() -> str | None:
    found = os.environ.get("ZOO_DATA_DIR")
    return absolute(found) if found else None
