"""`zoo runs`"""

from pathlib import Path
from typing import Any

import click

from zoo.cli import options
from zoo.cli.scores import UNKNOWN, about_majority, print_classes, print_scores
from zoo.cli.wording import in_options
from zoo.datasets.dataset import title
from zoo.environment import cores_in_words
from zoo.formatting import duration, percent, size, tta
from zoo.runs.part import plain
from zoo.runs.record import INTERRUPTED, RUNNING, Timings
from zoo.runs.run import HISTORY, Run
from zoo.terminal import echo, print_json, print_table, style


@click.group("runs", invoke_without_command=True)
@options.runs_dir
@options.as_json
@click.pass_context
def command(context: click.Context, runs_dir: Path, as_json: bool) -> None:
    """List the runs in a folder, oldest first; or show one.

    \b
    zoo runs
    zoo runs show last
    """
    if context.invoked_subcommand:
        return
    from zoo.api.finding import load_runs

    runs = load_runs(runs_dir, on_skipped=lambda why: echo(f"skipped: {why}", err=True))
    if as_json:
        print_json(
            [
                {**run.record.to_dict(), "status": run.status, "folder": str(run.folder)}
                for run in runs
            ]
        )
    elif not runs:
        echo(f"No run is in {runs_dir}. Make one: zoo train cnn")
    else:
        columns = ("status", "test accuracy", "balanced", "epochs", "training", "created")
        fold = any(run.fold for run in runs)
        titles = (*columns, *(("fold",) if fold else ()), "run")
        print_table(
            titles, [(*_row(run), *((_fold(run),) if fold else ()), run.name) for run in runs]
        )


def _fold(run: Run) -> str:
    return run.fold.name.removeprefix("fold ") if run.fold else "-"


def _row(run: Run) -> tuple[str, ...]:
    record = run.record
    accuracy = percent(run.test.accuracy) if run.tested else "-"
    balanced = record.metrics.test_balanced_accuracy if record.metrics else None
    seconds = record.timings and record.timings.train
    return (
        run.status,
        accuracy,
        UNKNOWN if balanced is None else percent(balanced),
        f"{run.epochs_done}/{run.recipe.epochs}",
        duration(seconds) if seconds else "-",
        record.created[:16].replace("T", " "),
    )


@command.command("show")
@click.argument("run", shell_complete=options.complete_runs)
@options.runs_dir
@options.as_json
def show(run: str, runs_dir: Path, as_json: bool) -> None:
    """Show one run: its result, its settings, its timings.

    \b
    zoo runs show last

    RUN is a folder, a name, a part of a name, or last.
    """
    from zoo.api.finding import load_run

    found = load_run(run, runs_dir)
    if as_json:
        print_json({**found.record.to_dict(), "status": found.status, "folder": str(found.folder)})
        return
    print_result(found)
    _print_setup(found)
    if found.tested:
        print_classes(plain(found.record.metrics), found.record.dataset.classes)


def result_line(run: Run) -> str:
    """The result in one line, with the run's folder."""
    record = run.record
    if not run.tested:
        return f"{record.architecture.name} on {_data(run)}: test set untouched, {run.folder}"
    low, high = run.test.accuracy_interval
    line = in_options("; ".join(about_majority(plain(record.metrics), record.dataset.classes)))
    return (
        f"{record.architecture.name} on {_data(run)}: test accuracy "
        f"{percent(run.test.accuracy)} [{percent(low)}, {percent(high)}]"
        f"{f' ({line})' if line else ''}, test loss {run.test.loss:.4f}"
        f"{tta(run.recipe)}, {run.folder}"
    )


def _data(run: Run) -> str:
    return title(run.record.dataset.name, run.data_parameters)


def print_result(run: Run) -> None:
    """Print the test result with its interval, the time of each phase, and the run's folder."""
    record = run.record
    if run.finished and not run.tested:
        echo(f"{run.name}: finished; the test set is untouched")
        return
    if record.metrics is None:
        echo(f"{run.name}: {run.status}, {record.error or 'no result'}")
        if run.status in (INTERRUPTED, RUNNING):
            echo(f"resume: zoo train --resume {run.folder}")
        return
    test = run.test
    low, high = test.accuracy_interval
    echo(f"test loss      {test.loss:.4f}")
    echo(
        f"test accuracy  {style(percent(test.accuracy), bold=True)}  "
        f"95 % interval {percent(low)} to {percent(high)} ({test.correct:,} of "
        f"{test.examples:,} right; weights of epoch {record.metrics.epoch}"
        f"{tta(run.recipe)})"
    )
    print_scores(plain(record.metrics), record.dataset.classes)
    timings = record.timings or Timings()
    phases = [f"{name} {duration(seconds)}" for name, seconds in timings.phases().items()]
    if timings.waiting_share is not None:
        phases.append(f"waiting for data {percent(timings.waiting_share, 1)} of train")
    echo(f"time           {', '.join(phases)}")
    if run.fold:
        echo(f"tested on      {run.fold.name} of the training set; the test set was not read")
    echo(f"run            {run.folder}")


def _together(record: Any) -> str:
    """How many seeds each session trained at once, which its timings depend on."""
    counts = [session.together for session in record.sessions]
    if max(counts) == 1:
        return "alone"
    each = ", then ".join(map(str, counts))
    return f"{each} seeds in one program; seconds are those of all, samples/s those of this one"


def _print_setup(run: Run) -> None:
    record = run.record
    environment, device = record.environment, record.device
    settings = ", ".join(f"{k}={v}" for k, v in record.architecture.hyperparameters.items())
    recipe = ", ".join(
        f"{k}={v}" for k, v in record.recipe.items() if k not in ("name", "summary", "digest")
    )
    versions = record.sessions[-1].versions
    flops = record.flops_per_sample
    memory = record.peak_memory.host_bytes if record.peak_memory else None
    rows = [
        ("status", run.status),
        ("architecture", f"{record.architecture.name} ({settings})"),
        (
            "size",
            f"{record.parameters.trainable:,} trainable parameters, "
            f"{'unknown' if flops is None else size(flops)} FLOPs a sample",
        ),
        (
            "dataset",
            f"{_data(run)} {plain(record.dataset.sizes)} from {record.dataset.source}",
        ),
        (
            "input",
            f"{record.input.source} to {record.input.target} {record.input.input_shape}",
        ),
        ("recipe", f"{run.recipe.name} {record.recipe['digest']}: {recipe}"),
        ("seed", str(record.seed)),
        ("device", f"{device.kind}, {device.name}, {record.precision}"),
        ("engine", f"{record.backend}, {record.engine}"),
        ("together", _together(record)),
        ("versions", ", ".join(f"{k} {v}" for k, v in versions.items())),
        ("machine", f"{environment.system}, {cores_in_words(environment.cores)}"),
        ("peak memory", f"{memory / 2**20:.0f} MiB" if memory else "-"),
    ]
    for name, value in rows:
        echo(f"{name:15}{value}")
    if (run.folder / "history.csv").exists():
        echo()
        print_table(
            HISTORY,
            [[f"{row[c]:.6g}" for c in HISTORY] for row in run.read_history()],
        )
