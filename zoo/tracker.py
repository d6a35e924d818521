"""Trackers: where runs are logged besides their folders, such as MLflow or TensorBoard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Value = str | int | float | bool | None


@dataclass(frozen=True)
class TrackedComparison:
    """A comparison, as a tracker sees it.

    Attributes:
        key: the same for the same comparison in the same runs folder, also when it is resumed.
        name: for people.
        parameters: what is compared, and how.
        tags: versions.
    """

    key: str
    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrackedRun:
    """A run, as a tracker sees it.

    Attributes:
        key: the same for the same run, also when it is resumed or its folder was moved.
        name: the name of its folder.
        folder: its folder.
        parameters: architecture, hyperparameters, dataset, recipe, seed, conditions; names with dots.
        tags: run, architecture, backend, device, commit, version of archzoo.
        start_epoch: epochs that were complete before this session.
        comparison: the comparison that trains it, if one does.
    """

    key: str
    name: str
    folder: Path
    parameters: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    start_epoch: int = 0
    comparison: TrackedComparison | None = None


class Tracker:
    """Base class of trackers; each method does nothing until a subclass overrides it.

    All methods of an object are called from one thread that is not the training's: one that fails or
    hangs harms no training. What it raises is shown once as a note, and nothing more is asked of it.

    A run is logged so: `begin_run`, `log_metrics` several times, `log_files`, `end_run`. A finished run
    that nobody trains is asked for by `has_run`; if the answer is False it is logged from its files.

    Args:
        target: what stands after the colon in `track="NAME:TARGET"`; empty: nothing.

    Attributes:
        name: in `track="NAME"`.
        patience: seconds that a call may take before the tracker is given up.

    Example:
        >>> class Printed(zoo.Tracker):
        ...     name = "printed"
        ...     def log_metrics(self, run, metrics, step):
        ...         print(run.name, step, metrics)
        >>> zoo.train("cnn", "digits", track=Printed())  # doctest: +SKIP
    """

    name: str = ""
    patience: float = 60.0

    def __init__(self, target: str = ""):
        self.target = target

    def open(self) -> None:
        """Connect. Called first, before anything is trained."""

    def begin_comparison(self, comparison: TrackedComparison) -> None:
        """A comparison begins, or is resumed."""

    def has_run(self, run: TrackedRun) -> bool:
        """Whether a finished run has been logged to its end already."""
        return False

    def begin_run(self, run: TrackedRun) -> int:
        """A run begins or is resumed.

        Returns:
            How many of its epochs have been logged already; those after it will be.
        """
        return 0

    def log_metrics(self, run: TrackedRun, metrics: Mapping[str, float], step: int) -> None:
        """Log metrics: of an epoch, of the test set, or within an epoch.

        Args:
            run: whose.
            metrics: `loss`, `accuracy`, `val_loss`, ... of an epoch, `test_accuracy`, ... of the test
                set, `running_loss` and `running_accuracy` of an epoch so far.
            step: the epoch; for `running_` metrics the training step. Both are counted from 1.
        """

    def log_files(self, run: TrackedRun, files: Sequence[Path]) -> None:
        """Log a run's files: `run.json`, `history.csv`, `model.keras`."""

    def end_run(self, run: TrackedRun, status: str) -> None:
        """A run has ended for now: `finished`, `interrupted`, `diverged` or `failed`."""

    def end_comparison(
        self,
        comparison: TrackedComparison,
        status: str,
        metrics: Mapping[str, float],
        files: Sequence[Path],
    ) -> None:
        """A comparison has ended for now.

        Args:
            comparison: which one.
            status: `finished`, `interrupted` or `failed`.
            metrics: of each architecture, `accuracy/cnn`, `rank_best/cnn`, ...; empty if not finished.
            files: `comparison.json` and `comparison.html`; empty if not finished. They are removed
                afterwards.
        """

    def close(self) -> None:
        """Disconnect. Called last, and only if nothing failed before."""
