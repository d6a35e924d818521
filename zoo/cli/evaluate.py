"""`zoo evaluate`"""

from typing import Any

import click

from zoo.cli import options
from zoo.cli.scores import print_classes, print_scores
from zoo.formatting import percent, tta
from zoo.inference import Evaluation
from zoo.parameters import plain
from zoo.terminal import echo, print_json
from zoo.trained import Run


@click.command("evaluate")
@click.argument("run", shell_complete=options.complete_runs)
@options.dataset
@options.tta_shift
@options.invert
@options.data_parameters
@options.runs_dir
@options.data_dir
@options.device
@options.backend
@options.trust_source
@options.as_json
@click.pass_context
def command(context: click.Context, run: str, as_json: bool, **given: Any) -> None:
    """Measure a finished run on a test set: its own dataset's, or another's of the same shape.

    \b
    zoo evaluate last
    zoo evaluate last --dataset ./mine.npz

    RUN is a folder, a name, a part of a name, or last. The run is not changed. Samples and labels
    are converted to those of training: pixels from another range are scaled, classes are matched by
    name, and each conversion is printed.
    """
    from zoo.api.finding import load_run

    options.read_pairs(given)
    found = load_run(run, given.pop("runs_dir"))
    done = found.evaluate(**given, registry=options.registry(context))
    if as_json:
        print_json(_as_json(found, done))
        return
    for note in done.notes:
        echo(f"note: {note}", err=True)
    _print(found, done)


def _as_json(run: Run, done: Evaluation) -> dict[str, Any]:
    return {
        "run": str(run.folder),
        "dataset": done.dataset.name,
        "parameters": plain(done.dataset.parameters),
        "tta_shift": done.recipe.tta_shift,
        "notes": done.notes,
        **done.metrics,
    }


def _print(run: Run, done: Evaluation) -> None:
    metrics = done.metrics
    low, high = metrics["test_accuracy_interval"]
    echo(f"{run.name} on {done.dataset.title}{tta(done.recipe)}")
    echo(f"test loss      {metrics['test_loss']:.4f}")
    echo(
        f"test accuracy  {percent(metrics['test_accuracy'])}  95 % interval {percent(low)} to "
        f"{percent(high)} ({metrics['test_correct']:,} of {metrics['test_examples']:,} right)"
    )
    print_scores(metrics, run.classes)
    print_classes(metrics, run.classes)
