"""Writes a folder of files completely, or not at all."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from zoo.atomic import SUFFIX
from zoo.errors import UsageError


def check_free(folder: Path) -> None:
    """Refuse a folder that cannot be created, before anything is asked or written.

    Raises:
        UsageError: it exists and is not empty, or its parent folder does not exist.
    """
    then = "Nothing was written; name another `directory`."
    if folder.is_dir():
        if folder.samefile(Path.cwd()):
            raise UsageError(
                f"`directory={str(folder)!r}`: is the current folder; name a new one, or go to "
                "its parent: cd .."
            )
        if any(folder.iterdir()):
            raise UsageError(f"{folder}: exists and is not empty. {then}")
    elif folder.exists():
        raise UsageError(f"{folder}: is a file. {then}")
    if not folder.parent.is_dir():
        raise UsageError(f"{folder}: the folder {folder.parent} does not exist. {then}")


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, by their paths with `/`, into a new folder.

    They are written to a temporary folder beside it, which is renamed at the end.

    Raises:
        OSError: it cannot be written, or exists by now; nothing new is left.
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
