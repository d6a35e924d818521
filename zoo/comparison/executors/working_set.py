"""What a run needs beside archzoo: files of its own, plugins, data; and requests in a node's paths."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zoo.datasets.catalog import is_own
from zoo.errors import PluginError, UsageError
from zoo.numerics import RECORDED
from zoo.registry import Registry
from zoo.runs.files import sha256
from zoo.training.request import Request

FORWARDED = (
    "KERAS_BACKEND",
    "ZOO_MAX_DATA_MIB",
    "ZOO_OFFLINE",
    "ZOO_PLUGINS",
    "ZOO_RESIDENT_MIB",
    *RECORDED,
)
"""Environment variables that a run has from its driver: they change its numbers, or what it may do."""
MOST_BYTES = 2**30
"""Of a file that is sent to a node."""


@dataclass(frozen=True)
class WorkingSet:
    """What the runs of a command need.

    Attributes:
        hashes: SHA-256 of their files, by absolute path.
        plugins: versions of the plugins' distributions.
        datasets: their datasets, each with its parameters as texts; folders by their absolute paths.
        data_dir: the folder of data that the user named.
    """

    hashes: Mapping[str, str]
    plugins: Mapping[str, str]
    datasets: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    data_dir: str | None = None

    @classmethod
    def of(
        cls, requests: Iterable[Request], registry: Registry, data_dir: str | None
    ) -> "WorkingSet":
        """That of requests.

        Raises:
            UsageError: a name is unknown, or a file is too large to be sent.
        """
        hashes: dict[str, str] = {}
        plugins: dict[str, str] = {}
        datasets: dict[tuple[str, tuple[tuple[str, str], ...]], None] = {}
        for request in requests:
            files, needed = _architecture(request.architecture, registry)
            plugins |= needed
            if is_file(request.dataset):
                files.append(Path(request.dataset))
            else:
                named = absolute(request.dataset) if is_own(request.dataset) else request.dataset
                datasets[named, tuple(sorted(request.data_settings.items()))] = None
            if is_file(request.recipe):
                files.append(Path(request.recipe or ""))
            for each in files:
                hashes.setdefault(absolute(each), _hashed(each))
        chosen = absolute(data_dir) if data_dir else None
        return cls(hashes, plugins, tuple(datasets), chosen)

    @property
    def environ(self) -> dict[str, str]:
        """The variables that a run has from its driver."""
        return {name: os.environ[name] for name in FORWARDED if name in os.environ}


def is_file(text: str | None) -> bool:
    """Whether a request's text names a file."""
    return (
        bool(text)
        and (os.sep in (text or "") or "." in (text or ""))
        and Path(text or "").is_file()
    )


def absolute(path: str | Path) -> str:
    """An absolute path, without resolving links."""
    return os.path.abspath(Path(path).expanduser())  # noqa: PTH100 - resolve() follows links


def _architecture(text: str, registry: Registry) -> tuple[list[Path], dict[str, str]]:
    """The files of an architecture, or the plugin that has it."""
    try:
        _, origin = registry.architecture(text)
    except PluginError:  # of --all: its entry says what is wrong
        return [], {}
    if not origin.file:
        return [], {origin.distribution: origin.version} if origin.distribution else {}
    return [Path(text), *(Path(text).parent / name for name in origin.neighbours)], {}


def _hashed(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(
            f"{path}: is larger than {MOST_BYTES // 2**30} GiB, which is too much to send to each node. Put "
            "it in a folder that all nodes have, under the same path."
        )
    return sha256(path)


@dataclass(frozen=True)
class NodePaths:
    """The paths of a driver as a node has them.

    Attributes:
        pairs: a node's path for each of the driver's that differs.
    """

    pairs: Mapping[str, str]

    @classmethod
    def of(cls, working_set: WorkingSet, missing: Iterable[str], files: str) -> "NodePaths":
        """Where files are put that a node lacks, in the folder `files`; neighbours stay together."""
        folders = {str(Path(path).parent) for path in missing}
        return cls(
            {
                path: f"{files}/{_short(parent)}/{Path(path).name}"
                for path in working_set.hashes
                if (parent := str(Path(path).parent)) in folders
            }
        )

    def request(self, request: Request) -> Request:
        """A request that the node understands."""
        return replace(
            request,
            architecture=self._text(request.architecture),
            dataset=self._text(request.dataset),
            recipe=request.recipe and self._text(request.recipe),
        )

    def _text(self, text: str) -> str:
        if not is_file(text) and not is_own(text):
            return text
        return self.pairs.get(absolute(text), text)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
