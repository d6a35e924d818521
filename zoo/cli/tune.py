"""`zoo tune`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.data import default_dataset
from zoo.errors import UsageError, ZooError
from zoo.terminal import echo, print_json
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.tuned import Study

ARGUMENTS = (
    "trials", "budget", "budget_steps", "recipe", "space", "sampler", "pruner", "objective", "validation",
    "seed", "study", "hyperparameters", "data_parameters", "backend", "device", "on",
    "cpus_per_run", "gpus_per_run", "studies_dir", "data_dir",
)  # fmt: skip
"""Arguments of `zoo.tune`, by the names of the options."""

SHOWING = {"source", "studies_dir", "html", "as_json"}
"""Options that go with --from."""


@click.command("tune")
@options.architectures
@click.option("--all", "everything", is_flag=True, help="Take every installed architecture.")
@options.dataset
@options.data_parameters
@options.recipe
@click.option("--trials", type=int, help="Number of trials of each architecture.")
@click.option(
    "--budget",
    metavar="DURATION",
    help="Train trials of each architecture for so long: 90s, 30min, 2h.",
)
@click.option(
    "--budget-steps", type=int, help="Number of training steps that each architecture gets."
)
@click.option(
    "--space",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Take ranges from this file instead of the default ones.",
)
@options.hyperparameters_of_each
@click.option("--epochs", type=int, help="Number of epochs of each trial. [default: the recipe's]")
@click.option(
    "--validation",
    type=float,
    help="Take this share of the training set for validation. [default: the recipe's; 0.2 where it has "
    "none]",
)
@click.option(
    "--objective",
    type=click.Choice(["val_accuracy", "val_loss"]),
    default="val_accuracy",
    show_default=True,
    help="Take the trial with the best value of this validation metric.",
)
@click.option(
    "--sampler",
    type=click.Choice(["tpe", "random"]),
    default="tpe",
    show_default=True,
    help="Take values from a tree-structured Parzen estimator, or at random.",
)
@click.option(
    "--pruner",
    type=click.Choice(["asha", "hyperband", "none"]),
    default="asha",
    show_default=True,
    help="Take this rule to end trials early that do worse than earlier ones.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for the sampler.")
@click.option(
    "--study", metavar="NAME", help="Set the study's name. [default: of dataset and recipe]"
)
@click.option(
    "--studies-dir",
    default="studies",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds the studies.",
)
@click.option(
    "--from",
    "source",
    metavar="STUDY",
    help="Show a study, by its name or folder; train nothing.",
)
@options.on
@options.cpus_per_run
@options.gpus_per_run
@options.device
@options.backend
@options.data_dir
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a page.")
@options.as_json
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Train trials to tune architectures, with the same budget for each, on the validation split.

    \b
    zoo tune cnn gru --dataset digits --trials 20
    zoo tune --all --dataset mnist --recipe quick --budget 30min
    zoo tune cnn --dataset digits --trials 20 --space space.toml --html page.html
    zoo tune --all --dataset mnist --trials 50 --on ray://head:10001
    zoo tune --from digits-small

    The test set is not read. The first trial of each architecture has the defaults. Ctrl-C stops; the same
    command goes on, also with a larger budget, and in several terminals at once. The result is a recipe
    file: zoo compare --tuned STUDY trains by it with fresh seeds.
    """
    if given["html"]:
        atomic.check_file(given["html"])
    found = _show(context, given) if given["source"] else _tune(context, given)
    if given["as_json"]:
        print_json(found.report.to_dict())
    else:
        from zoo.cli.tuning_output import print_study

        print_study(found)
    if given["html"]:
        _write_page(found, given["html"])
    if any(row.problem for row in found.report.rows):
        context.exit(1)


def _show(context: click.Context, given: dict[str, Any]) -> "Study":
    from zoo.api.tuning import load_study

    for parameter in context.command.params:
        name = parameter.name or ""
        typed = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if typed and name not in SHOWING:
            what = "the names" if isinstance(parameter, click.Argument) else parameter.opts[0]
            raise UsageError(f"--from shows a study; leave {what} out.")
    return load_study(given["source"], studies_dir=given["studies_dir"])


def _tune(context: click.Context, given: dict[str, Any]) -> "Study":
    from zoo.api.tuning import tune

    if given["names"] and given["everything"]:
        raise UsageError("give names, or --all, not both.")
    options.read_pairs(given)
    given["hyperparameters"] = options.by_name(given["hyperparameters"] or {})
    return tune(
        "all" if given["everything"] else given["names"],
        _dataset(context, given),
        **{name: given[name] for name in ARGUMENTS},
        recipe_changes={"epochs": given["epochs"]} if given["epochs"] is not None else None,
        progress=not given["as_json"],
        registry=options.registry(context),
    )


def _dataset(context: click.Context, given: dict[str, Any]) -> str:
    from zoo.api.arguments import find_locations

    if given["dataset"] or given["data_dir"]:
        return given["dataset"] or DEFAULT_DATASET
    return default_dataset(options.registry(context), find_locations(None), fetch=True)


def _write_page(found: "Study", path: Path) -> None:
    try:
        found.to_html(path)
    except ZooError as error:
        then = "The study is kept: zoo tune --from STUDY --html another file."
        raise ZooError(f"{error} {then}") from error
    echo(f"page: {path} ({path.stat().st_size / 1e6:.1f} MB)", err=True)
