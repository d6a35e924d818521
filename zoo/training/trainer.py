"""From a plan to a finished run on disk, and from several seeds to several."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zoo import trust
from zoo.datasets.location import Locations
from zoo.errors import Interrupted, UsageError, ZooError
from zoo.runs import run as runs
from zoo.runs.run import Run
from zoo.training import precision as precisions
from zoo.training.backend import TRAIN_TOGETHER, Device, check_trains_together
from zoo.training.callbacks import Callback
from zoo.training.plan import Plan, run_name
from zoo.training.precision import Precision
from zoo.training.session import RunContext, Session, carry_out


@dataclass(frozen=True)
class TrainJob:
    """A run to be made.

    Attributes:
        again: into a new folder, although one is there.
        resume: in this run's folder, and only if the plan is what was trained there.
        callback: is called as the training goes on, and closed.
    """

    plan: Plan
    again: bool = False
    resume: Run | None = None
    callback: Callback = field(default_factory=Callback)


def train(
    plan: Plan,
    runs_dir: Path,
    locations: Locations,
    *,
    callback: Callback | None = None,
    again: bool = False,
    resume: Run | None = None,
) -> Run:
    """Train `plan`, or go on with its interrupted run, and return the finished run.

    The same plan gives the same folder: a finished run is returned as it is, an interrupted one
    goes on from its checkpoint. `again` trains into a new folder. `resume` insists on that run's
    folder and refuses if the plan is not what was trained there.

    Raises:
        Interrupted: by a signal, after a checkpoint.
        Diverged: the loss became NaN or infinite; the run says so.
        ZooError: data, plugin, disk: the message says which.
    """
    assignment = TrainJob(plan, again, resume, callback or Callback())
    (run,), (ended,) = train_together([assignment], runs_dir, locations)
    if ended:
        raise ended
    return run


def train_together(
    assignments: Sequence[TrainJob],
    runs_dir: Path,
    locations: Locations,
    *,
    alongside: int = 0,
    precision: Precision | None = None,
) -> tuple[list[Run], list[ZooError | None]]:
    """Make some runs in one program; the runs, and what ended each of them early.

    Their plans differ in nothing but the seed, and several need a backend of `TRAIN_TOGETHER`.
    `alongside` other trainings run on this machine meanwhile, which the record keeps, because they
    disturb its timings. `precision` is what a recipe's `auto` was found to be; None measures it where
    it has to be.

    Raises:
        ZooError: data, plugin, disk: the message says which.
    """
    workshop = Runner(assignments[0].plan, runs_dir, locations, alongside, precision)
    return workshop.train(assignments)


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
    """Train `plan` with `count` seeds, from its own on; their runs, each as `train` would make it.

    `together` trains them in one program, step by step alike, which JAX can; `None` does so on a
    GPU, where a step of one small model leaves most of it idle, and else trains one after another.
    A model must depend on the seed by nothing but its variables, as all that Keras' layers make do.
    A run whose loss became NaN or infinite is returned as `diverged`; the others are not harmed.

    Raises:
        Interrupted: by a signal, after a checkpoint of each in hand.
        UsageError: they cannot be trained together, although that is asked for.
        ZooError: data, plugin, disk: the message says which.
    """
    plans = [replace(plan, seed=plan.seed + number) for number in range(count)]
    workshop = Runner(plan, runs_dir, locations)
    portions = [plans] if workshop.together(plan, together) else [[each] for each in plans]
    found: list[Run] = []
    for portion in portions:
        try:
            done, ended = workshop.train(
                [TrainJob(each, again, callback=callbacks(each)) for each in portion]
            )
        except KeyboardInterrupt as error:  # between two runs, or when somebody cannot wait
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


def prepare_backend(plan: Plan) -> tuple[Device, bool]:
    """Import the plan's backend; its device, and whether bits will repeat there."""
    from zoo.training.backend import choose_backend, choose_device, make_deterministic

    choose_backend(plan.backend)
    device = choose_device(plan.backend, plan.device)
    return device, make_deterministic(plan.backend, device)


class Runner:
    """What the runs of one command share: the data, the device, where runs are, a precision.

    `plan` stands for all of them: they differ in nothing but the seed.
    """

    def __init__(
        self,
        plan: Plan,
        runs_dir: Path,
        locations: Locations,
        alongside: int = 0,
        precision: Precision | None = None,
    ):
        from zoo.datasets.quality import check_alike, worth_saying
        from zoo.training.examples import Examples

        started = time.perf_counter()
        runs.check_writable(runs_dir)
        arrays = plan.dataset.load(locations)
        check_alike(plan.dataset, arrays)
        loaded = time.perf_counter()
        device, deterministic = prepare_backend(plan)
        # What is done once for all is in the timings of the first.
        self._timings = {"load": loaded - started, "import": time.perf_counter() - loaded}
        examples = Examples.split(arrays, plan.recipe)
        self._notes = worth_saying(plan.dataset, arrays)
        self._ground = RunContext(arrays, examples, device, deterministic, alongside)
        self._runs_dir, self._precision = runs_dir, precision

    def together(self, plan: Plan, asked: bool | None) -> bool:
        """Whether seeds are trained in one program."""
        if asked:
            check_trains_together(plan.backend)
        on_gpu = self._ground.device.kind == "gpu"
        return plan.backend in TRAIN_TOGETHER and on_gpu if asked is None else asked

    def train(self, assignments: Sequence[TrainJob]) -> tuple[list[Run], list[ZooError | None]]:
        """Train what is not finished, in one program; the runs, and what ended each early."""
        with ExitStack() as stack:
            found: list[Run] = []
            sessions: dict[int, Session] = {}
            for place, assignment in enumerate(assignments):
                stack.callback(assignment.callback.close)
                if not place:
                    assignment.callback.on_data_loaded(self._notes)
                    self._notes = []
                trust.remember(assignment.plan.origin)
                identity = assignment.plan.identity(self._ground.arrays, self._ground.device)
                run = stack.enter_context(self._held(assignment, identity))
                found.append(run)
                if run.finished:
                    assignment.callback.on_note(
                        f"{run.name} is finished already; --again trains it anew"
                    )
                else:
                    sessions[place] = self._session(assignment, run, identity)
            carry_out(list(sessions.values()))
            ended = [
                sessions[place].ended if place in sessions else None
                for place in range(len(assignments))
            ]
        return found, ended

    @contextmanager
    def _held(self, assignment: TrainJob, identity: dict[str, Any]) -> Iterator[Run]:
        """The run's folder, locked; with its record, if it was begun before."""
        resume = assignment.resume
        run = resume or Run(_folder(self._runs_dir, run_name(identity), assignment.again))
        if resume and resume.record["identity"] != identity:
            raise UsageError(_differs(resume, identity))
        with run.locked():
            if (run.folder / "run.json").exists():
                run = Run.open(run.folder)
                if run.record["identity"] != identity:
                    raise UsageError(_differs(run, identity))
            yield run

    def _session(self, assignment: TrainJob, run: Run, identity: dict[str, Any]) -> Session:
        timings, self._timings = self._timings, dict.fromkeys(self._timings, 0.0)
        precision = self._precision_of(assignment.plan, run, identity, timings)
        return Session(
            assignment.plan,
            run,
            self._ground,
            identity,
            precision,
            assignment.callback,
            timings,
        )

    def _precision_of(
        self, plan: Plan, run: Run, identity: dict[str, Any], timings: dict[str, float]
    ) -> Precision:
        """That which it began with; else one for all that begin now."""
        if run.record:
            return Precision.of_record(run.record)
        if self._precision is not None:
            return self._precision
        ground, started = self._ground, time.perf_counter()
        chosen = precisions.choose(
            plan,
            ground.examples,
            ground.device,
            ground.deterministic,
            lambda: precisions.known(identity, ground.device, self._runs_dir),
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


def _differs(run: Run, identity: dict[str, Any]) -> str:
    before = run.record["identity"]
    keys = [key for key in {**identity, **before} if before.get(key) != identity.get(key)]
    changes = "; ".join(
        f"{key} was {before.get(key)!r} and is {identity.get(key)!r}" for key in keys
    )
    return f"{run.name} cannot go on, because what it was trained with has changed: {changes}."
