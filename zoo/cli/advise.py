"""`zoo advise`"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.data import default_dataset
from zoo.cli.wording import in_options
from zoo.errors import ZooError
from zoo.terminal import echo, print_json, print_table, secho, wrapped
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.advised import Advice

ARGUMENTS = (
    "latency", "memory", "parameters", "minutes", "seeds", "runtime", "recipe", "data_parameters",
    "backend", "device", "advice_dir", "runs_dir", "data_dir",
)  # fmt: skip
"""The options that are called as the arguments of `zoo.advise`."""


@click.command("advise")
@options.dataset
@options.data_parameters
@options.recipe
@click.option(
    "--latency",
    metavar="TIME",
    help="Limit the time for one sample, the median: 5ms, 0.005s. [default: no limit]",
)
@click.option(
    "--memory",
    metavar="SIZE",
    help="Limit the peak memory of the process that answers: 200MB, 1GiB. [default: no limit]",
)
@click.option(
    "--parameters",
    metavar="N",
    help="Limit the number of trainable parameters: 500k, 2M. [default: no limit]",
)
@click.option(
    "--minutes",
    type=float,
    default=30,
    show_default=True,
    help="Number of minutes that measuring and training may take together.",
)
@click.option(
    "--architectures",
    metavar="NAME,...",
    multiple=True,
    shell_complete=options.complete_architectures,
    help="Take these architectures, each in all its sizes; NAME@SIZE in that one alone; all: every "
    "installed one. Repeatable. [default: those whose layout is the dataset's]",
)
@click.option(
    "--seeds",
    type=int,
    default=5,
    show_default=True,
    help="Train at most N runs of each finalist.",
)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "onnx", "keras"]),
    default="auto",
    show_default=True,
    help="Measure latency and memory in ONNX Runtime or in Keras; auto: ONNX Runtime if it is installed.",
)
@options.device
@options.backend
@click.option(
    "--advice-dir",
    default="advice",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps advices and the runs of their searches.",
)
@options.runs_dir
@options.data_dir
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a page.")
@options.as_json
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Find the architecture and size to take within limits, by measuring and training on this machine.

    \b
    zoo advise --dataset mnist --latency 5ms --minutes 30
    zoo advise --dataset digits --latency 0.5ms --memory 200MB --architectures cnn,gru@small
    zoo advise --dataset mnist --latency 5ms --minutes 120 --html page.html

    Candidates that keep to the limits are trained shortly and the better third longer, on validation data
    alone; the finalists with several seeds, and tested once. Ctrl-C stops; the same command goes on, also
    with more minutes or other limits.
    """
    if given["html"]:
        atomic.check_file(given["html"])
    given["command"] = _typed(given)
    options.read_pairs(given)
    found = _advise(context, given)
    if given["as_json"]:
        print_json(found.to_dict())
    else:
        _print(found, given["runs_dir"])
    if given["html"]:
        _write_page(found, given["html"])


def _advise(context: click.Context, given: dict[str, Any]) -> "Advice":
    from zoo.api.advising import advise
    from zoo.api.arguments import find_locations

    dataset, registry = given["dataset"], options.registry(context)
    if not dataset:
        dataset = (
            DEFAULT_DATASET
            if given["data_dir"]
            else default_dataset(registry, find_locations(None), fetch=True)
        )
    return advise(
        dataset,
        architectures=_names(given["architectures"]),
        **{name: given[name] for name in (*ARGUMENTS, "command")},
        progress=not given["as_json"],
        registry=registry,
    )


def _names(given: tuple[str, ...]) -> Any:
    names = [name.strip() for each in given for name in each.split(",") if name.strip()]
    return "all" if names == ["all"] else names


def _best_run(found: "Advice") -> str:
    """The first run of what is recommended."""
    runs = found.record.report.runs if found.record.report else []
    return next((each.run for each in runs if each.architecture == found.name), "")


def _print(found: "Advice", runs_dir: Path) -> None:
    from zoo.advising.advice_rows import candidate_grid, foot

    secho("\nCandidates", bold=True)
    print_table(*candidate_grid(found.record), numbers=True)
    if found.record.report and found.record.report.fronts:
        echo("front, of test accuracy against latency: ★ on it, × dominated, ? nobody can tell")
    echo()
    for line in foot(found.record):
        echo(wrapped(in_options(line)), lines=True)
    secho(f"\n{found.text}", bold=True)
    if run := _best_run(found):
        echo(f"\nnext: zoo export {runs_dir / run} --format onnx")
    echo(f"record: {found.folder / 'advice.json'}", err=True)


def _write_page(found: "Advice", path: Path) -> None:
    try:
        found.to_html(path)
    except ZooError as error:
        then = "The advice is kept: give the same command with another --html."
        raise ZooError(f"{error} {then}") from error
    echo(f"page: {path} ({path.stat().st_size / 1e6:.1f} MB)", err=True)


def _typed(given: dict[str, Any]) -> str:
    """The command that gives this advice again."""
    words = ["zoo", "advise"]
    for name in ("dataset", "recipe", "latency", "memory", "parameters"):
        if given[name]:
            words += [f"--{name}", given[name]]
    for pair in given["data_parameters"]:
        words += ["--data-set", pair]
    words += ["--minutes", f"{given['minutes']:g}"]
    for each in given["architectures"]:
        words += ["--architectures", each]
    if given["seeds"] != 5:
        words += ["--seeds", str(given["seeds"])]
    for name in ("runtime", "backend", "device"):
        if given[name] not in (None, "auto"):
            words += [f"--{name}", given[name]]
    return shlex.join(words)
