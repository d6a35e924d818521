"""Printing a comparison: its plan, its tables, its page."""

from typing import Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.comparison import columns, table
from zoo.comparison.places import without_places
from zoo.datasets.location import Locations
from zoo.errors import ZooError
from zoo.formatting import duration
from zoo.terminal import echo, print_json, print_table, secho, wrapped


def show_plan(run_plan, given: dict[str, Any]) -> None:
    """Every run of the plan, for a dry run."""
    rows = [
        {
            "architecture": job.entry.name,
            "seed": job.request.seed,
            "state": job.state,
            "seconds": job.seconds,
            "run": job.run.name if job.run else None,
            "cause": job.cause,
        }
        for job in run_plan.jobs
    ]
    if given["as_json"]:
        print_json({"jobs": rows, "seconds": run_plan.seconds / given["jobs"]})
        return
    print_table(
        ("architecture", "seed", "state", "about", ""),
        [
            (
                row["architecture"],
                row["seed"],
                row["state"],
                duration(row["seconds"]) if row["seconds"] else "-",
                row["cause"] or row["run"] or "",
            )
            for row in rows
        ],
    )
    echo("Nothing was trained (--dry-run).")


def print_document(document: dict[str, Any], given: dict[str, Any]) -> None:
    """In the form that was asked for; what may be handed on has no paths of this machine."""
    if given["as_json"]:
        print_json(without_places(document))
    elif given["as_csv"]:
        echo(table.as_csv(without_places(document)), nl=False, lines=True)
    elif given["as_markdown"]:
        echo(table.markdown(without_places(document)), nl=False, lines=True)
    else:
        _print_tables(document)


def _print_tables(document: dict[str, Any]) -> None:
    for heading, groups in (
        ("What it learns", (columns.LEARNS,)),
        ("What it costs", (columns.IS, columns.COSTS)),
    ):
        secho(f"\n{heading}", bold=True)
        print_table(*table.grid(document, groups), numbers=True)
    if document["ensembles"]:
        secho("\nWhat the runs answer together", bold=True)
        print_table(*table.ensemble_grid(document), numbers=True)
    if document["pairs"]:
        secho("\nWhich differences are real", bold=True)
        print_table(*table.pair_grid(document), numbers=True)
    echo()
    for line in table.foot(document):
        loud = line.startswith(("MIXED", "FAILED"))
        secho(wrapped(line), fg="red" if loud else None, lines=True)
    echo("zoo compare --explain says what each column means.")


def write_page(
    context: click.Context, given: dict[str, Any], document: dict[str, Any], found
) -> None:
    """The page, with test images if the dataset is at hand.

    Raises:
        ZooError: it cannot be written.
    """
    from zoo.comparison.diagnostics import make_exhibits
    from zoo.report.page import render

    layout, samples = document["dataset"]["layout"], None
    try:
        first = next(each for each in found if each.runs).runs[0]
        data = first.find_dataset(options.registry(context))
        arrays = data.load(Locations.of_user(given["data_dir"]))
        if arrays.checksums["x_test"] == document["dataset"]["checksums"]["x_test"]:
            samples = arrays.x_test
    except ZooError as error:
        echo(f"note: the page shows no images: {error}", err=True)
    page = render(without_places(document), make_exhibits(found, samples, layout))
    try:
        atomic.write_text(given["html"], page)
    except OSError as error:
        raise ZooError(
            f"{given['html']}: cannot be written ({error.strerror or error}). The runs stand: give "
            "the same command with another --html."
        ) from error
    echo(f"page: {given['html']} ({len(page) / 1e6:.1f} MB)", err=True)
