"""A run on disk: one architecture, dataset, recipe and seed, trained; a folder of plain files."""

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import aliases, archives, atomic, layouts
from zoo.errors import UsageError, ZooError
from zoo.parameters import from_plain
from zoo.reading import text_of
from zoo.recipe import Recipe
from zoo.runs import record as run_record
from zoo.suggest import unknown

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.dataset import Dataset
    from zoo.registry import Registry

SCHEMA = 1
FINISHED, RUNNING, INTERRUPTED, DIVERGED, FAILED = (
    "finished",
    "running",
    "interrupted",
    "diverged",
    "failed",
)
REQUIRED = {
    "status",
    "created",
    "identity",
    "architecture",
    "dataset",
    "input",
    "recipe",
    "seed",
    "backend",
    "device",
    "precision",
    "environment",
    "sessions",
}
HISTORY = ("epoch", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")


@dataclass
class Run:
    """A run's folder and its record, `run.json`.

    Files: `run.json` (everything needed to repeat it, and the results), `history.csv` (a row for
    each epoch), `predictions.npz` (`logits` `(N, classes)` float32 and `labels` of the test set),
    `model.keras`, `checkpoint/state.npz`; and `source/NAME.py` if its architecture was a file.
    """

    folder: Path
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint" / "state.npz"

    @property
    def model_file(self) -> Path:
        return self.folder / "model.keras"

    @property
    def status(self) -> str:
        """As recorded; `interrupted` where it says `running` but no process holds the folder."""
        status = self.record["status"]
        if status == RUNNING and not self.is_locked():
            return INTERRUPTED
        return status

    @property
    def finished(self) -> bool:
        """Whether it is complete, with its results."""
        return self.record.get("status") == FINISHED

    @property
    def tested(self) -> bool:
        """Whether it has test results; a run may leave the test set untouched."""
        return "test_accuracy" in self.record.get("metrics", {})

    @property
    def validates(self) -> bool:
        """Whether its epochs were validated: on the dataset's own set, or the recipe's share."""
        return bool(self.record["dataset"]["sizes"].get("validation"))

    @property
    def epochs_done(self) -> int:
        """How many epochs are complete; while it runs, and after it was killed, history.csv tells."""
        told = self.record.get("progress", {}).get("epochs", 0)
        if self.finished:
            return told
        try:
            return max(told, len(self.read_history()))
        except ZooError:
            return told

    @property
    def architecture(self) -> str:
        """What names its architecture to a registry: a name, or the file it was in."""
        architecture = self.record["architecture"]
        return architecture["origin"]["file"] or architecture["name"]

    @property
    def source(self) -> Path | None:
        """Its own copy of the file that its architecture was in; None for a plugin's."""
        file = self.record["architecture"]["origin"]["file"]
        kept = self.folder / "source" / Path(file).name
        return kept if file and kept.is_file() else None

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """As `build` takes them; JSON has made lists of tuples."""
        return from_plain(self.record["architecture"]["hyperparameters"])

    @property
    def dataset(self) -> str:
        """The name or path to load its data again: a name, or the user's file or folder."""
        dataset = self.record["dataset"]
        return dataset["origin"] if Path(dataset["origin"]).is_absolute() else dataset["name"]

    @property
    def conversion(self) -> str:
        """How its samples reached the model, as `zoo.layouts.name` calls it."""
        return layouts.recorded(self.record["input"])

    @property
    def data_parameters(self) -> dict[str, Any]:
        """The dataset's parameters, as `make` takes them; empty where it has none."""
        return from_plain(self.record["dataset"].get("parameters", {}))

    def find_dataset(self, registry: "Registry") -> "Dataset":
        """Its dataset, with the parameters that it was trained with.

        Raises:
            UsageError: nobody has it, or it has no such parameters any more.
            DataError: the file cannot be trained on.
        """
        from zoo.datasets.catalog import find_dataset

        return find_dataset(self.dataset, registry).made_with(self.data_parameters)

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe that it was trained by."""
        fields = {k: v for k, v in self.record["recipe"].items() if k != "digest"}
        return Recipe(
            **fields, identity_name=str(self.record["identity"]["recipe"].get("name", ""))
        )

    @property
    def phase_seconds(self) -> float:
        """Seconds that its phases took together: loading, compiling, training, evaluating, ..."""
        timings = self.record.get("timings", {})
        return sum(value for value in timings.values() if not isinstance(value, list))

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Read a run's record.

        Raises:
            ZooError: `run.json` is missing, damaged, or of a newer schema.
        """
        path = folder / "run.json"
        if path.exists() and not path.is_file():
            raise ZooError(f"{folder}: is no run: run.json is no file.")
        try:
            record = aliases.record(json.loads(text_of(path)))
            schema = record["schema"]
        except OSError as error:
            raise ZooError(
                f"{folder}: is no run: run.json cannot be read ({error.strerror})."
            ) from error
        except RecursionError as error:
            raise ZooError(f"{path}: is damaged (it is nested too deeply).") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ZooError(f"{path}: is damaged ({error}).") from error
        if schema != SCHEMA:
            raise ZooError(
                f"{path}: has schema {schema!r:.20}; this archzoo reads {SCHEMA}. Upgrade: pip install "
                "-U archzoo."
            )
        if missing := REQUIRED - set(record):
            raise ZooError(f"{path}: is damaged (it lacks {', '.join(sorted(missing))}).")
        if fault := run_record.fault(record):
            raise ZooError(f"{path}: is damaged ({fault:.200} is nothing that archzoo writes).")
        return cls(folder, record)

    def save(self) -> None:
        """Write `run.json`, atomically."""
        atomic.write_text(self.folder / "run.json", json.dumps(self.record, indent=2) + "\n")

    def save_history(self, rows: list[dict[str, float]]) -> None:
        """Write `history.csv`, with every digit of each number."""
        text = io.StringIO()
        writer = csv.DictWriter(text, HISTORY, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        atomic.write_text(self.folder / "history.csv", text.getvalue())

    def read_history(self) -> list[dict[str, float]]:
        """The rows of `history.csv`; without a validation split their `val_` values are NaN.

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
        """The test set's `(logits, labels)`, of the shapes that the record says.

        Raises:
            ZooError: the file is missing, damaged, or not such arrays.
        """
        path = self.folder / "predictions.npz"
        try:
            with archives.open_npz(path) as archive:
                shapes = [archive.headers[name].shape for name in ("logits", "labels")]
                count = self.record["dataset"]["sizes"]["test"]
                if shapes != [(count, len(self.record["dataset"]["classes"])), (count,)]:
                    raise ValueError(f"its arrays have the shapes {shapes}")
                if archive.size > (most := archives.limit_of(path)):
                    raise ValueError(f"it unpacks to more than {most:,} bytes")
                return archive["logits"], archive["labels"]
        except Exception as error:  # zipfile, zlib and NumPy each have their own
            raise ZooError(f"{path}: cannot be used ({error}).") from error

    def damage(self) -> str:
        """A line that names a result file which is missing or not what was written; else empty."""
        results = ("history.csv", "predictions.npz") if self.tested else ("history.csv",)
        for name in results:
            path = self.folder / name
            if not path.is_file():
                return f"{path}: is missing"
            if sha256(path) != self.record["files"][name]:
                return f"{path}: is not what this run wrote (its SHA-256 differs from run.json's)"
        return ""

    def update(self, **changes: Any) -> None:
        """Change fields of the record and write it."""
        self.record.update(changes)
        self.save()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, alone.

        Raises:
            UsageError: another process holds it.
            ZooError: the folder cannot be made or written.
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
            raise _unwritable(self.folder, error) from error
        try:
            atomic.remove_partial(self.folder)
            yield
        finally:
            lock.release()
            self._leave_nothing_empty()

    def _leave_nothing_empty(self) -> None:
        """A training that failed before its record was written leaves no folder."""
        if not (self.folder / "run.json").exists():
            with contextlib.suppress(OSError):
                (self.folder / ".lock").unlink(missing_ok=True)
                self.folder.rmdir()

    def is_locked(self) -> bool:
        """Whether a process is at work in the folder."""
        import filelock

        path = self.folder / ".lock"
        if not path.exists() or not os.access(path, os.W_OK):
            return False
        try:
            with filelock.FileLock(path).acquire(timeout=0):
                return False
        except filelock.Timeout:
            return True


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def digest(identity: dict[str, Any]) -> str:
    """Eight hexadecimal digits that any change of a run's identity changes."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def sha256(path: Path) -> str:
    """A file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def all_runs(
    runs_dir: Path, progress: Callable[[int, int], object] = lambda _done, _total: None
) -> tuple[list[Run], list[str]]:
    """The runs in a folder, oldest first, and a line for each folder whose record is unusable.

    `progress` is told how many are read, and of how many.
    """
    runs, problems = [], []
    records = sorted(runs_dir.glob("*/run.json"))
    for place, record in enumerate(records):
        progress(place + 1, len(records))
        try:
            runs.append(Run.open(record.parent))
        except ZooError as error:
            problems.append(str(error))
    return sorted(runs, key=lambda run: run.record.get("created", "")), problems


def find_run(text: str, runs_dir: Path) -> Run:
    """The run that `text` means: a folder, a name in `runs_dir`, a unique part of one, or
    `last`, the one written to last.

    Raises:
        UsageError: no run, or several, are meant.
        ZooError: its record is damaged.
    """
    names = [path.parent.name for path in sorted(runs_dir.glob("*/run.json"))]
    here = Path(text)
    if text in names:
        _check_only_one(text, runs_dir)
        return Run.open(runs_dir / text)
    if (here / "run.json").is_file():
        return Run.open(here)
    if here.is_file():
        raise UsageError(f"{text}: is a file; a run is the folder that holds run.json.")
    if text == "last" and names:
        written = [runs_dir / name / "run.json" for name in names]
        return Run.open(max(written, key=lambda path: path.stat().st_mtime).parent)
    matches = [name for name in names if text in name]
    if len(matches) > 1:
        raise UsageError(
            f"{text!r} is part of {len(matches)} runs: {', '.join(matches)}. Give more of it."
        )
    if not matches:
        raise UsageError(unknown(f"run in {runs_dir}", text, names, "See zoo runs."))
    return Run.open(runs_dir / matches[0])


def _check_only_one(name: str, runs_dir: Path) -> None:
    here, there = Path(name), runs_dir / name
    if (here / "run.json").is_file() and not here.samefile(there):
        raise UsageError(
            f"{name!r} is a run in {runs_dir} and one here: write {there} or ./{name}."
        )


def check_writable(runs_dir: Path) -> None:
    """Find out before hours of training that nothing can be written.

    Raises:
        ZooError: the folder cannot be made or written.
    """
    probe = runs_dir / f".probe.{os.getpid()}"
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unwritable(runs_dir, error) from error


def _unwritable(folder: Path, error: OSError) -> ZooError:
    return ZooError(
        f"{folder}: cannot be written ({error.strerror or error}). Use another `runs_dir`."
    )
