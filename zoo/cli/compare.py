"""`zoo compare`"""

import shlex
from pathlib import Path
from typing import Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.comparison_output import print_document, show_plan, write_page
from zoo.cli.data import default_dataset
from zoo.comparison import table
from zoo.comparison.benchmark import DEPTHS
from zoo.comparison.comparing import (
    Compared,
    Workplace,
    compare_folders,
    compare_runs,
    plan_runs,
)
from zoo.comparison.entries import choose
from zoo.comparison.results import Wanted
from zoo.datasets.catalog import find_dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.terminal import print_table
from zoo.training.request import DEFAULT_DATASET, Request

FORMATS = ("as_json", "as_csv", "as_markdown")
FOR_NEW_RUNS = (
    "seeds", "tta_shift", "settings", "jobs", "together", "dry_run", "device", "backend", "costs",
    "everything",
)  # fmt: skip
"""What makes no sense where runs were made elsewhere."""


@click.command("compare")
@options.architectures
@click.option("--all", "everything", is_flag=True, help="Every architecture that is installed.")
@options.dataset
@options.data_settings
@options.recipe
@click.option("--seeds", type=int, default=5, show_default=True, help="Runs of each: 0 to N - 1.")
@options.tta_shift
@options.settings_of_each
@click.option(
    "--target",
    type=float,
    default=0.99,
    show_default=True,
    help="The validation accuracy whose seconds and epochs are shown.",
)
@click.option("--jobs", type=int, default=1, show_default=True, help="Trainings at a time.")
@click.option(
    "--together",
    is_flag=True,
    help="With jax: all seeds of an architecture in one program, which pays on a GPU. Their seconds "
    "are then those of all.",
)
@click.option(
    "--from",
    "folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Compare finished runs in this folder; train nothing. Repeatable.",
)
@click.option("--allow-mixed", is_flag=True, help="With --from: even if devices, ... differ.")
@click.option(
    "--costs",
    type=click.Choice(["full", "quick", "none"]),
    default="full",
    show_default=True,
    help="Benchmark speed after training: in three processes each, in one, not at all.",
)
@options.device
@options.backend
@options.runs_dir
@options.data_dir
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a page.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained and for how long; stop.")
@click.option("--explain", is_flag=True, help="Say what each column means, and stop.")
@options.as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown.")
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Train architectures under one recipe, and say which is better, by how much, at what cost.

    \b
    zoo compare --all
    zoo compare cnn lrcn ./my_net.py --dataset fashion_mnist --seeds 3
    zoo compare cnn --set cnn.filters=8,16,32 --recipe quick
    zoo compare --from gpu-machine/runs --html page.html

    Runs that are finished are not trained again. After Ctrl-C the same command goes on. Exit code 1
    if an architecture failed; the others are shown.
    """
    if given["explain"]:
        print_table(("column", "what it says"), table.explanations())
        return
    _check(context, given)
    from zoo.comparison_progress import make_comparison_callback

    callback = make_comparison_callback(silent=any(given[name] for name in FORMATS))
    try:
        made = (_elsewhere if given["folders"] else _here)(context, given, callback)
    finally:
        callback.close()
    if made is None:
        return
    print_document(made.report, given)
    if given["html"]:
        write_page(context, given, made.report, made.results)
    if made.failed:
        context.exit(1)


def _check(context: click.Context, given: dict[str, Any]) -> None:
    """What can be known to be wrong before hours of training."""
    if sum(given[name] for name in FORMATS) > 1:
        raise UsageError("give one of --json, --csv and --markdown.")
    if given["seeds"] < 1:
        raise UsageError(f"--seeds {given['seeds']}: use at least 1; 5 tell more.")
    if given["seeds"] > options.MOST_SEEDS:
        raise UsageError(f"--seeds {given['seeds']}: use at most {options.MOST_SEEDS:,}.")
    if not 0 < given["target"] <= 1:
        raise UsageError(
            f"--target {given['target']:g}: is a share of right answers, above 0 and at most 1, as in "
            "0.99."
        )
    if given["allow_mixed"] and not given["folders"]:
        raise UsageError("--allow-mixed goes with --from; what is trained here is never mixed.")
    if given["folders"]:
        for name in FOR_NEW_RUNS:
            if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
                shown = {"settings": "set", "everything": "all"}.get(name, name).replace("_", "-")
                raise UsageError(f"--from compares runs that are there; leave --{shown} out.")
    if given["html"]:
        from zoo.report.page import require_report

        require_report()
        atomic.check_file(given["html"])


def _here(context: click.Context, given: dict[str, Any], callback) -> Compared | None:
    """Train what is missing and judge; None for a dry run."""
    registry = options.registry(context)
    entries = choose(
        registry,
        given["names"],
        everything=given["everything"],
        settings=options.pairs("--set", given["settings"]),
    )
    workplace = Workplace(
        given["runs_dir"],
        given["data_dir"],
        given["jobs"],
        given["together"],
        options.use_plugins(context),
    )
    wanted = (entries, _request(registry, given), range(given["seeds"]), workplace, registry)
    settings = DEPTHS.get(given["costs"])
    if given["dry_run"]:
        show_plan(plan_runs(*wanted, settings=settings, callback=callback), given)
        return None
    return compare_runs(
        *wanted,
        settings=settings,
        target=given["target"],
        command=_typed(given),
        callback=callback,
    )


def _request(registry, given: dict[str, Any]):
    """What makes an entry's request."""
    dataset = _dataset(registry, given)
    return lambda entry: Request(
        entry.architecture,
        entry.settings,
        dataset,
        given["recipe"],
        {"tta_shift": given["tta_shift"]},
        backend=given["backend"],
        device=given["device"],
        data_settings=options.pairs("--data-set", given["data_settings"]),
    )


def _dataset(registry, given: dict[str, Any]) -> str:
    if given["dataset"] or given["data_dir"]:
        return given["dataset"] or DEFAULT_DATASET
    fetch = not given["dry_run"]
    return default_dataset(registry, Locations.of_user(given["data_dir"]), fetch=fetch)


def _elsewhere(context: click.Context, given: dict[str, Any], callback) -> Compared:
    """Judge runs that were made elsewhere."""
    registry = options.registry(context)
    recipe = Path(given["recipe"]).stem if given["recipe"] else None
    names = [Path(name).stem if name.endswith(".py") else name for name in given["names"]]
    return compare_folders(
        given["folders"],
        Wanted(names, given["dataset"], recipe, _data_parameters(registry, given)),
        registry,
        allow_mixed=given["allow_mixed"],
        target=given["target"],
        command=_typed(given),
        callback=callback,
    )


def _data_parameters(registry, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the data that runs made elsewhere must have."""
    settings = options.pairs("--data-set", given["data_settings"])
    if not settings:
        return {}
    if not given["dataset"]:
        raise UsageError("--data-set says how a dataset was made: name it with --dataset.")
    made = find_dataset(given["dataset"], registry, settings)
    return {key: made.parameters[key] for key in settings}


def _typed(given: dict[str, Any]) -> str:
    """The command that makes this comparison again, wherever it is typed."""
    words = ["zoo", "compare", *given["names"], *(["--all"] if given["everything"] else [])]
    for folder in given["folders"]:
        words += ["--from", str(folder)]
    if given["dataset"]:
        words += ["--dataset", given["dataset"]]
    for pair in given["data_settings"]:
        words += ["--data-set", pair]
    if given["recipe"]:
        words += ["--recipe", given["recipe"]]
    if given["tta_shift"] is not None:
        words += ["--tta-shift", str(given["tta_shift"])]
    if not given["folders"]:
        words += ["--seeds", str(given["seeds"])]
    for pair in given["settings"]:
        words += ["--set", pair]
    if given["target"] != 0.99:
        words += ["--target", f"{given['target']:g}"]
    for name in ("backend", "device"):
        if given[name] not in (None, "auto"):
            words += [f"--{name}", given[name]]
    words += ["--together"] if given["together"] else []
    if given["costs"] != "full":
        words += ["--costs", given["costs"]]
    words += ["--allow-mixed"] if given["allow_mixed"] else []
    return shlex.join(map(_from_here, words))


def _from_here(word: str) -> str:
    """A file or folder as the current folder names it; elsewhere, its name."""
    path = Path(word)
    if not path.is_absolute():
        return word
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
