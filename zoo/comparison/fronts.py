"""Pareto fronts with uncertainty: who is told to be dominated, who is told not to be, and the rest.

The metric is told apart by the tests of the pairs, corrected over all of them by Holm's method: so the chance
that any architecture is wrongly said to be dominated is at most 5 %. A cost is told apart by ranges that do
not overlap: those of the seeds (with three each, ranges of equals are apart in that order in 1 of 20 cases),
or the quartiles of the benchmark's rounds, widened by how far one architecture differs from itself. FLOPs are
exact.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.comparison.cost_record import BenchmarkReport
from zoo.comparison.fronts_schema import AXES, Front, FrontEntry, FrontState
from zoo.comparison.pairs import Difference
from zoo.comparison.results import Result
from zoo.comparison.row_schema import Row, Statistic

MOST = 2000
"""Architectures; each is compared with each other."""
NAMED = 3


@dataclass(frozen=True)
class Cost:
    """A cost and the range that it lies in; None: a single measurement says nothing of its range."""

    value: float
    low: float | None
    high: float | None


def make_fronts(
    rows: Sequence[Row],
    results: Sequence[Result],
    told: Iterable[Difference],
    cost: BenchmarkReport | None,
) -> list[Front]:
    """A front for each cost that at least two rows have.

    Args:
        rows: best first.
        results: their runs.
        told: the pairs that are told apart, the better one first.
        cost: the cost benchmark; None: there is no latency.
    """
    better = {(pair.first, pair.second) for pair in told}
    costs = {
        "train_seconds": _train_seconds(results),
        "flops": {
            row.name: Cost(row.flops, row.flops, row.flops) for row in rows if row.flops is not None
        },
        "latency": _latency(rows, cost),
        "memory": {
            result.name: _range([run.peak_memory for run in result.runs])
            for result in results
            if result.runs
        },
    }
    names = [row.name for row in rows if row.judged is not None]
    return [
        Front(cost=key, title=title, unit=unit, entries=front_entries(there, costs[key], better))
        for key, (title, unit) in AXES.items()
        if 1 < len(there := [name for name in names if name in costs[key]]) <= MOST
    ]


def _train_seconds(results: Sequence[Result]) -> dict[str, Cost]:
    """Seconds of training steps; none if a run shared the machine with others."""
    if any(run.shared_machine for result in results for run in result.runs):
        return {}
    return {
        result.name: _range([sum(run.epoch_seconds) for run in result.runs])
        for result in results
        if result.runs and all(run.epoch_seconds for run in result.runs)
    }


def _range(values: Sequence[float]) -> Cost:
    median = float(np.median(values))
    return Cost(median, min(values), max(values)) if len(values) > 1 else Cost(median, None, None)


def _latency(rows: Sequence[Row], cost: BenchmarkReport | None) -> dict[str, Cost]:
    noise = (cost.noise or {}).get("latency_p50", 1.0) if cost else 1.0
    return {row.name: cost_range(found, noise) for row in rows if (found := row.latency_p50)}


def cost_range(found: Statistic, noise: float) -> Cost:
    """A measure with its quartiles, widened by the noise floor: a second measurement over the first."""
    if found.n < 2:
        return Cost(found.median, None, None)
    factor = math.sqrt(max(noise, 1 / noise)) if noise > 0 else 1.0
    return Cost(found.median, found.q1 / factor, found.q3 * factor)


def front_entries(
    names: Sequence[str], costs: Mapping[str, Cost], better: set[tuple[str, str]]
) -> list[FrontEntry]:
    """The state of each, by comparing each with each other."""
    place = {name: number for number, name in enumerate(names)}
    above = np.zeros((len(names), len(names)), bool)
    for first, second in better:
        if first in place and second in place:
            above[place[first], place[second]] = True
    low = np.array([_or(costs[name].low, -math.inf) for name in names])
    high = np.array([_or(costs[name].high, math.inf) for name in names])
    no_dearer = high[:, None] <= low[None, :]
    cheaper = high[:, None] < low[None, :]
    dominates = above & no_dearer
    ahead = above | cheaper
    np.fill_diagonal(ahead, True)  # nobody is a rival of itself
    return [
        FrontEntry(
            name=name,
            cost=costs[name].value,
            low=costs[name].low,
            high=costs[name].high,
            state=_state(dominates[:, number], ahead[number]),
            dominated_by=[names[int(i)] for i in np.flatnonzero(dominates[:, number])[:NAMED]],
        )
        for number, name in enumerate(names)
    ]


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _state(dominated: np.ndarray, ahead: np.ndarray) -> FrontState:
    if dominated.any():
        return "dominated"
    return "front" if ahead.all() else "cannot tell"
