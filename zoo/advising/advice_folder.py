"""An advice on disk: `advice.json` and the runs of its search, in a folder of its own."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from zoo import atomic
from zoo.advising.advice_record import SCHEMA, AdviceRecord, Asked, Candidate
from zoo.comparison.report_file import read
from zoo.errors import UsageError, ZooError
from zoo.runs.files import digest, unwritable


class AdviceFolder:
    """The files of an advice.

    Args:
        folder: `advice/NAME`.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def record_file(self) -> Path:
        return self.folder / "advice.json"

    @property
    def runs_dir(self) -> Path:
        """The short trainings of all searches, which leave the test set untouched."""
        return self.folder.parent / "runs"

    def measured(self, asked: Asked) -> list[Candidate]:
        """What other advices here measured of the same: they may have had other limits."""
        found: dict[str, Candidate] = {}
        for path in sorted(self.folder.parent.glob("*/advice.json")):
            with contextlib.suppress(ZooError):
                other = AdviceFolder(path.parent).read()
                if other and _same(other.asked, asked):
                    mine = asked.candidates
                    found |= {
                        each.name: each
                        for each in other.candidates
                        if not each.problem
                        and mine.get(each.name) == other.asked.candidates.get(each.name)
                        and each.name in mine
                    }
        return list(found.values())

    def read(self) -> AdviceRecord | None:
        """The record; None: there is none.

        Raises:
            ZooError: it is damaged, or of a newer schema.
        """
        if not self.record_file.is_file():
            return None
        return read(self.record_file, AdviceRecord, SCHEMA, "record of zoo advise")

    def write(self, record: AdviceRecord) -> None:
        """Write the record, whole.

        Raises:
            ZooError: it cannot be written.
        """
        text = msgspec.json.format(msgspec.json.encode(record), indent=2).decode()
        with self._writing():
            atomic.write_text(self.record_file, text + "\n")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out.

        Raises:
            UsageError: one works here already.
            ZooError: the folder cannot be written.
        """
        import filelock

        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / "advice.lock")
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout as error:
                raise UsageError(
                    f"{self.folder}: another process works on this advice; wait until it ends."
                ) from error
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ZooError(
                f"{unwritable(self.folder, error)} What was measured and trained is kept: make room, and "
                "give the same command."
            ) from error


MEASURED_BY = ("dataset", "data_parameters", "checksums", "recipe", "runtime", "backend", "device")
"""Of what was asked, that which a measurement depends on, besides the candidate."""


def _same(one: Asked, other: Asked) -> bool:
    return all(getattr(one, key) == getattr(other, key) for key in MEASURED_BY)


def advice_folder(asked: Asked, advice_dir: Path) -> AdviceFolder:
    """The folder of an advice, which may not exist yet; another question has another one."""
    words = f"{asked.dataset}-{asked.recipe['name']}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", words).strip("._-") or "advice"
    return AdviceFolder(advice_dir / f"{name}-{digest(msgspec.to_builtins(asked))}")
