"""A run on disk: one architecture, dataset, recipe and seed, trained; a folder of plain files."""

import contextlib
import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import archives, atomic, layouts
from zoo.datasets.fold import Fold
from zoo.errors import UsageError, ZooError
from zoo.parameters import from_plain
from zoo.reading import text_of
from zoo.recipe import Recipe
from zoo.runs import codec
from zoo.runs.files import sha256, unwritable
from zoo.runs.record import FINISHED, INTERRUPTED, RUNNING, SCHEMA, GitRecord, RunRecord, Status

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.dataset import Dataset
    from zoo.registry import Registry

HISTORY = ("epoch", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class TestResults:
    """Results on the test set.

    Attributes:
        loss: mean cross-entropy (natural logarithm).
        accuracy, accuracy_interval: shares from 0 to 1; the interval is 95 %.
    """

    loss: float
    accuracy: float
    accuracy_interval: tuple[float, float]
    correct: int
    examples: int


class Run:
    """A run's folder and its record, `run.json`.

    Args:
        folder: the run's folder.
        record: the contents of its run.json; None before the training begins.

    Files: `run.json` (everything needed to repeat it, and the results), `history.csv` (a row for
    each epoch), `predictions.npz` (`logits` `(N, classes)` float32 and `labels` of the test set),
    `model.keras`, `checkpoint/state.npz`; and `source/NAME.py` if its architecture was a file.
    """

    def __init__(self, folder: Path, record: RunRecord | None = None):
        self.folder, self._record = folder, record

    def __repr__(self) -> str:
        return f"<Run {self.folder}>"

    @property
    def record(self) -> RunRecord:
        """The contents of run.json, typed; `record.to_dict()` returns them as plain values.

        Raises:
            ZooError: the run has not begun.
        """
        if self._record is None:
            raise ZooError(f"{self.folder}: has no run.json; the training has not begun.")
        return self._record

    @record.setter
    def record(self, record: RunRecord) -> None:
        self._record = record

    @property
    def begun(self) -> bool:
        """Whether the run has a record."""
        return self._record is not None

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def checkpoint(self) -> Path:
        """The file of its checkpoint, which may be missing."""
        return self.folder / "checkpoint" / "state.npz"

    @property
    def model_file(self) -> Path:
        """The file of its trained model, which may be missing."""
        return self.folder / "model.keras"

    @property
    def status(self) -> Status:
        """The recorded status, but `interrupted` for a `running` run whose process has ended."""
        status = self.record.status
        if status == RUNNING and not self.is_locked():
            return INTERRUPTED
        return status

    @property
    def finished(self) -> bool:
        """Whether the training is complete and the results are written."""
        return self.begun and self.record.status == FINISHED

    @property
    def tested(self) -> bool:
        """Whether the run has test results; `zoo.train(test=False)` leaves the test set untouched."""
        return self.record.metrics is not None and self.record.metrics.test_accuracy is not None

    @property
    def test(self) -> TestResults:
        """The test results.

        Raises:
            UsageError: there are none; see `tested`.
        """
        found = self.record.metrics
        results: list[Any] = [getattr(found, name, None) for name in codec.TESTED]
        if None in results:
            raise UsageError(f"{self.name}: has no test results; it is {self.status}.")
        return TestResults(*results)

    @property
    def validates(self) -> bool:
        """Whether epochs were validated, on the dataset's validation set or on the recipe's share."""
        return bool(self.record.dataset.sizes.validation)

    @property
    def epochs_done(self) -> int:
        """Complete epochs. For a run that is not finished, history.csv is counted, too."""
        told = self.record.progress.epochs if self.record.progress else 0
        if self.finished:
            return told
        try:
            return max(told, len(self.read_history()))
        except ZooError:
            return told

    @property
    def architecture(self) -> str:
        """The architecture's name, or the path of the file that it was in."""
        architecture = self.record.architecture
        return architecture.origin.file or architecture.name

    @property
    def source(self) -> Path | None:
        """The run's copy of the architecture's file; None for an architecture of a plugin."""
        file = self.record.architecture.origin.file
        kept = self.folder / "source" / Path(file).name
        return kept if file and kept.is_file() else None

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The hyperparameters as `build` takes them."""
        return from_plain(self.record.architecture.hyperparameters)

    @property
    def dataset(self) -> str:
        """The dataset's name, or the path of the user's file or folder."""
        dataset = self.record.dataset
        return dataset.origin if Path(dataset.origin).is_absolute() else dataset.name

    @property
    def conversion(self) -> str:
        """How samples were converted for the model, in the words of `zoo.layouts.name`."""
        given = self.record.input
        return given.conversion or layouts.name(given.source, given.target, given.how)

    @property
    def data_parameters(self) -> dict[str, Any]:
        """The dataset's parameters as its `make` takes them; empty if it has none."""
        return from_plain(self.record.dataset.parameters or {})

    @property
    def fold(self) -> Fold | None:
        """The fold of a cross-validation; None: its test set is the dataset's."""
        found = self.record.fold
        return Fold(found.number, found.of, found.seed) if found else None

    def find_dataset(self, registry: "Registry") -> "Dataset":
        """Find its dataset, with the parameters of the training; of a run of a fold, that fold.

        Raises:
            UsageError: the dataset or one of its parameters is unknown here.
            DataError: the file cannot be used.
        """
        from zoo.datasets.catalog import find_dataset
        from zoo.datasets.folded import folded

        found = find_dataset(self.dataset, registry).made_with(self.data_parameters)
        return folded(found, self.fold)

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe that it was trained by."""
        return codec.recipe_of(self.record.recipe, self.record.identity)

    @property
    def epoch_seconds(self) -> tuple[float, ...]:
        """Training seconds of each epoch."""
        return self.record.timings.epochs if self.record.timings else ()

    @property
    def images_per_second(self) -> tuple[float, ...]:
        """Training samples per second of each epoch."""
        return self.record.timings.images_per_second if self.record.timings else ()

    @property
    def compile_seconds(self) -> float:
        """Seconds of compilation, added up over all sessions."""
        return (self.record.timings and self.record.timings.compile) or 0.0

    @property
    def peak_memory(self) -> int:
        """Peak memory in bytes: of the device if that was measured, otherwise of the host."""
        held = self.record.peak_memory
        return (held.device_bytes or held.host_bytes) if held else 0

    @property
    def shared_machine(self) -> bool:
        """Whether other trainings ran at the same time, so that timings are upper bounds."""
        return any(session.alongside for session in self.record.sessions)

    @property
    def commit(self) -> str | None:
        """The Git commit of the working folder; None outside a checkout."""
        git = self.record.environment.git
        return git.commit if isinstance(git, GitRecord) else None

    @property
    def phase_seconds(self) -> float:
        """Seconds of all phases together: loading, compiling, training, evaluating, ..."""
        timings = self.record.timings
        return sum(timings.phases().values()) if timings else 0.0

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open a run: read its record.

        Raises:
            ZooError: `run.json` is missing, damaged, or of a newer schema.
        """
        path = folder / "run.json"
        if path.exists() and not path.is_file():
            raise ZooError(f"{folder}: is not a run: run.json is not a file.")
        try:
            return cls(folder, codec.decode(text_of(path)))
        except OSError as error:
            raise ZooError(
                f"{folder}: is not a run: run.json cannot be read ({error.strerror})."
            ) from error
        except codec.OtherSchema as error:
            raise ZooError(
                f"{path}: has schema {error.schema!r:.20}; this archzoo reads {SCHEMA}. Upgrade: "
                "pip install -U archzoo."
            ) from error
        except ValueError as error:
            raise ZooError(f"{path}: is damaged ({error!s:.300}).") from error

    def save(self) -> None:
        """Write `run.json`, atomically."""
        atomic.write_text(self.folder / "run.json", codec.encode(self.record))

    def save_history(self, rows: list[dict[str, float]]) -> None:
        """Write `history.csv`, with every digit of each number."""
        text = io.StringIO()
        writer = csv.DictWriter(text, HISTORY, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        atomic.write_text(self.folder / "history.csv", text.getvalue())

    def read_history(self) -> list[dict[str, float]]:
        """The rows of `history.csv`; without validation, `val_loss` and `val_accuracy` are NaN.

        Raises:
            ZooError: it is missing or damaged.
        """
        path = self.folder / "history.csv"
        try:
            rows = csv.DictReader(io.StringIO(text_of(path), newline=""))
            return [{name: float(row[name] or "nan") for name in HISTORY} for row in rows]
        except OSError as error:
            raise ZooError(f"{path}: cannot be read ({error.strerror}).") from error
        except (ValueError, KeyError, csv.Error) as error:
            raise ZooError(f"{path}: is damaged ({error}).") from error

    def save_predictions(self, logits: "np.ndarray", labels: "np.ndarray") -> None:
        """Write the test set's logits and labels."""
        import numpy as np

        path = self.folder / "predictions.npz"
        atomic.write(path, lambda file: np.savez_compressed(file, logits=logits, labels=labels))

    def read_predictions(self) -> "tuple[np.ndarray, np.ndarray]":
        """Read the logits `(N, classes)` and labels `(N,)` of the test set.

        Raises:
            ZooError: the file is missing or damaged, or the shapes are wrong.
        """
        path = self.folder / "predictions.npz"
        try:
            with archives.open_npz(path) as archive:
                shapes = [archive.headers[name].shape for name in ("logits", "labels")]
                dataset = self.record.dataset
                count = dataset.sizes.test
                if shapes != [(count, len(dataset.classes)), (count,)]:
                    raise ValueError(f"its arrays have the shapes {shapes}")
                if archive.size > (most := archives.limit_of(path)):
                    raise ValueError(f"it unpacks to more than {most:,} bytes")
                return archive["logits"], archive["labels"]
        except Exception as error:  # zipfile, zlib and NumPy each have their own
            raise ZooError(f"{path}: cannot be used ({error}).") from error

    def damage(self) -> str:
        """Check the files with results: a line about the first missing or changed one, else empty."""
        results = ("history.csv", "predictions.npz") if self.tested else ("history.csv",)
        for name in results:
            path = self.folder / name
            if not path.is_file():
                return f"{path}: is missing"
            if sha256(path) != self.hash_of(name):
                return f"{path}: is not what this run wrote (its SHA-256 differs from run.json's)"
        return ""

    def hash_of(self, name: str) -> str | None:
        """The recorded SHA-256 of a file with results; None if there is none."""
        return (self.record.files or {}).get(name)

    def update(self, **changes: Any) -> None:
        """Change fields of the record and write run.json."""
        for name, value in changes.items():
            setattr(self.record, name, value)
        self.save()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for this process.

        Raises:
            UsageError: another process has locked it.
            ZooError: the folder cannot be written.
        """
        import filelock

        lock = filelock.FileLock(self.folder / ".lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise UsageError(
                f"{self.folder}: another process is training this run. Wait for it, or train "
                "another `seed`."
            ) from error
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            atomic.remove_partial(self.folder)
            yield
        finally:
            lock.release()
            self._leave_nothing_empty()

    def _leave_nothing_empty(self) -> None:
        """Remove the folder if training failed before run.json was written."""
        if not (self.folder / "run.json").exists():
            with contextlib.suppress(OSError):
                (self.folder / ".lock").unlink(missing_ok=True)
                self.folder.rmdir()

    def is_locked(self) -> bool:
        """Whether a process has locked the folder."""
        import filelock

        path = self.folder / ".lock"
        if not path.exists() or not os.access(path, os.W_OK):
            return False
        try:
            with filelock.FileLock(path).acquire(timeout=0):
                return False
        except filelock.Timeout:
            return True
