"""One process's work on a run: what its folder says from the first step to the last file."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from zoo import atomic, environment
from zoo.datasets.dataset import Arrays
from zoo.errors import Diverged, Interrupted, ZooError
from zoo.runs import run as runs
from zoo.runs.run import Run
from zoo.training.backend import Device
from zoo.training.callbacks import Callback
from zoo.training.checkpoint import on_disk, reading
from zoo.training.examples import Examples
from zoo.training.interruption import Interruption
from zoo.training.plan import Plan
from zoo.training.precision import Precision


@dataclass(frozen=True)
class RunContext:
    """What the trainings of one command stand on.

    Attributes:
        deterministic: whether bits repeat on `device`.
        alongside: how many other trainings run on this machine meanwhile.
    """

    arrays: Arrays
    examples: Examples
    device: Device
    deterministic: bool
    alongside: int = 0


@dataclass
class Session:
    """A run's folder, locked, and the training that happens in it.

    Attributes:
        timings: seconds of the phases of this session.
        resumed: whether it goes on from a checkpoint.
        ended: what ended it without a result.
    """

    plan: Plan
    run: Run
    ground: RunContext
    identity: dict[str, Any]
    precision: Precision
    callback: Callback
    timings: dict[str, float]
    resumed: bool = field(default=False, init=False)
    ended: ZooError | None = field(default=None, init=False)

    def __post_init__(self):
        from zoo.training.training import Training, prepare_engine

        ground, precision = self.ground, self.precision.policy
        with self.timed("build"):
            engine = prepare_engine(
                self.plan, ground.examples, ground.device, ground.deterministic, precision
            )
        self.training = Training(self.plan, self.run, ground.examples, engine, self.callback)

    def begin(self, together: int) -> None:
        """Say in `run.json` that it is running; `together` runs are trained by its program."""
        with on_disk(self.run):
            self._begin(together)

    def _begin(self, together: int) -> None:
        from zoo.training.describe import describe
        from zoo.training.inspection import remarks

        run, progress = self.run, self.training.progress
        session: dict[str, Any] = {
            "started": runs.now(),
            "from_epoch": progress.epoch,
            "from_step": progress.step,
            "alongside": self.ground.alongside + together - 1,
            "together": together,
            "versions": environment.versions(self.plan.backend),
        }
        if self.resumed:
            self._note_versions(session["versions"])
            described = {**run.record["engine"], "data": self.training.data}
            run.update(
                status=runs.RUNNING,
                engine=described,
                sessions=[*run.record["sessions"], session],
            )
            return
        run.record = {
            "schema": runs.SCHEMA,
            "name": run.name,
            "status": runs.RUNNING,
            "created": session["started"],
            "finished": None,
            "identity": self.identity,
            **describe(self.plan, self.training, self.ground.device, self.ground.arrays),
            **self.precision.as_record(),
            "sessions": [session],
        }
        run.save()
        for remark in remarks(self.training.model):
            self.callback.on_note(remark)
        if file := self.plan.origin.file:
            self._keep_source(Path(file), self.plan.origin.sha256)
            for name, sha256 in self.plan.origin.neighbours.items():
                self._keep_source(Path(file).parent / name, sha256, name)

    def _keep_source(self, file: Path, sha256: str, name: str = "") -> None:
        """A file may be changed or lost; what was trained must not be."""
        source = file.read_bytes()
        if hashlib.sha256(source).hexdigest() != sha256:
            self.callback.on_note(
                f"{file} has changed since it was read; the run keeps no copy of it"
            )
            return
        kept = self.run.folder / "source" / (name or file.name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(kept, lambda target: target.write(source))

    def _note_versions(self, versions: dict[str, str]) -> None:
        before = self.run.record["sessions"][-1]["versions"]
        changed = [f"{k} {before.get(k)} → {v}" for k, v in versions.items() if before.get(k) != v]
        if changed:
            self.callback.on_note(
                f"versions changed since this run began ({', '.join(changed)}): the result may "
                "differ in the last bits from an uninterrupted run"
            )

    def end(self, interruption: Interruption) -> None:
        """After the last epoch: evaluate and write the files; after an interruption: say so."""
        self._record_progress()
        if interruption.signal_number is not None:
            self._close(runs.INTERRUPTED)
            self.ended = Interrupted(self._how_to_go_on(), interruption.signal_number)
            return
        with on_disk(self.run):
            self._finish()
        self.callback.on_run_end(self.run.record)

    def diverge(self, error: Diverged) -> None:
        """The loss is no number; the run says so."""
        self._close(runs.DIVERGED, error=str(error))
        self.ended = error

    def _finish(self) -> None:
        """Read the test set, once, and write the results; `run.json` says finished at the end."""
        from zoo.metrics import measured
        from zoo.training import model_file

        training, run = self.training, self.run
        examples = training.examples
        epoch = training.settle()
        results: dict[str, Any] = {"epoch": epoch}
        if self.plan.tests:
            self.callback.on_test_begin()
            with self.timed("evaluate"):
                logits = training.engine.logits(examples.x_test)
            results |= measured(logits, examples.y_test)
            self.callback.on_test_end(results)
        with self.timed("save"):
            if self.plan.tests:
                run.save_predictions(logits, examples.y_test)
            model_file.save(training.model, run.model_file)
        run.record["metrics"] = results
        run.record["files"] = {
            name: runs.sha256(run.folder / name)
            for name in ("model.keras", "history.csv", "predictions.npz")
            if (run.folder / name).exists()
        }
        self._close(runs.FINISHED, finished=runs.now())

    def _close(self, status: str, **changes: Any) -> None:
        self._record_progress()
        self.run.update(status=status, **changes)

    def _record_progress(self) -> None:
        """The timings of all sessions together, and the peak of the hungriest."""
        from zoo.training.backend import device_memory_peak

        progress, record = self.training.progress, self.run.record
        earlier = record["sessions"][:-1]
        own = {**self.timings, "train": sum(progress.seconds), **progress.timings}
        session = record["sessions"][-1]
        session["timings"] = dict(self.timings)
        totals = {
            key: value + sum(each.get("timings", {}).get(key, 0.0) for each in earlier)
            if key in self.timings
            else value
            for key, value in own.items()
        }
        record["timings"] = {
            **{key: round(value, 4) for key, value in totals.items()},
            **(
                {"waiting_share": round(own["waiting"] / own["train"], 4)}
                if "waiting" in own
                else {}
            ),
            "epochs": [round(value, 4) for value in progress.seconds],
            "images_per_second": [round(value, 1) for value in progress.throughput],
        }
        host = max(environment.peak_memory(), record.get("peak_memory", {}).get("host_bytes", 0))
        record["peak_memory"] = {
            "host_bytes": host,
            "device_bytes": device_memory_peak(self.plan.backend, self.ground.device),
        }
        record["progress"] = {"epochs": progress.epoch, "steps": progress.step}

    def _how_to_go_on(self) -> str:
        progress, run = self.training.progress, self.run
        at = (
            f"epoch {progress.epoch + 1}, step {progress.step}"
            if progress.step
            else (f"the end of epoch {progress.epoch}")
        )
        return f"stopped at {at}; the checkpoint is written. Go on: zoo train --resume {run.folder}"

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Add the seconds of what is done within to a phase."""
        started = time.perf_counter()
        yield
        self.timings[phase] = self.timings.get(phase, 0.0) + time.perf_counter() - started


def carry_out(sessions: Sequence[Session]) -> None:
    """Train what is left of each, evaluate, write the files.

    Those at the same point of their training, with the same precision, are trained together, in one
    program; usually that is all of them. One that diverged or was interrupted says so in `ended`.

    Raises:
        ZooError: the disk; whatever else fails.
    """
    # From the moment there is a record, a signal leaves a checkpoint beside it.
    with Interruption() as interruption:
        for session in sessions:
            session.resumed = session.training.restore()
        for _, group in groupby(sorted(sessions, key=_point), key=_point):
            _carry_out_together(list(group), interruption)
            if interruption.requested:
                return


def _point(session: Session) -> tuple[int, int, str]:
    progress = session.training.progress
    return progress.epoch, progress.step, session.precision.policy


def _carry_out_together(sessions: list[Session], interruption: Interruption) -> None:
    from zoo.training.build import running
    from zoo.training.fitting import compile_for, fit

    plan = sessions[0].plan
    trainings = [session.training for session in sessions]
    for session in sessions:
        session.begin(together=len(sessions))
    with reading(sessions[0].run), running(plan.architecture, plan.origin):
        with ExitStack() as clocks:
            for session in sessions:
                clocks.enter_context(session.timed("compile"))
            compile_for(trainings)
        diverged = fit(trainings, interruption)
    for place, session in enumerate(sessions):
        if place in diverged:
            session.diverge(diverged[place])
            continue
        with reading(session.run), running(plan.architecture, plan.origin):
            session.end(interruption)
