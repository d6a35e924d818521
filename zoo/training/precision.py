"""Precision `auto`: measure on the GPU which dtype policy trains faster."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import environment
from zoo.runs.record import MeasuredPrecision, RunRecord
from zoo.runs.selection import all_runs
from zoo.training.device import Device
from zoo.training.plan import Plan

if TYPE_CHECKING:
    from zoo.training.examples import Examples

CANDIDATES = ("float32", "mixed_bfloat16")
STEPS, ROUNDS = 50, 5
"""Training steps in a timed call; calls of each candidate, in turn, after one that warms up."""


@dataclass(frozen=True)
class Precision:
    """Keras' dtype policy of a training, and how it was chosen.

    Attributes:
        measured: seconds of a training step by each policy; None if the recipe or the device says.
        by: who measured, if not this run: another one.
    """

    policy: str
    measured: dict[str, float] | None = None
    by: str = ""

    def as_record(self) -> MeasuredPrecision | None:
        """What run.json keeps beside the policy; `of_record` reads it back."""
        if self.measured is None:
            return None
        seconds: dict[str, Any] = self.measured
        return MeasuredPrecision(**seconds, chosen=self.policy, by=self.by)

    @classmethod
    def of_record(cls, record: RunRecord) -> "Precision":
        measured = record.precision_measured
        if measured is None:
            return cls(record.precision)
        times = {policy: getattr(measured, policy) for policy in CANDIDATES}
        return cls(record.precision, times, measured.by)


def choose(
    plan: Plan,
    examples: "Examples",
    device: Device,
    deterministic: bool,
    known: Callable[[], Precision | None] = lambda: None,
) -> Precision:
    """As the recipe says; of `auto`, float32 on a CPU, and on a GPU what is `known`, else the faster.

    Raises:
        PluginError: the architecture does not build.
    """
    policy = plan.precision(device)
    if policy != "auto":
        return Precision(policy)
    return known() or measure(plan, examples, device, deterministic)


def known(identity: dict[str, Any], device: Device, runs_dir: Path) -> Precision | None:
    """What the latest run measured that differs in nothing but the seed, on this device.

    So seeds that are compared have one precision, although clocks differ.
    """
    versions = environment.versions(identity["backend"])
    for run in reversed(all_runs(runs_dir)[0]):
        record = run.record
        if (
            record.precision_measured
            and _but_seed(record.identity) == _but_seed(identity)
            and record.device.name == device.name
            and record.sessions[-1].versions == versions
        ):
            found = Precision.of_record(record)
            return replace(found, by=found.by or run.name)
    return None


def _but_seed(identity: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in identity.items() if key != "seed"}


def measure(plan: Plan, examples: "Examples", device: Device, deterministic: bool) -> Precision:
    """Time compiled training steps of the real model and batch by each policy; the faster one."""
    calls = {policy: _steps(plan, examples, device, deterministic, policy) for policy in CANDIDATES}
    times: dict[str, list[float]] = {policy: [] for policy in calls}
    for number in range(1 + ROUNDS):
        for policy, (call, steps) in calls.items():
            started = time.perf_counter()
            call()
            if number:  # the first warms up
                times[policy].append((time.perf_counter() - started) / steps)
    del calls
    gc.collect()  # two models and their states leave the device
    medians = {policy: statistics.median(each) for policy, each in times.items()}
    return Precision(min(medians, key=medians.__getitem__), medians)


def _steps(
    plan: Plan, examples: "Examples", device: Device, deterministic: bool, policy: str
) -> tuple[Callable[[], None], int]:
    """A call that trains some steps and waits for the device; how many."""
    from zoo.training.chunks import tree_slice
    from zoo.training.prepare import epoch_batches, load_to_time, prepare_engine

    engine = prepare_engine(plan, examples, device, deterministic, policy)
    epoch = epoch_batches(plan, examples, engine, 1)
    batches, transforms = tree_slice(epoch, slice(STEPS))
    batches = load_to_time(engine, examples, batches)
    engine.compile(batches, transforms)

    def call() -> None:
        engine.train(batches, transforms)

    return call, len(batches)
