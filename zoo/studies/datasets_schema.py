"""What a comparison over several datasets holds, typed, and its JSON."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from zoo.comparison.report_file import read
from zoo.comparison.schema import MetricInfo
from zoo.runs.record import Number, Whole
from zoo.scoring import METRICS, Metric

SCHEMA = 1


class RankedRow(Struct, kw_only=True):
    """A classifier over all datasets.

    Attributes:
        mean_rank: 1 is best; equal scores share the mean of their ranks.
        mean: of its scores.
        first: datasets on which no other is better.
        scores: on each dataset, in the order of `datasets`.
    """

    name: str
    mean_rank: Number
    mean: Number
    first: Whole
    scores: list[Number]


class FriedmanInfo(Struct, kw_only=True):
    """Friedman's test, and Iman and Davenport's form of it; `f` None: infinite."""

    statistic: Number
    p: Number
    f: Number | None
    f_p: Number


class BayesInfo(Struct, kw_only=True):
    """Probabilities on a further dataset: the first is better, both are equivalent, the second is better."""

    first: Number
    equivalent: Number
    second: Number
    verdict: str


class DatasetsPair(Struct, kw_only=True):
    """Two classifiers; the first has the better mean rank. Differences are first minus second.

    `better`: which of the two has the larger sum of signed ranks.
    """

    first: str
    second: str
    better: str
    wins: Whole
    ties: Whole
    losses: Whole
    mean_difference: Number
    median_difference: Number
    p: Number
    p_adjusted: Number
    different: bool
    bayes: BayesInfo


class DatasetsReport(Struct, kw_only=True):
    """A comparison over several datasets: everything that its tables and its page are made of.

    Rows come by mean rank, the best first.

    Attributes:
        sources: files that the scores were read from, with their SHA-256; or the reports of comparisons.
        friedman: None for two classifiers.
        groups: neighbours in rank of whom no two are told apart; the bars of the diagram.
        rope: half of the region of practical equivalence, in the metric's own units (0.01: a point).
        samples: of the Bayesian test's posterior.
        least_datasets: the fewest with which any pair could be told apart.
        notes: what was left out or converted.
        problems: of a study, which architecture or dataset has no result, and why.
        experiment: of a study, what was trained; left out for tables.
        methods: how each figure is computed.
    """

    schema: int
    created: str
    archzoo: str
    command: str
    title: str
    metric: MetricInfo
    datasets: list[str]
    sources: dict[str, str]
    rows: list[RankedRow]
    friedman: FriedmanInfo | None
    pairs: list[DatasetsPair]
    groups: list[list[str]]
    rope: Number
    samples: Whole
    least_datasets: Whole
    notes: list[str]
    problems: list[str] = []
    methods: dict[str, str]
    experiment: dict[str, Any] | UnsetType = UNSET

    @property
    def judged_by(self) -> Metric:
        """The metric of the scores."""
        return METRICS[self.metric.name]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it: plain values."""
        return msgspec.to_builtins(self)

    @classmethod
    def read(cls, path: Path) -> "DatasetsReport":
        """The report in a file.

        Raises:
            ZooError: it cannot be read, is damaged (the field is named), or of a newer schema.
        """
        return read(path, cls, SCHEMA, "report over several datasets")
