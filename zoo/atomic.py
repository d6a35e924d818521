"""Writing a file so that at every moment either the old or the new one is there, whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".partial"


def write(path: Path, produce: Callable[[BinaryIO], None]) -> None:
    """Let `produce` write a temporary file beside `path`, then put it in `path`'s place.

    Raises:
        OSError: it could not be written; `path` is as it was and the temporary file is gone.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{SUFFIX}")
    try:
        with partial.open("wb") as file:
            produce(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Put `text`, as UTF-8, in `path`'s place."""
    write(path, lambda file: file.write(text.encode()))


def remove_partial(folder: Path) -> None:
    """Remove what a killed process left half-written under `folder`; its lock must be held."""
    for partial in folder.rglob(f".*{SUFFIX}"):
        partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
