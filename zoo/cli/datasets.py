"""`zoo datasets`"""

from pathlib import Path
from typing import Any

import click

from zoo.cli import options
from zoo.datasets.catalog import all_datasets, find_dataset
from zoo.datasets.dataset import Dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.terminal import echo, print_json, print_table, style


@click.group("datasets", invoke_without_command=True)
@options.data_dir
@options.as_json
@click.pass_context
def command(context: click.Context, data_dir: str | None, as_json: bool) -> None:
    """List datasets: where each comes from, its licence, whether it is here.

    A file works too: --dataset FILE.npz with x_train, y_train and, if there, x_test, y_test. So does a
    folder: of recordings, FOLDER/CLASS/*.wav, or of clips, FOLDER/CLASS/CLIP/FRAME.png.
    zoo datasets show NAME tells what can be chosen of one.
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
    if Path(dataset.origin).is_absolute():
        here = dataset.origin
    elif dataset.find is None:
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
        "recipe": dataset.recipe,
        "here": here,
        "origin": dataset.origin,
        "summary": dataset.summary,
    }


@command.command("show")
@click.argument("name", metavar="NAME|FILE.npz|./FOLDER", shell_complete=options.complete_datasets)
@options.data_settings
@options.data_dir
@options.as_json
@click.pass_context
def show(
    context: click.Context,
    name: str,
    data_settings: tuple[str, ...],
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Show a dataset: what it is, and the parameters that --data-set changes."""
    settings = options.pairs("--data-set", data_settings)
    dataset = find_dataset(name, options.registry(context), settings)
    shown = {
        **_row(dataset, Locations.of_user(data_dir)),
        "classes": list(dataset.classes),
        "parameters": [
            {
                "name": each.name,
                "type": each.type_name,
                "default": each.default,
                "value": dataset.parameters[each.name],
                "doc": each.doc,
            }
            for each in dataset.choices.values()
        ],
        "warnings": _looks(dataset),
    }
    if as_json:
        print_json(shown)
    else:
        _print(shown)


def _looks(dataset: Dataset) -> list[str]:
    """How the user's own data are read, and what looks wrong with them; others are not loaded."""
    if not Path(dataset.origin).is_absolute():
        return []
    from zoo.datasets.quality import check_alike, worth_saying

    arrays = dataset.load(Locations.of_user())
    check_alike(dataset, arrays)
    return worth_saying(dataset, arrays)


def _print(shown: dict[str, Any]) -> None:
    echo(f"{style(shown['name'], bold=True)}: {shown['summary']}")
    echo(f"from {shown['origin'] or 'its plugin'}, licence {shown['licence']}")
    echo(f"layout {shown['layout']}, shape {shown['shape']}, here: {shown['here']}")
    echo(f"{len(shown['classes'])} classes: {', '.join(shown['classes'])}")
    echo(f"recipe {shown['recipe']}, unless --recipe names another")
    for line in shown["warnings"]:
        echo(f"note: {line}")
    if not shown["parameters"]:
        echo("It has no parameters.")
        return
    echo("\nParameters (--data-set NAME=VALUE)")
    print_table(
        ("  name", "type", "default", "what"),
        [
            (f"  {each['name']}", each["type"], repr(each["default"]), each["doc"])
            for each in shown["parameters"]
        ],
    )


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
    echo(f"{name} is in {dataset.fetch(Locations.of_user())}")
