"""The scores of a study as a table, judged over its datasets."""

from collections.abc import Sequence
from typing import Any

from zoo.errors import UsageError
from zoo.scoring import Metric
from zoo.studies.datasets_report import make_datasets_report
from zoo.studies.datasets_schema import DatasetsReport
from zoo.studies.score_table import joined
from zoo.studies.study_lock import LockedDataset


def judge_study(
    found: Sequence[LockedDataset],
    metric: Metric,
    *,
    rope: float | None,
    command: str,
    title: str,
    experiment: dict[str, Any],
    problems: dict[str, str],
) -> DatasetsReport | None:
    """The verdicts over all datasets of a study; None where there is nothing to compare.

    A dataset on which an architecture failed is left out, and a note says so.
    """
    names = list(dict.fromkeys(row.name for each in found for row in each.rows))
    columns: dict[str, dict[str, float]] = {name: {} for name in names}
    failed = [f"{text}: {cause}" for text, cause in problems.items()]
    for each in found:
        for row in each.rows:
            if row.mean is not None:
                columns[row.name][each.title] = row.mean
            if row.problem:
                failed.append(f"{row.name} on {each.title}: {row.problem}")
    try:
        table = joined(columns, metric, [], {})
    except UsageError:
        return None
    told = {**experiment, **{f"on {each.title}": each.verdict for each in found}}
    return make_datasets_report(
        table, rope=rope, command=command, title=title, experiment=told, problems=failed
    )
