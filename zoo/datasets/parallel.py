"""Reading many files by several threads, in order: decoders release the GIL while they work."""

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from zoo.errors import UsageError

MOST_WORKERS = 8
"""More threads do not read faster: what is not decoding still takes turns."""
AHEAD = 4
"""Items begun per thread, beyond those already given: memory is bounded by it."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def workers() -> int:
    """The number of threads: that of the processors this process may use, at most `MOST_WORKERS`.

    Raises:
        UsageError: `ZOO_WORKERS`, which sets another number, is none.
    """
    given = os.environ.get("ZOO_WORKERS", "")
    if given and (not given.isdecimal() or int(given) < 1):
        raise UsageError(f"ZOO_WORKERS={given}: use a whole number of threads, 1 or more.")
    if given:
        return int(given)
    # macOS has no affinity.
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(MOST_WORKERS, usable or 1)


def each_in_order(
    make: Callable[[Item], Made], items: Iterable[Item], threads: int | None = None
) -> Generator[Made]:
    """`make` of each item, in the items' order, whatever is ready first.

    The first error, in that order, is raised, and nothing is begun after it. To be closed if it is
    not read to its end.

    Args:
        make: bears several threads, and depends on its item alone.
        items: taken a few ahead of what is given.
        threads: by default `workers()`; with 1 all is made in the caller's thread.
    """
    count = threads or workers()
    if count == 1:
        yield from map(make, items)
        return
    left = iter(items)
    pool = ThreadPoolExecutor(count, thread_name_prefix="zoo-files")
    try:
        begun: list[Future[Made]] = [
            pool.submit(make, item) for item in islice(left, AHEAD * count)
        ]
        while begun:
            yield begun.pop(0).result()
            begun += [pool.submit(make, item) for item in islice(left, 1)]
    finally:
        pool.shutdown(cancel_futures=True)
