"""Which differences between architectures are significant: estimates and tests.

The data are correct predictions, an array `(seeds, examples)` of 0 and 1 for each architecture, all on
the same examples. Seeds and examples are both random samples. An interval for a new seed on new samples
therefore has the variance of a two-way layout with both factors random (Cornfield and Tukey 1956; for
classifiers: Gallas 2006, https://doi.org/10.1016/j.acra.2005.10.017), and Satterthwaite's degrees of
freedom in the form of Hillis (2007, https://doi.org/10.1002/sim.2532), which counts the few seeds and
not the many examples. Examples are paired: every architecture predicts the same ones. Seeds are not:
seed 3 of one architecture has nothing in common with seed 3 of another.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing

from zoo.metrics import accuracy_interval

LEVEL = 0.95


@dataclass(frozen=True)
class MeanSquares:
    """The two-way analysis of variance of correct predictions `(seeds, examples)`."""

    mean: float
    seeds: float
    examples: float
    residual: float

    @classmethod
    def of(cls, correct: np.ndarray) -> "MeanSquares":
        """Mean squares between seeds, between examples, and of what is left. Needs two seeds."""
        seeds, examples = correct.shape
        mean = correct.mean()
        by_seed, by_example = correct.mean(axis=1), correct.mean(axis=0)
        residual = correct - by_seed[:, None] - by_example + mean
        return cls(
            float(mean),
            examples * float(((by_seed - mean) ** 2).sum()) / (seeds - 1),
            seeds * float(((by_example - mean) ** 2).sum()) / (examples - 1),
            float((residual**2).sum()) / ((seeds - 1) * (examples - 1)),
        )

    def seed_variance(self, seeds: int, examples: int) -> float:
        """What choosing seeds adds to the mean's variance.

        Never taken below what answers that vary by themselves would give: few seeds that agree by
        chance are no proof that others would.
        """
        return max(self.seeds, self.residual) / (seeds * examples)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much the first is better than the second, and whether that can be told.

    `p` is of this pair alone; `p_adjusted` holds for all pairs together, and is 1 where seeds are
    too few to tell architectures apart.
    """

    first: str
    second: str
    value: float
    low: float
    high: float
    p: float
    p_adjusted: float
    test: str

    @property
    def different(self) -> bool:
        """Whether the two can be told apart at the 5 % level over all pairs."""
        return self.p_adjusted < 1 - LEVEL


def mean_accuracy(correct: np.ndarray) -> Estimate:
    """Mean accuracy over seeds, with its interval; `correct` is `(seeds, examples)`."""
    from scipy import stats
    from scipy.special import expit, logit

    seeds, examples = correct.shape
    mean = float(correct.mean())
    if seeds == 1 or mean in (0.0, 1.0):
        low, high = accuracy_interval(round(mean * examples), examples)
        return Estimate(mean, low, high)
    squares = MeanSquares.of(correct)
    from_seeds = squares.seed_variance(seeds, examples)
    from_examples = max(squares.examples - squares.residual, 0.0) / (seeds * examples)
    variance = from_seeds + from_examples
    freedom = variance**2 / (from_seeds**2 / (seeds - 1)) if from_seeds else examples - 1
    margin = stats.t.ppf((1 + LEVEL) / 2, freedom) * math.sqrt(variance) / (mean * (1 - mean))
    return Estimate(mean, float(expit(logit(mean) - margin)), float(expit(logit(mean) + margin)))


class _Sides:
    """What pairs need of all architectures; worked out once, a row for each.

    Attributes:
        single: whether it has one seed.
        models: correct predictions of the first seed.
        means: correct predictions, mean over seeds.
        facts: mean, what seeds add to a variance, their degrees of freedom, the noise of an example.
    """

    def __init__(self, correct: Sequence[np.ndarray]):
        self.single = np.array([len(each) < 2 for each in correct], bool)
        self.models = np.stack([each[0] for each in correct]).astype("float64")
        self.means = self.models
        if not self.single.all():
            self.means = np.stack([each.mean(axis=0) for each in correct])
        self.facts = np.array([_facts(each) for each in correct])

    def tested(self, place: int, others: np.ndarray, single: bool) -> "_Tests":
        """One minus each of the others; `single`: one of the two has a single seed."""
        if single:
            return _of_two_models(self.models[place], self.models[others])
        apart = self.means[place] - self.means[others]
        return _of_architectures(self.facts[place], self.facts[others].T, apart)


def _facts(correct: np.ndarray) -> tuple[float, float, float, float]:
    seeds, examples = correct.shape
    if seeds < 2:
        return (math.nan,) * 4
    squares = MeanSquares.of(correct)
    variance = squares.seed_variance(seeds, examples)
    return squares.mean, variance, seeds - 1, squares.residual / seeds


_Tests = tuple[np.ndarray, np.ndarray, np.ndarray]
"""One architecture against several others: differences, margins, p values."""


def _of_architectures(ours: np.ndarray, theirs: np.ndarray, apart: np.ndarray) -> _Tests:
    from scipy import special

    examples = apart.shape[1]
    noise = ours[3] + theirs[3]
    from_examples = np.maximum(apart.var(axis=1, ddof=1) - noise, 0.0) / examples
    # Never below what a single example that splits them would give.
    variance = np.maximum(ours[1] + theirs[1] + from_examples, float(examples) ** -2)
    spread = ours[1] ** 2 / ours[2] + theirs[1] ** 2 / theirs[2]
    freedom = np.full(len(apart), examples - 1.0)
    np.divide(variance**2, spread, out=freedom, where=spread > 0)
    value, error = ours[0] - theirs[0], np.sqrt(variance)
    margin = special.stdtrit(freedom, (1 + LEVEL) / 2) * error
    return value, margin, 2 * special.stdtr(freedom, -np.abs(value) / error)


def _of_two_models(first: np.ndarray, others: np.ndarray) -> _Tests:
    from scipy import stats

    apart = first - others
    examples = apart.shape[1]
    error = np.maximum(apart.std(axis=1, ddof=1) / math.sqrt(examples), 1 / examples)
    margin = stats.norm.ppf((1 + LEVEL) / 2) * error
    return apart.mean(axis=1), margin, mcnemar(first, others)


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


TESTS = {True: "mcnemar exact", False: "welch-satterthwaite t"}
"""The test of a pair, by whether one of the two has a single seed."""


def holm(p_values: "np.typing.ArrayLike") -> np.ndarray:
    """p values that hold for all tests together (Holm 1979), in the order given."""
    p = np.asarray(p_values, "float64")
    order = np.argsort(p, kind="stable")
    adjusted = np.ones(len(p))
    bounded = np.minimum(1.0, (len(p) - np.arange(len(p))) * p[order])
    adjusted[order] = np.maximum.accumulate(bounded)
    return adjusted


class Differences(Sequence[Difference]):
    """Every pair, the better one first, largest difference first; columns, as there may be millions.

    Args:
        names: of the architectures.
        first, second: places in `names`.
        margin: half of the interval's width.
        single: whether one of the two has a single seed.
    """

    def __init__(
        self,
        names: Sequence[str],
        first: np.ndarray,
        second: np.ndarray,
        value: np.ndarray,
        margin: np.ndarray,
        p: np.ndarray,
        single: np.ndarray,
    ):
        order = np.argsort(-np.abs(value), kind="stable")
        behind = value < 0
        adjusted = np.ones(len(p))
        # One seed says nothing about the architecture: such pairs cannot be told apart.
        adjusted[~single] = holm(p[~single])
        self._names = names
        self._columns = [
            each[order]
            for each in (
                np.where(behind, second, first),
                np.where(behind, first, second),
                np.abs(value),
                margin,
                p,
                adjusted,
                single,
            )
        ]

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, index: int) -> Difference: ...
    @overload
    def __getitem__(self, index: slice) -> list[Difference]: ...
    def __getitem__(self, index: int | slice) -> Difference | list[Difference]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        first, second, value, margin, p, adjusted, single = (
            each[index].item() for each in self._columns
        )
        return Difference(
            self._names[first],
            self._names[second],
            value,
            value - margin,
            value + margin,
            p,
            adjusted,
            TESTS[single],
        )

    @property
    def told_apart(self) -> list[Difference]:
        """Those that are different."""
        return [self[int(place)] for place in np.flatnonzero(self._columns[5] < 1 - LEVEL)]


def difference(first: np.ndarray, second: np.ndarray) -> tuple[Estimate, float, str]:
    """First minus second: the estimate, its p value, and the test's name.

    Both are `(seeds, examples)` with the same examples; the numbers of seeds may differ.
    """
    sides = _Sides([first, second])
    tests = sides.tested(0, np.array([1]), bool(sides.single.any()))
    value, margin, p = (each.item() for each in tests)
    return Estimate(value, value - margin, value + margin), p, TESTS[bool(sides.single.any())]


CHUNK = 2**20
"""Answers that are held at once for testing pairs: bounds the memory."""


def differences(
    correct: Mapping[str, np.ndarray], done: Callable[[int], object] = lambda _done: None
) -> Differences:
    """Every pair of architectures. `done` is told of how many architectures all pairs are tested."""
    sides, rows = _Sides(list(correct.values())), []
    for place in range(len(correct)):
        rows.append(_against(place, sides))
        done(place + 1)
    columns = [np.concatenate(each) for each in zip(*rows, strict=True)]
    return Differences(list(correct), *columns)


def _against(place: int, sides: _Sides) -> tuple[np.ndarray, ...]:
    """One architecture and each after it: columns of `Differences`."""
    others = np.arange(place + 1, len(sides.single))
    single = sides.single[place] | sides.single[others]
    value, margin, p = np.empty((3, len(others)))
    at_once = max(1, CHUNK // sides.models.shape[1])
    for kind in (True, False):
        places = np.flatnonzero(single == kind)
        for start in range(0, len(places), at_once):
            chunk = places[start : start + at_once]
            value[chunk], margin[chunk], p[chunk] = sides.tested(place, others[chunk], kind)
    return np.full(len(others), place), others, value, margin, p, single
