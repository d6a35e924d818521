"""The work of an advice: measure, search by validation data, train the finalists, decide."""

import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from zoo.advising import decision, schedule
from zoo.advising.advice_folder import AdviceFolder
from zoo.advising.advice_record import AdviceRecord, Candidate, Rung, Trial
from zoo.advising.candidates import check_limits, groups_of, refuse_none
from zoo.advising.limits import Limits
from zoo.advising.measuring import measure_group
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.comparing import compare_runs
from zoo.comparison.entries import Entry
from zoo.comparison.workplace import Workplace
from zoo.datasets.location import Locations
from zoo.errors import Interrupted, UsageError, ZooError
from zoo.formatting import duration, percent
from zoo.registry import Registry
from zoo.training.fit import train
from zoo.training.request import Request, replicates

SLACK = 1.1
"""Predicted times are taken to be so many times as long: evaluating, writing and starting are not in them."""


@dataclass
class Advisor:
    """Carries an advice out, as far as its record is not done yet.

    Args:
        folder: where it is kept; its lock must be held.
        record: as far as it came.
        entries: the candidates.
        request: makes an entry's request.
        batch_size: of the recipe.
        workplace: where the finalists are trained.
        callback: its hooks are called.
    """

    folder: AdviceFolder
    record: AdviceRecord
    entries: Sequence[Entry]
    request: Callable[[Entry], Request]
    batch_size: int
    workplace: Workplace
    registry: Registry
    locations: Locations
    callback: ComparisonCallback

    def run(self) -> AdviceRecord:
        """Do what is left to do.

        Raises:
            UsageError: no candidate keeps to the limits, or the minutes are too few.
            ZooError: no finalist could be trained, or the folder cannot be written.
            Interrupted: by Ctrl-C; the same call goes on.
        """
        try:
            self._measure()
            self._check_time()
            for number, epochs in enumerate(schedule.levels(self.record.epochs)):
                self._search(number, epochs)
            self._finish()
        except KeyboardInterrupt as error:
            raise Interrupted(
                "stopped; what was measured and trained is kept. Give the same command to continue.",
                signal.SIGINT,
            ) from error
        return self.record

    @property
    def _left(self) -> float:
        return 60 * self.record.minutes - self.record.spent

    @contextmanager
    def _clocked(self) -> Iterator[None]:
        """Count the time, and write the record, whatever happens."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.record.spent += time.perf_counter() - started
            self.folder.write(self.record)

    def _measure(self) -> None:
        """Measure the candidates that are not in the record; each architecture's sizes in turn."""
        known = {each.name for each in self.record.candidates}
        missing = [entry for entry in self.entries if entry.name not in known]
        for group in groups_of(missing):
            self.callback.on_note(f"measuring {', '.join(entry.name for entry in group)}")
            with self._clocked():
                self.record.candidates += measure_group(
                    group,
                    self.request,
                    runtime=self.record.asked.runtime,
                    batch_size=self.batch_size,
                    samples=self.record.training_samples,
                    data_dir=self.workplace.data_dir,
                    use_plugins=self.workplace.use_plugins,
                    callback=self.callback,
                )
        asked = self.record.asked
        limits = Limits(asked.latency, asked.memory, asked.parameters)
        check_limits(self.record.candidates, limits)
        self.folder.write(self.record)
        refuse_none(self.record.candidates, limits)

    def _eligible(self) -> dict[str, Candidate]:
        return {each.name: each for each in self.record.candidates if each.eligible}

    def _check_time(self) -> None:
        """
        Raises:
            UsageError: not even one training fits into the minutes.
        """
        epochs = self.record.epochs
        if self.record.finalists:
            return
        name, seconds = min(
            ((name, SLACK * each.seconds(epochs)) for name, each in self._eligible().items()),
            key=lambda pair: pair[1],
        )
        if seconds > self._left:
            wanted = math.ceil((self.record.spent + seconds) / 6) / 10  # never rounded down
            raise UsageError(
                f"`minutes={self.record.minutes:g}`: too few for one training. {name}, the fastest, takes "
                f"about {duration(seconds)} for {epochs} epochs, and measuring took "
                f"{duration(self.record.spent)}. Use at least {wanted:g} minutes, or a shorter `recipe`."
            )

    def _search(self, number: int, epochs: int) -> None:
        """One step of the successive halving; what is in the record is not trained again."""
        if self.record.finalists:
            return
        if number == len(self.record.rungs):
            self.record.rungs.append(self._planned(number, epochs))
        rung = self.record.rungs[number]
        for name in rung.names[len(rung.trials) :]:
            with self._clocked():
                rung.trials.append(self._trial(name, epochs))
        if not rung.done:
            going_on = schedule.best(rung.trials, schedule.kept(len(rung.trials)))
            for trial in rung.trials:
                trial.kept = trial.name in going_on
            rung.done = True
            self.folder.write(self.record)

    def _planned(self, number: int, epochs: int) -> Rung:
        """Who is trained: those that went on, as far as an equal share of the time left goes."""
        names = list(self._eligible())
        if number:
            names = [each.name for each in self.record.rungs[-1].trials if each.kept]
        seconds = {name: SLACK * self.record.candidate(name).seconds(epochs) for name in names}
        stages = len(schedule.levels(self.record.epochs)) + 1 - number
        taken, left_out = schedule.affordable(seconds, self._left / stages)
        if left_out:
            self.callback.on_note(f"no time for {', '.join(left_out)}; more minutes reach them")
        return Rung(epochs=epochs, names=taken, left_out=left_out)

    def _trial(self, name: str, epochs: int) -> Trial:
        """Train one candidate shortly; the test set is not read."""
        entry = next(each for each in self.entries if each.name == name)
        asked = self.request(entry)
        changes = {**asked.changes, "epochs": epochs, "steps": 0, "min_steps": 0}
        if self.record.held_out is not None:
            changes["validation"] = self.record.held_out
        plan = replace(replace(asked, changes=changes).plan(self.registry), tests=False)
        try:
            run = train(plan, self.folder.runs_dir, self.locations)
        except Interrupted:
            raise
        except ZooError as error:
            self.callback.on_note(f"{name}: {error}")
            return Trial(name=name, problem=str(error))
        row = run.read_history()[-1]
        trial = Trial(
            name=name,
            val_accuracy=row.get("val_accuracy"),
            val_loss=row.get("val_loss"),
            seconds=run.phase_seconds,
            run=run.name,
        )
        self._correct(self.record.candidate(name), run.epoch_seconds)
        shown = percent(trial.val_accuracy or 0.0)
        what = f"{epochs} epoch{'s' * (epochs > 1)}"
        self.callback.on_note(f"{name}: validation {shown} after {what}")
        return trial

    def _correct(self, candidate: Candidate, seconds: Sequence[float]) -> None:
        """Predict by what a training took, once there is one."""
        if seconds:
            candidate.epoch = sum(seconds) / len(seconds)

    def _finish(self) -> None:
        """Train the finalists with several seeds, test them once, and decide."""
        self._choose_finalists()
        if self.record.complete:
            return
        entries = [each for each in self.entries if each.name in self.record.finalists]
        with self._clocked():
            made = compare_runs(
                entries,
                self.request,
                replicates(self.record.final_seeds),
                self.workplace,
                self.registry,
                settings=None,
                target=0.99,
                command=self.record.command,
                callback=self.callback,
            )
            found = {each.name: each for each in self.record.candidates}
            decision.add_latency(made.report, found)
            self.record.report = made.report
            self.record.recommendation = decision.recommend(made.report, found)

    def _choose_finalists(self) -> None:
        if self.record.finalists:
            return
        ranked = schedule.best(self.record.rungs[-1].trials, schedule.FINALISTS)
        if not ranked:
            causes = "; ".join(f"{t.name}: {t.problem}" for t in self.record.rungs[-1].trials)
            raise ZooError(f"no candidate could be trained: {causes}")
        epochs = self.record.epochs
        seconds = {name: SLACK * self.record.candidate(name).seconds(epochs) for name in ranked}
        names, seeds = schedule.final(ranked, seconds, self._left, self.record.asked.seeds)
        if not names:
            raise UsageError(
                f"`minutes={self.record.minutes:g}`: {duration(max(0.0, self._left))} are left, and one "
                f"training of {ranked[0]} takes about {duration(seconds[ranked[0]])}. What was trained is "
                "kept: give the same call with more `minutes`."
            )
        self.record.finalists, self.record.final_seeds = names, seeds
        self.folder.write(self.record)
        self.callback.on_note(
            f"finalists: {', '.join(names)}; {seeds} seed{'s' * (seeds > 1)} each, then the test set"
        )
