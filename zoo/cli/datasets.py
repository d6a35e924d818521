"""`zoo datasets`"""

import click

from zoo.cli import options
from zoo.cli.output import print_json, print_table
from zoo.datasets.catalog import all_datasets, find_dataset
from zoo.datasets.dataset import Dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError


@click.group("datasets", invoke_without_command=True)
@options.data_dir
@options.as_json
@click.pass_context
def command(context: click.Context, data_dir: str | None, as_json: bool) -> None:
    """List datasets: where each comes from, its licence, whether it is here.

    A file works too: --dataset FILE.npz with x_train, y_train and, if there, x_test, y_test.
    So does a folder of recordings: --dataset FOLDER with FOLDER/CLASS/*.wav.
    """
    if context.invoked_subcommand:
        return
    locations = Locations.of_user(data_dir)
    rows = [_row(each, locations) for each in all_datasets(options.registry(context)).values()]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "layout", "shape", "classes", "licence", "here", "summary")
    print_table(columns, [[row[column] for column in columns] for row in rows])


def _row(dataset: Dataset, locations: Locations) -> dict:
    if dataset.find is None:
        here = "built in" if dataset.fetch is None else "no"
    else:
        found = dataset.find(locations)
        here = str(found) if found else "no"
    return {
        "name": dataset.name,
        "layout": dataset.layout,
        "shape": "×".join(map(str, dataset.shape)),
        "classes": len(dataset.classes),
        "licence": dataset.licence or "?",
        "here": here,
        "origin": dataset.origin,
        "summary": dataset.summary,
    }


@command.command("fetch")
@click.argument("name", shell_complete=options.complete_datasets)
@click.pass_context
def fetch(context: click.Context, name: str) -> None:
    """Download a dataset into the cache, with checksums."""
    dataset = find_dataset(name, options.registry(context))
    if dataset.fetch is None:
        raise UsageError(
            f"{name} needs no fetching: it comes from {dataset.origin or 'its plugin'}."
        )
    click.echo(f"{name} is in {dataset.fetch(Locations.of_user())}")
