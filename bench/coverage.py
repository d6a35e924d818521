"""Whether the comparison keeps its promises, by simulation.

python bench/coverage.py [--times 1000]             writes bench/results/coverage.json
python bench/coverage.py --metrics [--times 1000]   writes bench/results/coverage-metrics.json
python bench/coverage.py --folds [--times 1000]     writes bench/results/coverage-folds.json
python bench/coverage.py --sequential [--times 500] writes bench/results/coverage-sequential.json

Architectures are simulated whose accuracy is known: an image has a difficulty, a seed a skill that
all its answers share, and each answer a chance of its own. For each number of seeds and each spread
of skills: how often the 95 % interval of an accuracy holds the true one, how often that of a
difference holds the true difference, and how often any two of four *copies* of one architecture
are called different. `--metrics` does the same for every metric, `--folds` for cross-validation,
`--sequential` for seeds that are added in stages; see bench/coverage_metrics.py, bench/coverage_folds.py and
bench/coverage_sequential.py.
"""

import argparse
import json

import checkout
import coverage_folds
import coverage_metrics
import coverage_sequential
import numpy as np
from scipy.special import expit
from sizes import RESULTS, size

from zoo.comparison.estimates import mean_accuracy
from zoo.comparison.significance import difference, differences

RESULT, OF_METRICS = RESULTS / "coverage.json", RESULTS / "coverage-metrics.json"
OF_FOLDS = RESULTS / "coverage-folds.json"
OF_STAGES = RESULTS / "coverage-sequential.json"
IMAGES, COPIES = size(3000, 100), 4
BETTER = 0.5  # how much easier, in logits, the better architecture finds every image
MEAN, DEVIATION, CHANCE = 9.0, 3.5, 0.5  # accuracy about 98.8 %


def answers(random, difficulty, seeds: int, skill: float) -> np.ndarray:
    shape = (seeds, len(difficulty))
    logits = difficulty + random.normal(0, skill, (seeds, 1)) + random.normal(0, CHANCE, shape)
    return (random.random(shape) < expit(logits)).astype(float)


def true_accuracy(random, skill: float, shift: float = 0.0) -> float:
    """Over so many images and seeds that chance plays no part: each image has a seed of its own."""
    count = size(2_000_000, 20_000)
    spread = np.sqrt(DEVIATION**2 + skill**2 + CHANCE**2)
    return float(expit(random.normal(MEAN + shift, spread, count)).mean())


def regime(seeds: int, skill: float, times: int) -> dict:
    random = np.random.default_rng([seeds, int(100 * skill)])
    truth, better = true_accuracy(random, skill), true_accuracy(random, skill, BETTER)
    covered = covered_difference = wrong = 0
    spreads = []
    for _ in range(times):
        images = random.normal(MEAN, DEVIATION, IMAGES)
        copies = {str(i): answers(random, images, seeds, skill) for i in range(COPIES)}
        mean = mean_accuracy(copies["0"])
        covered += mean.low <= truth <= mean.high
        apart, _, _ = difference(answers(random, images + BETTER, seeds, skill), copies["0"])
        covered_difference += apart.low <= better - truth <= apart.high
        wrong += any(pair.different for pair in differences(copies))
        spreads.append(copies["0"].mean(axis=1).var(ddof=1))
    return {
        "seeds": seeds,
        "spread_of_seeds": float(np.sqrt(np.mean(spreads))),
        "accuracy": truth,
        "interval_covers": covered / times,
        "difference_covers": covered_difference / times,
        "copies_told_apart": wrong / times,
        "times": times,
        "images": IMAGES,
        "copies": COPIES,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=size(1000, 2))
    parser.add_argument("--metrics", action="store_true")
    parser.add_argument("--folds", action="store_true")
    parser.add_argument("--sequential", action="store_true")
    given = parser.parse_args()
    commit = checkout.commit()
    simulate, result = accuracy, RESULT
    if given.metrics:
        simulate, result = coverage_metrics.simulate, OF_METRICS
    if given.folds:
        simulate, result = coverage_folds.simulate, OF_FOLDS
    if given.sequential:
        simulate, result = coverage_sequential.simulate, OF_STAGES
    rows = [{**row, "commit": commit} for row in simulate(given.times)]
    result.write_text(json.dumps(rows, indent=2) + "\n")
    print(json.dumps(rows, indent=2))


def accuracy(times: int) -> list[dict]:
    return [regime(seeds, skill, times) for seeds in (2, 3, 5) for skill in (0.0, 0.2, 0.4, 1.0)]


if __name__ == "__main__":
    main()
