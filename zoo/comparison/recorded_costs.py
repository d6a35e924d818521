"""Finding what was measured before."""

from collections.abc import Callable, Sequence
from pathlib import Path

from zoo.comparison.cost_record import BenchmarkReport
from zoo.comparison.report_rows import matching_cost
from zoo.comparison.results import Result
from zoo.errors import ZooError


def costs_in(
    folders: Sequence[Path], results: Sequence[Result], note: Callable[[str], None]
) -> BenchmarkReport | None:
    """The latest record of costs in some runs folders that covers most of the results."""
    best: BenchmarkReport | None = None
    covered = 0
    for path in sorted(path for folder in folders for path in folder.glob("costs/costs-*.json")):
        try:
            record = BenchmarkReport.read(path)
        except ZooError as error:
            note(f"skipped: {error}")
            continue
        count = sum(matching_cost(result, record) is not None for result in results)
        if count and (count, record.created) > (covered, best.created if best else ""):
            best, covered = record, count
    return best
