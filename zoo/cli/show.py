"""`zoo show`"""

from typing import Any

import click

from zoo import named_sizes
from zoo import recipe as recipes
from zoo.cli import options
from zoo.formatting import size
from zoo.named_sizes import BASE
from zoo.origin import Origin
from zoo.parameters import as_text
from zoo.terminal import echo, print_json, print_table, style


@click.command("show")
@click.argument(
    "architecture", metavar="NAME|FILE.py", shell_complete=options.complete_architectures
)
@options.hyperparameters
@options.backend
@options.as_json
@click.pass_context
def command(context: click.Context, as_json: bool, **given: Any) -> None:
    """Show an architecture: layout, hyperparameters, recipes, parameters and FLOPs on MNIST.

    \b
    zoo show cnn
    zoo show cnn@small
    zoo show cnn --set filters=8,16,32
    """
    from zoo.api.describing import describe

    options.read_pairs(given)
    found = describe(**given, registry=options.registry(context))
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found.to_dict(), found.origin)


def _print(shown: dict[str, Any], origin: Origin) -> None:
    source = origin.file or f"{origin.distribution} {origin.version}"
    name = named_sizes.joined(shown["name"], shown["size"] if shown["size"] != BASE else "")
    echo(f"{style(name, bold=True)}: {shown['summary']}")
    echo(f"from {source}" + (f", paper {shown['paper']}" if shown["paper"] else ""))
    measured = shown["on_mnist"]
    echo(f"layout {shown['layout']} ({measured['conversion']})")
    echo(f"input values {shown['input_values']}")
    flops = "unknown" if measured["flops"] is None else size(measured["flops"])
    echo(
        f"on MNIST: input {tuple(measured['input_shape'])}, "
        f"{measured['parameters']:,} trainable parameters, {flops} FLOPs ({measured['flops_counted']})\n"
    )
    echo("Hyperparameters (--set NAME=VALUE)")
    _print_hyperparameters(shown["hyperparameters"])
    if len(shown["sizes"]) > 1:
        echo(f"\nSizes ({shown['name']}@SIZE; zoo show measures it)")
        rows = [[f"  {named}", _in_words(changed)] for named, changed in shown["sizes"].items()]
        print_table(("  size", "hyperparameters"), rows)
    echo("\nRecipes (--recipe NAME)")
    for name, fields in shown["recipes"].items():
        echo(f"  {style(name, bold=True)}: {fields['summary']}")
        default = recipes.Recipe().as_dict()
        changed = {
            k: v for k, v in fields.items() if v != default[k] and k not in ("name", "summary")
        }
        echo(
            "    "
            + ", ".join(
                f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
                for key, value in changed.items()
            )
        )


def _in_words(changed: dict[str, Any]) -> str:
    words = (f"{name}={as_text(value)}" for name, value in changed.items())
    return " ".join(words) or "the defaults"


def _print_hyperparameters(shown: list[dict[str, Any]]) -> None:
    """Print the hyperparameters, with columns for values that --set changes and for what is searched."""
    titles = ["  name", "type", "default", "what"]
    rows = [[f"  {h['name']}", h["type"], repr(h["default"]), h["doc"]] for h in shown]
    if any(h["searched"] for h in shown):
        titles.insert(3, "zoo tune")
        for row, h in zip(rows, shown, strict=True):
            row.insert(3, h["searched"])
    if any(h["value"] != h["default"] for h in shown):
        titles.insert(3, "now")
        for row, h in zip(rows, shown, strict=True):
            row.insert(3, "" if h["value"] == h["default"] else repr(h["value"]))
    print_table(titles, rows)
