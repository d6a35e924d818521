"""Writing a file so that at every moment either the old or the new one is there, whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from zoo.errors import UsageError, ZooError

SUFFIX = ".partial"


def write(path: Path, produce: Callable[[BinaryIO], Any]) -> None:
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


def save_text(path: Path, text: str) -> None:
    """The same for a file that a user asked for.

    Raises:
        ZooError: it cannot be written.
    """
    try:
        write_text(path, text)
    except OSError as error:
        raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error


def check_file(path: Path) -> None:
    """Find out, before hours of work, that a file cannot be written; nothing is left behind.

    Raises:
        UsageError: it is a folder, its folder is missing, or may not be written.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; give a file.")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}.")
    probe = path.with_name(f".{path.name}.{os.getpid()}.probe")
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error}).") from error
    if path.exists() and not os.access(path, os.W_OK):
        raise UsageError(f"{path}: is there already, and may not be written.")


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
