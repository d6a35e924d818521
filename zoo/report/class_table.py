"""The page's tables of classes: precision, recall, F1 and samples, for each architecture."""

from typing import Any

from msgspec import UNSET

from zoo.comparison.row_schema import Row
from zoo.comparison.schema import ComparisonReport
from zoo.scoring import classes_shown


def class_tables(report: ComparisonReport) -> list[dict[str, Any]]:
    """For each architecture its classes; empty for a report of before they were recorded."""
    support, names = report.dataset.support, report.dataset.classes
    if support is UNSET or len(support) != len(names):
        return []
    return [
        {"name": row.name, "classes": _classes(row, names, support)}
        for row in report.rows
        if row.classes is not UNSET and len(row.classes.f1) == len(names)
    ]


def _classes(row: Row, names: list[str], support: list[int]) -> list[dict[str, Any]]:
    table: Any = row.classes
    return [
        {
            "name": names[place],
            "precision": table.precision[place],
            "recall": table.recall[place],
            "f1": table.f1[place],
            "support": support[place],
        }
        for place in classes_shown(table.f1)
    ]
