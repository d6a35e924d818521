"""Connecting to a cluster of Ray, or starting one on this machine."""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.comparison.executors.ray_options import ADDRESS
from zoo.environment import usable_cores
from zoo.errors import UsageError, ZooError

INSTALL = "pip install 'archzoo[ray]'"
NAMESPACE = "archzoo"
OBJECT_STORE = 200 * 2**20
"""Bytes of memory that a cluster on this machine takes for what its processes hand each other."""
STARTS = 3
"""How often a cluster or a client's server is started: Ray gives each half a minute, which a busy machine
may not have."""
SLOW = ("timed out during startup", "Starting Ray client server failed")
SECONDS = 5.0
"""How long a cluster has to accept a connection."""


@dataclass
class Connection:
    """A cluster that this process is connected to.

    Attributes:
        ray: the module.
        address: where the cluster is; None: whoever calls us connected this process.
    """

    ray: Any
    address: str | None

    def send_sources(self, package: Path) -> None:
        """Connect again, so that all that is started from now on imports this package.

        Raises:
            UsageError: the connection is not ours.
        """
        if self.address is None:
            raise UsageError(
                "nodes have other sources of archzoo, and this process was connected before they could be "
                "sent: call ray.shutdown() first."
            )
        self.ray.shutdown()
        _connect(self.ray, self.address, {"runtime_env": {"py_modules": [str(package)]}})


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    """A connection; at the end what was started here is stopped.

    A process that is connected already, as in a notebook, stays so.

    Raises:
        UsageError: Ray is not installed, or the cluster has another version of Ray or Python.
        ZooError: no cluster answers.
    """
    ray = _ray()
    if ray.is_initialized():
        if address.startswith("ray://"):
            raise UsageError(
                "this process is connected to a cluster already: use `on='ray'` for that one, or call "
                "ray.shutdown() first."
            )
        yield Connection(ray, None)
        return
    _check_answers(address)
    try:
        _connect(ray, address, {})
    except Exception as error:  # Ray has many, also bare ones
        ray.shutdown()
        raise _explained(error, address, ray.__version__) from error
    try:
        yield Connection(ray, address)
    finally:
        ray.shutdown()


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray prints what nodes tell of their end to standard output, which may be JSON.
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "(?s).*")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(f"`on='ray'` needs Ray, which is not installed: {INSTALL}") from error
    return ray


def _connect(ray: Any, address: str, more: Mapping[str, Any]) -> None:
    how: dict[str, Any] = {
        **more,
        "log_to_driver": False,
        "logging_level": "ERROR",
        "namespace": NAMESPACE,
    }
    if not address:
        how |= {
            "num_cpus": usable_cores(),
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE,
        }
    for attempt in range(STARTS):
        try:
            ray.init(address=address or "local", **how)
            return
        except Exception as error:
            if attempt == STARTS - 1 or not any(each in str(error) for each in SLOW):
                raise
            ray.shutdown()


def _check_answers(address: str) -> None:
    """Ray itself would try for minutes."""
    found = ADDRESS.fullmatch(address)
    if not found:
        return
    try:
        port = int(found["port"])
        socket.create_connection((found["host"].strip("[]"), port), timeout=SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ZooError(
            f"no cluster of Ray answers at {address} ({error}). Is it started (ray start --head), and can "
            "this machine reach that port?"
        ) from error


def _explained(error: Exception, address: str, version: str) -> ZooError:
    import platform

    text = str(error)
    there = dict(re.findall(r"(Ray|Python): ([\w.+-]+)", text.partition("This process")[0]))
    if "ersion mismatch" in text and there:
        names = ", ".join(f"{name} {value}" for name, value in there.items())
        return UsageError(
            f"the cluster at {address} has {names}; here are Ray {version}, Python "
            f"{platform.python_version()}. Install the cluster's versions here: "
            f"pip install 'ray=={there.get('Ray', version)}'."
        )
    line = " ".join(text.split())[:300]
    where = (
        f"the cluster at {address} cannot be used"
        if address
        else "no cluster of Ray can be started here"
    )
    return ZooError(f"{where} ({type(error).__name__}: {line}).")
