"""`zoo train`"""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from zoo import layouts, trust
from zoo.cli import options
from zoo.cli.data import default_dataset
from zoo.datasets.location import Locations
from zoo.errors import Diverged, UsageError
from zoo.registry import Registry
from zoo.terminal import echo, print_json
from zoo.training.request import DEFAULT_DATASET, Request

FIXED_BY_A_RUN = (
    "architecture",
    "dataset",
    "data_settings",
    "recipe",
    "epochs",
    "batch_size",
    "learning_rate",
    "tta_shift",
    "settings",
    "seed",
    "seeds",
    "together",
    "device",
    "backend",
    "precision",
    "again",
)

CHANGES = ("epochs", "batch_size", "learning_rate", "precision", "tta_shift")
"""The options that change a field of the recipe, each called as it is."""


@click.command("train")
@click.argument(
    "architecture",
    metavar="NAME|FILE.py",
    required=False,
    shell_complete=options.complete_architectures,
)
@options.dataset
@options.data_settings
@options.recipe
@click.option("--epochs", type=int, help="Instead of the recipe's.")
@click.option("--batch-size", type=int, help="Instead of the recipe's.")
@click.option(
    "--learning-rate", type=float, help="Instead of the recipe's; the peak of a schedule."
)
@options.tta_shift
@options.settings
@click.option("--seed", type=int, default=0, show_default=True, help="Of weights, order, dropout.")
@click.option("--seeds", type=int, help="Train so many runs: seeds S to S + N - 1, S from --seed.")
@click.option(
    "--together/--one-by-one",
    default=None,
    help="With --seeds: in one program, or one after another. [default: together on a GPU with jax]",
)
@options.device
@options.backend
@click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16", "auto"]),
    help="Instead of the recipe's; auto measures both on a GPU and takes the faster.",
)
@options.runs_dir
@options.data_dir
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=options.complete_runs,
    help="Go on with an interrupted run: a folder, a name or a part of one, or last.",
)
@options.trust_source
@click.option("--again", is_flag=True, help="Train anew, into another folder, what is finished.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained, and stop.")
@click.option("--tensorboard", is_flag=True, help="Write events for TensorBoard into the run.")
@options.as_json
@click.option("--quiet", is_flag=True, help="Print the result alone.")
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Train an architecture on a dataset, and measure it once on the test set.

    \b
    zoo train convlstm2d
    zoo train cnn --dataset fashion_mnist --recipe quick --set dropout=0.2
    zoo train ./my_net.py --epochs 3
    zoo train cnn --seeds 5
    zoo train --resume last

    Ctrl-C writes a checkpoint; the same command goes on from there.
    """
    registry = options.registry(context)
    resume = _run_to_resume(context, given) if given["resume"] else None
    if not resume and not given["architecture"]:
        raise UsageError("what should be trained? zoo train NAME; zoo list shows the names.")
    if given["trust_source"] and not resume:
        raise UsageError("--trust-source goes with --resume; a file that you name is run as it is.")
    if given["seeds"] is None and given["together"] is not None:
        raise UsageError("--together and --one-by-one go with --seeds N.")
    if given["seeds"] is not None and given["seeds"] < 1:
        raise UsageError(f"--seeds {given['seeds']}: use at least 1.")
    if given["seeds"] is not None and given["seeds"] > options.MOST_SEEDS:
        raise UsageError(f"--seeds {given['seeds']}: use at most {options.MOST_SEEDS:,}.")
    if given["tensorboard"]:
        from zoo.training.tensorboard import require_tensorboard

        require_tensorboard()
    if resume:
        plan, locations = _plan_of_run(registry, resume, given)
    else:
        plan, locations = _plan(registry, given)
    if given["dry_run"]:
        _check_model(plan)
        _show(plan, locations, given["seeds"], given["as_json"])
        return
    if given["seeds"]:
        _report_seeds(_train_seeds(plan, locations, given), given)
    else:
        _report(_train(plan, locations, resume, given), given)


def _run_to_resume(context: click.Context, given: dict[str, Any]):
    from zoo.runs.run import find_run

    for name in FIXED_BY_A_RUN:
        source = context.get_parameter_source(name)
        if source is click.core.ParameterSource.COMMANDLINE:
            shown = name if name == "architecture" else "--" + name.replace("_", "-")
            options = {"settings": "--set", "data_settings": "--data-set", "together": "--together"}
            shown = options.get(name, shown)
            raise UsageError(f"--resume takes everything from the run; leave {shown} out.")
    return find_run(given["resume"], given["runs_dir"])


def _plan(registry: Registry, given: dict[str, Any]):
    request = Request(
        given["architecture"],
        options.pairs("--set", given["settings"]),
        given["dataset"] or DEFAULT_DATASET,
        given["recipe"],
        {name: given[name] for name in CHANGES},
        given["seed"],
        given["backend"],
        given["device"],
        options.pairs("--data-set", given["data_settings"]),
    )
    plan = request.plan(registry)  # every name is checked before anything is downloaded
    locations = Locations.of_user(given["data_dir"])
    if not (given["dataset"] or given["data_dir"]):
        name = default_dataset(registry, locations, fetch=not given["dry_run"])
        plan = replace(request, dataset=name).plan(registry)
    return plan, locations


def _plan_of_run(registry: Registry, run, given: dict[str, Any]):
    from zoo.training.backend import choose_backend
    from zoo.training.plan import Plan

    record = run.record
    backend = choose_backend(record["backend"])  # a file may import Keras at its top
    trust.check_unchanged(run)
    architecture, origin = trust.architecture_of(run, registry, trust_source=given["trust_source"])
    plan = Plan(
        architecture,
        origin,
        run.hyperparameters,
        run.find_dataset(registry),
        run.recipe,
        record["seed"],
        backend,
        record["device"]["asked"],
    )
    return plan, Locations.of_user(given["data_dir"])


def _check_model(plan) -> None:
    """Build the model, so that a plan which cannot be trained is no plan; nothing is loaded."""
    from zoo.training.backend import hide_gpus
    from zoo.training.training import model_of

    hide_gpus(plan.backend)
    model_of(plan, plan.dataset.shape)


def _show(plan, locations: Locations, seeds: int | None, as_json: bool) -> None:
    dataset = plan.dataset
    here = dataset.find(locations) if dataset.find else None
    shown = {
        "architecture": plan.architecture.name,
        "from": plan.origin.as_record(),
        "layout": plan.architecture.layout,
        "hyperparameters": plan.hyperparameters,
        "dataset": dataset.name,
        **({"data parameters": dict(dataset.parameters)} if dataset.parameters else {}),
        "input": layouts.name(
            dataset.layout, plan.architecture.layout, plan.architecture.frames_from_image
        ),
        "data": str(here) if here else ("to be downloaded" if dataset.fetch else "built in"),
        "recipe": {**plan.recipe.as_dict(), "digest": plan.recipe.digest},
        **({"seeds": f"{plan.seed} to {plan.seed + seeds - 1}"} if seeds else {"seed": plan.seed}),
        "backend": plan.backend,
        "device": plan.device,
    }
    if as_json:
        print_json(shown)
        return
    for key, value in shown.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k}={v}" for k, v in value.items() if v not in ("", None))
        echo(f"{key:16}{value}")
    echo("Nothing was trained (--dry-run).")


def _train(plan, locations: Locations, resume, given: dict[str, Any]):
    from zoo.progress import progress_callback
    from zoo.training.trainer import train

    silent = _silent(given)
    callback = progress_callback(silent=silent, tensorboard=given["tensorboard"])
    runs_dir = Path(resume.folder).parent if resume else given["runs_dir"]
    _announce(plan, f"seed {plan.seed}", silent)
    return train(plan, runs_dir, locations, callback=callback, again=given["again"], resume=resume)


def _train_seeds(plan, locations: Locations, given: dict[str, Any]):
    from zoo.progress import progress_callbacks
    from zoo.training.trainer import train_seeds

    silent = _silent(given)
    _announce(plan, f"seeds {plan.seed} to {plan.seed + given['seeds'] - 1}", silent)
    return train_seeds(
        plan,
        given["seeds"],
        given["runs_dir"],
        locations,
        callbacks=progress_callbacks(silent=silent, tensorboard=given["tensorboard"]),
        again=given["again"],
        together=given["together"],
    )


def _silent(given: dict[str, Any]) -> bool:
    return given["as_json"] or given["quiet"]


def _announce(plan, seeds: str, silent: bool) -> None:
    if not silent:
        changes = ", ".join(f"{key}={value}" for key, value in plan.hyperparameters.items())
        echo(
            f"Training {plan.architecture.name} ({changes}) on {plan.dataset.title}, recipe "
            f"{plan.recipe.name}, {seeds}, {plan.backend}",
            err=True,
        )


def _report(run, given: dict[str, Any]) -> None:
    from zoo.cli.runs import print_result, result_line

    if given["as_json"]:
        print_json({**run.record, "folder": str(run.folder)})
    elif given["quiet"]:
        echo(result_line(run))
    else:
        print_result(run)
        echo(f"\nnext: zoo runs show {run.folder}")
        if run.record["input"]["source"] == "image":
            echo(f"      zoo predict {run.folder} IMAGE.png")
        if not given["resume"]:
            echo(f"      {_same_with_seed(run.record['seed'] + 1)}   (another seed)")


def _report_seeds(runs, given: dict[str, Any]) -> None:
    """A line or a record for each; an error if one diverged, after the others are shown."""
    from zoo.cli.runs import result_line

    finished = [run for run in runs if run.finished]
    if given["as_json"]:
        print_json([{**run.record, "folder": str(run.folder)} for run in runs])
    else:
        for run in finished:
            echo(f"seed {run.record['seed']}: {result_line(run)}")
        if len(finished) > 1 and not given["quiet"]:
            folder = given["runs_dir"]
            echo(f"\nnext: zoo compare --from {folder}   (mean, interval, learning curves)")
    lost = [f"seed {r.record['seed']} ({r.record['error']})" for r in runs if not r.finished]
    if lost:
        raise Diverged(f"{len(lost)} of {len(runs)} runs diverged: {'; '.join(lost)}")


def _same_with_seed(seed: int) -> str:
    """The command as it was typed, with another seed."""
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
            words += [word for each in values for word in (parameter.opts[0], str(each))]
    return shlex.join([*words, "--seed", str(seed)])
