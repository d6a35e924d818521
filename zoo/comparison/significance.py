"""Which differences between architectures are significant: tests of pairs.

The data are those of `zoo.comparison.estimates`, an array `(seeds, examples)` for each architecture, all
on the same examples: correct predictions, or what each sample adds to another metric. Examples are
paired: every architecture predicts the same ones. Seeds are not: seed 3 of one architecture has nothing
in common with seed 3 of another.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.comparison.estimates import LEVEL, Estimate, MeanSquares, Sampled
from zoo.comparison.pairs import Differences


@dataclass(frozen=True)
class PairTest:
    """How two architectures are tested.

    Attributes:
        least_variance: that of a difference is never taken below it; None: what a single example that
            splits them would give.
        names: the test of a pair, by whether one of the two has a single seed.
    """

    least_variance: float | None
    names: Mapping[bool, str]

    @property
    def exact(self) -> bool:
        """Whether values are 0 and 1, so that two models have an exact test."""
        return self.least_variance is None

    def least(self, examples: int) -> float:
        """The least variance."""
        return float(examples) ** -2 if self.least_variance is None else self.least_variance

    def least_error(self, examples: int) -> float:
        """Its root."""
        return 1 / examples if self.least_variance is None else math.sqrt(self.least_variance)


OF_ACCURACY = PairTest(None, {True: "mcnemar exact", False: "welch-satterthwaite t"})


def pair_test(sampled: Sequence[Sampled]) -> PairTest:
    """That of a metric; all are values of the same one, on the same examples."""
    if sampled[0].metric.name == "accuracy":
        return OF_ACCURACY
    names = {
        True: "paired t on jackknife values",
        False: "welch-satterthwaite t on jackknife values",
    }
    return PairTest(max(each.least_variance for each in sampled), names)


class _Sides:
    """What pairs need of all architectures; worked out once, a row for each.

    Attributes:
        single: whether it has one seed.
        models: correct predictions of the first seed.
        means: correct predictions, mean over seeds.
        facts: mean, what seeds add to a variance, their degrees of freedom, the noise of an example.
    """

    def __init__(self, correct: Sequence[np.ndarray], test: PairTest):
        self.test = test
        self.single = np.array([len(each) < 2 for each in correct], bool)
        self.models = np.stack([each[0] for each in correct]).astype("float64")
        self.means = self.models
        if not self.single.all():
            self.means = np.stack([each.mean(axis=0) for each in correct])
        self.facts = np.array([_facts(each) for each in correct])

    def tested(self, place: int, others: np.ndarray, single: bool) -> "_Tests":
        """One minus each of the others; `single`: one of the two has a single seed."""
        if single:
            return _of_two_models(self.models[place], self.models[others], self.test)
        apart = self.means[place] - self.means[others]
        return _of_architectures(self.facts[place], self.facts[others].T, apart, self.test)


def _facts(correct: np.ndarray) -> tuple[float, float, float, float]:
    seeds, examples = correct.shape
    if seeds < 2:
        return (math.nan,) * 4
    squares = MeanSquares.of(correct)
    variance = squares.seed_variance(seeds, examples)
    return squares.mean, variance, seeds - 1, squares.residual / seeds


_Tests = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""One architecture against several others: differences, margins, p values, standard errors, freedom."""


def _of_architectures(
    ours: np.ndarray, theirs: np.ndarray, apart: np.ndarray, test: PairTest
) -> _Tests:
    from scipy import special

    examples = apart.shape[1]
    noise = ours[3] + theirs[3]
    from_examples = np.maximum(apart.var(axis=1, ddof=1) - noise, 0.0) / examples
    variance = np.maximum(ours[1] + theirs[1] + from_examples, test.least(examples))
    spread = ours[1] ** 2 / ours[2] + theirs[1] ** 2 / theirs[2]
    freedom = np.full(len(apart), examples - 1.0)
    np.divide(variance**2, spread, out=freedom, where=spread > 0)
    value, error = ours[0] - theirs[0], np.sqrt(variance)
    margin = special.stdtrit(freedom, (1 + LEVEL) / 2) * error
    return value, margin, 2 * special.stdtr(freedom, -np.abs(value) / error), error, freedom


def _of_two_models(first: np.ndarray, others: np.ndarray, test: PairTest) -> _Tests:
    from scipy import special, stats

    apart = first - others
    examples = apart.shape[1]
    error = np.maximum(apart.std(axis=1, ddof=1) / math.sqrt(examples), test.least_error(examples))
    value, margin = apart.mean(axis=1), stats.norm.ppf((1 + LEVEL) / 2) * error
    freedom = np.full(len(apart), examples - 1.0)
    if test.exact:
        return value, margin, mcnemar(first, others), error, freedom
    return value, margin, 2 * special.stdtr(freedom, -np.abs(value) / error), error, freedom


def mcnemar(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """McNemar's exact test on the correct predictions `(examples,)` of one model and `(..., examples)`.

    The two-sided p value of a fair coin for the examples that only one of them gets right.
    """
    from scipy.stats import binom

    only_first = np.sum((first == 1) & (second == 0), axis=-1)
    only_second = np.sum((first == 0) & (second == 1), axis=-1)
    fewer, both = np.minimum(only_first, only_second), only_first + only_second
    # The coin is fair, so both tails are alike; with a tie they are everything.
    tails = binom.cdf(fewer, both, 0.5) + binom.sf(both - fewer - 1, both, 0.5)
    return np.where(2 * fewer == both, 1.0, np.minimum(tails, 1.0))


def difference(
    first: np.ndarray, second: np.ndarray, test: PairTest = OF_ACCURACY
) -> tuple[Estimate, float, str]:
    """First minus second: the estimate, its p value, and the test's name.

    Both are `(seeds, examples)` with the same examples; the numbers of seeds may differ.
    """
    sides = _Sides([first, second], test)
    single = bool(sides.single.any())
    value, margin, p = (each.item() for each in sides.tested(0, np.array([1]), single)[:3])
    return Estimate(value, value - margin, value + margin), p, test.names[single]


CHUNK = 2**20
"""Answers that are held at once for testing pairs: bounds the memory."""


def differences(
    values: Mapping[str, np.ndarray],
    done: Callable[[int], object] = lambda _done: None,
    test: PairTest = OF_ACCURACY,
    rope: float | None = None,
) -> Differences:
    """Every pair of architectures, where more is better.

    Args:
        values: by name, `(seeds, examples)`.
        done: is told of how many architectures all pairs are tested.
        test: how pairs are tested.
        rope: the margin within which two are equivalent, in the metric's units; None: not tested.
    """
    sides, rows = _Sides(list(values.values()), test), []
    for place in range(len(values)):
        rows.append(_against(place, sides))
        done(place + 1)
    columns = [np.concatenate(each) for each in zip(*rows, strict=True)]
    *columns, errors, freedom = columns
    spread = np.stack([errors, freedom])
    return Differences(list(values), *columns, tests=test.names, spread=spread, rope=rope)


def _against(place: int, sides: _Sides) -> tuple[np.ndarray, ...]:
    """One architecture and each after it: columns of `Differences`."""
    others = np.arange(place + 1, len(sides.single))
    single = sides.single[place] | sides.single[others]
    value, margin, p, error, freedom = found = np.empty((5, len(others)))
    at_once = max(1, CHUNK // sides.models.shape[1])
    for kind in (True, False):
        places = np.flatnonzero(single == kind)
        for start in range(0, len(places), at_once):
            chunk = places[start : start + at_once]
            found[:, chunk] = sides.tested(place, others[chunk], kind)
    return np.full(len(others), place), others, value, margin, p, single, error, freedom
