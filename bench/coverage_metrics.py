"""The part of bench/coverage.py on metrics other than accuracy: `python bench/coverage.py --metrics`.

Classifiers of five classes are simulated: a sample has a difficulty and resembles some wrong classes,
for all classifiers alike; a seed has a skill and a liking for some classes; each answer has a chance of
its own, and probabilities are too sure of themselves. The truth is the expected value of the metric for
a new seed on a new test set of the same size, taken over all repetitions. `bootstrap_covers` is that of
the plain two-way bootstrap (percentiles), which resamples seeds and test samples: with three seeds its
intervals are too narrow.
"""

from collections import defaultdict
from typing import Any

import numpy as np
from sizes import size

from zoo.classification import scores
from zoo.comparison.estimates import Sampled, mean_metric
from zoo.comparison.significance import difference, differences, pair_test
from zoo.influence import effective_samples, sample_values
from zoo.scoring import METRICS

SHARES = {"balanced": [0.2] * 5, "unbalanced": [0.6, 0.2, 0.1, 0.06, 0.04]}
EXAMPLES = size((150, 1000, 10_000), (30, 40))
SPREADS = (0.0, 0.2)  # between seeds, in logits: of skill, and of the liking for a class
SEEDS, COPIES = 5, 4
BETTER, TEMPERATURE = 0.4, 1.3
DIFFICULTY, DEVIATION, CHANCE = 4.0, 1.5, 0.7  # accuracy about 90 %
MOST_ANSWERS = size(4_000_000, 100)
"""Samples times repetitions: with 10,000 samples there are 400 repetitions."""
RESAMPLES, BOOTSTRAPPED, FEW = size(200, 5), size(300, 2), size(150, 30)


def logits(random, labels, difficulty, alike, spread: float) -> np.ndarray:
    """`(seeds, examples, classes)`"""
    made = alike + random.normal(0, CHANCE, (SEEDS, *alike.shape))
    made += random.normal(0, spread, (SEEDS, 1, alike.shape[1]))
    made[:, np.arange(len(labels)), labels] += difficulty + random.normal(0, spread, (SEEDS, 1))
    return TEMPERATURE * made


def repetition(random, kind: str, examples: int, spread: float) -> tuple[np.ndarray, list]:
    """Labels, and logits of the copies and of a better architecture, which is the last."""
    labels = random.choice(5, examples, p=SHARES[kind])
    difficulty = random.normal(DIFFICULTY, DEVIATION, examples)
    alike = random.normal(0, 1, (examples, 5))
    shifts = [0.0] * COPIES + [BETTER]
    return labels, [logits(random, labels, difficulty + each, alike, spread) for each in shifts]


def bootstrap(random, made: np.ndarray, labels: np.ndarray) -> dict[str, tuple[float, float]]:
    """95 % percentiles of each metric over resampled seeds and samples."""
    found = defaultdict(list)
    for _ in range(RESAMPLES):
        samples = random.integers(0, len(labels), len(labels))
        chosen = made[random.integers(0, len(made), len(made))]
        each = [scores(one[samples], labels[samples]) for one in chosen]
        for name in METRICS:
            found[name].append(np.mean([getattr(one, name) for one in each]))
    return {name: tuple(np.quantile(values, (0.025, 0.975))) for name, values in found.items()}


class Tally:
    """What was found of one metric with one number of seeds."""

    def __init__(self) -> None:
        self.intervals: list[Any] = []
        self.apart: list[Any] = []
        self.bootstraps: list[Any] = []
        self.wrong = 0

    def add(self, tables: list[Sampled]) -> None:
        test = pair_test(tables)
        found = mean_metric(tables[0])
        self.intervals.append((found.low, found.high))
        apart, _, _ = difference(tables[-1].values, tables[0].values, test)
        self.apart.append((apart.low, apart.high))
        copies = {str(place): each.values for place, each in enumerate(tables[:COPIES])}
        self.wrong += any(pair.different for pair in differences(copies, test=test))

    def row(self, truth: float, apart: float) -> dict[str, Any]:
        times = len(self.intervals)
        row = {
            "interval_covers": _covered(self.intervals, truth),
            "interval_width": float(np.mean([high - low for low, high in self.intervals])),
            "difference_covers": _covered(self.apart, apart),
            "copies_told_apart": self.wrong / times,
            "times": times,
        }
        if self.bootstraps:
            row["bootstrap_covers"] = _covered(self.bootstraps, truth)
        return row


def _covered(intervals: list[Any], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def regime(kind: str, examples: int, spread: float, times: int) -> list[dict[str, Any]]:
    """A row for each metric and number of seeds."""
    random = np.random.default_rng([len(kind), examples, int(100 * spread)])
    # The interval for one seed is about that trained model: seeds must not differ otherwise.
    counts = (3, 5) if spread else (1, 3, 5)
    tallies: dict[tuple[str, int], Tally] = defaultdict(Tally)
    values, better = defaultdict(list), defaultdict(list)
    for time in range(min(times, max(MOST_ANSWERS // examples, 1))):
        labels, made = repetition(random, kind, examples, spread)
        resampled = {}
        if examples <= FEW and time < BOOTSTRAPPED:
            resampled = bootstrap(random, made[0][:3], labels)
        for name, metric in METRICS.items():
            effective = effective_samples(metric, labels)
            tables = [np.stack([sample_values(metric, o, labels) for o in each]) for each in made]
            values[name] += [each.mean() for each in tables[:COPIES]]
            better[name].append(tables[-1].mean())
            for seeds in counts:
                tallies[name, seeds].add([Sampled(metric, e[:seeds], effective) for e in tables])
            if resampled:
                tallies[name, 3].bootstraps.append(resampled[name])
    rows = []
    for (name, seeds), tally in tallies.items():
        truth, higher = float(np.mean(values[name])), float(np.mean(better[name]))
        rows.append(
            {
                "metric": name,
                "classes": kind,
                "examples": examples,
                "seeds": seeds,
                "spread_of_skill": spread,
                "value": truth,
                "better_by": higher - truth,
                **tally.row(truth, higher - truth),
                "copies": COPIES,
            }
        )
    return rows


def simulate(times: int) -> list[dict[str, Any]]:
    """All regimes."""
    return [
        row
        for examples in EXAMPLES
        for kind in SHARES
        for spread in SPREADS
        for row in regime(kind, examples, spread, times)
    ]
