"""What nodes are given by the driver's files: archzoo's sources, and a sign that a folder is shared."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import ZooError


@dataclass(frozen=True)
class Sources:
    """A copy of archzoo's sources, as nodes can be sent; None where archzoo is installed from a package."""

    folder: Path | None


@contextmanager
def shipped_sources() -> Iterator[Sources]:
    """The sources of a checkout with registry.toml in its place, for nodes that have others."""
    package = Path(__file__).parents[2]
    registry = package.parent / "registry.toml"
    if (package / "registry.toml").exists() or not registry.exists():
        yield Sources(None)
        return
    with tempfile.TemporaryDirectory(prefix="archzoo-sources-") as folder:
        copy = Path(folder) / "zoo"
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(registry, copy)
        yield Sources(copy)


@contextmanager
def token_in(runs_dir: Path) -> Iterator[str]:
    """A file in a folder for as long as it is used, by which nodes see whether they share it."""
    token = f".shared-{secrets.token_hex(8)}"
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        (runs_dir / token).touch()
    except OSError as error:
        raise ZooError(f"{runs_dir}: cannot be written ({error.strerror}).") from error
    try:
        yield token
    finally:
        with suppress(OSError):
            (runs_dir / token).unlink()
