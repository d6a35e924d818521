"""`zoo show`"""

from typing import Any

import click

from zoo import layouts
from zoo import recipe as recipes
from zoo.architecture import Architecture
from zoo.cli import options
from zoo.formatting import size
from zoo.origin import Origin
from zoo.terminal import echo, print_json, print_table, style

VALUES = "scaled by the recipe: 0 to 1, or mean 0 and deviation 1 (normalization)"
"""What a model is given, whatever the data were."""

MNIST_SHAPE, MNIST_CLASSES = (28, 28, 1), 10


@click.command("show")
@click.argument("name", shell_complete=options.complete_architectures)
@options.settings
@options.backend
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    name: str,
    settings: tuple[str, ...],
    backend: str | None,
    as_json: bool,
) -> None:
    """Show an architecture: layout, hyperparameters, recipes, parameters and FLOPs on MNIST."""
    registry = options.registry(context)
    architecture, origin = registry.architecture(name)
    chosen = architecture.parse_settings(options.pairs("--set", settings))
    manifest = registry.manifest
    shown = {
        "name": architecture.name,
        "summary": architecture.summary,
        "paper": architecture.paper,
        "from": origin.as_record(),
        "layout": architecture.layout,
        "frames_from_image": architecture.frames_from_image,
        "input_values": VALUES,
        "hyperparameters": [
            {
                "name": each.name,
                "type": each.type_name,
                "default": each.default,
                "value": chosen[each.name],
                "doc": each.doc,
            }
            for each in architecture.hyperparameters.values()
        ],
        "recipes": {
            each: recipes.resolve(manifest, each, architecture.name).as_dict()
            for each in recipes.names(manifest)
        },
        "on_mnist": _measure(architecture, origin, chosen, backend),
    }
    if as_json:
        print_json(shown)
    else:
        _print(shown, origin)


def _measure(
    architecture: Architecture, origin: Origin, values: dict[str, Any], backend: str | None
) -> dict[str, Any]:
    """Parameters and FLOPs with these hyperparameters; builds the model, so Keras is imported."""
    from zoo.numerics import settle_keras
    from zoo.training.backend import choose_backend, hide_gpus, quiet_native_logs
    from zoo.training.build import build_model
    from zoo.training.describe import count
    from zoo.training.flops import COUNTED, flops_per_sample

    chosen = choose_backend(backend)
    hide_gpus(chosen)
    with quiet_native_logs():
        settle_keras()
    shape = layouts.shape("image", MNIST_SHAPE, architecture.layout, architecture.frames_from_image)
    model = build_model(architecture, shape, MNIST_CLASSES, values, origin)
    return {
        "conversion": layouts.name("image", architecture.layout, architecture.frames_from_image),
        "input_shape": list(shape),
        "parameters": count(model.trainable_variables),
        "flops": flops_per_sample(chosen, model, shape),
        "flops_counted": COUNTED,
    }


def _print(shown: dict[str, Any], origin: Origin) -> None:
    source = origin.file or f"{origin.distribution} {origin.version}"
    echo(f"{style(shown['name'], bold=True)}: {shown['summary']}")
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


def _print_hyperparameters(shown: list[dict[str, Any]]) -> None:
    """With the values that --set gave, where it gave some."""
    titles = ["  name", "type", "default", "what"]
    rows = [[f"  {h['name']}", h["type"], repr(h["default"]), h["doc"]] for h in shown]
    if any(h["value"] != h["default"] for h in shown):
        titles.insert(3, "now")
        for row, h in zip(rows, shown, strict=True):
            row.insert(3, "" if h["value"] == h["default"] else repr(h["value"]))
    print_table(titles, rows)
