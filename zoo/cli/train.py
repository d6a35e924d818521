"""`zoo train`"""

import shlex
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.cli.data import default_dataset
from zoo.errors import Diverged, UsageError
from zoo.terminal import echo, print_json
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.trained import Run
    from zoo.training.plan import Plan

WHAT = (
    "recipe", "seed", "epochs", "steps", "min_steps", "batch_size", "learning_rate", "precision", "tta_shift",
    "hyperparameters", "data_parameters", "backend", "device",
)  # fmt: skip
"""The options that a plan holds; they are called as the arguments of `zoo.plan`."""

HOW = (
    "seeds", "together", "on", "cpus_per_run", "gpus_per_run", "resume", "trust_source", "again", "track",
    "runs_dir", "data_dir",
)  # fmt: skip
"""The other arguments of `zoo.train`."""


@click.command("train")
@click.argument(
    "architecture",
    metavar="NAME|FILE.py",
    required=False,
    shell_complete=options.complete_architectures,
)
@options.dataset
@options.data_parameters
@options.recipe
@click.option("--epochs", type=int, help="Number of epochs. [default: the recipe's]")
@click.option(
    "--steps",
    type=int,
    help="Number of training steps, instead of epochs; the last epoch ends where they do.",
)
@click.option(
    "--min-steps",
    type=int,
    help="Train at least so many steps: more epochs where the recipe's have fewer.",
)
@click.option("--batch-size", type=int, help="Batch size for training. [default: the recipe's]")
@click.option(
    "--learning-rate",
    type=float,
    help="Learning rate; the peak of a schedule. [default: the recipe's]",
)
@options.tta_shift
@options.hyperparameters
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed for weights, data order and dropout.",
)
@click.option("--seeds", type=int, help="Train N runs, with seeds --seed, --seed + 1, ...")
@click.option(
    "--together/--one-by-one",
    default=None,
    help="Train the runs of --seeds in one program (jax), or one after another. [default: together "
    "on a GPU with jax]",
)
@options.on
@options.cpus_per_run
@options.gpus_per_run
@options.device
@options.backend
@click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16", "auto"]),
    help="Precision for training; auto measures both on a GPU and takes the faster. [default: the "
    "recipe's]",
)
@options.runs_dir
@options.data_dir
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=options.complete_runs,
    help="Resume an interrupted run: its folder, its name, a part of the name, or last. With --epochs or "
    "--steps, extend a run to so many; its learning rate must be constant.",
)
@options.trust_source
@click.option("--again", is_flag=True, help="Retrain finished runs in a new folder.")
@click.option("--dry-run", is_flag=True, help="Print what would be trained, and stop.")
@options.track
@click.option("--tensorboard", is_flag=True, hidden=True, help="Write events for TensorBoard.")
@options.as_json
@click.option("--quiet", is_flag=True, help="Print only the result.")
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Train an architecture on a dataset, and measure it once on the test set.

    \b
    zoo train convlstm2d
    zoo train cnn --dataset fashion_mnist --recipe quick --set dropout=0.2
    zoo train ./my_net.py --epochs 3
    zoo train cnn --seeds 5
    zoo train cnn --seeds 50 --on ray
    zoo train --resume last
    zoo train --resume last --epochs 40

    Ctrl-C writes a checkpoint; the same command resumes.
    """
    from zoo.api.train import check_several, train

    options.read_pairs(given)
    given["track"] += ("tensorboard",) if given.pop("tensorboard") else ()
    check_several(given["seeds"], given["together"])
    what, registry = {name: given[name] for name in WHAT}, options.registry(context)
    how = {
        **{name: given[name] for name in HOW},
        "progress": not (given["as_json"] or given["quiet"]),
        "registry": registry,
    }
    if given["resume"] and not given["dry_run"]:
        dataset = given["dataset"] or DEFAULT_DATASET
        _report(train(given["architecture"], dataset, **what, **how), given)
        return
    plan = _plan(context, given, what)
    if given["dry_run"]:
        _show(plan, given)
        return
    if how["progress"]:
        _announce(plan, given["seeds"])
    found = train(plan, **how)
    if isinstance(found, list):
        _report_seeds(found, given)
    else:
        _report(found, given)


def _plan(context: click.Context, given: dict[str, Any], what: dict[str, Any]) -> "Plan":
    """What would be trained; all names are looked up before the default dataset is downloaded."""
    from zoo.api.arguments import find_locations
    from zoo.api.finding import load_run
    from zoo.api.train import plan

    registry = options.registry(context)
    if given["resume"]:
        run = load_run(given["resume"], given["runs_dir"])
        return run.plan(
            epochs=given["epochs"],
            steps=given["steps"],
            trust_source=given["trust_source"],
            registry=registry,
        )
    if not given["architecture"]:
        raise UsageError("what should be trained? zoo train NAME; zoo list shows the names.")
    dataset = given["dataset"] or DEFAULT_DATASET
    found = plan(given["architecture"], dataset, registry=registry, **what)
    if given["dataset"] or given["data_dir"]:
        return found
    name = default_dataset(registry, find_locations(None), fetch=not given["dry_run"])
    if name == dataset:
        return found
    return plan(given["architecture"], name, registry=registry, **what)


def _show(plan: "Plan", given: dict[str, Any]) -> None:
    """Print a plan, if its model can be built."""
    from zoo.api.arguments import find_locations
    from zoo.api.train import build_model
    from zoo.training.pipeline import conversion_of

    build_model(plan)
    dataset, seeds = plan.dataset, given["seeds"]
    locations = find_locations(given["data_dir"])
    here = dataset.find(locations) if dataset.find else None
    recipe = plan.recipe.as_dict()
    if plan.recipe.counts_steps and (here or not dataset.fetch):
        recipe = plan.on(dataset.load(locations)).recipe.as_dict()
    elif plan.recipe.steps:
        del recipe["epochs"]  # they depend on data that are not here
    shown = {
        "architecture": plan.architecture.name,
        "from": plan.origin.as_record(),
        "layout": plan.architecture.layout,
        "hyperparameters": plan.hyperparameters,
        "dataset": dataset.name,
        **({"data parameters": dict(dataset.parameters)} if dataset.parameters else {}),
        "input": conversion_of(plan.dataset, plan.architecture, plan.hyperparameters),
        "data": str(here) if here else ("to be downloaded" if dataset.fetch else "built in"),
        "recipe": {**recipe, "digest": plan.recipe.digest},
        **({"seeds": f"{plan.seed} to {plan.seed + seeds - 1}"} if seeds else {"seed": plan.seed}),
        "backend": plan.backend,
        "device": plan.device,
    }
    if given["as_json"]:
        print_json(shown)
        return
    for key, value in shown.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k}={v}" for k, v in value.items() if v not in ("", None))
        echo(f"{key:16}{value}")
    echo("Nothing was trained (--dry-run).")


def _announce(plan: "Plan", seeds: int | None) -> None:
    changes = ", ".join(f"{key}={value}" for key, value in plan.hyperparameters.items())
    which = f"seeds {plan.seed} to {plan.seed + seeds - 1}" if seeds else f"seed {plan.seed}"
    echo(
        f"Training {plan.architecture.name} ({changes}) on {plan.dataset.title}, recipe "
        f"{plan.recipe.name}, {which}, {plan.backend}",
        err=True,
    )


def _report(run: "Run", given: dict[str, Any]) -> None:
    from zoo.cli.runs import print_result, result_line

    if given["as_json"]:
        print_json({**run.record.to_dict(), "folder": str(run.folder)})
    elif given["quiet"]:
        echo(result_line(run))
    else:
        print_result(run)
        echo(f"\nnext: zoo runs show {run.folder}")
        if run.record.input.source == "image":
            echo(f"      zoo predict {run.folder} IMAGE.png")
        if not given["resume"]:
            echo(f"      {_same_with_seed(run.record.seed + 1)}   (another seed)")


def _report_seeds(runs: "list[Run]", given: dict[str, Any]) -> None:
    """Print a line or a record for each run; if one diverged, end with an error."""
    from zoo.cli.runs import result_line

    finished = [run for run in runs if run.finished]
    if given["as_json"]:
        print_json([{**run.record.to_dict(), "folder": str(run.folder)} for run in runs])
    else:
        for run in finished:
            echo(f"seed {run.record.seed}: {result_line(run)}")
        if len(finished) > 1 and not given["quiet"]:
            folder = given["runs_dir"]
            echo(f"\nnext: zoo compare --from {folder}   (mean, interval, learning curves)")
    lost = [f"seed {r.record.seed} ({r.record.error})" for r in runs if not r.finished]
    if lost:
        raise Diverged(f"{len(lost)} of {len(runs)} runs diverged: {'; '.join(lost)}")


def _same_with_seed(seed: int) -> str:
    """The same command with another seed."""
    from zoo.tracking.secrets import masked

    context = click.get_current_context()
    words = ["zoo", "train"]
    for parameter in context.command.params:
        name = parameter.name or ""
        typed = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if not typed or name in ("seed", "again"):
            continue
        value = context.params[name]
        if isinstance(parameter, click.Argument):
            words.append(value)
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[0])
        else:
            values = value if parameter.multiple else [value]
            values = map(masked, values) if name == "track" else values
            words += [word for each in values for word in (parameter.opts[0], str(each))]
    return shlex.join([*words, "--seed", str(seed)])
