"""The part of bench/coverage.py on seeds in stages: `python bench/coverage.py --sequential`.

Four architectures are simulated as in bench/coverage.py: three copies of one, and one that may be better.
Seeds are added by `zoo.comparison.sequential` until every pair is told apart, or equivalent within a margin,
or has 20 seeds. For each regime:

- how often the whole sequence says anything wrong: two copies are told apart, the better one is called worse,
  or equivalent although its true difference is the margin or more,
- how often a pair is told: the better one apart from a copy, two copies equivalent,
- how many runs that took, of the 80 of a fixed design with 20 seeds, and what fixed designs of 5 and of 20
  seeds tell (Welch-Satterthwaite t with Holm's correction, as zoo compare without stages).
"""

import itertools
from typing import Any

import numpy as np
from scipy.special import expit
from sizes import size

from zoo.comparison.sequential import SequentialDesign, carry_out
from zoo.comparison.significance import differences

IMAGES, COPIES, MOST = size(1000, 100), 3, size(20, 5)
MEAN, DEVIATION, CHANCE = 6.0, 3.5, 0.5
"""Of the difficulty of images, and what varies from answer to answer, in logits."""
SKILL = 0.3
"""What the answers of a seed share."""
BETTER = "better"
REGIMES: dict[str, tuple[float, float | None]] = {
    "copies, no margin": (0.0, None),
    "copies, margin 1 point": (0.0, 1.0),
    "copies, margin 2 points": (0.0, 2.0),
    "small difference, no margin": (0.5, None),
    "large difference, no margin": (1.5, None),
    "large difference, margin 2 points": (1.5, 2.0),
    "difference at the margin": (0.5, 0.0),
}
"""How much easier, in logits, the better one finds images; the margin in points, 0: the true difference."""


def answers(random, difficulty: np.ndarray) -> np.ndarray:
    """Right or wrong, `(MOST, images)`."""
    shape = (MOST, len(difficulty))
    logits = difficulty + random.normal(0, SKILL, (MOST, 1)) + random.normal(0, CHANCE, shape)
    return (random.random(shape) < expit(logits)).astype(float)


def true_accuracy(random, shift: float) -> float:
    spread = np.sqrt(DEVIATION**2 + SKILL**2 + CHANCE**2)
    return float(expit(random.normal(MEAN + shift, spread, size(2_000_000, 20_000))).mean())


def in_stages(every: dict[str, np.ndarray], rope: float | None) -> tuple[SequentialDesign, dict]:
    """The design at its end, and the seeds of each."""
    design, have = SequentialDesign(list(every), MOST), dict.fromkeys(every, 0)

    def train(names, count: int) -> dict[str, int]:
        have.update(dict.fromkeys(names, count))
        return have

    def test(names):
        return differences({name: every[name][: have[name]] for name in names}, rope=rope)

    carry_out(design, train, test)
    return design, have


def regime(name: str, times: int) -> dict[str, Any]:
    shift, points = REGIMES[name]
    random = np.random.default_rng(sum(map(ord, name)))
    apart = true_accuracy(random, shift) - true_accuracy(random, 0.0) if shift else 0.0
    rope = None if points is None else points / 100 or apart
    found = {"wrong": 0, "apart": 0, "equivalent": 0, "runs": 0, "fixed_5": 0, "fixed": 0}
    for _ in range(times):
        images = random.normal(MEAN, DEVIATION, IMAGES)
        every = {f"copy {i}": answers(random, images) for i in range(COPIES)}
        every[BETTER] = answers(random, images + shift)
        design, have = in_stages(every, rope)
        found["runs"] += sum(have.values())
        for key, count in judged(design, every, shift, rope is not None and apart >= rope).items():
            found[key] += count
        for key, seeds in (("fixed_5", 5), ("fixed", MOST)):
            pairs = differences({name: each[:seeds] for name, each in every.items()})
            told = [
                pair for pair in pairs if pair.different and BETTER in (pair.first, pair.second)
            ]
            found[key] += len(told) if shift else 0
    return row(name, found, times, apart, rope)


def judged(design, every, shift: float, beyond: bool) -> dict[str, int]:
    """What was told, and whether any of it is wrong; `beyond`: the true difference reaches the margin."""
    counts = {"wrong": 0, "apart": 0, "equivalent": 0}
    for pair in itertools.combinations(every, 2):
        decision = design.decisions[frozenset(pair)]
        different = decision.p < 0.05
        equivalent = decision.p_equivalent is not None and decision.p_equivalent < 0.05
        if BETTER in pair and shift:
            other = next(name for name in pair if name != BETTER)
            seeds = decision.seeds
            worse = every[BETTER][:seeds].mean() < every[other][:seeds].mean()
            counts["apart"] += different
            counts["wrong"] |= (different and worse) or (equivalent and beyond)
        else:
            counts["equivalent"] += equivalent
            counts["wrong"] |= different
    return {key: int(value) for key, value in counts.items()}


def row(name: str, found: dict, times: int, apart: float, rope: float | None) -> dict[str, Any]:
    shift = REGIMES[name][0]
    copies = COPIES * (COPIES - 1) // 2 if shift else (COPIES + 1) * COPIES // 2
    return {
        "regime": name,
        "difference": apart,
        "margin": rope,
        "wrong": found["wrong"] / times,
        "better_told_apart": found["apart"] / times / COPIES if shift else None,
        "copies_told_equivalent": found["equivalent"] / times / copies if rope else None,
        "runs": found["runs"] / times,
        "runs_of_a_fixed_design": (COPIES + 1) * MOST,
        "told_apart_by_five_seeds": found["fixed_5"] / times / COPIES if shift else None,
        "told_apart_by_all_seeds": found["fixed"] / times / COPIES if shift else None,
        "times": times,
        "images": IMAGES,
        "max_seeds": MOST,
    }


def simulate(times: int) -> list[dict[str, Any]]:
    """A row for each regime."""
    return [regime(name, times) for name in REGIMES]
