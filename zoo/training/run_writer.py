"""What a process writes into a run's folder, from the first step to the results."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from zoo import atomic, environment
from zoo.datasets.dataset import Arrays
from zoo.errors import Interrupted, Pruned, ZooError
from zoo.runs import files, record
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

    def _session(self, together: int) -> record.SessionRecord:
        progress = self.loop.progress
        return record.SessionRecord(
            started=files.now(),
            from_epoch=progress.epoch,
            from_step=progress.step,
            alongside=self.context.alongside + together - 1,
            together=together,
            versions=dict(environment.versions(self.plan.backend)),
        )

    def _begin_again(self, session: record.SessionRecord) -> None:
        kept = self.run.record
        self._note_versions(kept.sessions[-1].versions, session.versions)
        self.run.update(
            status=record.RUNNING,
            engine={**kept.engine, "data": self.loop.data},
            sessions=[*kept.sessions, session],
        )

    def _begin(self, session: record.SessionRecord) -> None:
        from zoo.training.describe import describe
        from zoo.training.inspection import remarks

        run, context = self.run, self.context
        earlier = self.extends.record.sessions if self.extends else []
        if earlier:
            self._note_versions(earlier[-1].versions, session.versions)
        run.record = record.RunRecord(
            schema=record.SCHEMA,
            name=run.name,
            status=record.RUNNING,
            created=session.started or files.now(),
            finished=None,
            identity=self.identity,
            **describe(self.plan, self.loop, context.device, context.arrays),
            precision=self.precision.policy,
            precision_measured=self.precision.as_record(),
            sessions=[*earlier, session],
        )
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

    def _note_versions(
        self, before: Mapping[str, str | None], now: Mapping[str, str | None]
    ) -> None:
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
            self._close(record.DIVERGED, error=str(self.ended))
        elif interruption.signal_number is not None:
            self._close(record.INTERRUPTED)
            self.ended = Interrupted(self._how_to_resume(), interruption.signal_number)
        elif self.callback.pruned:
            self.ended = Pruned(self.callback.pruned)
            self._close(record.PRUNED, error=self.callback.pruned)
        else:
            with on_disk(self.run):
                self._finish()
            self.callback.on_run_end(self.run.record)

    def _finish(self) -> None:
        """Read the test set, once, and write the results; `run.json` says finished at the end."""
        from zoo.classification import measured
        from zoo.training import model_file

        loop, run, examples = self.loop, self.run, self.loop.examples
        epoch, results = loop.state.finalize(loop.recipe), {}
        if self.plan.tests:
            self.callback.on_test_begin()
            with self.timed("evaluate"):
                logits = loop.engine.logits(examples.x_test)
            results = measured(logits, examples.y_test)
            self.callback.on_test_end({"epoch": epoch, **results})
        with self.timed("save"):
            if self.plan.tests:
                run.save_predictions(logits, examples.y_test)
            model_file.save(loop.model, run.model_file)
        run.record.metrics = record.Metrics(epoch=epoch, **results)
        run.record.files = {
            name: files.sha256(run.folder / name)
            for name in ("model.keras", "history.csv", "predictions.npz")
            if (run.folder / name).exists()
        }
        self._close(record.FINISHED, finished=files.now())

    def _close(self, status: record.Status, **changes: Any) -> None:
        self._record_progress()
        self.run.update(status=status, **changes)

    def _record_progress(self) -> None:
        """The timings of all sessions together, and the highest memory peak of them."""
        from zoo.training.backend import device_memory_peak

        progress, kept = self.loop.progress, self.run.record
        *earlier, session = kept.sessions
        kept.sessions = [*earlier, structs.replace(session, timings=dict(self.timings))]
        kept.timings = self._timings(earlier)
        host = kept.peak_memory.host_bytes if kept.peak_memory else 0
        kept.peak_memory = record.PeakMemory(
            host_bytes=max(environment.peak_memory(), host),
            device_bytes=device_memory_peak(self.plan.backend, self.context.device),
        )
        kept.progress = record.ProgressRecord(epochs=progress.epoch, steps=progress.step)

    def _timings(self, earlier: Sequence[record.SessionRecord]) -> record.Timings:
        progress = self.loop.progress
        own = {**self.timings, "train": sum(progress.seconds), **progress.timings}
        totals = {
            key: value + sum((each.timings or {}).get(key, 0.0) for each in earlier)
            if key in self.timings
            else value
            for key, value in own.items()
        }
        if "waiting" in own:
            totals["waiting_share"] = own["waiting"] / own["train"]
        return record.Timings.of(
            {key: round(value, 4) for key, value in totals.items()},
            epochs=tuple(round(value, 4) for value in progress.seconds),
            images_per_second=tuple(round(value, 1) for value in progress.throughput),
        )

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
