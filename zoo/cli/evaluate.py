"""`zoo evaluate`"""

from typing import Any

import click

from zoo.cli import options
from zoo.cli.runs import majority_line
from zoo.datasets.catalog import find_dataset
from zoo.datasets.location import Locations
from zoo.formatting import percent, tta
from zoo.inference import Evaluation, Model, evaluate
from zoo.parameters import plain
from zoo.runs.run import find_run
from zoo.terminal import echo, print_json


@click.command("evaluate")
@click.argument("run", shell_complete=options.complete_runs)
@options.dataset
@options.tta_shift
@options.inverted
@options.data_settings
@options.runs_dir
@options.data_dir
@options.device
@options.backend
@options.trust_source
@options.as_json
@click.pass_context
def command(context: click.Context, run: str, **given: Any) -> None:
    """Measure a finished run on a test set: its own dataset's, or another one of the same shape.

    RUN is a folder, a name or a part of one, or last. Nothing in the run is changed. --data-set
    changes a parameter of its own dataset, too. Samples and labels become as in training: other
    ranges of pixels are converted, classes are matched by name, and what was done is said.
    """
    found, registry = find_run(run, given["runs_dir"]), options.registry(context)
    dataset = given["dataset"]
    data = find_dataset(dataset, registry) if dataset else found.find_dataset(registry)
    data = data.configured(options.pairs("--data-set", given["data_settings"]))
    named = ("backend", "device", "inverted", "trust_source")
    model = Model(found, registry, **{name: given[name] for name in named})
    done = evaluate(model, data, Locations.of_user(given["data_dir"]), given["tta_shift"])
    if given["as_json"]:
        print_json(_as_json(model, done))
        return
    for note in done.notes:
        echo(f"note: {note}", err=True)
    _print(model, done)


def _as_json(model: Model, done: Evaluation) -> dict[str, Any]:
    return {
        "run": str(model.run.folder),
        "dataset": done.dataset.name,
        "parameters": plain(done.dataset.parameters),
        "tta_shift": done.recipe.tta_shift,
        "notes": done.notes,
        **done.metrics,
    }


def _print(model: Model, done: Evaluation) -> None:
    metrics = done.metrics
    low, high = metrics["test_accuracy_interval"]
    echo(f"{model.run.name} on {done.dataset.title}{tta(done.recipe)}")
    echo(f"test loss      {metrics['test_loss']:.4f}")
    echo(
        f"test accuracy  {percent(metrics['test_accuracy'])}  95 % interval {percent(low)} to "
        f"{percent(high)} ({metrics['test_correct']:,} of {metrics['test_examples']:,} right)"
    )
    if line := majority_line(metrics, model.run.record["dataset"]["classes"]):
        echo(f"majority       {line}")
