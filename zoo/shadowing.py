"""Two distributions whose modules share a name: Python imports the first on its path for both."""

import importlib
import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from zoo import diagnosis
from zoo.sources import Sources, read_source


def own_file(entry_point: EntryPoint) -> Path | None:
    """The file of the top-level module that a distribution itself brought; None: it is not found."""
    top = entry_point.module.partition(".")[0]
    for root in _roots(entry_point):
        for file in (root / top / "__init__.py", root / f"{top}.py"):
            if file.is_file():
                return file.resolve()
    return None


def _roots(entry_point: EntryPoint) -> Iterator[Path]:
    """Where its modules may lie: where it was installed, and what it was installed from with -e."""
    distribution = entry_point.dist
    if distribution is None:
        return
    yield Path(str(distribution.locate_file("")))
    try:
        told = json.loads(distribution.read_text("direct_url.json") or "{}")
        folder = Path(unquote(urlsplit(told["url"]).path))
        editable = told["dir_info"]["editable"]
    except (ValueError, KeyError, TypeError, OSError):
        return
    if editable is True:
        yield from (folder / "src", folder)


def hidden_by(entry_point: EntryPoint) -> str:
    """The file that Python would import in the place of the distribution's own; else empty."""
    mine, imported = own_file(entry_point), diagnosis.file_of(entry_point)
    if mine is None or not imported or Path(imported).resolve() == mine:
        return ""
    return imported


def load(entry_point: EntryPoint) -> Any:
    """What `entry_point.load()` gives, from the distribution's own files, even if another one hides them."""
    from zoo.private_import import import_family

    file = own_file(entry_point)
    if file is None or not hidden_by(entry_point):
        return entry_point.load()
    package = file.name == "__init__.py"
    root = file.parent.parent if package else file.parent
    files = sorted(file.parent.rglob("*.py")) if package else [file]
    contents = {each.relative_to(root).as_posix(): read_source(each) for each in files}
    prefix = import_family(Sources(root / "plugin.py", b"", contents))
    found = importlib.import_module(f"{prefix}.{entry_point.module}")
    for name in filter(None, (entry_point.attr or "").split(".")):
        found = getattr(found, name)
    return found
