"""`zoo bench`"""

from pathlib import Path
from typing import Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.data import default_dataset
from zoo.comparison import benchmark, cost_table
from zoo.comparison.benchmark import Settings
from zoo.comparison.comparing import Workplace
from zoo.comparison.entries import choose
from zoo.comparison.table import markdown_table
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.terminal import echo, print_json, print_table, secho, wrapped
from zoo.training.request import DEFAULT_DATASET, Request

PARTS = (("Throughput", cost_table.THROUGHPUT), ("Times", cost_table.TIMES))


@click.command("bench")
@options.architectures
@options.dataset
@options.data_settings
@options.recipe
@options.settings_of_each
@click.option(
    "--batch-size",
    type=int,
    default=Settings.batch_size,
    show_default=True,
    help="Of a training step, for all.",
)
@click.option(
    "--processes",
    type=int,
    default=Settings.processes,
    show_default=True,
    help="Fresh processes for each.",
)
@click.option(
    "--rounds", type=int, default=Settings.rounds, show_default=True, help="In each process."
)
@options.device
@options.backend
@options.data_dir
@click.option(
    "--from",
    "source",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Show what zoo bench --out or pytest bench/ --benchmark-json wrote; measure nothing.",
)
@click.option(
    "--out", metavar="FILE.json", type=click.Path(path_type=Path), help="Write the record."
)
@options.as_json
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as Markdown.")
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Measure what architectures cost: training, inference, latency, start-up, compiling.

    Without names all that are installed. Each has fresh processes, is warmed up, and is measured in
    turn with the others; the first is measured twice, and how far those two differ is noise.
    """
    if given["as_json"] and given["as_markdown"]:
        raise UsageError("give --json or --markdown, not both.")
    if given["out"]:
        atomic.check_file(given["out"])
    if given["source"]:
        if given["names"]:
            raise UsageError("--from shows what was measured; leave the names out.")
        if given["data_settings"]:
            raise UsageError("--from shows what was measured; leave --data-set out.")
        record = cost_table.read(given["source"])
    else:
        record = _measure(context, given)
    if given["out"]:
        benchmark.write(given["out"], record)
    _print(record, given)
    if record["problems"]:
        context.exit(1)


def _measure(context: click.Context, given: dict[str, Any]) -> dict[str, Any]:
    from zoo.comparison_progress import make_comparison_callback

    registry = options.registry(context)
    settings = Settings(given["batch_size"], given["processes"], given["rounds"])
    entries = choose(
        registry,
        given["names"],
        everything=not given["names"],
        settings=options.pairs("--set", given["settings"]),
    )
    dataset = given["dataset"] or (
        DEFAULT_DATASET
        if given["data_dir"]
        else default_dataset(registry, Locations.of_user(), fetch=True)
    )
    requests = {
        entry.name: Request(
            entry.architecture,
            entry.settings,
            dataset,
            given["recipe"],
            backend=given["backend"],
            device=given["device"],
            data_settings=options.pairs("--data-set", given["data_settings"]),
        )
        for entry in entries
        if not entry.problem
    }
    for request in requests.values():
        request.plan(registry)  # every name and value is checked before a process is started
    broken = {entry.name: entry.problem for entry in entries if entry.problem}
    workplace = Workplace(Path(), given["data_dir"], use_plugins=options.use_plugins(context))
    callback = make_comparison_callback(silent=given["as_json"] or given["as_markdown"])
    try:
        record = benchmark.benchmark(requests, settings, workplace.for_workers, callback)
    finally:
        callback.close()
    record["problems"] |= broken
    return record


def _print(record: dict[str, Any], given: dict[str, Any]) -> None:
    if given["as_json"]:
        print_json(record)
        return
    for heading, measures in PARTS:
        titles, cells = cost_table.grid(record, measures)
        if len(titles) == 1:
            continue
        if given["as_markdown"]:
            echo(markdown_table(titles, cells), lines=True)
        else:
            secho(heading, bold=True)
            print_table(titles, cells, numbers=True)
            echo()
    for line in cost_table.foot(record):
        text = f"- {line}" if given["as_markdown"] else wrapped(line)
        secho(text, fg="red" if line.startswith("FAILED") else None, lines=True)
