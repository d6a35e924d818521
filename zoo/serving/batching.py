"""Many requests, one call: samples that arrive while a model is at work are answered together."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from zoo.serving.loaded_model import Answers
from zoo.serving.refusals import busy
from zoo.serving.serve_options import ServeOptions


@dataclass(frozen=True, eq=False)
class _Waiting:
    samples: np.ndarray
    answer: "asyncio.Future[Answers]"


class Batcher:
    """Answers samples in batches, in threads. All methods are called from one event loop.

    Args:
        answer: answers a batch `(n, *shape)`; it is called in a thread of `executor`.
        options: sizes; `threads` batches are answered at once.
        on_batch: called with the size of each batch and its milliseconds.
    """

    def __init__(
        self,
        answer: Callable[[np.ndarray], Answers],
        executor: Executor,
        options: ServeOptions,
        on_batch: Callable[[int, float], None] = lambda size, milliseconds: None,
    ):
        self._answer, self._executor, self._on_batch = answer, executor, on_batch
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._queue: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._running = 0
        self.waiting = 0

    async def answer(self, samples: np.ndarray) -> Answers:
        """Answer samples `(N, *shape)`.

        Raises:
            Refusal: too many wait already.
        """
        most, size = self._options.max_queue, self._options.max_batch
        if self.waiting and self.waiting + len(samples) > most:
            raise busy(
                f"{self.waiting:,} samples wait for this model, and at most {most:,} may. Try again."
            )
        parts = [self._put(samples[i : i + size]) for i in range(0, len(samples), size)]
        self._begin()
        if len(parts) == 1:
            return await parts[0]
        return _joined(await asyncio.gather(*parts))

    def _put(self, samples: np.ndarray) -> "asyncio.Future[Answers]":
        future = self._loop.create_future()
        self._queue.append(_Waiting(samples, future))
        self.waiting += len(samples)
        return future

    def _begin(self) -> None:
        """Begin batches while there are free threads; one that is not full may wait for more."""
        while self._queue and self._running < self._options.threads:
            if self._waits():
                return
            if batch := self._next():
                self._run(batch)

    def _waits(self) -> bool:
        options = self._options
        if not options.max_wait or self.waiting >= options.max_batch:
            return False
        if self._timer is None:
            self._timer = self._loop.call_later(options.max_wait, self._end_of_wait)
        return True

    def _end_of_wait(self) -> None:
        self._timer = None
        if self._running < self._options.threads and (batch := self._next()):
            self._run(batch)
        self._begin()

    def _next(self) -> list[_Waiting]:
        """The next requests that fit into a batch, without those that nobody waits for any more."""
        batch: list[_Waiting] = []
        size = 0
        while self._queue and (
            not batch or size + len(self._queue[0].samples) <= self._options.max_batch
        ):
            each = self._queue.popleft()
            self.waiting -= len(each.samples)
            if not each.answer.done():
                batch.append(each)
                size += len(each.samples)
        return batch

    def _run(self, batch: list[_Waiting]) -> None:
        self._running += 1
        future = self._executor.submit(self._answered, batch)
        future.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(self._done, batch, done)
        )

    def _answered(self, batch: list[_Waiting]) -> Answers:
        if len(batch) == 1:
            return self._answer(batch[0].samples)
        return self._answer(np.concatenate([each.samples for each in batch]))

    def _done(self, batch: list[_Waiting], done: "Future[Answers]") -> None:
        self._running -= 1
        error = done.exception()
        if error is None:
            self._hand_out(batch, done.result())
        for each in batch:
            if error is not None and not each.answer.done():
                each.answer.set_exception(error)
        self._begin()

    def _hand_out(self, batch: list[_Waiting], found: Answers) -> None:
        self._on_batch(len(found.logits), found.milliseconds)
        place = 0
        for each in batch:
            end = place + len(each.samples)
            if not each.answer.done():
                part = (found.logits[place:end], found.probabilities[place:end])
                each.answer.set_result(Answers(*part, found.milliseconds))
            place = end


def _joined(parts: list[Answers]) -> Answers:
    return Answers(
        np.concatenate([each.logits for each in parts]),
        np.concatenate([each.probabilities for each in parts]),
        sum(each.milliseconds for each in parts),
    )
