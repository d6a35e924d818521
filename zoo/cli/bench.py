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
    from zoo.registry import Registry

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
@click.option(
    "--runtime",
    "runtimes",
    metavar="R1,R2,...",
    help="Compare inference in these runtimes instead: keras, onnx, litert.",
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
    zoo bench cnn gru --runtime keras,onnx

    Without names, all installed architectures are measured. Each runs in fresh processes, is warmed
    up, and is measured in turn with the others. The first is measured twice: the difference is noise.
    """
    if given["as_json"] and given["as_markdown"]:
        raise UsageError("give --json or --markdown, not both.")
    if given["out"]:
        atomic.check_file(given["out"])
    if given["runtimes"] is not None:
        _bench_runtimes(context, given)
        return
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


def _chosen(context: click.Context, given: dict[str, Any]) -> "tuple[Registry, str]":
    """The registry and the dataset's name."""
    from zoo.api.arguments import find_locations

    registry, dataset = options.registry(context), given["dataset"]
    options.read_pairs(given)
    if not dataset and given["data_dir"]:
        dataset = DEFAULT_DATASET
    elif not dataset:
        dataset = default_dataset(registry, find_locations(None), fetch=True)
    return registry, dataset


def _measure(context: click.Context, given: dict[str, Any]) -> "BenchmarkReport":
    from zoo.api.speed import benchmark

    registry, dataset = _chosen(context, given)
    return benchmark(
        given["names"] or "all",
        dataset,
        hyperparameters=options.by_name(given["hyperparameters"] or {}),
        **{name: given[name] for name in ARGUMENTS},
        progress=not (given["as_json"] or given["as_markdown"]),
        registry=registry,
    )


def _bench_runtimes(context: click.Context, given: dict[str, Any]) -> None:
    """`--runtime`: the same models in several runtimes."""
    from zoo.api.speed import benchmark_runtimes
    from zoo.exporting import runtime_report

    odd = {
        "--from": given["source"],
        f"--backend {given['backend']}": given["backend"] not in (None, "tensorflow"),
        "--device gpu": given["device"] == "gpu",
    }
    for option in (each for each, there in odd.items() if there):
        raise UsageError(f"--runtime measures anew, on tensorflow and the CPU; leave {option} out.")
    registry, dataset = _chosen(context, given)
    report = benchmark_runtimes(
        given["names"] or "all",
        dataset,
        runtimes=[each.strip() for each in given["runtimes"].split(",") if each.strip()],
        hyperparameters=options.by_name(given["hyperparameters"] or {}),
        **{name: given[name] for name in ARGUMENTS if name not in ("backend", "device")},
        progress=not (given["as_json"] or given["as_markdown"]),
        registry=registry,
    )
    if given["out"]:
        report.write(given["out"])
    if given["as_json"]:
        print_json(report.to_dict())
    else:
        _print_tables(
            [("Inference", *runtime_report.grid(report))], runtime_report.foot(report), given
        )
    if report.problems:
        context.exit(1)


def _print(report: "BenchmarkReport", given: dict[str, Any]) -> None:
    if given["as_json"]:
        print_json(report.to_dict())
        return
    tables = [(heading, *cost_table.grid(report, measures)) for heading, measures in PARTS]
    _print_tables(tables, cost_table.foot(report), given)


def _print_tables(
    tables: list[tuple[str, list[str], list[list[str]]]], foot: list[str], given: dict[str, Any]
) -> None:
    for heading, titles, cells in tables:
        if len(titles) == 1:
            continue
        if given["as_markdown"]:
            echo(markdown_table(titles, cells), lines=True)
        else:
            secho(heading, bold=True)
            print_table(titles, cells, numbers=True)
            echo()
    for line in map(in_options, foot):
        text = f"- {line}" if given["as_markdown"] else wrapped(line)
        secho(text, fg="red" if line.startswith("FAILED") else None, lines=True)
