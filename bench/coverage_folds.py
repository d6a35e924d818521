"""The part of bench/coverage.py on cross-validation: `python bench/coverage.py --folds`.

Real learners are trained: each classifies two classes by the nearer centroid of its own block of features,
and all blocks have the same distribution. Copies of a learner are therefore equally good exactly, while
each training set makes one or the other better, and the folds of a cross-validation share training
samples. With few features the training sets matter little, with many a lot. For each regime:

- how often the 95 % interval of an accuracy holds the true one: that of a new training set of this size,
- how often that of a difference holds the true difference to a learner with more distant classes,
- how often two copies are called different at 5 %, by the corrected test and by the plain paired t test
  over folds, which takes them for independent,
- how often any two of four copies are called different, with Holm's correction.
"""

import itertools
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special
from sizes import size

from zoo.comparison.cross_validation import (
    FoldResult,
    FoldSamples,
    difference,
    differences,
    estimate,
)
from zoo.datasets.fold import Fold, fold_numbers
from zoo.scoring import ACCURACY

SAMPLES, COPIES = size(200, 60), 4
FEATURES = {"small": 5, "large": 60}
"""Of a block, by what training sets matter."""
DISTANCE, BETTER = 1.2, 0.3
"""Of a class' mean from the origin; how much farther those of the better learner are."""
FOLDS = ((5, 1), (10, 1), (5, 3))
TRAININGS = size(4000, 50)
"""That the true accuracy is a mean of."""


def draw(random, labels: np.ndarray, features: int, distance: float) -> np.ndarray:
    """Samples of one block, `(samples, features)`."""
    mean = np.zeros(features)
    mean[0] = distance
    return random.normal(0, 1, (len(labels), features)) + np.where(labels, 1, -1)[:, None] * mean


def fit(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float]:
    """The nearer centroid, as weights and threshold."""
    one, other = x[labels == 1].mean(axis=0), x[labels == 0].mean(axis=0)
    weights = one - other
    return weights, float(weights @ (one + other) / 2)


def true_accuracy(random, features: int, distance: float, trained: int) -> float:
    """Of the models of many training sets, each by its formula."""
    labels = np.arange(trained) % 2
    found = []
    for _ in range(TRAININGS):
        weights, threshold = fit(draw(random, labels, features, distance), labels)
        along, length = weights[0] * distance, np.linalg.norm(weights)
        found.append(
            (
                special.ndtr((along - threshold) / length)
                + special.ndtr((along + threshold) / length)
            )
            / 2
        )
    return float(np.mean(found))


@lru_cache
def splits_of(folds: int, splits: int) -> list[np.ndarray]:
    """The fold of each sample, for each repetition; those of a comparison."""
    labels = np.arange(SAMPLES) % 2
    return [fold_numbers(labels, None, folds, split) for split in range(splits)]


def cross_validate(x: np.ndarray, labels: np.ndarray, folds: int, splits: int) -> FoldSamples:
    results = []
    for split, numbers in enumerate(splits_of(folds, splits)):
        for number in range(folds):
            tested = numbers == number
            weights, threshold = fit(x[~tested], labels[~tested])
            right = (x[tested] @ weights > threshold) == labels[tested]
            fold = Fold(number + 1, folds, split)
            results.append(FoldResult(fold, right.astype(float), int((~tested).sum())))
    return FoldSamples(ACCURACY, results, float(len(labels)))


def plain_p(first: FoldSamples, second: FoldSamples) -> float:
    """The paired t test over folds, uncorrected."""
    apart = first.means - second.means
    error = apart.std(ddof=1) / np.sqrt(len(apart))
    return 2 * float(special.stdtr(len(apart) - 1, -abs(apart.mean()) / error)) if error else 1.0


def regime(folds: int, splits: int, kind: str, times: int) -> dict[str, Any]:
    random, features = np.random.default_rng([folds, splits, FEATURES[kind]]), FEATURES[kind]
    trained = SAMPLES - SAMPLES // folds
    truth = true_accuracy(random, features, DISTANCE, trained)
    better = true_accuracy(random, features, DISTANCE + BETTER, trained)
    counts = dict.fromkeys(("interval", "apart", "corrected", "plain", "any", "any_plain"), 0)
    labels = np.arange(SAMPLES) % 2
    for _ in range(times):
        copies = {
            str(each): cross_validate(
                draw(random, labels, features, DISTANCE), labels, folds, splits
            )
            for each in range(COPIES)
        }
        farther = draw(random, labels, features, DISTANCE + BETTER)
        value, margin, *_ = difference(cross_validate(farther, labels, folds, splits), copies["0"])
        mean = estimate(copies["0"])
        plain = [plain_p(a, b) for a, b in itertools.combinations(copies.values(), 2)]
        counts["interval"] += mean.low <= truth <= mean.high
        counts["apart"] += abs(value - (better - truth)) <= margin
        counts["corrected"] += difference(copies["0"], copies["1"])[2] < 0.05
        counts["plain"] += plain[0] < 0.05
        counts["any"] += any(pair.different for pair in differences(copies))
        counts["any_plain"] += min(plain) * len(plain) < 0.05
    shares = {name: int(count) / times for name, count in counts.items()}
    return {
        "folds": folds,
        "repetitions": splits,
        "influence_of_the_training_set": kind,
        "accuracy": truth,
        "interval_covers": shares["interval"],
        "difference_covers": shares["apart"],
        "two_copies_told_apart": shares["corrected"],
        "two_copies_told_apart_by_the_plain_t": shares["plain"],
        "copies_told_apart": shares["any"],
        "copies_told_apart_by_the_plain_t": shares["any_plain"],
        "times": times,
        "samples": SAMPLES,
        "copies": COPIES,
    }


def simulate(times: int) -> list[dict[str, Any]]:
    """A row for each regime."""
    return [regime(*folds, kind, times) for folds in FOLDS for kind in FEATURES]
