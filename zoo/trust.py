"""Whether a run's own code may be executed: unchanged, and only if this user has run it before.

A run of a file brings that file. A user who trained it has run its code before, which is remembered by
hash in the user's state folder; of a run that came from elsewhere it is executed only when asked for.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.architecture import NAME, Architecture
from zoo.errors import UsageError, ZooError
from zoo.origin import Origin
from zoo.registry import Registry
from zoo.runs.run import Run
from zoo.sources import NEIGHBOUR, Sources, digest, read_source


def architecture_of(
    run: Run, registry: Registry, *, trust_source: bool = False
) -> tuple[Architecture, Origin]:
    """The architecture that a run was trained with: its plugin's, or its own copy of the file.

    Nothing of a file is executed before its hash, and those of its neighbours, are found to be the
    recorded ones, and the user has trained with them here or says `trust_source`.

    Raises:
        UsageError: the file is not known here and not trusted, or the architecture is not installed.
        ZooError: a file is missing, not the recorded one, or the record names none.
        PluginError: the plugin is broken, or the file.
    """
    origin = recorded_origin(run)
    if not origin.file:
        return registry.architecture(_plugins_name(run))
    sources = _read(run, origin)
    if not (trust_source or is_known(origin)):
        raise UsageError(
            f"{run.folder}: its model is made by the code in {_names(sources)}, which was never "
            "trained with here. If you have read it and trust it, use `trust_source=True`."
        )
    from zoo.single_file import architecture_from_sources

    remember(origin)
    return architecture_from_sources(sources)


def check_unchanged(run: Run) -> None:
    """Whether a run can go on with its file: it is refused if the user has changed it since.

    Raises:
        UsageError: the file is there, and is another one now.
    """
    before = recorded_origin(run)
    file = Path(before.file)
    if not before.file or not file.is_file():
        return  # the run's own copy is left
    now = Sources.read(file).origin
    if (now.sha256, now.neighbours) != (before.sha256, before.neighbours):
        raise UsageError(
            f"{run.name} cannot go on, because {file} or a file that it imports has changed: origin was "
            f"{_hashes(before)} and is {_hashes(now)} (sha256). Put it back, or train the new one: "
            f"`zoo.train({str(file)!r})`"
        )


def remember(origin: Origin) -> None:
    """Remember that the user runs the code of this file, if that can be written."""
    if origin.file:
        with contextlib.suppress(OSError):
            known = _known()
            known.mkdir(parents=True, exist_ok=True)
            (known / _key(origin)).touch()


def is_known(origin: Origin) -> bool:
    """Whether the user has run the code of this file, and of its neighbours, on this machine."""
    return (_known() / _key(origin)).is_file()


def recorded_origin(run: Run) -> Origin:
    """The architecture's origin, as run.json has it.

    Raises:
        ZooError: it says nothing that an archzoo writes.
    """
    found = run.record.architecture.origin
    neighbours = found.neighbours or {}
    if found.extra or not all(map(NEIGHBOUR.fullmatch, neighbours)):
        raise ZooError(f"{run.folder / 'run.json'}: is damaged (architecture.origin).")
    return Origin(found.distribution, found.version, found.file, found.sha256, neighbours)


def _plugins_name(run: Run) -> str:
    name = run.record.architecture.name
    if not NAME.fullmatch(name):  # a path would be run as a file
        raise ZooError(f"{run.folder / 'run.json'}: is damaged (architecture.name).")
    return name


def _read(run: Run, origin: Origin) -> Sources:
    """The files of a run, checked: its own copies, else those that it was trained with."""
    kept = run.folder / "source" / Path(origin.file).name
    file = kept if kept.is_file() else Path(origin.file)
    wanted = {file.name: origin.sha256, **origin.neighbours}
    contents = {name: _checked(file.parent / name, sha256) for name, sha256 in wanted.items()}
    neighbours = {name: contents[name] for name in origin.neighbours}
    return Sources(file, contents[file.name], neighbours)


def _checked(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise ZooError(f"{path}: is missing; the run's model is made by its code.")
    content = read_source(path)
    if digest(content) != sha256:
        raise ZooError(
            f"{path}: is not the file that this run was trained with (its SHA-256 differs from "
            "run.json's), so it is not run. Restore it, or train anew."
        )
    return content


def _known() -> Path:
    import platformdirs

    state = os.environ.get("ZOO_STATE_DIR") or platformdirs.user_state_dir("archzoo")
    return Path(state) / "sources"


def _key(origin: Origin) -> str:
    if not origin.neighbours:
        return digest(origin.sha256.encode())
    whole: Any = [origin.sha256, dict(origin.neighbours)]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _names(sources: Sources) -> str:
    return ", ".join(map(str, _paths(sources)))


def _paths(sources: Sources) -> Iterator[Path]:
    yield sources.path
    for name in sources.neighbours:
        yield sources.path.parent / name


def _hashes(origin: Origin) -> str:
    named = [f"{name} {sha256[:8]}" for name, sha256 in origin.neighbours.items()]
    return ", ".join([origin.sha256[:8], *named])
