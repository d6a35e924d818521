"""Writing a folder of files: all of it, or nothing."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from zoo.atomic import SUFFIX
from zoo.errors import UsageError


def check_free(folder: Path) -> None:
    """Find out, before anything is asked or written, that a new folder cannot be made there.

    Raises:
        UsageError: something is there already, or the folder around it is not.
    """
    then = "Nothing was written; name another with --directory."
    if folder.is_dir():
        if folder.samefile(Path.cwd()):
            raise UsageError(
                f"--directory {folder}: is the folder that you are in; name one that is not there "
                "yet, or go up: cd .."
            )
        if any(folder.iterdir()):
            raise UsageError(f"{folder}: is there already and not empty. {then}")
    elif folder.exists():
        raise UsageError(f"{folder}: is a file. {then}")
    if not folder.parent.is_dir():
        raise UsageError(f"{folder}: there is no folder {folder.parent}. {then}")


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, by their paths with `/`, into a new folder.

    They are written beside it, and get its name when all are there.

    Raises:
        OSError: it could not be written, or something is there by now; nothing new is left.
    """
    folder = folder.resolve()
    partial = folder.with_name(f".{folder.name}.{os.getpid()}{SUFFIX}")
    partial.mkdir()
    try:
        for name, text in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        if folder.is_dir():
            folder.rmdir()  # refuses, if it is not empty
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
