"""Printing a comparison over several datasets."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cli.wording import in_options
from zoo.studies import datasets_table
from zoo.terminal import echo, print_json, print_table, secho, wrapped

if TYPE_CHECKING:
    from zoo.compared_datasets import DatasetsComparison
    from zoo.studies.datasets_schema import DatasetsReport


def print_datasets_report(report: "DatasetsReport", given: dict[str, Any]) -> None:
    """Print it in the form that is asked for."""
    if given["as_json"]:
        print_json(report.to_dict())
    elif given["as_csv"]:
        echo(datasets_table.as_csv(report), nl=False, lines=True)
    elif given["as_markdown"]:
        echo(datasets_table.markdown(report), nl=False, lines=True)
    else:
        _print_tables(report)


def _print_tables(report: "DatasetsReport") -> None:
    most = datasets_table.SHOWN_DATASETS
    if len(report.datasets) <= most:
        secho("\nScores", bold=True)
        print_table(*datasets_table.score_grid(report), numbers=True)
    secho("\nMean ranks", bold=True)
    print_table(*datasets_table.rank_grid(report), numbers=True)
    secho("\nCritical-difference diagram", bold=True)
    echo(datasets_table.diagram(report), lines=True)
    secho("\nWhich differences are real", bold=True)
    print_table(*datasets_table.pair_grid(report), numbers=True)
    echo()
    secho(wrapped(datasets_table.verdict(report)), bold=True, lines=True)
    for line in datasets_table.foot(report):
        loud = line.startswith("FAILED")
        secho(wrapped(in_options(line)), fg="red" if loud else None, lines=True)
    if len(report.datasets) > most:
        echo(f"--csv prints the scores on all {len(report.datasets)} datasets.")


def write_datasets_page(found: "DatasetsComparison", path: Path) -> None:
    """Write the page, and say so.

    Raises:
        ZooError: it cannot be written.
    """
    found.to_html(path)
    echo(f"page: {path} ({path.stat().st_size / 1e6:.1f} MB)", err=True)
