"""`zoo evaluate`"""

from dataclasses import replace
from pathlib import Path

import click

from zoo.cli import options
from zoo.cli.output import percent, print_json, views
from zoo.datasets.catalog import find_dataset
from zoo.datasets.dataset import Dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.parameters import plain
from zoo.run import Run, find_run
from zoo.training.views import check_shiftable


@click.command("evaluate")
@click.argument("run", shell_complete=options.complete_runs)
@options.dataset
@options.test_shift
@options.data_settings
@options.runs_dir
@options.data_dir
@options.device
@options.backend
@options.trust_source
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    run: str,
    dataset: str | None,
    test_shift: int | None,
    data_settings: tuple[str, ...],
    runs_dir: Path,
    data_dir: str | None,
    device: str,
    backend: str | None,
    trust_source: bool,
    as_json: bool,
) -> None:
    """Measure a finished run on a test set: its own dataset's, or another one of the same shape.

    RUN is a folder, a name or a part of one, or last. Nothing in the run is changed. --data-set
    changes a parameter of its own dataset, too.
    """
    found = find_run(run, runs_dir)
    registry = options.registry(context)
    data = find_dataset(dataset, registry) if dataset else found.find_dataset(registry)
    data = data.configured(options.pairs("--data-set", data_settings))
    _check_fits(found, data)
    recipe = found.recipe if test_shift is None else replace(found.recipe, test_shift=test_shift)
    check_shiftable(data, recipe.test_shift)
    arrays = data.load(Locations.of_user(data_dir))

    from zoo.statistics import measured
    from zoo.training.saved import load_engine

    engine = load_engine(found, registry, backend, device, recipe, trust_source=trust_source)
    logits = engine.logits(arrays.x_test)
    metrics = measured(logits, arrays.y_test)
    if as_json:
        about = {
            "dataset": data.name,
            "parameters": plain(data.parameters),
            "test_shift": recipe.test_shift,
        }
        print_json({"run": str(found.folder), **about, **metrics})
        return
    low, high = metrics["test_accuracy_interval"]
    click.echo(f"{found.name} on {data.title}{views(recipe)}")
    click.echo(f"test loss      {metrics['test_loss']:.4f}")
    click.echo(
        f"test accuracy  {percent(metrics['test_accuracy'])}  95 % interval {percent(low)} to "
        f"{percent(high)} ({metrics['test_correct']:,} of {metrics['test_examples']:,} right)"
    )


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
