"""Where a batch's examples come from: they all lie on the device, or the host makes them meanwhile."""

import os
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any, TypeVar

import numpy as np

from zoo.datasets.samples import Samples, Stored
from zoo.errors import UsageError
from zoo.training.device import Device

RESIDENT_MIB = {"cpu": 32, "gpu": 1024}
"""Lazy training samples are made once, and lie on the device, if all of them take no more than this;
`ZOO_RESIDENT_MIB` is another limit. On a CPU it is small beside what a backend itself holds, so that
memory is flat in the number of samples. A GPU has its own memory, and reads faster than a CPU makes
samples."""

AHEAD = 3
"""So many batches (calls, where a call is many steps) are made ahead of the one in use."""

CALL_BYTES = 2**25
"""Samples of the steps of one call, where a call is many, are at most so large; or a step's."""

Step = tuple[Any, Any]
"""A batch, or those of several steps, and the maps that move it."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def streams(x: Stored, device: Device) -> bool:
    """Whether training samples are made batch by batch: they are lazy, and too large to be resident.

    Raises:
        UsageError: `ZOO_RESIDENT_MIB` is no number.
    """
    if not isinstance(x, Samples):
        return False
    given = os.environ.get("ZOO_RESIDENT_MIB", "")
    if given and not given.isdecimal():
        raise UsageError(
            f"ZOO_RESIDENT_MIB={given}: use a whole number of MiB; 0 streams all lazy samples."
        )
    limit = int(given) if given else RESIDENT_MIB[device.kind]
    return _bytes(x) > limit * 2**20


def prefetch(make: Callable[[Item], Made], items: Iterable[Item]) -> Generator[Future[Made]]:
    """`make` of each item, in turn; a thread makes the next ones while one is in use.

    One thread: `Samples` need not bear several, and two that make clips were measured to be no faster.
    Image files are read by several threads of their own (`zoo.datasets.parallel`).
    To be closed, so that nothing is made any more.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zoo-samples")
    making: deque[Future[Made]] = deque()
    try:
        for item in items:
            making.append(pool.submit(make, item))
            if len(making) > AHEAD:
                yield making.popleft()
        yield from making
    finally:
        pool.shutdown(cancel_futures=True)


def iter_batches(x: Stored, size: int) -> Generator[np.ndarray]:
    """All samples in their order, `size` at a time; lazy ones are made ahead. To be closed."""
    starts = range(0, len(x), size)
    if not isinstance(x, Samples):
        yield from (x[start : start + size] for start in starts)
        return
    with closing(prefetch(lambda start: x[start : start + size], starts)) as made:
        yield from (each.result() for each in made)


class Loader(ABC):
    """Gives an engine the batches that indices stand for.

    Attributes:
        arrays: what lies on the device; the compiled step hands it to `select`.
        streamed: whether each batch is held by the step that takes it.
        waiting: seconds in which the device had nothing to do, because data were not there yet.
    """

    arrays: tuple[Any, ...] = ()
    streamed: bool
    waiting: float = 0.0

    @abstractmethod
    def steps(self, drawn: Iterable[Step], synchronize: Callable[[], Any]) -> Generator[Step]:
        """For each `(indices, transforms)` in turn what the compiled step takes. To be closed.

        `synchronize()` returns when the device has done what it was given so far.
        """

    @abstractmethod
    def select(self, arrays: tuple[Any, ...], batch: Any) -> tuple[Any, Any]:
        """Within the compiled step: a batch's samples and labels."""

    @abstractmethod
    def like(self, step: Step) -> Step:
        """Arrays of the shapes and types of what `steps` gives for this `(indices, transforms)`."""

    @abstractmethod
    def longest_call(self, examples: int, most: int) -> int:
        """How many steps of so many examples one call may take, of `most`."""


class DeviceLoader(Loader):
    """The examples lie on the device; a batch is a row of indices.

    Args:
        arrays: samples and labels, on the device.
        gather: `gather(array, indices)`, an array's rows.
        ready: makes of a step's NumPy arrays what the compiled step takes.
    """

    streamed = False

    def __init__(self, arrays: tuple[Any, Any], gather: Callable, ready: Callable[[Step], Step]):
        self.arrays, self._gather, self._ready = arrays, gather, ready

    def steps(self, drawn: Iterable[Step], synchronize: Callable[[], Any]) -> Generator[Step]:
        yield from map(self._ready, drawn)

    def select(self, arrays: tuple[Any, ...], batch: Any) -> tuple[Any, Any]:
        x, y = arrays
        return self._gather(x, batch), self._gather(y, batch)

    def like(self, step: Step) -> Step:
        return step

    def longest_call(self, examples: int, most: int) -> int:
        return most


class StreamingLoader(Loader):
    """The samples are made while the device computes; a batch is its samples and labels.

    Args:
        x, y: samples and labels, on the host.
        ready: makes of a step's NumPy arrays what the compiled step takes.
    """

    streamed = True

    def __init__(self, x: Samples, y: np.ndarray, ready: Callable[[Step], Step]):
        self._x, self._y, self._ready = x, y, ready

    def _made(self, step: Step) -> Step:
        indices, transforms = step
        x = self._x[indices.ravel()].reshape(*indices.shape, *self._x.shape[1:])
        return self._ready(((x, self._y[indices]), transforms))

    def steps(self, drawn: Iterable[Step], synchronize: Callable[[], Any]) -> Generator[Step]:
        with closing(prefetch(self._made, drawn)) as made:
            for step in made:
                if not step.done():
                    self._wait(step, synchronize)
                yield step.result()

    def _wait(self, step: Future[Step], synchronize: Callable[[], Any]) -> None:
        synchronize()
        started = time.perf_counter()
        wait([step])
        self.waiting += time.perf_counter() - started

    def select(self, arrays: tuple[Any, ...], batch: Any) -> tuple[Any, Any]:
        return batch

    def like(self, step: Step) -> Step:
        indices, transforms = step
        shape = (*indices.shape, *self._x.shape[1:])
        # A view of one zero: only its shape is used.
        x = np.broadcast_to(np.zeros((), self._x.dtype), shape)
        return (x, self._y[indices]), transforms

    def longest_call(self, examples: int, most: int) -> int:
        size = _bytes(self._x) // len(self._x) * examples
        return max(1, min(most, CALL_BYTES // size))


def _bytes(x: Samples) -> int:
    return int(np.prod(x.shape, dtype="int64")) * x.dtype.itemsize
