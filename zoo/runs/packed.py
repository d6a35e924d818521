"""A run's folder as bytes, to bring it from one machine to another."""

import io
import shutil
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

from zoo.errors import ZooError
from zoo.runs.files import unwritable

LAST = "run.json"
"""Written last: without it a folder is no run."""


def pack(folder: Path) -> bytes:
    """All files of a run that are complete, as a tar archive.

    A file that is being written has another name until it is complete, so a run can be packed while it
    is trained; what is missing then is as after a kill at that moment.
    """
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                with suppress(FileNotFoundError):  # replaced at this moment
                    archive.add(path, str(path.relative_to(folder)), recursive=False)
    return content.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Put the files of a packed run into its folder, each at once; others there are kept.

    Raises:
        ZooError: the folder cannot be written; what was there is unchanged, or some files are newer.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder.parent) as incoming:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(incoming, filter="data")
            found = [path for path in Path(incoming).rglob("*") if path.is_file()]
            for path in sorted(found, key=lambda each: each.name == LAST):
                target = folder / path.relative_to(incoming)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
    except OSError as error:
        raise unwritable(folder, error) from error
    except tarfile.TarError as error:
        raise ZooError(f"{folder}: did not arrive whole ({error}).") from error


def forget(folder: Path) -> None:
    """Remove a folder, as far as that is possible."""
    shutil.rmtree(folder, ignore_errors=True)
