"""The training loop of several seeds in one program: each step is a step of all of them."""

from collections.abc import Sequence
from typing import Any

from zoo.training.backend import backend_of
from zoo.training.backends.base import JointEngine
from zoo.training.loop import Loop, TrainLoop
from zoo.training.prepare import load_examples


class JointLoop(Loop):
    """The loops of several runs as one. A run that diverged or stopped leaves; the others go on.

    Args:
        loops: of runs that differ in nothing but the seed, all at the same step of the same epoch.
    """

    engine: JointEngine

    def __init__(self, loops: Sequence[TrainLoop]):
        self.loops = loops
        self._left: list[TrainLoop] = []

    def _with_epochs_left(self) -> list[TrainLoop]:
        return [loop for loop in self.loops if loop.has_epochs_left]

    @property
    def has_epochs_left(self) -> bool:
        return bool(self._with_epochs_left())

    @property
    def interval(self) -> float:
        return min(loop.interval for loop in self._left)

    @property
    def metrics(self) -> Any:
        return [loop.metrics for loop in self._left]

    def compile(self) -> None:
        for loop in self.loops:
            loop.callback.on_model_built(loop.model, loop.engine.optimizer)
        if self.has_epochs_left:
            self._join(self._with_epochs_left())

    def _join(self, loops: list[TrainLoop]) -> None:
        """Compile the step for these runs."""
        first = loops[0]
        if not self._left:
            load_examples(first.engine, first.examples)
        self._left = loops
        self.engine = backend_of(first.plan.backend).join([loop.engine for loop in loops])
        batches, transforms = zip(*(loop.whole_epoch() for loop in loops), strict=True)
        self.engine.compile(batches, transforms)

    def begin(self) -> None:
        for loop in self.loops:
            loop.begin()

    def begin_epoch(self) -> None:
        left = self._with_epochs_left()
        if left != self._left:
            self._join(left)
        for loop in left:
            loop.begin_epoch()

    def steps_left(self) -> tuple[Any, Any]:
        batches, transforms = zip(*(loop.steps_left() for loop in self._left), strict=True)
        return batches, transforms

    def report(self, done: int, metrics: Any) -> bool:
        going_on = [loop.report(done, own) for loop, own in zip(self._left, metrics, strict=True)]
        return any(going_on)

    def advance(self, done: int, metrics: Any, seconds: float, waiting: float) -> None:
        for loop, own in zip(self._left, metrics, strict=True):
            loop.advance(done, own, seconds, waiting)

    def end_epoch(self) -> None:
        for loop in self._left:
            loop.end_epoch()

    def end(self) -> None:
        for loop in self.loops:
            loop.end()
