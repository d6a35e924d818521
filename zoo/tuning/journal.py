"""Optuna's journal file, which neither a killed process nor a full disk damages. Imports Optuna."""

from pathlib import Path
from typing import Any

import filelock
from optuna.storages.journal import JournalFileBackend


class JournalLock:
    """A lock of a file, which the system frees when its process is killed."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path)

    def acquire(self) -> bool:
        """Wait for the lock. One that this process holds already is taken again."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Give it back."""
        self._lock.release()


class Journal(JournalFileBackend):
    """A journal whose last line is always whole.

    Args:
        path: the file.
        lock: held while it is written.
    """

    def __init__(self, path: Path, lock: JournalLock):
        self._path, self._held = path, lock
        super().__init__(str(path), lock_obj=lock)  # type: ignore[arg-type]  # it has both methods

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append whole lines, or nothing.

        Raises:
            OSError: they cannot be written; the file is as it was.
        """
        self._held.acquire()
        try:
            size = mend(self._path)
            try:
                super().append_logs(logs)
            except BaseException:
                with self._path.open("r+b") as file:
                    file.truncate(size)
                raise
        finally:
            self._held.release()


def mend(path: Path) -> int:
    """Remove an unfinished last line, and return the file's size; its lock must be held."""
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        size = end
        while size:
            start = max(0, size - 65536)
            file.seek(start)
            cut = file.read(size - start).rfind(b"\n")
            if cut >= 0:
                size = start + cut + 1
                break
            size = start
        if size < end:
            file.truncate(size)
        return size
