"""A cluster of Ray with several nodes on this machine, for tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

T = TypeVar("T")
STORE = 80 * 2**20
"""Bytes of each node's object store; Ray takes no less."""


class RayCluster:
    """A head that runs nothing, and nodes that tests add."""

    def __init__(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        client_port = _free_port()
        self.client_address = f"ray://127.0.0.1:{client_port}"
        self._cluster = _patiently(lambda: _head(client_port))
        self.address = self._cluster.address
        self._far: list[subprocess.Popen] = []

    @contextmanager
    def node(self, name: str, *, cpus: int = 2, **environ: str | Path) -> Iterator[object]:
        """A node on this machine's file system, with environment variables of its own."""
        node = _patiently(
            lambda: self._cluster.add_node(
                num_cpus=cpus,
                object_store_memory=STORE,
                node_name=name,
                env_vars={key: str(value) for key, value in environ.items()},
            )
        )
        try:
            yield node
        finally:
            self.remove(node)

    def remove(self, node: object) -> None:
        """Kill a node, as a machine is that loses power; nothing happens if it is gone."""
        if node in self._cluster.list_all_nodes():
            self._cluster.remove_node(node, allow_graceful=False)

    @contextmanager
    def far_node(self, name: str, hidden: Path, *, size: str, cpus: int = 2) -> Iterator[Path]:
        """A node that has an empty file system of its own in place of a folder; yields a folder there."""
        scratch = hidden / "scratch"
        script = (
            f"mount -t tmpfs -o size={size} none {hidden} && mkdir {scratch} && cd {scratch} && "
            f"exec {sys.executable} -m ray.scripts.scripts start --address={self.address} "
            f"--num-cpus={cpus} --node-name={name} --object-store-memory={STORE} --block"
        )
        environ = {**os.environ, "ZOO_SCRATCH_DIR": str(scratch)}
        process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._far.append(process)
        try:
            self.wait_for(name)
            yield scratch
        finally:
            end_tree(process)

    def wait_for(self, name: str) -> None:
        """Wait until a node has joined."""
        deadline = time.monotonic() + 120
        while name not in self.names():
            assert time.monotonic() < deadline, f"{name} has not joined"
            time.sleep(0.5)

    def names(self) -> list[str]:
        """The names of the nodes that live."""
        client = self._cluster.global_state
        return [node["NodeName"] for node in client.node_table() if node["Alive"]]

    def shutdown(self) -> None:
        """End every node."""
        for process in self._far:
            end_tree(process)
        self._cluster.shutdown()


def _head(client_port: int) -> Any:
    from ray.cluster_utils import Cluster

    return Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "object_store_memory": STORE,
            "include_dashboard": False,
            "ray_client_server_port": client_port,
        },
    )


def _patiently(start: Callable[[], T]) -> T:
    """Ray gives a node half a minute to start, which a busy machine may not have."""
    for _ in range(3):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return start()


def end_tree(process: subprocess.Popen) -> None:
    """Kill a process and all below it."""
    try:
        those = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        those = []
    process.kill()
    process.wait()
    for each in those:
        each.kill()
    psutil.wait_procs(those, timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_namespaces(folder: Path) -> bool:
    """Whether this user may mount a file system where nobody else sees it."""
    if not shutil.which("unshare"):
        return False
    script = f"mount -t tmpfs none {folder}"
    return not subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True).returncode


def workers() -> list[psutil.Process]:
    """The processes that train, of this session's tests and of everybody's."""
    found = []
    for each in psutil.process_iter(["cmdline"]):
        line = " ".join(each.info["cmdline"] or ())
        if "zoo.comparison.worker" in line or "zoo.tuning.trial_worker" in line:
            found.append(each)
    return found


def workers_of(runs_dir: Path) -> list[psutil.Process]:
    """The processes that work for a folder of runs: their working folder is its parent."""
    found = []
    for each in workers():
        try:
            if Path(each.cwd()) == runs_dir.parent:
                found.append(each)
        except psutil.Error:
            continue
    return found


def environment(cluster: RayCluster) -> Mapping[str, str]:
    """What makes `--on ray` mean a cluster."""
    return {"RAY_ADDRESS": cluster.address}
