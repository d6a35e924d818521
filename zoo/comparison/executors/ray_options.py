"""What a user says of a cluster: where it is, what each run gets. Imports nothing of Ray."""

import os
import re
from dataclasses import dataclass

from zoo.errors import UsageError

ADDRESS = re.compile(r"(ray://)?(?P<host>[^/:\s]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_SAYS = ("local", "auto")


def check_address(on: str) -> str:
    """Where `on` is: an address as Ray takes it; empty: a cluster that is started here.

    Raises:
        UsageError: it is no such thing.
    """
    if on == "ray":
        address = os.environ.get("RAY_ADDRESS", "")
        if address in ("", *_SAYS) or ADDRESS.fullmatch(address):
            return "" if address == "local" else address
        raise UsageError(
            f"RAY_ADDRESS is {address!r}: use HOST:PORT, ray://HOST:PORT or auto, or unset it."
        )
    found = ADDRESS.fullmatch(on)
    if not on.startswith("ray://") or not found or not 0 < int(found["port"]) < 2**16:
        raise UsageError(
            f"`on={on!r}`: use ray (a cluster on this machine, or that of RAY_ADDRESS) or ray://HOST:PORT."
        )
    return on


@dataclass(frozen=True)
class RayOptions:
    """What a run on Ray gets.

    Attributes:
        on: `ray`, or `ray://HOST:PORT`.
        cpus_per_run: CPUs of each run; None: all of the smallest node, so that runs disturb no timings.
        gpus_per_run: GPUs of each run, also a fraction; None: one where all nodes have some.
        jobs: the most runs at a time; None: as many as there is room for.
        mixed: whether nodes of several kinds are used.

    Raises:
        UsageError: a number or the address cannot be one.
    """

    on: str
    cpus_per_run: int | None = None
    gpus_per_run: float | None = None
    jobs: int | None = None
    mixed: bool = False

    def __post_init__(self) -> None:
        check_address(self.on)
        if self.cpus_per_run is not None and self.cpus_per_run < 1:
            raise UsageError(f"`cpus_per_run={self.cpus_per_run}`: use a whole number from 1.")
        gpus = self.gpus_per_run
        if gpus is not None and not (0 <= gpus <= 1 or gpus in range(1, 1025)):
            raise UsageError(
                f"`gpus_per_run={gpus:g}`: use 0, a fraction such as 0.25, or a whole number."
            )
        if self.jobs is not None and self.jobs < 1:
            raise UsageError(f"`jobs={self.jobs}`: use 1 or more.")
