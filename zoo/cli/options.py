"""Options and arguments that several commands share, with their completion."""

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from zoo.cli.renamed import RenamedOption
from zoo.errors import UsageError, ZooError
from zoo.named_sizes import BASE, MARK
from zoo.registry import Registry


def registry(context: click.Context) -> Registry:
    """The registry of this invocation, made once."""
    root = context.find_root()
    root.ensure_object(dict)
    if "registry" not in root.obj:
        root.obj["registry"] = Registry.discover(use_plugins=use_plugins(context))
    return root.obj["registry"]


def use_plugins(context: click.Context) -> bool:
    """Whether this invocation loads plugins: not with `--no-plugins`."""
    root = context.find_root()
    root.ensure_object(dict)
    return root.obj.get("use_plugins", True)


def complete_architectures(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Plugin names, sizes after `NAME@`, and files; nothing is imported but, for its sizes, one plugin."""
    found = registry(context)
    if MARK in incomplete:
        return [CompletionItem(each) for each in _sized(found, incomplete)]
    items = [CompletionItem(name) for name in found.names() if name.startswith(incomplete)]
    return items or [CompletionItem(incomplete, type="file")]


def _sized(found: Registry, incomplete: str) -> list[str]:
    name = incomplete.partition(MARK)[0]
    shipped = found.manifest.architectures.get(name)
    if shipped and shipped.package in {each.distribution for each in found.plugins}:
        sizes = list(shipped.sizes)
    else:
        try:
            sizes = [BASE, *found.architecture(name)[0].sizes]
        except ZooError:
            return []
    return [each for size in sizes if (each := f"{name}{MARK}{size}").startswith(incomplete)]


def complete_recipes(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Named recipes, and files."""
    names = [name for name in registry(context).manifest.recipes if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_datasets(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Built-in datasets, and files."""
    from zoo.datasets.catalog import BUILT_IN

    names = [name for name in BUILT_IN if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_runs(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Names of the runs in the runs folder."""
    folder = Path(context.params.get("runs_dir") or "runs")
    names = sorted(path.parent.name for path in folder.glob("*/run.json"))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


architectures = click.argument(
    "names", metavar="[NAME|FILE.py]...", nargs=-1, shell_complete=complete_architectures
)
hyperparameters = click.option(
    "--set",
    "hyperparameters",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a hyperparameter of the architecture; zoo show NAME lists them. Repeatable.",
)
hyperparameters_of_each = click.option(
    "--set",
    "hyperparameters",
    metavar="NAME.KEY=VALUE",
    multiple=True,
    help="Set a hyperparameter of one architecture. Repeatable.",
)
runs_dir = click.option(
    "--runs-dir",
    default="runs",
    show_default=True,
    envvar="ZOO_RUNS_DIR",
    is_eager=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds the runs.",
)
data_dir = click.option(
    "--data-dir", metavar="DIR", help="Folder that holds datasets (also ZOO_DATA_DIR)."
)
dataset = click.option(
    "--dataset",
    metavar="NAME|FILE.npz|FOLDER",
    shell_complete=complete_datasets,
    help="Dataset: mnist, spoken_digits, ... (zoo datasets lists them), or your own file or folder.",
)
data_parameters = click.option(
    "--data-set",
    "data_parameters",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a parameter of the dataset; zoo datasets show NAME lists them. Repeatable.",
)
recipe = click.option(
    "--recipe",
    metavar="NAME|FILE.toml",
    shell_complete=complete_recipes,
    help="Recipe: quick, standard, long, tutorial, small, clips, or your own file. [default: the "
    "one that the dataset names; zoo datasets show NAME prints it]",
)
tta_shift = click.option(
    "--tta-shift",
    cls=RenamedOption,
    former="--test-shift",
    metavar="N",
    type=int,
    help="Average the predictions over copies shifted by up to N pixels (test-time augmentation). "
    "[default: the recipe's]",
)
invert = click.option(
    "--invert/--as-is",
    default=None,
    help="Invert the pixels, or take them as they are. [default: as the dataset of the run says; "
    "images that are clearly inverted relative to training are refused]",
)
backend = click.option(
    "--backend",
    type=click.Choice(["tensorflow", "jax", "torch"]),
    help="Keras backend. [default: KERAS_BACKEND, else tensorflow]",
)
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="Device to compute on; gpu fails where there is none.",
)
trust_source = click.option(
    "--trust-source",
    is_flag=True,
    help="Run the Python file in the run's folder although you never trained with it here.",
)
track = click.option(
    "--track",
    metavar="NAME[:TARGET]",
    multiple=True,
    help="Log the runs to mlflow[:ADDRESS], tensorboard[:FOLDER] or a plugin's tracker, too; one that fails "
    "harms no training. Repeatable.",
)
on = click.option(
    "--on",
    metavar="ray|ray://HOST:PORT",
    help="Train on the nodes of a cluster of Ray: that of RAY_ADDRESS, else one on this machine, or the one "
    "at this address.",
)
cpus_per_run = click.option(
    "--cpus-per-run",
    metavar="N",
    type=int,
    help="Number of CPUs of each run, with --on. [default: all of the smallest node]",
)
gpus_per_run = click.option(
    "--gpus-per-run",
    metavar="N",
    type=float,
    help="Number of GPUs of each run, with --on; also a fraction: 0.25. [default: 1 where all nodes have "
    "some]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print only JSON.")


def read_pairs(given: dict[str, Any]) -> None:
    """Make dictionaries of the words after --set and --data-set, or None where there are none."""
    for name, option in (("hyperparameters", "--set"), ("data_parameters", "--data-set")):
        if name in given:
            given[name] = pairs(option, given[name]) or None


def by_name(given: dict[str, str]) -> dict[str, dict[str, str]]:
    """`NAME.KEY=VALUE` words as the hyperparameters of each architecture."""
    found: dict[str, dict[str, str]] = {}
    for key, value in given.items():
        name, dot, parameter = key.rpartition(".")
        if not dot:
            raise UsageError(
                f"--set {key}={value}: whose? Write NAME.KEY=VALUE, as in --set cnn.{key}={value}."
            )
        found.setdefault(name, {})[parameter] = value
    return found


def pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE` words as a dictionary.

    Raises:
        UsageError: a word has no `=`, or nothing before it.
    """
    found = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            example = "frames=20" if option == "--data-set" else "filters=32"
            raise UsageError(f"{option} {pair}: write KEY=VALUE, as in {option} {example}.")
        found[key.strip()] = value
    return found
