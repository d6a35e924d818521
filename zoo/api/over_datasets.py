"""Comparing results that others made: `compare_tables`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.compared_datasets import DatasetsComparison
from zoo.errors import UsageError
from zoo.scoring import MetricName, find_metric

if TYPE_CHECKING:
    from zoo.studies.score_files import Resamples
    from zoo.studies.score_table import ScoreTable

Tables = Any
"""Paths of CSV files, one or several; a DataFrame; or a mapping of mappings."""


def compare_tables(
    tables: Tables,
    classifiers: Sequence[str] = (),
    *,
    metric: MetricName = "accuracy",
    resamples: "Resamples" = "mean",
    value: str | None = None,
    rope: float | None = None,
    command: str = "zoo.compare_tables(...)",
) -> DatasetsComparison:
    """Compare classifiers over many datasets, by results that anybody made. Nothing is trained.

    Mean ranks, Friedman's test, Wilcoxon's signed-rank tests of all pairs with Holm's correction, the groups
    of a critical-difference diagram (Demšar 2006; Benavoli et al. 2016), and the Bayesian signed-rank test
    with a region of practical equivalence (Benavoli et al. 2017).

    Args:
        tables: CSV files, one or several: wide (`dataset,NAME,NAME,...`), long (columns `dataset`,
            `classifier` and the score), or a file a classifier (`dataset,accuracy`, or a column for each
            resample, `0,1,2,...`, as aeon and tsml keep results). Or a DataFrame with a row for each dataset,
            named by its index or its column `dataset`; or a mapping `{classifier: {dataset: score}}`.
        classifiers: which of them to compare; by default all.
        metric: what the scores are; `accuracy` and other shares are read as shares or as per cent.
        resamples: of several scores of one dataset take the `mean`, or the `first`, which is the default
            split in aeon's files.
        value: the column of a long table that has the score, if there are several.
        rope: half of the region of practical equivalence: percentage points for shares (1 by default), else
            the metric's unit (none by default).
        command: what to type to repeat the comparison, for the report.

    Returns:
        The comparison: its ranks, its pairs, its verdicts, its page. Datasets without a score of each
        classifier are left out, and a note says so.

    Raises:
        UsageError: a file is missing or ambiguous, there is one classifier or one dataset, or none that all
            have.
        DataError: a file is damaged, a dataset is there twice, or a cell is no score.

    Example:
        >>> scores = {"a": {"x": 0.9, "y": 0.8, "z": 0.7}, "b": {"x": 0.8, "y": 0.7, "z": 0.6}}
        >>> zoo.compare_tables(scores).verdict("a", "b")
        'cannot tell'
    """
    from zoo.studies.datasets_report import make_datasets_report

    table = _table(tables, find_metric(metric), resamples, value).only(list(classifiers))
    return DatasetsComparison(make_datasets_report(table, rope=rope, command=command))


def _table(tables: Tables, metric: Any, resamples: "Resamples", value: str | None) -> "ScoreTable":
    from zoo.studies.score_files import Wish, read_tables

    if isinstance(tables, str | Path):
        tables = [tables]
    if hasattr(tables, "columns") and hasattr(tables, "index"):
        return _of_columns(_columns_of(tables), metric)
    if isinstance(tables, Mapping):
        return _of_columns(tables, metric)
    paths = [Path(each) for each in tables]
    if not paths:
        raise UsageError("no table is given: name at least one CSV file.")
    return read_tables(paths, Wish(metric, resamples, value))


def _columns_of(frame: Any) -> dict[str, dict[str, Any]]:
    """A DataFrame's columns, each by dataset."""
    if "dataset" in frame.columns:
        frame = frame.set_index("dataset")
    for what, found in (("dataset", frame.index), ("classifier", frame.columns)):
        if not found.is_unique:
            twice = found[found.duplicated()][0]
            raise UsageError(f"the {what} {twice} is in the table twice. Keep one of them.")
    return {
        str(name): {str(dataset): score for dataset, score in frame[name].items()}
        for name in frame.columns
    }


def _of_columns(columns: Mapping[str, Mapping[str, Any]], metric: Any) -> "ScoreTable":
    from zoo.studies.score_files import in_shares
    from zoo.studies.score_table import joined

    notes: list[str] = []
    made = {}
    for name, column in columns.items():
        scores = {str(dataset): _number(name, dataset, score) for dataset, score in column.items()}
        there = {dataset: score for dataset, score in scores.items() if score is not None}
        made[str(name)] = in_shares("the table", str(name), there, metric, notes)
    return joined(made, metric, notes, {})


def _number(name: Any, dataset: Any, score: Any) -> float | None:
    """A score; None for NaN, which is a missing one."""
    try:
        number = float(score) if score is not None else float("nan")
    except (TypeError, ValueError):
        raise UsageError(f"{name} has {score!r:.40} on {dataset}, which is no score.") from None
    if number in (float("inf"), float("-inf")):
        raise UsageError(f"{name} has {number} on {dataset}, which is no score.")
    return None if number != number else number
