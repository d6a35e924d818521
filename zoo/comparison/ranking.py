"""Ranks, noise floor and Pareto front: what follows from differences and measures."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from zoo.comparison.pairs import Difference


def ranks(names: Sequence[str], pairs: Sequence[Difference]) -> dict[str, tuple[int, int]]:
    """The best and the worst rank of each that are consistent with the tests."""
    above, below = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for pair in pairs:
        if pair.different:
            above[pair.second] += 1
            below[pair.first] += 1
    return {name: (1 + above[name], len(names) - below[name]) for name in names}


def seed_noise(correct: Mapping[str, np.ndarray]) -> float | None:
    """How far two seeds of one architecture differ in accuracy: root mean square; None without two.

    The noise floor of a comparison of single runs: two trainings of the *same* architecture.
    """
    apart = [
        float(one - other)
        for each in correct.values()
        for one, other in itertools.combinations(each.mean(axis=1), 2)
    ]
    return math.sqrt(sum(value**2 for value in apart) / len(apart)) if apart else None


def pareto(points: Mapping[str, tuple[float, float]]) -> set[str]:
    """The names that no other beats in one coordinate without losing in the other; more is better."""
    return {
        name
        for name, (x, y) in points.items()
        if not any((u >= x and v >= y) and (u > x or v > y) for u, v in points.values())
    }
