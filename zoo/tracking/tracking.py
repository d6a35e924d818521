"""All trackers of a command, and what they are told of its runs."""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from zoo.errors import ZooError
from zoo.runs.run import Run
from zoo.tracker import TrackedComparison, TrackedRun, Tracker
from zoo.tracking import described
from zoo.tracking.delivery import Delivery


class Tracking:
    """The trackers of a command; entered before anything is trained, left when all is done.

    Nothing here raises because of a tracker: one that fails is switched off, and `warn` is told once.

    Args:
        trackers: which ones; may be none.
        warn: is called with a line for the user.
    """

    def __init__(self, trackers: Sequence[Tracker], warn: Callable[[str], object]):
        self._deliveries = [Delivery(each) for each in trackers]
        self._warn, self._stack = warn, ExitStack()
        self._logs: dict[str, list[tuple[Delivery, RunLog]]] = {}

    def __bool__(self) -> bool:
        """Whether there are trackers."""
        return bool(self._deliveries)

    def __enter__(self) -> Self:
        for delivery in self._deliveries:
            delivery.start()
        self.warn_of_news()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._stack:
            for delivery in self._deliveries:
                delivery.close(hurried=error is not None)
        self.warn_of_news()

    def warn_of_news(self) -> None:
        """Say of each tracker once that it has failed."""
        for delivery in self._deliveries:
            if text := delivery.news():
                self._warn(text)

    def begin(
        self, folder: Path, start_epoch: int, comparison: TrackedComparison | None = None
    ) -> str | None:
        """A run begins or is resumed; returns its key, or None if its record cannot be read."""
        self.warn_of_news()
        try:
            run = described.tracked(Run.open(folder), comparison, start_epoch)
        except (ZooError, OSError):
            return None
        self._logs[run.key] = [
            (each, RunLog(each.tracker, run)) for each in self._deliveries if not each.problem
        ]
        for delivery, log in self._logs[run.key]:
            delivery.post(log.begin)
        return run.key

    def running(self, key: str | None, metrics: Mapping[str, float], step: int) -> None:
        """An epoch's metrics so far, at a step of the whole training."""
        self.warn_of_news()
        named = {f"running_{name}": value for name, value in metrics.items()}
        self._post(key, lambda log: log.tracker.log_metrics(log.run, named, step))

    def epoch(self, key: str | None, row: Mapping[str, float], samples_per_second: float) -> None:
        """An epoch is complete; `row` is its line of history.csv."""
        self.warn_of_news()
        whole = {**row, "samples_per_second": samples_per_second}
        self._post(key, lambda log: log.epoch(whole))

    def end(self, key: str | None, status: str) -> None:
        """A run has ended for now."""
        self.warn_of_news()
        self._post(key, lambda log: log.end(status))
        self._logs[key or ""] = []

    def _post(self, key: str | None, what: Callable[["RunLog"], None]) -> None:
        for delivery, log in self._logs.get(key or "", ()):
            delivery.post(lambda log=log: what(log))  # type: ignore[misc]

    def finished(self, run: Run, comparison: TrackedComparison | None = None) -> None:
        """A finished run; one that was not trained in this command is logged if a tracker lacks it."""
        if not self:
            return
        done = described.tracked(run, comparison, run.epochs_done)
        if done.key in self._logs:
            return
        self._logs[done.key] = []
        for delivery in self._deliveries:
            delivery.post(RunLog(delivery.tracker, done).whole)

    def begin_comparison(self, comparison: TrackedComparison) -> None:
        """A comparison begins or is resumed."""
        for each in self._deliveries:
            each.post(lambda each=each: each.tracker.begin_comparison(comparison))  # type: ignore[misc]

    def end_comparison(
        self,
        comparison: TrackedComparison,
        status: str,
        metrics: Mapping[str, float],
        files: Sequence[Path] = (),
    ) -> None:
        """A comparison has ended for now."""
        for each in self._deliveries:
            each.post(
                lambda each=each: each.tracker.end_comparison(comparison, status, metrics, files)  # type: ignore[misc]
            )

    @property
    def takes_comparisons(self) -> bool:
        """Whether a tracker does something with the report of a comparison."""
        return any(
            type(each.tracker).end_comparison is not Tracker.end_comparison and not each.problem
            for each in self._deliveries
        )

    def folder(self) -> Path:
        """A folder for files that are logged; it is removed when all is told."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="zoo-track-")))


class RunLog:
    """One run in one tracker; called in the tracker's thread.

    Args:
        tracker: where it is logged.
        run: what is logged.
    """

    def __init__(self, tracker: Tracker, run: TrackedRun):
        self.tracker, self.run = tracker, run
        self._logged = 0

    def begin(self) -> None:
        """Begin or continue; epochs of before that the tracker lacks are logged from history.csv."""
        self._logged = self.tracker.begin_run(self.run)
        if self._logged < self.run.start_epoch:
            for row in Run(self.run.folder).read_history():
                if row["epoch"] <= self.run.start_epoch:
                    self.epoch(row)

    def epoch(self, row: Mapping[str, float]) -> None:
        """Log an epoch, unless the tracker has it from before."""
        number = int(row["epoch"])
        if number <= self._logged:
            return
        metrics = {k: v for k, v in row.items() if k != "epoch" and not math.isnan(v)}
        self.tracker.log_metrics(self.run, metrics, number)

    def end(self, status: str) -> None:
        """Log the results and files, and that it has ended."""
        found = Run.open(self.run.folder)
        metrics = found.record.metrics
        if metrics is not None:
            self.tracker.log_metrics(self.run, described.results(found), metrics.epoch)
        self.tracker.log_files(self.run, described.files(found))
        self.tracker.end_run(self.run, status)

    def whole(self) -> None:
        """Log a finished run from its files, unless the tracker has it."""
        if not self.tracker.has_run(self.run):
            self.begin()
            self.end("finished")
