"""What a process writes into a run's folder, from the first step to the results."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo import atomic, environment
from zoo.datasets.dataset import Arrays
from zoo.errors import Interrupted, ZooError
from zoo.runs import run as runs
from zoo.runs.run import Run
from zoo.training.callbacks import Callback
from zoo.training.checkpoint import on_disk
from zoo.training.device import Device
from zoo.training.examples import Examples
from zoo.training.interruption import Interruption
from zoo.training.loop import TrainLoop
from zoo.training.plan import Plan
from zoo.training.precision import Precision


@dataclass(frozen=True)
class RunContext:
    """What the runs of one command share.

    Attributes:
        arrays: the dataset, loaded.
        examples: its splits.
        device: where the runs are trained.
        deterministic: whether bits repeat on `device`.
        alongside: how many other trainings run on this machine meanwhile.
    """

    arrays: Arrays
    examples: Examples
    device: Device
    deterministic: bool
    alongside: int = 0


@dataclass
class RunWriter:
    """One process's work on a run: its record, its source, its results.

    Attributes:
        plan: what is trained.
        run: the folder, locked.
        context: what it shares with other runs.
        identity: of the run.
        precision: Keras' policy, and how it was chosen.
        loop: trains it.
        callback: is called as the run goes on.
        timings: seconds of each phase in this process.
        extends: the run from whose checkpoint this one begins, if any.
        resumed: whether it goes on from its own checkpoint.
        ended: what ended it without a result.
    """

    plan: Plan
    run: Run
    context: RunContext
    identity: dict[str, Any]
    precision: Precision
    loop: TrainLoop
    callback: Callback
    timings: dict[str, float]
    extends: Run | None = None
    resumed: bool = field(default=False, init=False)
    ended: ZooError | None = field(default=None, init=False)

    def restore(self) -> None:
        """Go on from the run's checkpoint; if there is none, from that of the run it extends.

        Raises:
            ZooError: the checkpoint is damaged, or cannot be this run's.
        """
        self.resumed = self.loop.restore()
        if not self.resumed and self.extends:
            self.loop.restore(self.extends)

    def begin(self, together: int) -> None:
        """Write in `run.json` that it is running.

        Args:
            together: how many runs are trained by the same program.
        """
        with on_disk(self.run):
            session = self._session(together)
            if self.resumed:
                self._begin_again(session)
            else:
                self._begin(session)

    def _session(self, together: int) -> dict[str, Any]:
        progress = self.loop.progress
        return {
            "started": runs.now(),
            "from_epoch": progress.epoch,
            "from_step": progress.step,
            "alongside": self.context.alongside + together - 1,
            "together": together,
            "versions": environment.versions(self.plan.backend),
        }

    def _begin_again(self, session: dict[str, Any]) -> None:
        record = self.run.record
        self._note_versions(record["sessions"][-1]["versions"], session["versions"])
        self.run.update(
            status=runs.RUNNING,
            engine={**record["engine"], "data": self.loop.data},
            sessions=[*record["sessions"], session],
        )

    def _begin(self, session: dict[str, Any]) -> None:
        from zoo.training.describe import describe
        from zoo.training.inspection import remarks

        run, context, earlier = self.run, self.context, []
        if self.extends:
            earlier = self.extends.record["sessions"]
            self._note_versions(earlier[-1]["versions"], session["versions"])
        run.record = {
            "schema": runs.SCHEMA,
            "name": run.name,
            "status": runs.RUNNING,
            "created": session["started"],
            "finished": None,
            "identity": self.identity,
            **describe(self.plan, self.loop, context.device, context.arrays),
            **self.precision.as_record(),
            "sessions": [*earlier, session],
        }
        run.save()
        for remark in remarks(self.loop.model):
            self.callback.on_note(remark)
        self._keep_sources()
        if self.extends:
            run.save_history(self.loop.progress.history)
            self.loop.state.save(run)

    def _keep_sources(self) -> None:
        origin = self.plan.origin
        if not origin.file:
            return
        self._keep_source(Path(origin.file), origin.sha256)
        for name, sha256 in origin.neighbours.items():
            self._keep_source(Path(origin.file).parent / name, sha256, name)

    def _keep_source(self, file: Path, sha256: str, name: str = "") -> None:
        """Copy a file of the architecture's, which the user may change or lose."""
        source = file.read_bytes()
        if hashlib.sha256(source).hexdigest() != sha256:
            self.callback.on_note(
                f"{file} has changed since it was read; the run keeps no copy of it"
            )
            return
        kept = self.run.folder / "source" / (name or file.name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(kept, lambda target: target.write(source))

    def _note_versions(self, before: dict[str, str], now: dict[str, str]) -> None:
        changed = [f"{k} {before.get(k)} → {v}" for k, v in now.items() if before.get(k) != v]
        if changed:
            self.callback.on_note(
                f"versions changed since this run began ({', '.join(changed)}): the result may "
                "differ in the last bits from an uninterrupted run"
            )

    def end(self, interruption: Interruption) -> None:
        """Write how the loop ended: the results, that it diverged, or that it was interrupted."""
        self._record_progress()
        if self.loop.diverged:
            self.ended = self.loop.diverged
            self._close(runs.DIVERGED, error=str(self.ended))
        elif interruption.signal_number is not None:
            self._close(runs.INTERRUPTED)
            self.ended = Interrupted(self._how_to_resume(), interruption.signal_number)
        else:
            with on_disk(self.run):
                self._finish()
            self.callback.on_run_end(self.run.record)

    def _finish(self) -> None:
        """Read the test set, once, and write the results; `run.json` says finished at the end."""
        from zoo.metrics import measured
        from zoo.training import model_file

        loop, run, examples = self.loop, self.run, self.loop.examples
        results: dict[str, Any] = {"epoch": loop.state.finalize(loop.recipe)}
        if self.plan.tests:
            self.callback.on_test_begin()
            with self.timed("evaluate"):
                logits = loop.engine.logits(examples.x_test)
            results |= measured(logits, examples.y_test)
            self.callback.on_test_end(results)
        with self.timed("save"):
            if self.plan.tests:
                run.save_predictions(logits, examples.y_test)
            model_file.save(loop.model, run.model_file)
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
        """The timings of all sessions together, and the highest memory peak of them."""
        from zoo.training.backend import device_memory_peak

        progress, record = self.loop.progress, self.run.record
        record["sessions"][-1]["timings"] = dict(self.timings)
        record["timings"] = self._timings()
        host = max(environment.peak_memory(), record.get("peak_memory", {}).get("host_bytes", 0))
        record["peak_memory"] = {
            "host_bytes": host,
            "device_bytes": device_memory_peak(self.plan.backend, self.context.device),
        }
        record["progress"] = {"epochs": progress.epoch, "steps": progress.step}

    def _timings(self) -> dict[str, Any]:
        progress, earlier = self.loop.progress, self.run.record["sessions"][:-1]
        own = {**self.timings, "train": sum(progress.seconds), **progress.timings}
        totals = {
            key: value + sum(each.get("timings", {}).get(key, 0.0) for each in earlier)
            if key in self.timings
            else value
            for key, value in own.items()
        }
        waiting = own.get("waiting")
        return {
            **{key: round(value, 4) for key, value in totals.items()},
            **({} if waiting is None else {"waiting_share": round(waiting / own["train"], 4)}),
            "epochs": [round(value, 4) for value in progress.seconds],
            "images_per_second": [round(value, 1) for value in progress.throughput],
        }

    def _how_to_resume(self) -> str:
        progress, run = self.loop.progress, self.run
        at = (
            f"epoch {progress.epoch + 1}, step {progress.step}"
            if progress.step
            else f"the end of epoch {progress.epoch}"
        )
        return (
            f"stopped at {at}; the checkpoint is written. Resume it: "
            f"`zoo.train(resume={str(run.folder)!r})`"
        )

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Add the seconds of the block to a phase."""
        started = time.perf_counter()
        yield
        self.timings[phase] = self.timings.get(phase, 0.0) + time.perf_counter() - started
