"""A training's whole state in one file, so that it goes on as if it had never stopped."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo import atomic
from zoo.archives import Npz, open_npz
from zoo.errors import DataError, ZooError
from zoo.runs.run import Run
from zoo.training.checkpoint_fit import Misfit, Wanted, check
from zoo.training.running import RunningMetrics

META, META_OF_AN_EPOCH = 2**20, 2**10
"""Bytes that a checkpoint's JSON may take: always, and for each epoch."""


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        epoch: complete epochs.
        step: steps done of the next one, after an interruption within it.
        sums: what those steps added up.
        history: a row for each complete epoch.
        best_epoch: the epoch (from 1) with the best validation accuracy so far; 0 for none.
        seconds: of each complete epoch's training steps; the last entry grows within an epoch.
        throughput: images per second in each complete epoch.
    """

    epoch: int = 0
    step: int = 0
    sums: RunningMetrics = field(default_factory=RunningMetrics)
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    seconds: list[float] = field(default_factory=list)
    throughput: list[float] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)


def save(path: Path, progress: Progress, arrays: dict[str, Sequence[np.ndarray]], run: str) -> None:
    """Write the state; `arrays` are groups (`model`, `optimizer`, `best`, `random`) in order.

    `run` is the digest of the run's identity, as `run_digest` makes it.

    Raises:
        OSError: it cannot be written; the checkpoint that was there stands.
    """
    flat = {
        f"{group}/{index}": value
        for group, values in arrays.items()
        for index, value in enumerate(values)
    }
    text = json.dumps({**asdict(progress), "run": run}, default=float)
    meta = np.frombuffer(text.encode(), np.uint8)
    atomic.write(path, lambda file: np.savez(file, allow_pickle=False, meta=meta, **flat))


def run_digest(identity: dict[str, Any]) -> str:
    """What binds a checkpoint to its run."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def load(path: Path, wanted: Wanted) -> tuple[Progress, dict[str, list[np.ndarray]]]:
    """What `save` wrote, for the run that it is `wanted` for.

    Raises:
        ZooError: the file is damaged, or cannot be what that run wrote.
    """
    try:
        with open_npz(path) as archive:
            meta = _meta(archive, wanted)
            check(meta, archive.headers, wanted)
            groups: dict[str, list[np.ndarray]] = {}
            for name in sorted((n for n in archive.headers if n != "meta"), key=_position):
                groups.setdefault(name.partition("/")[0], []).append(archive[name])
    except Misfit as error:
        raise ZooError(
            f"{path}: the checkpoint does not fit this run ({error}); delete it to start over."
        ) from error
    except Exception as error:  # zipfile, NumPy and JSON each have their own
        raise ZooError(
            f"{path}: the checkpoint is damaged ({error}); delete it to start over."
        ) from error
    meta.pop("run", None)
    sums = meta.pop("sums")
    progress = Progress(
        sums=RunningMetrics(
            np.float32(sums["loss"]), np.float32(sums["correct"]), sums["examples"]
        ),
        **meta,
    )
    return progress, groups


def _meta(archive: Npz, wanted: Wanted) -> dict[str, Any]:
    most = META + META_OF_AN_EPOCH * wanted.epochs
    if (size := archive.headers["meta"].size) > most:
        raise Misfit(f"its progress takes {size:,} bytes, and {wanted.epochs} epochs {most:,}")
    return json.loads(archive["meta"].tobytes())


def _position(name: str) -> tuple[str, int]:
    group, _, index = name.partition("/")
    return group, int(index)


@contextmanager
def on_disk(run: Run) -> Iterator[None]:
    """A full disk or lost folder becomes a line that says what stands and how to go on.

    Raises:
        ZooError: for an OSError within.
    """
    try:
        yield
    except OSError as error:
        raise ZooError(
            f"{run.folder}: cannot be written ({error.strerror or error}). "
            f"{_kept(run, 'when there is room')}"
        ) from error


@contextmanager
def reading(run: Run) -> Iterator[None]:
    """Data that fail while they are read become a line that says what stands and how to go on.

    Raises:
        DataError: for one within.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{error} {_kept(run, 'when the data are as they were')}") from error


def _kept(run: Run, when: str) -> str:
    if not run.checkpoint.exists():
        return "No checkpoint was written yet."
    return (
        f"The last complete checkpoint is kept; {when}, resume the run: "
        f"`zoo.train(resume={str(run.folder)!r})`"
    )
