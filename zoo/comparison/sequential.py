"""As few seeds as needed: a group-sequential design with alpha spending.

Seeds are added in stages. At each stage every undecided pair is tested, for a difference and, with a margin,
for equivalence. The error over the whole sequence stays below 5 %:

- over the stages by the spending function of Lan and DeMets (1983,
  https://doi.org/10.1093/biomet/70.3.659) in its Pocock-like form, α ln(1 + (e - 1) t) at the share t of
  the seeds. Its boundaries are those of a Brownian motion (Armitage, McPherson and Rowe 1969), and are
  applied to the p values of the t tests (Jennison and Turnbull 2000, section 3.3). All seeds share the test
  samples, so that the stages depend on each other more than in a Brownian motion, and the boundary is
  crossed by chance less often;
- over the pairs by Bonferroni: of a pair's two hypotheses, "equal" and "not equivalent", at most one is true.

bench/coverage_sequential.py simulates it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import overload

import numpy as np

from zoo.comparison.estimates import LEVEL
from zoo.comparison.pairs import Difference, Differences
from zoo.errors import UsageError

FIRST, GROWTH = 3, 1.4
"""Seeds of the first stage; from one stage to the next."""
MAX_SEEDS = 20
GRID = 250
"""Points of the numerical integration on each side of zero."""


def stages(max_seeds: int) -> list[int]:
    """How many seeds each architecture has at each stage.

    Raises:
        UsageError: fewer than 3, or more than 200.

    Example:
        >>> stages(20)
        [3, 4, 5, 7, 10, 14, 20]
    """
    if not FIRST <= max_seeds <= 200:
        raise UsageError(f"`max_seeds={max_seeds}`: use {FIRST} to 200.")
    found = [max_seeds]
    while (count := round(found[0] / GROWTH)) > FIRST:
        found.insert(0, count)
    return found if found[0] == FIRST else [FIRST, *found]


@lru_cache
def levels(counts: tuple[int, ...], alpha: float) -> tuple[float, ...]:
    """Nominal two-sided levels of each stage, which spend `alpha` in all.

    Args:
        counts: seeds at each stage, ascending.
        alpha: the probability that any stage rejects where the difference is zero.
    """
    shares = np.array(counts) / counts[-1]
    spent = alpha * np.log1p((math.e - 1) * shares)
    return tuple(_Boundaries(shares, np.diff(spent, prepend=0.0)).find())


class _Boundaries:
    """The boundaries of a Brownian motion that is looked at `shares` of its way, each spending its part."""

    def __init__(self, shares: np.ndarray, parts: np.ndarray):
        self._shares, self._parts = shares, parts

    def find(self) -> list[float]:
        from scipy import special

        found = [float(self._parts[0])]
        edge = -special.ndtri(self._parts[0] / 2) * math.sqrt(self._shares[0])
        points, weights = _grid(edge)
        scale = math.sqrt(self._shares[0])
        density = np.exp(-0.5 * (points / scale) ** 2) / (scale * math.sqrt(2 * math.pi)) * weights
        for place in range(1, len(self._shares)):
            step = math.sqrt(self._shares[place] - self._shares[place - 1])
            edge = self._edge(points, density, step, self._parts[place])
            found.append(2 * float(special.ndtr(-edge / math.sqrt(self._shares[place]))))
            new, weights = _grid(edge)
            kernel = np.exp(-0.5 * ((new[:, None] - points) / step) ** 2)
            density = kernel @ density / (step * math.sqrt(2 * math.pi)) * weights
            points = new
        return found

    @staticmethod
    def _edge(points: np.ndarray, density: np.ndarray, step: float, part: float) -> float:
        """Beyond which a motion that is not out yet goes with probability `part`, on either side."""
        from scipy import optimize, special

        def beyond(edge: float) -> float:
            out = special.ndtr((points - edge) / step) + special.ndtr((-edge - points) / step)
            return float((density * out).sum()) - part

        return float(optimize.brentq(beyond, 0.0, 12.0))


def _grid(edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Points from `-edge` to `edge`, and the weights of Simpson's rule."""
    points = np.linspace(-edge, edge, 2 * GRID + 1)
    weights = np.full(len(points), 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    return points, weights * (points[1] - points[0]) / 3


@dataclass(frozen=True)
class Decision:
    """What became of a pair.

    Attributes:
        seeds: of each at the stage that decided it, or at the last one.
        p, p_equivalent: of that stage, scaled so that its level is 0.05; `p_equivalent` None: no margin.
    """

    seeds: int
    p: float
    p_equivalent: float | None

    @property
    def told(self) -> bool:
        """Whether the pair was told apart, or equivalent."""
        return self.p < 1 - LEVEL or (
            self.p_equivalent is not None and self.p_equivalent < 1 - LEVEL
        )


@dataclass
class SequentialDesign:
    """The stages of a comparison, and what was decided at which.

    Args:
        names: of the architectures.
        max_seeds: of each, at most.
    """

    names: Sequence[str]
    max_seeds: int = MAX_SEEDS
    decisions: dict[frozenset[str], Decision] = field(default_factory=dict)

    @property
    def stages(self) -> list[int]:
        """Seeds at each stage."""
        return stages(self.max_seeds)

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.names) * (len(self.names) - 1) // 2

    def open(self, pair: frozenset[str]) -> bool:
        """Whether a pair is undecided."""
        return pair not in self.decisions or not self.decisions[pair].told

    def undecided(self, present: Sequence[str]) -> list[str]:
        """The architectures that are in an undecided pair; `present`: those that can still be trained."""
        return [
            name
            for name in present
            if any(self.open(frozenset((name, other))) for other in present if other != name)
        ]

    def decide(
        self, stage: int, pairs: Differences | Sequence[Difference], tested: Sequence[str]
    ) -> None:
        """Judge the undecided pairs of a stage.

        Args:
            stage: its place.
            pairs: tested with the seeds of this stage; of each its own p values are used.
            tested: the architectures that have all seeds of this stage.
        """
        if not self.pairs:
            return
        counts, alpha = tuple(self.stages), (1 - LEVEL) / self.pairs
        level = levels(counts, alpha)[stage]
        one_sided = levels(counts, 2 * alpha)[stage] / 2
        for pair in pairs:
            both = frozenset((pair.first, pair.second))
            if self.open(both) and both <= set(tested):
                equivalent = pair.p_equivalent_alone
                self.decisions[both] = Decision(
                    counts[stage],
                    _scaled(pair.p, level),
                    None if equivalent is None else _scaled(equivalent, one_sided),
                )


def _scaled(p: float, level: float) -> float:
    return min(1.0, p * (1 - LEVEL) / level)


class DecidedPairs(Sequence[Difference]):
    """Every pair with what was decided of it: its p values are those of the stage that decided."""

    def __init__(self, pairs: Sequence[Difference], design: SequentialDesign):
        self._pairs = [_decided(pair, design) for pair in pairs]

    def __len__(self) -> int:
        return len(self._pairs)

    @overload
    def __getitem__(self, index: int) -> Difference: ...
    @overload
    def __getitem__(self, index: slice) -> list[Difference]: ...
    def __getitem__(self, index: int | slice) -> Difference | list[Difference]:
        return self._pairs[index]

    @property
    def told_apart(self) -> list[Difference]:
        """Those that are different."""
        return [pair for pair in self._pairs if pair.different]


def _decided(pair: Difference, design: SequentialDesign) -> Difference:
    found = design.decisions.get(frozenset((pair.first, pair.second)))
    if found is None:  # one of the two has failed
        nothing = None if pair.p_equivalent is None else 1.0
        return replace(pair, p_adjusted=1.0, p_equivalent=nothing)
    return replace(pair, p_adjusted=found.p, p_equivalent=found.p_equivalent, decided=found.seeds)


Train = Callable[[Sequence[str], int], Mapping[str, int]]
"""Trains architectures up to so many seeds each; how many each has then."""


def carry_out(
    design: SequentialDesign,
    train: Train,
    test: Callable[[Sequence[str]], Differences | Sequence[Difference]],
) -> None:
    """Go through the stages until every pair is decided, or the seeds are spent.

    Args:
        design: is told of the tests.
        train: called with the architectures that need more seeds.
        test: the pairs of these architectures, with all their seeds.
    """
    present = list(design.names)
    for stage, count in enumerate(design.stages):
        wanted = design.undecided(present)
        if not wanted:
            return
        have = train(wanted, count)
        # One that has failed gets no more seeds, and its pairs stay undecided.
        present = [name for name in present if name not in wanted or have.get(name, 0) >= count]
        tested = [name for name in wanted if name in present]
        if len(tested) > 1:
            design.decide(stage, test(tested), tested)
