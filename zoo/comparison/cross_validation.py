"""What folds say of an architecture, and of the difference of two.

The folds of a cross-validation share most of their training samples, so that their results depend on each
other: the variance of the mean over J of them is not s² / J, but, as Nadeau and Bengio estimate it (2003,
https://doi.org/10.1023/A:1024068626366), (1 / J + n_test / n_train) s², with Student's t of J - 1 degrees of
freedom. The same holds for repeated cross-validation (Bouckaert and Frank 2004,
https://doi.org/10.1007/978-3-540-24775-3_3). Two architectures are paired by fold.

The variance is never taken below what the sampling of the tested samples alone gives: few folds may agree by
chance. bench/coverage_folds.py simulates what the tests and intervals promise.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zoo.comparison.estimates import LEVEL, Estimate, Sampled, around, at_an_end, of_few
from zoo.comparison.pairs import Differences
from zoo.datasets.fold import Fold
from zoo.scoring import Metric

TEST = "corrected resampled t (Nadeau and Bengio 2003)"
TESTS = {True: TEST, False: TEST}


@dataclass(frozen=True)
class FoldResult:
    """One run's values on the samples of its fold.

    Attributes:
        fold: which one.
        values: `(samples,)`; their mean is the run's metric.
        trained: samples that it was trained on, those of its validation not counted.
    """

    fold: Fold
    values: np.ndarray
    trained: int


@dataclass(frozen=True)
class FoldSamples:
    """An architecture's values on the folds of a cross-validation, in one metric.

    Attributes:
        metric: which one.
        results: of each fold.
        effective: as in `zoo.comparison.estimates.Sampled`, of all tested samples.
    """

    metric: Metric
    results: Sequence[FoldResult]
    effective: float

    @cached_property
    def means(self) -> np.ndarray:
        """The metric of each fold."""
        return np.array([each.values.mean() for each in self.results])

    def on(self, folds: Sequence[Fold]) -> "FoldSamples":
        """The results of these folds alone, in their order."""
        by_fold = {each.fold: each for each in self.results}
        return FoldSamples(self.metric, [by_fold[fold] for fold in folds], self.effective)

    def minus(self, other: "FoldSamples") -> "FoldSamples":
        """The differences on each sample; both have the same folds."""
        results = [
            FoldResult(a.fold, a.values - b.values, min(a.trained, b.trained))
            for a, b in zip(self.results, other.results, strict=True)
        ]
        return FoldSamples(self.metric, results, min(self.effective, other.effective))

    @property
    def variance(self) -> float:
        """Of the mean over folds, for other training sets of this size and other test samples."""
        count = len(self.results)
        ratio = sum(len(each.values) for each in self.results) / sum(
            each.trained for each in self.results
        )
        corrected = (1 / count + ratio) * float(self.means.var(ddof=1))
        return max(corrected, self._of_samples(), self._least())

    def _of_samples(self) -> float:
        """What the sampling of the tested samples alone gives, mean over repetitions."""
        by_split: dict[int, list[np.ndarray]] = {}
        for each in self.results:
            by_split.setdefault(each.fold.seed, []).append(each.values)
        whole = [np.concatenate(values) for values in by_split.values()]
        return float(np.mean([v.var(ddof=1) / len(v) if len(v) > 1 else 0.0 for v in whole]))

    def _least(self) -> float:
        """What one sample, answered otherwise, gives."""
        splits = len({each.fold.seed for each in self.results})
        tested = sum(len(each.values) for each in self.results) / splits
        if self.metric.name == "accuracy":
            return tested**-2
        if self.metric.high is None:
            return math.ulp(1.0) ** 2
        return (self.metric.high - self.metric.low) ** 2 / (tested * self.effective)


def quantile(folds: int) -> float:
    """Of Student's t for the interval over so many folds."""
    from scipy import special

    return float(special.stdtrit(folds - 1, (1 + LEVEL) / 2))


def estimate(samples: FoldSamples) -> Estimate:
    """The mean over folds, with its 95 % interval for another training set and other test samples."""
    metric, mean = samples.metric, float(samples.means.mean())
    together = Sampled(
        metric, np.concatenate([each.values for each in samples.results])[None], samples.effective
    )
    if len(samples.results) < 2 or at_an_end(metric, mean):
        return Estimate(mean, *of_few(together, mean))
    return Estimate(mean, *around(metric, mean, quantile(len(samples.means)), samples.variance))


def difference(first: FoldSamples, second: FoldSamples) -> tuple[float, float, float, int]:
    """First minus second on their common folds: value, half of the 95 % interval, p, folds.

    With fewer than two common folds nothing can be told: the margin is all there is, and p is 1.
    """
    from scipy import special

    there = {each.fold for each in second.results}
    common = [each.fold for each in first.results if each.fold in there]
    if len(common) < 2:
        value = float(first.means.mean() - second.means.mean())
        metric = first.metric
        widest = 1e200 if metric.high is None else metric.high - metric.low
        return value, widest, 1.0, len(common)
    apart = first.on(common).minus(second.on(common))
    value, error = float(apart.means.mean()), math.sqrt(apart.variance)
    p = 2 * float(special.stdtr(len(common) - 1, -abs(value) / error))
    return value, quantile(len(common)) * error, p, len(common)


def differences(
    samples: Mapping[str, FoldSamples],
    done: Callable[[int], object] = lambda _done: None,
    rope: float | None = None,
) -> Differences:
    """Every pair of architectures, paired by fold, where more is better; `rope`: as for seeds."""
    names, rows = list(samples), []
    for place, name in enumerate(names):
        for other in range(place + 1, len(names)):
            value, margin, p, folds = difference(samples[name], samples[names[other]])
            sign = samples[name].metric.sign
            error = margin / quantile(folds) if folds > 1 else margin
            rows.append((place, other, sign * value, margin, p, folds < 2, error, folds - 1))
        done(place + 1)
    table = np.array(rows, "float64").reshape(-1, 8)
    first, second, single = (table[:, place].astype(int) for place in (0, 1, 5))
    return Differences(
        names,
        first,
        second,
        table[:, 2],
        table[:, 3],
        table[:, 4],
        single.astype(bool),
        tests=TESTS,
        spread=table[:, 6:].T,
        rope=rope,
    )
