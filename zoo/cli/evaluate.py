"""`zoo evaluate`"""

from pathlib import Path

import click

from zoo.cli import options
from zoo.cli.output import percent, print_json
from zoo.datasets.catalog import find_dataset
from zoo.datasets.dataset import Dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.run import Run, find_run


@click.command("evaluate")
@click.argument("run", shell_complete=options.complete_runs)
@options.dataset
@options.runs_dir
@options.data_dir
@options.device
@options.backend
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    run: str,
    dataset: str | None,
    runs_dir: Path,
    data_dir: str | None,
    device: str,
    backend: str | None,
    as_json: bool,
) -> None:
    """Measure a finished run on a test set: its own dataset's, or another one of the same shape.

    RUN is a folder, a name or a part of one, or last. Nothing in the run is changed.
    """
    found = find_run(run, runs_dir)
    registry = options.registry(context)
    data = find_dataset(dataset or _own_dataset(found), registry)
    _check_fits(found, data)
    arrays = data.load(Locations.of_user(data_dir))

    from zoo.statistics import INTERVAL_METHOD, accuracy_interval, loss_and_accuracy
    from zoo.training.saved import load_engine

    logits = load_engine(found, registry, backend, device).logits(arrays.x_test)
    loss, accuracy = loss_and_accuracy(logits, arrays.y_test)
    examples = len(arrays.y_test)
    correct = round(accuracy * examples)
    low, high = accuracy_interval(correct, examples)
    if as_json:
        print_json(
            {
                "run": str(found.folder),
                "dataset": data.name,
                "test_loss": loss,
                "test_accuracy": accuracy,
                "test_correct": correct,
                "test_examples": examples,
                "test_accuracy_interval": [low, high],
                "interval_method": INTERVAL_METHOD,
            }
        )
        return
    click.echo(f"{found.name} on {data.name}")
    click.echo(f"test loss      {loss:.4f}")
    click.echo(
        f"test accuracy  {percent(accuracy)}  95 % interval {percent(low)} to {percent(high)} "
        f"({correct:,} of {examples:,} right)"
    )


def _own_dataset(run: Run) -> str:
    data = run.record["dataset"]
    return data["origin"] if data["origin"].endswith(".npz") else data["name"]


def _check_fits(run: Run, dataset: Dataset) -> None:
    trained = run.record["input"]
    if (dataset.layout, tuple(dataset.shape)) != (trained["source"], tuple(trained["shape"])):
        raise UsageError(
            f"{run.name} reads {trained['source']} {tuple(trained['shape'])}; {dataset.name} has "
            f"{dataset.layout} {tuple(dataset.shape)}."
        )
    classes = len(run.record["dataset"]["classes"])
    if len(dataset.classes) != classes:
        raise UsageError(
            f"{run.name} knows {classes} classes; {dataset.name} has {len(dataset.classes)}."
        )
