"""Scores of architectures on several datasets: one number for each of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from zoo.errors import UsageError
from zoo.formatting import listed
from zoo.scoring import ACCURACY, Metric
from zoo.suggest import unknown

MOST_NAMES, MOST_DATASETS = 100, 10_000
"""Above these the tests of all pairs take too long, and nobody reads the tables."""
DIGITS = 10
"""Decimals that scores are compared by: means of the same numbers in another order are equal."""


@dataclass(frozen=True)
class ScoreTable:
    """A score for each dataset and architecture.

    Attributes:
        datasets: names of the rows.
        names: of the architectures or classifiers, the columns.
        values: `(datasets, names)`, finite; shares as shares, 0.97 and not 97.
        metric: what the scores are.
        notes: what was left out or converted in making it.
        sources: files that it was read from, each with its SHA-256.
    """

    datasets: Sequence[str]
    names: Sequence[str]
    values: np.ndarray
    metric: Metric = ACCURACY
    notes: Sequence[str] = ()
    sources: dict[str, str] = field(default_factory=dict)

    def only(self, names: Sequence[str]) -> "ScoreTable":
        """The same of these names alone; of all if none is given.

        Raises:
            UsageError: a name is unknown, or given twice.
        """
        if not names:
            return self
        for name in names:
            if name not in self.names:
                raise UsageError(unknown("classifier", name, self.names))
        if len(set(names)) < len(names):
            raise UsageError("a classifier is named twice; name each once.")
        places = [list(self.names).index(name) for name in names]
        return ScoreTable(
            self.datasets,
            list(names),
            self.values[:, places],
            self.metric,
            self.notes,
            self.sources,
        )

    def checked(self) -> "ScoreTable":
        """Itself, if it can be compared.

        Raises:
            UsageError: it has too few or too many names or datasets, or values out of the metric's range.
        """
        count, others = len(self.datasets), len(self.names)
        if others < 2:
            raise UsageError(
                f"there is one classifier, {listed(self.names)}: give the results of at least two."
            )
        if count < 2:
            raise UsageError(
                f"there is one dataset, {listed(self.datasets)}: give results on at least two, better twenty."
            )
        if others > MOST_NAMES or count > MOST_DATASETS:
            raise UsageError(
                f"the table has {count:,} datasets and {others:,} classifiers; at most {MOST_DATASETS:,} "
                f"and {MOST_NAMES} are compared. Name the classifiers that you want."
            )
        return self


def joined(
    columns: dict[str, dict[str, float]],
    metric: Metric,
    notes: Sequence[str],
    sources: dict[str, str],
) -> ScoreTable:
    """The table of the datasets that all columns have; the others are left out, and a note says so.

    Args:
        columns: by classifier, then by dataset.

    Raises:
        UsageError: no dataset is common to all, or there is nothing to compare.
    """
    if not columns:
        raise UsageError("the tables have no scores.")
    every = list(dict.fromkeys(dataset for column in columns.values() for dataset in column))
    common = [each for each in every if all(each in column for column in columns.values())]
    if not common:
        raise UsageError(
            f"no dataset has a score of each of {listed(columns)}. Datasets must have the same name for all."
        )
    notes = [*notes, *_left_out(columns, every, common)]
    values = np.array([[columns[name][each] for name in columns] for each in common], "float64")
    return ScoreTable(common, list(columns), values, metric, notes, sources).checked()


NAMED = 8
"""Datasets that a note names; the others are counted."""


def _left_out(
    columns: dict[str, dict[str, float]], every: Sequence[str], common: Sequence[str]
) -> list[str]:
    """A note where datasets are left out: which, and who lacks them."""
    kept = set(common)
    missing = [each for each in every if each not in kept]
    if not missing:
        return []
    lacking = {
        name: count
        for name, column in columns.items()
        if (count := sum(each not in column for each in missing))
    }
    shown = ", ".join(missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
    whose = ", ".join(f"{name} {count}" for name, count in lacking.items())
    return [
        f"{len(missing)} of {len(every)} datasets are left out because a score is missing "
        f"(missing: {whose}): {shown}"
    ]
