"""What a study found, typed, and its JSON."""

from typing import Any

import msgspec
from msgspec import Struct

SCHEMA = 1


class TrialRow(Struct, kw_only=True):
    """A trial; `values` are what it was trained with, by dimension, and `levels` the objective after each
    of 27 parts of the training."""

    number: int
    state: str
    score: float | None
    val_accuracy: float | None
    val_loss: float | None
    values: dict[str, Any]
    levels: dict[str, float]
    steps: int
    seconds: float
    epochs: int
    seed: int
    cause: str


class CurvePoint(Struct, kw_only=True):
    """The expected best score after some trials; `cost` is what so many cost on average, in the budget's
    unit."""

    trials: int
    cost: float
    mean: float
    low: float
    high: float


class TunedRow(Struct, kw_only=True):
    """What was found for an architecture.

    Attributes:
        problem: why there is no result.
        default, best: scores of the first trial, which has the defaults, and of the best one.
        best_trial: its number.
        default_rank, tuned_rank: by these scores; equal scores share the lowest.
        default_ranks, tuned_ranks: ranks consistent with the uncertainty; see `methods`.
        changed: the best trial's values that are not the defaults, by dimension.
        counts: trials by state.
        steps, seconds: what all its trials took.
        importances: of each dimension, shares that add up to 1; empty with too few trials.
        curve: the expected best score after 1, 2, ... trials.
        space: the dimensions, as study.json has them.
    """

    name: str
    problem: str
    default: float | None
    best: float | None
    best_trial: int | None
    default_rank: int | None
    tuned_rank: int | None
    default_ranks: tuple[int, int] | None
    tuned_ranks: tuple[int, int] | None
    changed: dict[str, Any]
    counts: dict[str, int]
    steps: int
    seconds: float
    importances: dict[str, float]
    curve: list[CurvePoint]
    space: list[dict[str, Any]]
    trials: list[TrialRow]


class TuningReport(Struct, kw_only=True):
    """A study: everything that its table and its page are made of. Rows come best first.

    Attributes:
        objective: the validation metric that was searched for.
        equal: whether every architecture has had its whole budget.
        methods: how each figure is computed.
    """

    schema: int
    name: str
    created: str
    archzoo: str
    dataset: dict[str, Any]
    recipe: str
    objective: str
    sampler: str
    pruner: str
    seed: int
    budget: str
    unit: str
    equal: bool
    backend: str
    versions: dict[str, str | None]
    rows: list[TunedRow]
    notes: list[str]
    methods: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it: plain values."""
        return msgspec.to_builtins(self)
