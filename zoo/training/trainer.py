"""From a plan to a finished run on disk."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo import atomic, environment
from zoo import run as runs
from zoo.datasets.dataset import Arrays
from zoo.datasets.location import Locations
from zoo.errors import Diverged, Interrupted, UsageError, ZooError
from zoo.run import Run
from zoo.training.backend import Device
from zoo.training.interruption import Interruption
from zoo.training.plan import Plan, run_name
from zoo.training.reporter import Reporter


def train(
    plan: Plan,
    runs_dir: Path,
    locations: Locations,
    *,
    reporter: Reporter | None = None,
    again: bool = False,
    resume: Run | None = None,
    alongside: int = 0,
) -> Run:
    """Train `plan`, or go on with its interrupted run, and return the finished run.

    The same plan gives the same folder: a finished run is returned as it is, an interrupted one
    goes on from its checkpoint. `again` trains into a new folder. `resume` insists on that run's
    folder and refuses if the plan is not what was trained there. `alongside` other trainings run
    on this machine meanwhile, which the record keeps, because they disturb its timings.

    Raises:
        Interrupted: by a signal, after a checkpoint.
        Diverged: the loss became NaN or infinite; the run says so.
        ZooError: data, plugin, disk: the message says which.
    """
    reporter = reporter or Reporter()
    started = time.perf_counter()
    runs.check_writable(runs_dir)
    arrays = plan.dataset.load(locations)
    loaded = time.perf_counter()
    device, deterministic = prepare_backend(plan)
    timings = {"load": loaded - started, "import": time.perf_counter() - loaded}
    identity = plan.identity(arrays, device)
    run = resume or Run(_folder(runs_dir, run_name(identity), again))
    if resume and resume.record["identity"] != identity:
        raise UsageError(_differs(resume, identity))
    with run.locked():
        if (run.folder / "run.json").exists():
            run = Run.open(run.folder)
            if run.record["status"] == runs.FINISHED:
                reporter.note(f"{run.name} is finished already; --again trains it anew")
                return run
        session = _Session(
            plan, run, arrays, device, deterministic, identity, timings, reporter, alongside
        )
        try:
            return session.carry_out()
        finally:
            reporter.close()


def prepare_backend(plan: Plan) -> tuple[Device, bool]:
    """Import the plan's backend; its device, and whether bits will repeat there."""
    from zoo.training.backend import choose_backend, choose_device, make_deterministic

    choose_backend(plan.backend)
    device = choose_device(plan.backend, plan.device)
    return device, make_deterministic(plan.backend, device)


def _folder(runs_dir: Path, name: str, again: bool) -> Path:
    if not again:
        return runs_dir / name
    number = 2
    while (runs_dir / f"{name}-{number}").exists():
        number += 1
    return runs_dir / f"{name}-{number}"


def _differs(run: Run, identity: dict[str, Any]) -> str:
    before = run.record["identity"]
    keys = [key for key in identity if before.get(key) != identity[key]]
    changes = "; ".join(f"{key} was {before.get(key)!r} and is {identity[key]!r}" for key in keys)
    return f"{run.name} cannot go on, because what it was trained with has changed: {changes}."


class _Session:
    """One process's work on a run."""

    def __init__(
        self,
        plan: Plan,
        run: Run,
        arrays: Arrays,
        device: Device,
        deterministic: bool,
        identity: dict[str, Any],
        timings: dict[str, float],
        reporter: Reporter,
        alongside: int,
    ):
        from zoo.training.examples import Examples
        from zoo.training.training import Training, prepare_engine

        self.plan, self.run, self.reporter = plan, run, reporter
        self.timings = timings
        self.identity = identity
        self.alongside = alongside
        with self._timed("build"):
            examples = Examples.split(arrays, plan.recipe)
            engine = prepare_engine(plan, examples, device, deterministic)
        self.training = Training(plan, run, examples, engine, reporter)
        self.device, self.source = device, arrays.source

    def carry_out(self) -> Run:
        """Train what is left, evaluate, write the files."""
        run, training = self.run, self.training
        # From the moment there is a record, a signal leaves a checkpoint beside it.
        with Interruption() as interruption:
            with self._on_disk():
                self._begin(resumed=training.restore())
            with self._timed("compile"):
                self._compile()
            try:
                with self._on_disk():
                    training.fit(interruption)
            except Diverged as error:
                self._close(runs.DIVERGED, error=str(error))
                raise
            self._record_progress()
            if interruption.signal_number is not None:
                self._close(runs.INTERRUPTED)
                raise Interrupted(self._how_to_go_on(), interruption.signal_number)
            with self._on_disk():
                self._finish()
        self.reporter.finished(run.record)
        return run

    def _begin(self, resumed: bool) -> None:
        from zoo.training.describe import describe

        run, training = self.run, self.training
        now = runs.now()
        session: dict[str, Any] = {
            "started": now,
            "from_epoch": training.progress.epoch,
            "from_step": training.progress.step,
            "alongside": self.alongside,
            "versions": environment.versions(self.plan.backend),
        }
        if resumed:
            self._note_versions(session["versions"])
            run.update(status=runs.RUNNING, sessions=[*run.record["sessions"], session])
            return
        run.record = {
            "schema": runs.SCHEMA,
            "name": run.name,
            "status": runs.RUNNING,
            "created": now,
            "finished": None,
            "identity": self.identity,
            **describe(self.plan, training, self.device, self.source),
            "sessions": [session],
        }
        run.save()
        if self.plan.origin.file:
            self._keep_source(Path(self.plan.origin.file))

    def _keep_source(self, file: Path) -> None:
        """A file may be changed or lost; what was trained must not be."""
        source = file.read_bytes()
        if hashlib.sha256(source).hexdigest() != self.plan.origin.sha256:
            self.reporter.note(f"{file} has changed since it was read; the run keeps no copy of it")
            return
        folder = self.run.folder / "source"
        folder.mkdir(exist_ok=True)
        atomic.write(folder / file.name, lambda target: target.write(source))

    def _note_versions(self, versions: dict[str, str]) -> None:
        before = self.run.record["sessions"][-1]["versions"]
        changed = [f"{k} {before.get(k)} → {v}" for k, v in versions.items() if before.get(k) != v]
        if changed:
            self.reporter.note(
                f"versions changed since this run began ({', '.join(changed)}): the result may "
                "differ in the last bits from an uninterrupted run"
            )

    def _compile(self) -> None:
        from zoo.training.training import load_examples

        training, recipe = self.training, self.plan.recipe
        load_examples(training.engine, training.examples)
        training.engine.compile(training.steps, recipe.batch_size)

    def _finish(self) -> None:
        """Read the test set, once, and write the results; `run.json` says finished at the end."""
        from zoo.statistics import measured

        training, run = self.training, self.run
        examples = training.examples
        epoch = training.settle()
        with self._timed("evaluate"):
            logits = training.engine.logits(examples.x_test)
        with self._timed("save"):
            run.save_predictions(logits, examples.y_test)
            self._save_model()
        run.record["metrics"] = {"epoch": epoch, **measured(logits, examples.y_test)}
        run.record["files"] = {
            name: runs.sha256(run.folder / name)
            for name in ("model.keras", "history.csv", "predictions.npz")
        }
        self._close(runs.FINISHED, finished=runs.now())

    def _save_model(self) -> None:
        from zoo.training.backend import quiet_native_logs

        # Keras writes by file name, and wants this suffix.
        partial = self.run.folder / f".model.{self.run.name}.partial.keras"
        try:
            with quiet_native_logs():  # Keras looks for TensorFlow here under every backend
                self.training.model.save(partial)
            partial.replace(self.run.model_file)
        finally:
            partial.unlink(missing_ok=True)

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
            "epochs": [round(value, 4) for value in progress.seconds],
            "images_per_second": [round(value, 1) for value in progress.throughput],
        }
        host = max(environment.peak_memory(), record.get("peak_memory", {}).get("host_bytes", 0))
        record["peak_memory"] = {
            "host_bytes": host,
            "device_bytes": device_memory_peak(self.plan.backend, self.device),
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
    def _timed(self, phase: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.timings[phase] = self.timings.get(phase, 0.0) + time.perf_counter() - started

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """A full disk or lost folder becomes a line that says what stands and how to go on."""
        try:
            yield
        except OSError as error:
            kept = (
                "The last complete checkpoint stands; when there is room, go on: zoo train --resume "
                f"{self.run.folder}"
                if self.run.checkpoint.exists()
                else "No checkpoint was written yet."
            )
            raise ZooError(
                f"{self.run.folder}: cannot be written ({error.strerror or error}). {kept}"
            ) from error
