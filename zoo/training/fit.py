"""What the API and the workers call to train: a plan, several seeds, a run with more epochs."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from zoo.datasets.location import Locations
from zoo.errors import Interrupted, ZooError
from zoo.runs.run import Run
from zoo.training.callbacks import Callback
from zoo.training.extension import check_extendable
from zoo.training.plan import Plan
from zoo.training.precision import Precision
from zoo.training.runner import Runner, TrainJob


def train(
    plan: Plan,
    runs_dir: Path,
    locations: Locations,
    *,
    callback: Callback | None = None,
    again: bool = False,
    resume: Run | None = None,
) -> Run:
    """Train a plan, or resume its interrupted run.

    The same plan gives the same folder: a finished run is returned as it is, an interrupted one is
    resumed from its checkpoint.

    Args:
        plan: what is trained.
        runs_dir: the folder that holds the runs.
        locations: where datasets may lie.
        callback: is called as the training goes on, and closed.
        again: train in a new folder, even if the run is finished.
        resume: go on in this run's folder; refused if the plan is not what was trained there.

    Returns:
        The finished run.

    Raises:
        Interrupted: by a signal, after a checkpoint was written.
        Diverged: the loss became NaN or infinite; the run says so.
        ZooError: data, plugin, disk: the message says which.
    """
    return _train_one(TrainJob(plan, again, resume, callback or Callback()), runs_dir, locations)


def extend(
    run: Run,
    plan: Plan,
    runs_dir: Path,
    locations: Locations,
    *,
    callback: Callback | None = None,
) -> Run:
    """Train a run for more epochs or steps, from its checkpoint on.

    The result is the run that `plan` trains from the start, bit for bit on a CPU: it has that run's
    identity, name and folder. The run that it begins from is unchanged. The learning
    rate must be constant: a schedule that depends on the number of epochs has gone another way.

    Args:
        run: a run that is finished or was interrupted.
        plan: the run's with more epochs or steps, as `zoo.Run.plan(epochs=...)` gives it.
        runs_dir: the folder of the new run.
        locations: where datasets may lie.
        callback: is called as the training goes on, and closed.

    Returns:
        The new run, finished.

    Raises:
        UsageError: the run cannot be extended; the message says why, and what to do.
        Interrupted: by a signal, after a checkpoint of the new run; the same call resumes it.
        ZooError: data, plugin, disk: the message says which.

    Example:
        >>> extend(run, run.plan(epochs=20), Path("runs"), Locations.of_user())  # doctest: +SKIP
    """
    check_extendable(run, plan.recipe)
    job = TrainJob(plan, callback=callback or Callback(), extends=run)
    return _train_one(job, runs_dir, locations)


def _train_one(job: TrainJob, runs_dir: Path, locations: Locations) -> Run:
    (run,), (ended,) = train_jobs([job], runs_dir, locations)
    if ended:
        raise ended
    return run


def train_jobs(
    jobs: Sequence[TrainJob],
    runs_dir: Path,
    locations: Locations,
    *,
    alongside: int = 0,
    precision: Precision | None = None,
) -> tuple[list[Run], list[ZooError | None]]:
    """Train some runs in one program.

    Args:
        jobs: their plans differ in nothing but the seed; several need a backend that trains jointly.
        runs_dir: the folder that holds the runs.
        locations: where datasets may lie.
        alongside: how many other trainings run on this machine meanwhile; recorded, because they
            disturb timings.
        precision: what a recipe's `auto` was found to be; None measures it where necessary.

    Returns:
        The runs, and for each what ended it early, or None.

    Raises:
        ZooError: data, plugin, disk: the message says which.
    """
    return Runner.open(jobs[0].plan, runs_dir, locations, alongside, precision).train(jobs)


def train_seeds(
    plan: Plan,
    count: int,
    runs_dir: Path,
    locations: Locations,
    *,
    callbacks: Callable[[Plan], Callback] = lambda _plan: Callback(),
    again: bool = False,
    together: bool | None = None,
) -> list[Run]:
    """Train a plan with several seeds, from its own on; each run is as `train` would make it.

    Args:
        plan: what is trained.
        count: how many seeds.
        runs_dir: the folder that holds the runs.
        locations: where datasets may lie.
        callbacks: makes the callback of each plan.
        again: train in new folders, even if runs are finished.
        together: train them in one program, step by step alike, which JAX can; None does so on a GPU,
            where a step of one small model leaves most of it idle. A model must depend on the seed by
            nothing but its variables, as all models of Keras' layers do.

    Returns:
        The runs. One whose loss became NaN or infinite is `diverged`; the others are not affected.

    Raises:
        Interrupted: by a signal, after a checkpoint of each run that is being trained.
        UsageError: they cannot be trained together, although that is asked for.
        ZooError: data, plugin, disk: the message says which.
    """
    plans = [replace(plan, seed=plan.seed + number) for number in range(count)]
    runner = Runner.open(plan, runs_dir, locations)
    groups = [plans] if runner.together(plan, together) else [[each] for each in plans]
    found: list[Run] = []
    for group in groups:
        try:
            done, ended = runner.train(
                [TrainJob(each, again, callback=callbacks(each)) for each in group]
            )
        except KeyboardInterrupt as error:  # between two runs, or at a second Ctrl-C
            raise _stopped(found, count, signal.SIGINT) from error
        found += done
        for end in ended:
            if isinstance(end, Interrupted):
                raise _stopped(found, count, end.exit_code - 128)
    return found


def _stopped(found: Sequence[Run], count: int, signal_number: int) -> Interrupted:
    finished = sum(run.finished for run in found)
    return Interrupted(
        f"stopped with {finished} of {count} seeds finished; the same command goes on from there.",
        signal_number,
    )
