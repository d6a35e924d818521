"""Which differences between architectures are real: estimates, tests, ranks.

The data are right answers, an array `(seeds, examples)` of 0 and 1 for each architecture, all on
the same examples. Seeds and examples are both samples: of the trainings that could have been, and
of the samples that could be met. An interval that is to hold for a new seed on new samples must hold
both; so the mean's variance is that of a two-way layout with both factors random (Cornfield and
Tukey 1956; for classifiers on a common set of cases: Gallas 2006, https://doi.org/10.1016/
j.acra.2005.10.017), and its degrees of freedom are Satterthwaite's in the form of Hillis (2007,
https://doi.org/10.1002/sim.2532), which counts the few seeds and not the many examples. Examples
pair (every architecture answers the same ones); seeds do not: a seed starts another sequence in
every architecture, so seed 3 of one has nothing in common with seed 3 of another.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.statistics import accuracy_interval

LEVEL = 0.95

METHODS = {
    "interval": (
        "95 % interval of the mean accuracy for a new seed on new samples of the same kind: two-way "
        "random-effects variance over seeds and test samples, Hillis' degrees of freedom, on the "
        "logit scale; with one seed the Wilson interval, which holds the sampling of the test "
        "samples only."
    ),
    "difference": (
        "Differences are paired by test sample, with the variance of both architectures' seeds; "
        "Welch–Satterthwaite t test, p values corrected over all pairs by Holm's method. With one "
        "seed McNemar's exact test, which tells of these two trained models only."
    ),
    "rank": (
        "The best and the worst rank that the corrected tests leave open: one more than the number "
        "of architectures that are better, to the number that are not worse (Al Mohamad, Goeman "
        "and van Zwet 2022). Where nothing can be told apart, all share one range."
    ),
    "noise": (
        "How far two trainings, and two measurements, of the same architecture differ: smaller "
        "differences between architectures mean nothing."
    ),
}
"""How each figure is computed, in a sentence or two, for the table's foot."""


@dataclass(frozen=True)
class MeanSquares:
    """The two-way analysis of variance of right answers `(seeds, examples)`."""

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


@dataclass(frozen=True)
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


def difference(first: np.ndarray, second: np.ndarray) -> tuple[Estimate, float, str]:
    """First minus second: the estimate, its p value, and the test's name.

    Both are `(seeds, examples)` with the same examples; the numbers of seeds may differ.
    """
    if min(len(first), len(second)) < 2:
        return _of_two_models(first[0], second[0])
    return _of_architectures(first, second)


def _of_architectures(first: np.ndarray, second: np.ndarray) -> tuple[Estimate, float, str]:
    from scipy import stats

    examples = first.shape[1]
    ours, theirs = MeanSquares.of(first), MeanSquares.of(second)
    parts = [
        (squares.seed_variance(len(each), examples), len(each) - 1)
        for squares, each in ((ours, first), (theirs, second))
    ]
    by_example = first.mean(axis=0) - second.mean(axis=0)
    noise = ours.residual / len(first) + theirs.residual / len(second)
    from_examples = max(float(by_example.var(ddof=1)) - noise, 0.0) / examples
    # Never below what a single example that splits them would give.
    variance = max(sum(part for part, _ in parts) + from_examples, examples**-2)
    spread = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / spread if spread else examples - 1
    value = ours.mean - theirs.mean
    error = math.sqrt(variance)
    margin = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    p = 2 * stats.t.sf(abs(value) / error, freedom)
    return Estimate(value, value - margin, value + margin), float(p), "welch-satterthwaite t"


def _of_two_models(first: np.ndarray, second: np.ndarray) -> tuple[Estimate, float, str]:
    from scipy import stats

    apart = first.astype("float64") - second
    value, examples = float(apart.mean()), len(apart)
    error = max(float(apart.std(ddof=1)) / math.sqrt(examples), 1 / examples)
    margin = stats.norm.ppf((1 + LEVEL) / 2) * error
    return Estimate(value, value - margin, value + margin), mcnemar(first, second), "mcnemar exact"


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """McNemar's exact test on the right answers `(examples,)` of two models.

    The two-sided p value of a fair coin for the examples that only one of them gets right.
    """
    from scipy.stats import binomtest

    only_first = int(np.sum((first == 1) & (second == 0)))
    only_second = int(np.sum((first == 0) & (second == 1)))
    if not only_first + only_second:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """p values that hold for all tests together (Holm 1979), in the order given."""
    count = len(p_values)
    adjusted, highest = [1.0] * count, 0.0
    for place, index in enumerate(sorted(range(count), key=lambda each: p_values[each])):
        highest = max(highest, min(1.0, (count - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def differences(correct: Mapping[str, np.ndarray]) -> list[Difference]:
    """Every pair of architectures, the better one first, largest difference first."""
    found = []
    for one, other in itertools.combinations(correct, 2):
        estimate, p, test = difference(correct[one], correct[other])
        found.append((one, other, estimate, p, test))
    # One seed says nothing about the architecture: such pairs cannot be told apart.
    tested = [each for each in found if not each[4].startswith("mcnemar")]
    adjusted = dict(zip(map(id, tested), holm([each[3] for each in tested]), strict=True))
    pairs = []
    for each in found:
        one, other, estimate, p, test = each
        if estimate.value < 0:
            one, other = other, one
            estimate = Estimate(-estimate.value, -estimate.high, -estimate.low)
        bounds = (estimate.value, estimate.low, estimate.high)
        pairs.append(Difference(one, other, *bounds, p, adjusted.get(id(each), 1.0), test))
    return sorted(pairs, key=lambda pair: -pair.value)


def ranks(names: Sequence[str], pairs: Sequence[Difference]) -> dict[str, tuple[int, int]]:
    """The best and the worst rank of each that the tests leave open."""
    above = {name: sum(p.different and p.second == name for p in pairs) for name in names}
    below = {name: sum(p.different and p.first == name for p in pairs) for name in names}
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
