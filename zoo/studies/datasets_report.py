"""A comparison over several datasets, judged."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import UNSET

from zoo.comparison.equivalence import rope_of
from zoo.comparison.schema import MetricInfo
from zoo.runs.files import now
from zoo.scoring import Metric
from zoo.studies import rank_tests, signed_rank
from zoo.studies.datasets_schema import (
    SCHEMA,
    BayesInfo,
    DatasetsPair,
    DatasetsReport,
    FriedmanInfo,
    RankedRow,
)
from zoo.studies.rank_tests import Friedman, PairOverDatasets
from zoo.studies.score_table import ScoreTable
from zoo.studies.signed_rank import Posterior
from zoo.version import __version__

ROPE = 1.0
"""Points within which shares are practically equivalent, as Benavoli et al. 2017 take it."""

METHODS = {
    "rank": (
        "On each dataset the best has rank 1; equal scores share the mean of their ranks. Scores are "
        "compared to ten decimals."
    ),
    "overall": (
        "Friedman's test with ties corrected (Demšar 2006): whether the classifiers differ at all. F is "
        "Iman and Davenport's form (1980)."
    ),
    "pairs": (
        "Wilcoxon's signed-rank test of each pair, two-sided, zeros left out, exact up to 50 differences; "
        "p values corrected over all pairs by Holm's method (Benavoli, Corani and Mangili 2016). Told "
        "apart: below 0.05, and Friedman's test too."
    ),
    "groups": (
        "Neighbours in mean rank of whom no two are told apart: the bars of the critical-difference "
        "diagram."
    ),
    "bayes": (
        "Bayesian signed-rank test (Benavoli, Corani, Demšar and Zaffalon 2017): the probability that, "
        "over further datasets of this kind, one is better by more than the region of practical "
        "equivalence, or neither is. A verdict needs more than 95 % and six datasets."
    ),
}


def region_of(metric: Metric, rope: float | None) -> float:
    """The region in the metric's own units; None: the default.

    Raises:
        UsageError: it is negative or no number.
    """
    if rope is None:
        return ROPE / 100 if metric.percent else 0.0
    return rope_of(metric, rope)


def make_datasets_report(
    table: ScoreTable,
    *,
    rope: float | None = None,
    command: str = "",
    title: str = "",
    experiment: dict[str, Any] | None = None,
    problems: Sequence[str] = (),
) -> DatasetsReport:
    """Judge a table of scores.

    Args:
        table: the scores.
        rope: half of the region of practical equivalence: in percentage points if scores are shares, else in
            their unit; None: 1 point for shares, none for others.
        command: what to type to make it again.
        title: of the page.
        experiment: what the scores come from, for the record.
        problems: what has no result, and why.

    Raises:
        UsageError: the table cannot be compared, or the region is no number.
    """
    table, metric = table.checked(), table.metric
    region = region_of(metric, rope)
    ranked = rank_tests.ranks(table)
    overall = rank_tests.friedman(ranked)
    pairs = rank_tests.pairs_of(table, ranked, overall)
    few = signed_rank.SAMPLES if len(pairs) <= signed_rank.MANY_PAIRS else signed_rank.FEWER
    posteriors = signed_rank.signed_rank(_apart(table, pairs), region, samples=few)
    rows = [_row(table, ranked, place) for place in rank_tests.by_rank(ranked)]
    return DatasetsReport(
        schema=SCHEMA,
        created=now(),
        archzoo=__version__,
        command=command,
        title=title or f"{len(table.names)} classifiers on {len(table.datasets)} datasets",
        metric=MetricInfo(
            name=metric.name,
            title=metric.title,
            unit=metric.unit,
            lower_is_better=metric.lower_is_better,
            definition=metric.definition,
        ),
        datasets=list(table.datasets),
        sources=dict(table.sources),
        rows=rows,
        friedman=_friedman(overall),
        pairs=[
            _pair(*each, metric, len(table.datasets))
            for each in zip(pairs, posteriors, strict=True)
        ],
        groups=rank_tests.groups([row.name for row in rows], pairs),
        rope=region,
        samples=few,
        least_datasets=rank_tests.least_datasets(len(pairs)),
        notes=list(table.notes),
        problems=list(problems),
        methods=dict(METHODS),
        experiment=UNSET if experiment is None else experiment,
    )


def _apart(table: ScoreTable, pairs: list[PairOverDatasets]) -> np.ndarray:
    scores, place = rank_tests.gains(table), {name: i for i, name in enumerate(table.names)}
    return np.stack([scores[:, place[p.first]] - scores[:, place[p.second]] for p in pairs], axis=1)


def _row(table: ScoreTable, ranked: np.ndarray, place: int) -> RankedRow:
    scores = rank_tests.gains(table)
    return RankedRow(
        name=table.names[place],
        mean_rank=float(ranked[:, place].mean()),
        mean=float(table.values[:, place].mean()),
        first=int((scores[:, place] == scores.max(axis=1)).sum()),
        scores=table.values[:, place].tolist(),
    )


def _friedman(found: Friedman | None) -> FriedmanInfo | None:
    if found is None:
        return None
    f = found.f if math.isfinite(found.f) else None
    return FriedmanInfo(statistic=found.statistic, p=found.p, f=f, f_p=found.f_p)


def _pair(
    pair: PairOverDatasets, posterior: Posterior, metric: Metric, datasets: int
) -> DatasetsPair:
    return DatasetsPair(
        first=pair.first,
        second=pair.second,
        better=pair.better,
        wins=pair.wins,
        ties=pair.ties,
        losses=pair.losses,
        mean_difference=metric.sign * pair.mean_difference + 0.0,
        median_difference=metric.sign * pair.median_difference + 0.0,
        p=pair.p,
        p_adjusted=pair.p_adjusted,
        different=pair.different,
        bayes=BayesInfo(
            first=posterior.first,
            equivalent=posterior.equivalent,
            second=posterior.second,
            verdict=_bayes_verdict(pair, posterior, datasets),
        ),
    )


def _bayes_verdict(pair: PairOverDatasets, posterior: Posterior, datasets: int) -> str:
    """Fewer datasets than a test of one pair needs give none: the prior would decide."""
    if datasets < rank_tests.least_datasets(1):
        return "cannot tell"
    return {
        "first": f"{pair.first} is better",
        "second": f"{pair.second} is better",
        "equivalent": "equivalent",
    }.get(posterior.certain, "cannot tell")
