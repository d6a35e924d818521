"""`zoo datasets`"""

from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.cli.datasets_inspect import inspect
from zoo.cli.wording import in_options
from zoo.terminal import echo, print_json, print_table, secho, style

if TYPE_CHECKING:
    from zoo.datasets.dataset import Dataset


@click.group("datasets", invoke_without_command=True)
@options.data_dir
@options.as_json
@click.pass_context
def command(context: click.Context, data_dir: str | None, as_json: bool) -> None:
    """List datasets: shape, classes, licence, and where each is on this machine.

    \b
    zoo datasets
    zoo datasets show motion
    zoo datasets inspect ./pets
    zoo datasets fetch mnist

    Your own data work too: folders of images, recordings or films, tables, .npz and .ts files. Of them,
    "zoo datasets inspect PATH" says what to type next.
    """
    from zoo.api.arguments import find_locations
    from zoo.api.describing import place
    from zoo.api.finding import list_datasets

    if context.invoked_subcommand:
        return
    locations = find_locations(data_dir)
    found = list_datasets(registry=options.registry(context))
    rows = [_row(each, place(each, locations)) for each in found]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "layout", "shape", "classes", "licence", "here", "summary")
    print_table(columns, [[row[column] for column in columns] for row in rows])


def _row(dataset: "Dataset", here: str) -> dict[str, Any]:
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
@options.data_parameters
@options.data_dir
@options.as_json
@click.pass_context
def show(context: click.Context, name: str, as_json: bool, **given: Any) -> None:
    """Show a dataset and its parameters, which --data-set changes.

    \b
    zoo datasets show motion --data-set frames=20
    zoo datasets show ./mine.npz
    """
    from dataclasses import asdict

    from zoo.api.describing import describe_dataset

    options.read_pairs(given)
    found = describe_dataset(
        name,
        parameters=given["data_parameters"],
        data_dir=given["data_dir"],
        registry=options.registry(context),
    )
    shown = {
        **_row(found.dataset, found.place),
        "classes": list(found.dataset.classes),
        "parameters": [asdict(each) for each in found.parameters],
        "warnings": found.warnings,
        "refusal": found.refusal,
    }
    if as_json:
        print_json(shown)
    else:
        _print(shown)


def _print(shown: dict[str, Any]) -> None:
    echo(f"{style(shown['name'], bold=True)}: {shown['summary']}")
    echo(f"from {shown['origin'] or 'its plugin'}, licence {shown['licence']}")
    echo(f"layout {shown['layout']}, shape {shown['shape']}, here: {shown['here']}")
    echo(f"{len(shown['classes'])} classes: {', '.join(shown['classes'])}")
    echo(f"default recipe {shown['recipe']}")
    for line in shown["warnings"]:
        echo(f"note: {line}")
    if shown["refusal"]:
        secho(f"not trainable as it is: {in_options(shown['refusal'])}", fg="yellow")
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
    """Download a dataset into the cache, and check its checksums.

    \b
    zoo datasets fetch mnist
    """
    from zoo.api.finding import fetch_dataset

    echo(f"{name} is in {fetch_dataset(name, registry=options.registry(context))}")


command.add_command(inspect)
