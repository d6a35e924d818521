"""What a report holds of Pareto fronts, typed."""

from typing import Literal

from msgspec import Struct

from zoo.runs.record import Number

FrontState = Literal["front", "dominated", "cannot tell"]

AXES = {
    "train_seconds": ("training", "s"),
    "flops": ("FLOPs", ""),
    "latency": ("latency", "s"),
    "memory": ("memory", "bytes"),
}
"""For each cost its title and unit."""


class FrontEntry(Struct, kw_only=True):
    """An architecture on one plane: the chosen metric against one cost.

    Attributes:
        cost: the measure; less is better.
        low, high: the range within which it lies; None where one measurement says nothing of it.
        state: `front`: against each other one it is told to be better in at least one of the two.
            `dominated`: another one is told to be better by the metric, and told not to cost more.
        dominated_by: those others, at most three.
    """

    name: str
    cost: Number
    low: Number | None
    high: Number | None
    state: FrontState
    dominated_by: list[str] = []


class Front(Struct, kw_only=True):
    """The chosen metric against one cost: `train_seconds`, `flops`, `latency` or `memory`."""

    cost: str
    title: str
    unit: str
    entries: list[FrontEntry]
