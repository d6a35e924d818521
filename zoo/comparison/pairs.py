"""Every pair of compared architectures, with p values that hold for all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing

from zoo.comparison.equivalence import tost
from zoo.comparison.estimates import LEVEL


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
    p_equivalent: float | None = None
    """That the two differ by the margin or more, for all pairs together; None: no margin was given."""
    p_equivalent_alone: float | None = None
    """The same of this pair alone."""
    decided: int | None = None
    """Seeds of each at the stage of a sequential design that decided the pair, or at the last one."""

    @property
    def equivalent(self) -> bool:
        """Whether the two are equivalent within the margin, at the 5 % level over all pairs."""
        return self.p_equivalent is not None and self.p_equivalent < 1 - LEVEL

    @property
    def different(self) -> bool:
        """Whether the two can be told apart at the 5 % level over all pairs."""
        return self.p_adjusted < 1 - LEVEL


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
        tests: the test of a pair, by whether one of the two has a single seed.
        spread: standard errors and degrees of freedom, `(2, pairs)`; with a margin.
        rope: the margin of equivalence, above 0; None: equivalence is not tested.
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
        *,
        tests: Mapping[bool, str],
        spread: np.ndarray | None = None,
        rope: float | None = None,
    ):
        order = np.argsort(-np.abs(value), kind="stable")
        behind = value < 0
        adjusted = np.ones(len(p))
        # One seed says nothing about the architecture: such pairs cannot be told apart.
        adjusted[~single] = holm(p[~single])
        alone, equivalent = np.full((2, len(p)), np.nan)
        if rope is not None and spread is not None:
            alone, equivalent = np.ones((2, len(p)))
            alone[~single] = tost(value[~single], spread[0, ~single], spread[1, ~single], rope)
            equivalent[~single] = holm(alone[~single])
        self._names, self._tests = names, tests
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
                equivalent,
                alone,
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
        first, second, value, margin, p, adjusted, single, equivalent, alone = (
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
            self._tests[single],
            None if np.isnan(equivalent) else equivalent,
            None if np.isnan(alone) else alone,
        )

    @property
    def told_apart(self) -> list[Difference]:
        """Those that are different."""
        return [self[int(place)] for place in np.flatnonzero(self._columns[5] < 1 - LEVEL)]
