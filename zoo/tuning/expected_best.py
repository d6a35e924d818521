"""How good the best of n trials is, over all orders in which the trials could have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

LEVEL = 0.95


@dataclass(frozen=True)
class BestOf:
    """The best score of `trials` trials: its mean over orders, and a central 95 % interval."""

    trials: int
    mean: float
    low: float
    high: float


def expected_best(scores: Sequence[float], sign: int = 1) -> list[BestOf]:
    """The best score after 1, 2, ... trials, in a random order of the trials that were made.

    Exact: the best of n of N trials is at most the i-th smallest with probability C(i, n) / C(N, n). Dodge
    et al. (2019), "Show Your Work", give the same curve for draws with replacement; without, its last
    point is the best score itself (Tang et al. 2020 on the bias of the other).

    Args:
        scores: of the trials, in any order.
        sign: 1 if more is better, -1 if less is.

    Example:
        >>> [round(each.mean, 3) for each in expected_best([0.5, 0.9, 0.7])]
        [0.7, 0.833, 0.9]
        >>> expected_best([0.5, 0.9, 0.7])[0].high
        0.9
    """
    ordered, total = sorted(sign * each for each in scores), len(scores)
    return [_best_of(ordered, total, count, sign) for count in range(1, total + 1)]


def _best_of(ordered: list[float], total: int, count: int, sign: int) -> BestOf:
    ways = comb(total, count)
    mean, below, ends = 0.0, 0.0, []
    for place, value in enumerate(ordered, 1):
        at_most = comb(place, count) / ways
        mean += value * (at_most - below)
        below = at_most
        ends.append((at_most, value))
    tail = (1 - LEVEL) / 2
    low, high = (_quantile(ends, share) for share in (tail, 1 - tail))
    low, high = sorted((sign * low, sign * high))
    return BestOf(count, sign * mean, low, high)


def _quantile(ends: list[tuple[float, float]], share: float) -> float:
    return next((value for at_most, value in ends if at_most >= share), ends[-1][1])
