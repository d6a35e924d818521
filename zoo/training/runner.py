"""From plans to runs on disk: folders, locks, resuming, and what a process trains at once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from zoo import trust
from zoo.datasets.location import Locations
from zoo.errors import UsageError, ZooError
from zoo.runs.files import check_writable
from zoo.runs.run import Run
from zoo.training import precision as precisions
from zoo.training.backend import check_trains_together, trains_jointly
from zoo.training.callbacks import Callback
from zoo.training.checkpoint import reading
from zoo.training.device import Device
from zoo.training.interruption import Interruption
from zoo.training.plan import Plan, run_name
from zoo.training.precision import Precision
from zoo.training.recipe_fit import without_effect
from zoo.training.run_writer import RunContext, RunWriter


@dataclass(frozen=True)
class TrainJob:
    """A run to be trained.

    Attributes:
        plan: what is trained.
        again: train in a new folder, even if the run is finished.
        resume: go on in this run's folder, and only if the plan is what was trained there.
        callback: is called as the training goes on, and closed.
        extends: a run with fewer epochs, from whose checkpoint the new run begins.
    """

    plan: Plan
    again: bool = False
    resume: Run | None = None
    callback: Callback = field(default_factory=Callback)
    extends: Run | None = None


def prepare_backend(plan: Plan) -> tuple[Device, bool]:
    """Import the plan's backend; returns its device, and whether bits will repeat there."""
    from zoo.training.backend import choose_backend, choose_device, make_deterministic

    choose_backend(plan.backend)
    device = choose_device(plan.backend, plan.device)
    return device, make_deterministic(plan.backend, device)


class Runner:
    """Trains runs that share the data and the device: their plans differ in nothing but the seed.

    Args:
        context: what they share.
        runs_dir: the folder that holds the runs.
        precision: what a recipe's `auto` was found to be; None measures it where necessary.
        timings: seconds that loading and importing took; recorded in the first run.
        notes: what was found in the data; told to the first run's callback.
    """

    def __init__(
        self,
        context: RunContext,
        runs_dir: Path,
        precision: Precision | None = None,
        timings: dict[str, float] | None = None,
        notes: Sequence[str] = (),
    ):
        self._context, self._runs_dir, self._precision = context, runs_dir, precision
        self._timings, self._notes = timings or {}, notes

    @classmethod
    def open(
        cls,
        plan: Plan,
        runs_dir: Path,
        locations: Locations,
        alongside: int = 0,
        precision: Precision | None = None,
    ) -> "Runner":
        """Load the data of a plan and import its backend.

        Raises:
            ZooError: the data are missing or damaged, or `runs_dir` cannot be written.
            UsageError: the device is not there.
        """
        from zoo.datasets.quality import check_alike, worth_saying
        from zoo.training.examples import Examples

        started = time.perf_counter()
        check_writable(runs_dir)
        arrays = plan.dataset.load(locations)
        check_alike(plan.dataset, arrays)
        loaded = time.perf_counter()
        device, deterministic = prepare_backend(plan)
        timings = {"load": loaded - started, "import": time.perf_counter() - loaded}
        examples = Examples.split(arrays, plan.recipe)
        context = RunContext(arrays, examples, device, deterministic, alongside)
        notes = [*worth_saying(plan.dataset, arrays), *without_effect(plan.dataset, plan.recipe)]
        return cls(context, runs_dir, precision, timings, notes)

    def together(self, plan: Plan, asked: bool | None) -> bool:
        """Whether seeds are trained in one program.

        Raises:
            UsageError: that is asked for, and the backend does not.
        """
        if asked:
            check_trains_together(plan.backend)
        if asked is None:
            return trains_jointly(plan.backend) and self._context.device.kind == "gpu"
        return asked

    def train(self, jobs: Sequence[TrainJob]) -> tuple[list[Run], list[ZooError | None]]:
        """Train what is not finished, in one program; the runs, and what ended each early."""
        with ExitStack() as stack:
            found: list[Run] = []
            writers: dict[int, RunWriter] = {}
            for place, job in enumerate(jobs):
                stack.callback(job.callback.close)
                if not place:
                    job.callback.on_data_loaded(self._notes)
                    self._notes = ()
                job = replace(job, plan=job.plan.on(self._context.arrays))
                trust.remember(job.plan.origin)
                identity = job.plan.identity(self._context.arrays, self._context.device)
                run = stack.enter_context(self._locked(job, identity))
                found.append(run)
                if run.finished:
                    job.callback.on_note(f"{run.name} is finished already, so nothing was trained")
                else:
                    writers[place] = self._prepare(job, run, identity)
            _train_all(list(writers.values()))
            ended = [
                writers[place].ended if place in writers else None for place in range(len(jobs))
            ]
        return found, ended

    @contextmanager
    def _locked(self, job: TrainJob, identity: dict[str, Any]) -> Iterator[Run]:
        """The run's folder, locked; with its record, if it was begun before."""
        resume = job.resume
        run = resume or Run(_folder(self._runs_dir, run_name(identity), job.again))
        if resume:
            _check_same(resume, identity)
        if job.extends:
            _check_same(job.extends, {**identity, "recipe": job.extends.record.identity["recipe"]})
        with run.locked():
            if (run.folder / "run.json").exists():
                run = Run.open(run.folder)
                _check_same(run, identity)
            yield run

    def _prepare(self, job: TrainJob, run: Run, identity: dict[str, Any]) -> RunWriter:
        """Build a run's model, and what trains and records it."""
        from zoo.training.loop import TrainLoop
        from zoo.training.prepare import prepare_engine

        timings, self._timings = self._timings, dict.fromkeys(self._timings, 0.0)
        precision = self._precision_of(job, run, identity, timings)
        context, started = self._context, time.perf_counter()
        engine = prepare_engine(
            job.plan, context.examples, context.device, context.deterministic, precision.policy
        )
        timings["build"] = time.perf_counter() - started
        loop = TrainLoop(job.plan, run, context.examples, engine, job.callback)
        return RunWriter(
            job.plan, run, context, identity, precision, loop, job.callback, timings, job.extends
        )

    def _precision_of(
        self, job: TrainJob, run: Run, identity: dict[str, Any], timings: dict[str, float]
    ) -> Precision:
        """The precision that a run began with; else one for all that begin now."""
        if run.begun:
            return Precision.of_record(run.record)
        if job.extends:
            found = Precision.of_record(job.extends.record)
            return replace(found, by=found.by or (job.extends.name if found.measured else ""))
        if self._precision is not None:
            return self._precision
        context, started = self._context, time.perf_counter()
        chosen = precisions.choose(
            job.plan,
            context.examples,
            context.device,
            context.deterministic,
            lambda: precisions.known(identity, context.device, self._runs_dir),
        )
        if chosen.measured and not chosen.by:
            timings["precision"] = time.perf_counter() - started
        self._precision = replace(chosen, by=chosen.by or run.name)
        return chosen


def _folder(runs_dir: Path, name: str, again: bool) -> Path:
    folder, number = runs_dir / name, 2
    while again and folder.exists():
        folder, number = runs_dir / f"{name}-{number}", number + 1
    return folder


def _check_same(run: Run, identity: dict[str, Any]) -> None:
    before = run.record.identity
    keys = [key for key in {**identity, **before} if before.get(key) != identity.get(key)]
    if keys:
        changes = "; ".join(
            f"{key} was {before.get(key)!r} and is {identity.get(key)!r}" for key in keys
        )
        raise UsageError(
            f"{run.name} cannot go on, because what it was trained with has changed: {changes}."
        )


def _train_all(writers: Sequence[RunWriter]) -> None:
    """Train what is left of each run, evaluate, and write the files.

    Runs at the same step, with the same precision, are trained together in one program; usually that
    is all of them. What ended a run early is in its writer's `ended`.

    Raises:
        ZooError: the disk, the data or the architecture's code.
    """
    # From the moment there is a record, a signal leaves a checkpoint beside it.
    with Interruption() as interruption:
        for writer in writers:
            writer.restore()
        for _, group in groupby(sorted(writers, key=_point), key=_point):
            _train_group(list(group), interruption)
            if interruption.requested:
                return


def _point(writer: RunWriter) -> tuple[int, int, str]:
    progress = writer.loop.progress
    return progress.epoch, progress.step, writer.precision.policy


def _train_group(writers: list[RunWriter], interruption: Interruption) -> None:
    from zoo.training.build import running
    from zoo.training.joint import JointLoop

    plan, loops = writers[0].plan, [writer.loop for writer in writers]
    loop = loops[0] if len(loops) == 1 else JointLoop(loops)
    for writer in writers:
        writer.begin(together=len(writers))
    with reading(writers[0].run), running(plan.architecture, plan.origin):
        with ExitStack() as clocks:
            for writer in writers:
                clocks.enter_context(writer.timed("compile"))
            loop.compile()
        loop.fit(interruption)
    for writer in writers:
        with reading(writer.run), running(plan.architecture, plan.origin):
            writer.end(interruption)
