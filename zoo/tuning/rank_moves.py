"""Ranks by validation score: with the defaults, and after tuning; each with the ranks it may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Ranked:
    """A rank, and the ranks consistent with the uncertainty; None where it is unknown."""

    rank: int
    between: tuple[int, int] | None


def ranks(scores: Mapping[str, float], sign: int) -> dict[str, int]:
    """1 for the best; equal scores share the lower number.

    >>> ranks({"a": 0.9, "b": 0.9, "c": 0.5}, 1)
    {'a': 1, 'b': 1, 'c': 3}
    """
    return {
        name: 1 + sum(sign * other > sign * own for other in scores.values())
        for name, own in scores.items()
    }


def default_ranks(
    scores: Mapping[str, float], sign: int, samples: int | None, seed: int = 0
) -> dict[str, Ranked]:
    """Ranks of one training each.

    Args:
        scores: by architecture.
        sign: 1 if more is better.
        samples: validation samples, whose binomial noise is drawn; None: the score is no accuracy.
    """
    found = ranks(scores, sign)
    if samples is None:
        return {name: Ranked(rank, None) for name, rank in found.items()}
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = {name: _noisy(generator, np.full(RESAMPLES, v), samples) for name, v in scores.items()}
    return _between(found, drawn, sign)


def tuned_ranks(
    trials: Mapping[str, Sequence[float]], sign: int, samples: int | None, seed: int = 0
) -> dict[str, Ranked]:
    """Ranks of the best trials; the trials are resampled, and the validation samples as for the defaults.

    Args:
        trials: scores of the complete trials of each architecture.
    """
    best = {name: sign * max(sign * each for each in own) for name, own in trials.items()}
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = {}
    for name, own in trials.items():
        values = sign * np.asarray(own, float)
        chosen = generator.integers(0, len(values), (RESAMPLES, len(values)))
        found = sign * values[chosen].max(axis=1)
        drawn[name] = found if samples is None else _noisy(generator, found, samples)
    return _between(ranks(best, sign), drawn, sign)


def _noisy(generator: np.random.Generator, shares: np.ndarray, samples: int) -> np.ndarray:
    return generator.binomial(samples, np.clip(shares, 0, 1)) / samples


def _between(
    found: Mapping[str, int], drawn: Mapping[str, np.ndarray], sign: int
) -> dict[str, Ranked]:
    """The central 95 % of each one's ranks over the resamples."""
    names = list(drawn)
    values = sign * np.stack([drawn[name] for name in names])
    each = 1 + (values[None, :, :] > values[:, None, :]).sum(axis=1)
    tail = 100 * (1 - LEVEL) / 2
    lows = np.percentile(each, tail, axis=1, method="inverted_cdf")
    highs = np.percentile(each, 100 - tail, axis=1, method="inverted_cdf")
    return {
        name: Ranked(found[name], (int(low), int(high)))
        for name, low, high in zip(names, lows, highs, strict=True)
    }
