"""Cores of a node for one run: each is lent to one at a time, whoever starts it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def claimed_cores(count: int) -> Iterator[set[int]]:
    """Cores that no other run of this node uses while they are claimed.

    Args:
        count: how many; 0 claims none.

    Yields:
        Their numbers; empty if all may be used: as many are wanted as there are, or too few are free.
    """
    if not hasattr(os, "sched_getaffinity") or not 0 < count < len(os.sched_getaffinity(0)):
        yield set()
        return
    with ExitStack() as held:
        yield _claim(count, sorted(os.sched_getaffinity(0)), held)


def _claim(count: int, cores: list[int], held: ExitStack) -> set[int]:
    import filelock

    folder = Path(tempfile.gettempdir()) / f"archzoo-cores-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found: set[int] = set()
    for core in cores:
        lock = filelock.FileLock(folder / f"{core}.lock")
        with suppress(filelock.Timeout):
            held.enter_context(lock.acquire(timeout=0))
            found.add(core)
        if len(found) == count:
            return found
    held.close()
    return set()
