"""What runs need of the file system: hashes, timestamps, and a check that a folder is writable."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zoo.errors import ZooError


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def digest(identity: dict[str, Any]) -> str:
    """Eight hexadecimal digits, equal for equal identities."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def sha256(path: Path) -> str:
    """A file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(runs_dir: Path) -> None:
    """Check before training that the folder can be written.

    Raises:
        ZooError: the folder cannot be made or written.
    """
    probe = runs_dir / f".probe.{os.getpid()}"
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise unwritable(runs_dir, error) from error


def unwritable(folder: Path, error: OSError) -> ZooError:
    """The error for a folder that cannot be made or written."""
    return ZooError(
        f"{folder}: cannot be written ({error.strerror or error}). Use another `runs_dir`."
    )
