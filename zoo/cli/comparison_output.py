"""Printing a comparison: its plan, its tables, its report."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cli.wording import in_options
from zoo.comparison import columns, flat, table
from zoo.comparison.places import without_places
from zoo.comparison.schema import ComparisonReport
from zoo.errors import ZooError
from zoo.formatting import duration
from zoo.terminal import echo, print_json, print_table, secho, wrapped

if TYPE_CHECKING:
    from zoo.compared import Comparison
    from zoo.comparison.jobs import RunPlan


def print_plan(run_plan: "RunPlan", *, as_json: bool) -> None:
    """Print every run of a plan."""
    several = len({job.request.dataset for job in run_plan.jobs}) > 1
    rows: list[dict[str, Any]] = [
        {
            **({"dataset": Path(job.request.dataset).name} if several else {}),
            "architecture": job.entry.name,
            "seed": job.request.seed,
            **({"fold": job.request.fold.name} if job.request.fold else {}),
            "state": job.state,
            "seconds": job.seconds,
            "run": job.run.name if job.run else None,
            "cause": job.cause,
        }
        for job in run_plan.jobs
    ]
    if as_json:
        print_json({"jobs": rows, "seconds": run_plan.seconds / run_plan.parallel})
        return
    print_table(
        (
            *(["dataset"] if several else []),
            "architecture",
            "fold" if any("fold" in row for row in rows) else "seed",
            "state",
            "about",
            "",
        ),
        [
            (
                *([row["dataset"]] if several else []),
                row["architecture"],
                row.get("fold", row["seed"]),
                row["state"],
                duration(row["seconds"]) if row["seconds"] else "-",
                row["cause"] or row["run"] or "",
            )
            for row in rows
        ],
    )
    echo("Nothing was trained (--dry-run).")


def print_report(report: ComparisonReport, given: dict[str, Any]) -> None:
    """Print a comparison in the form that is asked for; JSON, CSV and Markdown have no local paths."""
    if given["as_json"]:
        print_json(without_places(report).to_dict())
    elif given["as_csv"]:
        echo(flat.as_csv(without_places(report)), nl=False, lines=True)
    elif given["as_markdown"]:
        echo(table.markdown(without_places(report)), nl=False, lines=True)
    else:
        _print_tables(report)


def _print_tables(report: ComparisonReport) -> None:
    for heading, groups in (
        ("What it learns", (columns.LEARNS,)),
        ("By other metrics", (columns.SCORES,)),
        ("What it costs", (columns.IS, columns.COSTS)),
    ):
        titles, cells = table.grid(report, groups)
        if len(titles) > 1:
            secho(f"\n{heading}", bold=True)
            print_table(titles, cells, numbers=True)
    if report.ensembles:
        secho("\nEnsembles", bold=True)
        print_table(*table.ensemble_grid(report), numbers=True)
    if report.pairs:
        secho("\nWhich differences are real", bold=True)
        print_table(*table.pair_grid(report), numbers=True)
    if report.fronts:
        what = report.judged_by.title
        secho(f"\nPareto fronts: {what} against each cost", bold=True)
        print_table(*table.front_grid(report), numbers=True)
        echo("★ on the front, × dominated, ? nobody can tell")
    echo()
    for line in table.foot(report):
        loud = line.startswith(("MIXED", "FAILED"))
        secho(wrapped(in_options(line)), fg="red" if loud else None, lines=True)
    echo("zoo compare --explain explains each column.")


def write_page(found: "Comparison", path: Path) -> None:
    """Write the report.

    Raises:
        ZooError: it cannot be written.
    """
    try:
        found.to_html(path, on_note=lambda text: echo(f"note: {text}", err=True))
    except ZooError as error:
        then = "The runs are kept: give the same command with another --html."
        raise ZooError(f"{error} {then}") from error
    echo(f"page: {path} ({path.stat().st_size / 1e6:.1f} MB)", err=True)
