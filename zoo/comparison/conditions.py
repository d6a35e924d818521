"""Under what conditions a run was made, and whether runs are comparable."""

from collections.abc import Mapping, Sequence
from typing import Any

from zoo import environment
from zoo.runs.run import Run
from zoo.training.device import Device

Conditions = dict[str, str]
"""Flat: a name people know, and its value. Two runs are comparable if theirs are equal."""


def here(backend: str, device: Device, precision: str) -> Conditions:
    """What a run made now, in this environment, would have."""
    return _conditions(
        environment.versions(backend), backend, device.kind, device.name, precision, _cores()
    )


def of_run(run: Run) -> Conditions:
    """What a run was made with, last."""
    record = run.record
    return _conditions(
        record.sessions[-1].versions,
        record.backend,
        record.device.kind,
        record.device.name,
        record.precision,
        record.environment.cores,
    )


def _conditions(
    versions: Mapping[str, str | None],
    backend: str,
    kind: str,
    name: str,
    precision: str,
    cores: int,
) -> Conditions:
    python = ".".join(str(versions.get("python", "?")).split(".")[:2])
    return {
        "backend": backend,
        "device": f"{kind}, {name}"
        + (f", {environment.cores_in_words(cores)}" if kind == "cpu" else ""),
        "precision": precision,
        "python": python,
        **{key: str(value) for key, value in versions.items() if key != "python"},
    }


def _cores() -> int:
    return environment.usable_cores()


def differing(values: Mapping[str, Sequence[tuple[str, Any]]]) -> list[str]:
    """A line for each named thing that is not the same for all: `device: cpu (cnn), gpu (lrcn)`.

    `values` has, for each thing, pairs of an architecture and its value.
    """
    lines = []
    for thing, pairs in values.items():
        owners: dict[str, dict[str, None]] = {}
        for owner, value in pairs:
            owners.setdefault(str(value), {})[owner] = None
        if len(owners) > 1:
            parts = [f"{value} ({', '.join(names)})" for value, names in owners.items()]
            lines.append(f"{thing}: {', '.join(parts)}")
    return lines
