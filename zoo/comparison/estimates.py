"""A mean over seeds and test samples, with its interval.

The data are an array `(seeds, examples)`: for accuracy 0 and 1, correct or not; for another metric what
each sample adds to it (`zoo.influence`). Seeds and examples are both random samples. An interval for a
new seed on new samples therefore has the variance of a two-way layout with both factors random
(Cornfield and Tukey 1956; for classifiers: Gallas 2006, https://doi.org/10.1016/j.acra.2005.10.017), and
Satterthwaite's degrees of freedom in the form of Hillis (2007, https://doi.org/10.1002/sim.2532), which
counts the few seeds and not the many examples.
"""

import math
from dataclasses import dataclass

import numpy as np

from zoo.metrics import accuracy_interval, wilson
from zoo.scoring import Metric

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


@dataclass(frozen=True)
class Sampled:
    """An architecture's values by seed and test sample, in one metric.

    Attributes:
        metric: which one.
        values: `(seeds, examples)`, of `zoo.influence.sample_values`; the mean of a row is a run's metric.
        effective: the number of samples that say as much about the metric as these would in classes of
            equal size. A class with few samples makes it small.
    """

    metric: Metric
    values: np.ndarray
    effective: float

    @property
    def least_variance(self) -> float:
        """What sampling the test set adds at least to a variance: one sample, answered otherwise.

        Without it, a small class whose few samples are all right would seem to be known exactly.
        """
        if self.metric.high is None:
            return math.ulp(1.0) ** 2
        span = self.metric.high - self.metric.low
        return span**2 / (self.values.shape[1] * self.effective)


def mean_metric(sampled: Sampled) -> Estimate:
    """A metric's mean over seeds, with its interval for a new seed on a new test set of this size.

    With one seed the interval is about this trained model, on a new test set. At an end of the metric's
    range (all answers right, say) it is Wilson's with the effective number of samples.
    """
    from scipy import stats

    metric, values = sampled.metric, sampled.values
    if metric.name == "accuracy":
        return mean_accuracy(values)
    seeds, examples = values.shape
    mean, from_seeds = float(values.mean()), 0.0
    from_examples = float(values.var(ddof=1)) / examples if examples > 1 else math.inf
    if seeds > 1 and examples > 1:
        squares = MeanSquares.of(values)
        from_seeds = squares.seed_variance(seeds, examples)
        from_examples = max(squares.examples - squares.residual, 0.0) / (seeds * examples)
    variance = from_seeds + max(from_examples, sampled.least_variance)
    freedom = variance**2 / (from_seeds**2 / (seeds - 1)) if from_seeds else examples - 1
    if at_an_end(metric, mean) or not math.isfinite(variance):
        return Estimate(mean, *of_few(sampled, mean))
    return Estimate(mean, *around(metric, mean, stats.t.ppf((1 + LEVEL) / 2, freedom), variance))


def at_an_end(metric: Metric, value: float) -> bool:
    """Whether a value is an end of the metric's range."""
    near = 1e-9
    return value <= metric.low + near or (metric.high is not None and value >= metric.high - near)


def around(metric: Metric, mean: float, quantile: float, variance: float) -> tuple[float, float]:
    """The interval on a scale without ends: the logit between two, the logarithm above one."""
    from scipy.special import expit, logit

    margin = quantile * math.sqrt(variance)
    if metric.high is None:
        ratio = math.exp(min(margin / mean, 700.0))
        return mean / ratio, min(mean * ratio, 1e300)
    span = metric.high - metric.low
    share = (mean - metric.low) / span
    margin /= span * share * (1 - share)
    low, high = expit(logit(share) - margin), expit(logit(share) + margin)
    return metric.low + span * float(low), metric.low + span * float(high)


def of_few(sampled: Sampled, mean: float) -> tuple[float, float]:
    """Where nothing varies: what so many samples that are all alike leave possible."""
    metric, count = sampled.metric, sampled.effective
    if metric.high is None:
        # As if a sample that is not like these lost what guessing between two loses.
        return mean, mean + wilson(0.0, count)[1] * math.log(2)
    span = metric.high - metric.low
    low, high = wilson((mean - metric.low) / span, count)
    return metric.low + span * low, metric.low + span * high
