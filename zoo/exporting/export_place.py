"""Where exports are written: an earlier export is replaced as a whole, and nothing else ever is."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from zoo import atomic
from zoo.errors import UsageError, ZooError
from zoo.exporting.export_report import report_path

UNFINISHED = ".exporting"
"""How the hidden folder ends in which a file is made; a training removes only files that end in .partial."""


def make_folder(folder: Path) -> None:
    """Make the folder within a run's that holds what is exported without `out`.

    Raises:
        ZooError: it cannot be made.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ZooError(
            f"{folder}: cannot be made ({error.strerror or error}). Use another `out`."
        ) from error


def check_place(path: Path, format: str, suffixes: tuple[str, ...]) -> None:
    """Check that an export may be written to `path`: an earlier export is replaced, nothing else.

    Args:
        format: what messages call the format.
        suffixes: how its files may end; empty: it is a folder.

    Raises:
        UsageError: the name does not fit the format, its folder is missing or cannot be written, or
            something else is there.
    """
    if path.suffix.lower() not in (suffixes or ("",)):
        wanted = (
            f"a file whose name ends in {suffixes[0]}" if suffixes else "a folder without a suffix"
        )
        raise UsageError(f"`out={str(path)!r}`: {format} is {wanted}.")
    if (path.exists() or path.is_symlink()) and not _is_export(path, is_file=bool(suffixes)):
        raise UsageError(
            f"{path}: is there already and is no export of a run. Give another `out`, or remove it."
        )
    probed = path if suffixes else path.with_name(f"{path.name}.probe")
    atomic.check_file(probed)


def _is_export(path: Path, *, is_file: bool) -> bool:
    """Whether a file was exported before, so that it may be replaced."""
    right = path.is_file() if is_file else (path / "saved_model.pb").is_file()
    return right and not path.is_symlink() and report_path(path).is_file()


@contextlib.contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """A hidden folder beside `path`, removed at the end; those of killed exports are removed, too."""
    for left in path.parent.glob(f".{path.name}.*{UNFINISHED}"):
        if _is_of_dead(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_of_dead(folder: Path) -> bool:
    import psutil

    process = folder.name.removesuffix(UNFINISHED).rpartition(".")[2]
    return process.isdigit() and not psutil.pid_exists(int(process))


def put(written: Path, path: Path, report: str) -> None:
    """Put a file, or folder, and the text of its report in their places.

    Args:
        written: within the workplace of `path`.

    Raises:
        ZooError: they cannot be written; what was there before stays.
    """
    try:
        _put(written, path, report)
    except OSError as error:
        raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error


def _put(written: Path, path: Path, report: str) -> None:
    described = written.parent / "report.json"
    described.write_text(report, "utf-8")
    for each in [written, described] if written.is_file() else [described]:
        _sync(each)
    before = written.parent / "before"
    if path.is_dir():  # not replaced at once: the old one waits until the new one is there
        path.rename(before)
    try:
        written.rename(path) if written.is_dir() else written.replace(path)
    except OSError:
        if before.is_dir():
            before.rename(path)
        raise
    described.replace(report_path(path))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
