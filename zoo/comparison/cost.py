"""What an architecture costs: timing training steps and inference, forced to completion.

`zoo bench`, `zoo compare` and the suite in `bench/` all measure with this module.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zoo.datasets.dataset import Arrays
from zoo.recipe import Recipe
from zoo.training.plan import Plan

if TYPE_CHECKING:
    from zoo.training.backends.base import Engine
    from zoo.training.device import Device
    from zoo.training.examples import Examples

BATCH_SIZE = 128
"""Examples in a training step, for every architecture, whatever its recipe says."""

INFERENCE_BATCHES = (1, 32, 256, 1024)
STEPS = 20
"""Training steps in one timed call on a CPU; on a GPU an epoch's, as in a training."""

SECONDS, CALLS = 0.4, 100
"""A round of one measurement lasts at least this long; one of latency has at least so many calls."""


class BenchmarkProbe:
    """An architecture as a training runs it: same engine, same compiled step, same data.

    Lazy samples are made before anything is timed: this is what the architecture costs.

    Attributes:
        device, precision: where, and in which precision, it runs.
        phases: seconds of `import`, `build`, `compile` (of the training step) and
            `compile_inference` (at all batch sizes) in this process. What a first call takes longer
            than a second counts as compiling.
        built: when the model was ready to be compiled, in seconds since the epoch.
        sizes: how many examples are trained on, validated on and tested on.
        images_per_call: training examples in one call of `train`.
    """

    device: "Device"
    precision: str
    engine: "Engine"
    built: float
    images_per_call: int

    def __init__(self, plan: Plan, examples: "Examples", inference_batches: Sequence[int]):
        self.plan, self.sizes, self.inference_batches = plan, examples.sizes, inference_batches
        self.phases: dict[str, float] = {}
        # In memory, so that what is timed makes or reads no sample.
        self._pool = examples.x_test[: max(inference_batches)]

    @classmethod
    def open(
        cls,
        plan: Plan,
        arrays: Arrays,
        inference_batches: Sequence[int] = INFERENCE_BATCHES,
        precision: str | None = None,
    ) -> "BenchmarkProbe":
        """Build and compile what is measured.

        Args:
            plan: what is measured; its backend must be the current one.
            arrays: its dataset, loaded.
            inference_batches: the batch sizes that `infer` is made ready for.
            precision: that of the training it stands for; None chooses it as a training would.

        Raises:
            ZooError: data, plugin, build: the message says which.
        """
        from zoo.training.examples import Examples

        examples = Examples.split(arrays, plan.recipe)
        probe = cls(plan, examples, inference_batches)
        probe._build(examples, precision)
        probe._compile(examples)
        return probe

    def _build(self, examples: "Examples", precision: str | None) -> None:
        from zoo.training.precision import choose
        from zoo.training.prepare import prepare_engine
        from zoo.training.runner import prepare_backend

        plan = self.plan
        with self._timed("import"):
            self.device, deterministic = prepare_backend(plan)
        self.precision = precision or choose(plan, examples, self.device, deterministic).policy
        with self._timed("build"):
            self.engine = prepare_engine(plan, examples, self.device, deterministic, self.precision)
        self.built = time.time()

    def _compile(self, examples: "Examples") -> None:
        from zoo.training.prepare import load_to_time

        batches, self._transforms = self._some_batches(examples)
        self._batches = load_to_time(self.engine, examples, batches)
        self.images_per_call = batches.size
        with self._timed("compile"):
            self.engine.compile(self._batches, self._transforms)
        self.phases["compile"] += _first_extra(self.train)
        self.phases["compile_inference"] = sum(
            _first_extra(partial(self.infer, batch)) for batch in self.inference_batches
        )

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.phases[phase] = time.perf_counter() - started

    def _some_batches(self, examples: "Examples") -> Any:
        from zoo.training.chunks import tree_slice
        from zoo.training.prepare import epoch_batches

        epoch = epoch_batches(self.plan, examples, self.engine, 1)
        steps = len(epoch[0]) if self.device.kind == "gpu" else min(STEPS, len(epoch[0]))
        return tree_slice(epoch, slice(steps))

    def train(self) -> None:
        """Train some steps (an epoch on a GPU), and wait for the device."""
        self.engine.train(self._batches, self._transforms)

    def infer(self, batch: int) -> None:
        """Logits of `batch` test samples, from stored samples to numbers in host memory."""
        import numpy as np

        self.engine.infer(np.take(self._pool, np.arange(batch) % len(self._pool), axis=0))

    def round(self) -> dict[str, float]:
        """One round of every measurement.

        Images per second: `train`, and `infer_N` for each inference batch N. Seconds for one image:
        `latency_p50`, `latency_p99`.
        """
        import numpy as np

        measures = {"train": self.images_per_call / _mean(times_of(self.train))}
        for batch in self.inference_batches:
            times = times_of(partial(self.infer, batch), CALLS if batch == 1 else 1)
            measures[f"infer_{batch}"] = batch / _mean(times)
            if batch == 1:
                middle, slow = np.percentile(times, (50, 99))
                measures |= {"latency_p50": float(middle), "latency_p99": float(slow)}
        return measures


def enough(arrays: Arrays, recipe: Recipe) -> Arrays:
    """The arrays, with the training samples several times if they are fewer than a batch.

    What is timed is a step; every architecture is measured with the same batch size.
    """
    import numpy as np

    from zoo.datasets.samples import subset
    from zoo.training.examples import Examples

    count = max(1, Examples.training_size(arrays, recipe))
    if count >= recipe.batch_size:
        return arrays
    # A share is held out of the repeated ones as of those that are there, by class and rounded.
    times = 1 + -(-recipe.batch_size // count)
    places = np.tile(np.arange(len(arrays.y_train)), times)
    groups = None if arrays.groups is None else arrays.groups[places]
    return replace(
        arrays,
        x_train=subset(arrays.x_train, places),
        y_train=arrays.y_train[places],
        groups=groups,
    )


def _first_extra(call: Callable[[], None]) -> float:
    """Seconds that a first call takes longer than a second."""
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return max(0.0, seconds[0] - seconds[1])


def _mean(times: list[float]) -> float:
    return sum(times) / len(times)


def times_of(call: Callable[[], None], at_least: int = 1) -> list[float]:
    """Seconds of each call until they make a round, after one that warms up what has cooled."""
    call()
    collecting = gc.isenabled()
    gc.disable()
    try:
        times: list[float] = []
        total = 0.0
        while total < SECONDS or len(times) < at_least:
            started = time.perf_counter()
            call()
            times.append(time.perf_counter() - started)
            total += times[-1]
        return times
    finally:
        if collecting:
            gc.enable()
