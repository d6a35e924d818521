"""Classifiers over many datasets: mean ranks, Friedman's test, Wilcoxon's signed-rank tests, groups.

As the field does it: Friedman's test asks whether the classifiers differ at all (Demšar 2006,
https://jmlr.org/papers/v7/demsar06a.html), in the form of Iman and Davenport (1980) too; each pair is then
tested by Wilcoxon's signed-rank test with Holm's correction, and not by mean ranks, which depend on the other
classifiers (Benavoli, Corani and Mangili 2016, https://jmlr.org/papers/v17/benavoli16a.html).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.comparison.estimates import LEVEL
from zoo.comparison.pairs import holm
from zoo.studies.score_table import DIGITS, ScoreTable

EXACT = 50
"""Up to so many differences the p value is exact."""


@dataclass(frozen=True)
class Friedman:
    """Friedman's test: whether the classifiers differ at all.

    Attributes:
        statistic, p: of χ² with ties corrected, k - 1 degrees of freedom.
        f, f_p: Iman and Davenport's F with k - 1 and (k - 1)(N - 1) degrees of freedom, which is less
            conservative; infinite where all datasets rank alike.
    """

    statistic: float
    p: float
    f: float
    f_p: float


@dataclass(frozen=True)
class PairOverDatasets:
    """Two classifiers over all datasets; the first has the better mean rank.

    Attributes:
        wins, ties, losses: datasets on which the first is better, equal, worse.
        mean_difference, median_difference: first minus second, better is more.
        p, p_adjusted: Wilcoxon's, two-sided, alone and by Holm over all pairs.
        better: which of the two has the larger sum of signed ranks.
        different: whether they are told apart.
    """

    first: str
    second: str
    better: str
    wins: int
    ties: int
    losses: int
    mean_difference: float
    median_difference: float
    p: float
    p_adjusted: float
    different: bool


def gains(table: ScoreTable) -> np.ndarray:
    """The scores `(datasets, names)`, where more is better, rounded to what is compared."""
    return np.round(table.metric.sign * table.values, DIGITS)


def ranks(table: ScoreTable) -> np.ndarray:
    """Ranks `(datasets, names)`, 1 is best; equal scores share the mean of their ranks."""
    from scipy.stats import rankdata

    return rankdata(-gains(table), axis=1)


def friedman(ranked: np.ndarray) -> Friedman | None:
    """The test on ranks `(datasets, names)`; None for two, where Wilcoxon's test says it all."""
    from scipy import stats

    count, names = ranked.shape
    if names < 3:
        return None
    squares = float(((ranked - (names + 1) / 2) ** 2).sum()) / (names - 1)
    if squares == 0:  # all are equal everywhere
        return Friedman(0.0, 1.0, 0.0, 1.0)
    sums = ranked.sum(axis=0) - count * (names + 1) / 2
    statistic = float((sums**2).sum()) / squares
    p = float(stats.chi2.sf(statistic, names - 1))
    left = count * (names - 1) - statistic
    if left <= 1e-9:
        return Friedman(statistic, p, float("inf"), 0.0)
    f = (count - 1) * statistic / left
    f_p = float(stats.f.sf(f, names - 1, (names - 1) * (count - 1)))
    return Friedman(statistic, p, f, f_p)


def signed_ranks(differences: np.ndarray) -> np.ndarray:
    """The ranks of differences by size, with their signs; those of zero are left out."""
    from scipy.stats import rankdata

    apart = np.round(differences, DIGITS)
    apart = apart[apart != 0]
    return np.sign(apart) * rankdata(np.abs(apart))


def wilcoxon(differences: np.ndarray) -> float:
    """The two-sided p value of Wilcoxon's signed-rank test; differences of zero are left out.

    Up to `EXACT` differences by counting all assignments of signs to the ranks that are there, ties
    included (Pratt and Gibbons 1981); above, scipy's normal approximation, corrected for ties.
    """
    from scipy import stats

    signed = signed_ranks(differences)
    if not len(signed):
        return 1.0
    if len(signed) > EXACT:
        return float(stats.wilcoxon(np.round(differences, DIGITS), zero_method="wilcox").pvalue)
    doubled = np.rint(2 * np.abs(signed)).astype(int)
    ways = np.zeros(doubled.sum() + 1)
    ways[0] = 1.0
    for rank in doubled:
        added = np.zeros_like(ways)
        added[rank:] = ways[: len(ways) - rank]
        ways = (ways + added) / 2
    smaller = min(int(doubled[signed > 0].sum()), int(doubled[signed < 0].sum()))
    return min(1.0, 2 * float(ways[: smaller + 1].sum()))


def pairs_of(
    table: ScoreTable, ranked: np.ndarray, overall: Friedman | None
) -> list[PairOverDatasets]:
    """Every pair, the one with the better mean rank first, in the order of ranks.

    They are told apart where Holm's p value is below 5 %, and Friedman's test says that there are
    differences.
    """
    scores, order = gains(table), by_rank(ranked)
    places = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    apart = [scores[:, a] - scores[:, b] for a, b in places]
    p = [wilcoxon(each) for each in apart]
    any_differ = overall is None or overall.p < 1 - LEVEL
    found = []
    for (a, b), each, alone, adjusted in zip(places, apart, p, holm(p), strict=True):
        first, second = table.names[a], table.names[b]
        found.append(
            PairOverDatasets(
                first,
                second,
                second if signed_ranks(each).sum() < 0 else first,
                int((each > 0).sum()),
                int((each == 0).sum()),
                int((each < 0).sum()),
                float(each.mean()),
                float(np.median(each)),
                alone,
                float(adjusted),
                bool(any_differ and adjusted < 1 - LEVEL),
            )
        )
    return found


def by_rank(ranked: np.ndarray) -> list[int]:
    """Places of the names, the best mean rank first."""
    return [int(place) for place in np.argsort(ranked.mean(axis=0), kind="stable")]


def groups(names: Sequence[str], pairs: Sequence[PairOverDatasets]) -> list[list[str]]:
    """The bars of a critical-difference diagram: neighbours in rank of whom no two are told apart.

    Args:
        names: the best mean rank first.

    Each group is as long as it can be, and none is within another. aeon draws the same, but keeps
    two that *are* told apart under one bar where both cannot be told apart from a better one.
    """
    different = {frozenset((pair.first, pair.second)) for pair in pairs if pair.different}
    found: list[tuple[int, int]] = []
    for start in range(len(names)):
        end = start
        while end + 1 < len(names) and not any(
            frozenset((names[end + 1], each)) in different for each in names[start : end + 1]
        ):
            end += 1
        if end > start and (not found or end > found[-1][1]):
            found.append((start, end))
    return [list(names[start : end + 1]) for start, end in found]


def least_datasets(pairs: int) -> int:
    """The fewest datasets with which any of so many pairs could be told apart: 2 · 2⁻ᴺ · pairs < 5 %."""
    count = 1
    while pairs * 2.0 ** (1 - count) >= 1 - LEVEL:
        count += 1
    return count
