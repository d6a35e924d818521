"""Successive halving on validation data: how long each step trains, who goes on, and how many seeds remain.

Jamieson and Talwalkar 2016 (https://arxiv.org/abs/1502.07943), with a third kept at each step as in
Hyperband: all candidates are trained shortly, the better third longer. Each step may spend an equal share of
the time that is left. The learning rate's schedule is that of a whole, short training, so that steps compare
like with like.
"""

import math
from collections.abc import Mapping, Sequence

from zoo.advising.advice_record import Trial

KEPT = 3
"""One of so many goes on."""
FINALISTS = 3
SEEDS = 5


def levels(epochs: int) -> list[int]:
    """The epochs of each step of the search, before whole trainings of `epochs`.

    >>> levels(40), levels(5), levels(2), levels(1)
    ([4, 13], [1, 2], [1], [1])
    """
    parts = (max(1, round(epochs / KEPT**2)), max(1, round(epochs / KEPT)))
    return sorted(set(parts))


def affordable(seconds: Mapping[str, float], budget: float) -> tuple[list[str], list[str]]:
    """Who can be trained in the budget, the shortest trainings first, and who is left out.

    >>> affordable({"a": 5.0, "b": 1.0, "c": 3.0}, 4.5)
    (['b', 'c'], ['a'])
    """
    taken: list[str] = []
    used = 0.0
    for name in sorted(seconds, key=lambda each: seconds[each]):
        if taken and used + seconds[name] > budget:
            break
        taken.append(name)
        used += seconds[name]
    return taken, [name for name in seconds if name not in taken]


def best(trials: Sequence[Trial], count: int) -> list[str]:
    """The names of the best trials by validation accuracy, then loss; those with a problem never."""
    good = [each for each in trials if not each.problem and each.val_accuracy is not None]
    good.sort(key=lambda each: (-(each.val_accuracy or 0.0), _loss(each)))
    return [each.name for each in good[:count]]


def _loss(trial: Trial) -> float:
    return math.inf if trial.val_loss is None else trial.val_loss


def kept(count: int) -> int:
    """How many of so many go on; at least as many as there are finalists, if there are.

    >>> kept(12), kept(6), kept(2)
    (4, 3, 2)
    """
    return min(count, max(FINALISTS, math.ceil(count / KEPT)))


def final(
    ranked: Sequence[str], seconds: Mapping[str, float], budget: float, most: int
) -> tuple[list[str], int]:
    """The finalists and the seeds of each: more seeds before more finalists, since one seed tells nothing.

    >>> final(["a", "b"], {"a": 10.0, "b": 20.0}, 95.0, 5)
    (['a', 'b'], 3)
    >>> final(["a", "b"], {"a": 10.0, "b": 20.0}, 45.0, 5)
    (['a'], 4)
    >>> final(["a"], {"a": 10.0}, 5.0, 5)
    ([], 0)
    """
    for count in range(min(FINALISTS, len(ranked)), 0, -1):
        names = list(ranked[:count])
        seeds = min(most, int(budget // sum(seconds[name] for name in names)))
        if seeds >= min(most, 2) or (count == 1 and seeds == 1):
            return names, seeds
    return [], 0
