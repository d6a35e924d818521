"""A study on disk: `study.json`, Optuna's journal, the tuned recipe, the runs of its trials."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from zoo import atomic
from zoo.comparison.report_file import read
from zoo.errors import UsageError, ZooError
from zoo.runs.files import unwritable
from zoo.tuning.study_record import SCHEMA, StudyRecord

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
STUDIES_DIR = "studies"


class StudyFolder:
    """The files of a study.

    Args:
        folder: `studies/NAME`.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def record_file(self) -> Path:
        return self.folder / "study.json"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.log"

    @property
    def recipe_file(self) -> Path:
        """The tuned recipe; its name is the recipe's."""
        return self.folder / f"{self.name}.toml"

    @property
    def runs_dir(self) -> Path:
        return self.folder / "runs"

    def lock_file(self, name: str) -> Path:
        """The file whose lock a process holds; the system frees it when the process ends."""
        return self.folder / "locks" / f"{name}.lock"

    @property
    def exists(self) -> bool:
        return self.record_file.is_file()

    def read(self) -> StudyRecord:
        """Read study.json.

        Raises:
            ZooError: it is missing, damaged, or of a newer schema.
        """
        return read(self.record_file, StudyRecord, SCHEMA, "study of zoo tune")

    def write(self, record: StudyRecord) -> None:
        """Write study.json; the lock must be held.

        Raises:
            ZooError: it cannot be written.
        """
        text = msgspec.json.format(msgspec.json.encode(record), indent=2).decode()
        with self.writing():
            atomic.write_text(self.record_file, text + "\n")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process begin or end a trial of this study; waits for others.

        Raises:
            ZooError: the folder cannot be written.
        """
        import filelock

        path = self.lock_file("study")
        with self.writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn errors of the disk into a line.

        Raises:
            ZooError: the folder cannot be written.
        """
        try:
            yield
        except OSError as error:
            raise ZooError(
                f"{unwritable(self.folder, error)} Trials that ended are kept: make room, and give the "
                "same command."
            ) from error

    def forget_weights(self, run: Path) -> None:
        """Remove the model and the checkpoint of a trial that has ended; its record stays."""
        with contextlib.suppress(OSError):
            (run / "model.keras").unlink(missing_ok=True)
            shutil.rmtree(run / "checkpoint", ignore_errors=True)


def study_folder(name: str, studies_dir: Path) -> StudyFolder:
    """The folder of a study that may not exist yet.

    Raises:
        UsageError: the name cannot be that of a folder.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"`study={name!r}`: use letters, digits, dots, hyphens and underscores, as in mnist-quick."
        )
    return StudyFolder(studies_dir / name)


def find_study(text: str | Path, studies_dir: Path) -> StudyFolder:
    """A study by its name or its folder.

    Raises:
        UsageError: there is none.
    """
    for folder in (Path(text), studies_dir / str(text)):
        if StudyFolder(folder).exists:
            return StudyFolder(folder.absolute() if folder.name in ("", ".", "..") else folder)
    there = sorted(path.parent.name for path in studies_dir.glob("*/study.json"))
    known = f"In {studies_dir}: {', '.join(there)}." if there else f"{studies_dir} has no study."
    raise UsageError(f"{text}: is no study. {known} Make one: `zoo.tune('...')`.")
