"""The Bayesian signed-rank test with a region of practical equivalence.

Benavoli, Mangili, Corani, Zaffalon and Ruggeri 2014 (https://proceedings.mlr.press/v32/benavoli14.html), for
classifiers Benavoli, Corani, Demšar and Zaffalon 2017 (https://jmlr.org/papers/v18/16-305.html). The prior is
a Dirichlet process: one more dataset without a difference, of weight 0.5, as in the authors' baycomp.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zoo.studies.score_table import DIGITS

PRIOR = 0.5
"""Weight of the dataset without a difference."""
SAMPLES, FEWER, MANY_PAIRS = 50_000, 5_000, 100
"""Of the posterior; fewer where there are more pairs than this."""
CHUNK = 2**16
"""Weights that are held at once; so few stay in the cache."""
CERTAIN = 0.95


@dataclass(frozen=True)
class Posterior:
    """Probabilities that, on a further dataset, the first is better, both are equivalent, the second is.

    They sum to one. With a region of width 0, `equivalent` is 0.
    """

    first: float
    equivalent: float
    second: float

    @property
    def certain(self) -> str:
        """`first`, `equivalent` or `second` above 95 %; else empty."""
        for name in ("first", "equivalent", "second"):
            if getattr(self, name) > CERTAIN:
                return name
        return ""


def signed_rank(
    differences: np.ndarray, rope: float, *, samples: int = SAMPLES, seed: int = 0
) -> list[Posterior]:
    """The posterior of each pair.

    Args:
        differences: `(datasets, pairs)`, first minus second, more is better.
        rope: differences between `-rope` and `rope` are equivalent; 0: no region.
        samples: of the posterior; the error of a probability is at most 0.5 / √samples.
        seed: of the samples; equal input gives equal output.

    Example:
        >>> signed_rank(np.full((20, 1), 0.03), rope=0.01)[0].certain
        'first'
    """
    apart = np.vstack([np.zeros(differences.shape[1]), np.round(differences, DIGITS)])
    order = np.argsort(apart, axis=0, kind="stable")
    limit = round(2 * rope, DIGITS)
    counts = np.zeros((differences.shape[1], 3))
    for weights in _weights(len(differences), samples, seed):
        for pair, places in enumerate(order.T):
            counts[pair] += _won(weights[:, places], apart[places, pair], limit)
    return [Posterior(*(each / samples).tolist()) for each in counts]


def _weights(datasets: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """Dirichlet weights `(samples, 1 + datasets)`, in chunks; that of the prior is first."""
    random = np.random.default_rng(seed)
    at_once = max(1, CHUNK // (datasets + 1))
    for start in range(0, samples, at_once):
        drawn = random.standard_gamma(
            np.r_[PRIOR, np.ones(datasets)], (min(at_once, samples - start), datasets + 1)
        )
        yield drawn / drawn.sum(axis=1, keepdims=True)


def _won(weights: np.ndarray, apart: np.ndarray, limit: float) -> np.ndarray:
    """In how many samples the first is better, both are equivalent, the second is better.

    A sample is of the one of the three with the largest share of all pairs of datasets, by weight, whose
    differences sum to more than `limit`, to less than `-limit`, or to what is between.

    Args:
        weights: `(samples, 1 + datasets)`, in the order of `apart`.
        apart: the differences, ascending.
    """
    first, second = _above(weights, apart, limit), _above(weights[:, ::-1], -apart[::-1], limit)
    if limit == 0:
        won = float((first > second).sum()) + 0.5 * float((first == second).sum())
        return np.array([won, 0.0, len(weights) - won])
    places = np.stack([first, 1 - first - second, second]).argmax(axis=0)
    return np.bincount(places, minlength=3).astype(float)


def _above(weights: np.ndarray, apart: np.ndarray, limit: float) -> np.ndarray:
    """By weight, the share of pairs of datasets whose differences sum to more than `limit`; half of equal."""
    edge = np.round(limit - apart, DIGITS)
    from_here = np.zeros((len(weights), len(apart) + 1))
    from_here[:, :-1] = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
    higher = from_here[:, np.searchsorted(apart, edge, "right")]
    higher = higher + from_here[:, np.searchsorted(apart, edge, "left")]
    return np.einsum("sd,sd->s", weights, higher) / 2
