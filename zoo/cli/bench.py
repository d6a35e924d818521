"""`zoo bench`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.data import default_dataset
from zoo.cli.wording import in_options
from zoo.comparison import cost_table
from zoo.comparison.benchmark import Settings
from zoo.comparison.table import markdown_table
from zoo.errors import UsageError
from zoo.terminal import echo, print_json, print_table, secho, wrapped
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.comparison.cost_record import BenchmarkReport

PARTS = (("Throughput", cost_table.THROUGHPUT), ("Times", cost_table.TIMES))
ARGUMENTS = (
    "recipe", "data_parameters", "batch_size", "processes", "rounds", "backend", "device",
    "data_dir",
)  # fmt: skip
"""The options that are arguments of `zoo.benchmark`, by the same names."""


@click.command("bench")
@options.architectures
@options.dataset
@options.data_parameters
@options.recipe
@options.hyperparameters_of_each
@click.option(
    "--batch-size",
    type=int,
    default=Settings.batch_size,
    show_default=True,
    help="Batch size of the training step, for all architectures.",
)
@click.option(
    "--processes",
    type=int,
    default=Settings.processes,
    show_default=True,
    help="Number of fresh processes for each architecture.",
)
@click.option(
    "--rounds",
    type=int,
    default=Settings.rounds,
    show_default=True,
    help="Number of rounds of measurements in each process.",
)
@options.device
@options.backend
@options.data_dir
@click.option(
    "--from",
    "source",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Show results that zoo bench --out or pytest bench/ --benchmark-json wrote.",
)
@click.option(
    "--out", metavar="FILE.json", type=click.Path(path_type=Path), help="Write the results as JSON."
)
@options.as_json
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as Markdown.")
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Measure the speed of architectures: training, inference, latency, start-up, compiling.

    \b
    zoo bench
    zoo bench cnn gru --dataset digits --out speed.json

    Without names, all installed architectures are measured. Each runs in fresh processes, is warmed
    up, and is measured in turn with the others. The first is measured twice: the difference is noise.
    """
    if given["as_json"] and given["as_markdown"]:
        raise UsageError("give --json or --markdown, not both.")
    if given["out"]:
        atomic.check_file(given["out"])
    report = _load(given) if given["source"] else _measure(context, given)
    if given["out"]:
        report.write(given["out"])
    _print(report, given)
    if report.problems:
        context.exit(1)


def _load(given: dict[str, Any]) -> "BenchmarkReport":
    from zoo.api.speed import load_benchmark

    if given["names"]:
        raise UsageError("--from shows earlier results; leave the names out.")
    if given["data_parameters"]:
        raise UsageError("--from shows earlier results; leave --data-set out.")
    return load_benchmark(given["source"])


def _measure(context: click.Context, given: dict[str, Any]) -> "BenchmarkReport":
    from zoo.api.arguments import find_locations
    from zoo.api.speed import benchmark

    registry, dataset = options.registry(context), given["dataset"]
    options.read_pairs(given)
    hyperparameters = options.by_name(given["hyperparameters"] or {})
    if not dataset and given["data_dir"]:
        dataset = DEFAULT_DATASET
    elif not dataset:
        dataset = default_dataset(registry, find_locations(None), fetch=True)
    return benchmark(
        given["names"] or "all",
        dataset,
        hyperparameters=hyperparameters,
        **{name: given[name] for name in ARGUMENTS},
        progress=not (given["as_json"] or given["as_markdown"]),
        registry=registry,
    )


def _print(report: "BenchmarkReport", given: dict[str, Any]) -> None:
    if given["as_json"]:
        print_json(report.to_dict())
        return
    for heading, measures in PARTS:
        titles, cells = cost_table.grid(report, measures)
        if len(titles) == 1:
            continue
        if given["as_markdown"]:
            echo(markdown_table(titles, cells), lines=True)
        else:
            secho(heading, bold=True)
            print_table(titles, cells, numbers=True)
            echo()
    for line in map(in_options, cost_table.foot(report)):
        text = f"- {line}" if given["as_markdown"] else wrapped(line)
        secho(text, fg="red" if line.startswith("FAILED") else None, lines=True)
