"""A run and a comparison as trackers see them: flat parameters and tags."""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.comparison import conditions
from zoo.runs.files import digest
from zoo.runs.run import Run
from zoo.tracker import TrackedComparison, TrackedRun, Value
from zoo.version import __version__

if TYPE_CHECKING:
    from zoo.comparison.jobs import Job

FILES = ("run.json", "history.csv", "model.keras")


def tracked(
    run: Run, comparison: TrackedComparison | None = None, start_epoch: int = 0
) -> TrackedRun:
    """A run that has begun."""
    record = run.record
    return TrackedRun(
        f"{run.name}-{digest({'identity': record.identity, 'created': record.created})}",
        run.name,
        run.folder,
        _parameters(run),
        _tags(run),
        start_epoch,
        comparison,
    )


def _parameters(run: Run) -> dict[str, Value]:
    record = run.record
    nested: dict[str, Any] = {
        "architecture": record.architecture.name,
        "hyperparameters": record.architecture.hyperparameters,
        "dataset": record.dataset.name,
        "data_parameters": record.dataset.parameters or {},
        "samples": {"train": record.dataset.sizes.train, "test": record.dataset.sizes.test},
        "recipe": run.recipe.as_dict(),
        "seed": record.seed,
        "parameters": record.parameters.trainable,
        "conditions": conditions.of_run(run),
    }
    return dict(_flat(nested))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Any:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float | bool) or value is None:
            yield prefix + name, value
        else:
            yield prefix + name, json.dumps(list(value))


def _tags(run: Run) -> dict[str, str]:
    record = run.record
    found = {
        "archzoo.run": run.name,
        "archzoo.architecture": record.architecture.name,
        "archzoo.dataset": record.dataset.name,
        "archzoo.backend": record.backend,
        "archzoo.device": f"{record.device.kind}, {record.device.name}",
        "archzoo.version": record.environment.archzoo or __version__,
        "archzoo.commit": run.commit or "",
    }
    return {name: text for name, text in found.items() if text}


def results(run: Run) -> dict[str, float]:
    """The numbers of a finished run: on the test set, and what it took."""
    record = run.record
    found = {
        name: getattr(record.metrics, name, None)
        for name in (
            "test_loss", "test_accuracy", "test_balanced_accuracy", "test_macro_f1", "test_mcc", "test_ece",
        )
    }  # fmt: skip
    taken = {f"seconds.{name}": each for name, each in _phases(run).items()}
    return {name: value for name, value in {**found, **taken}.items() if value is not None}


def _phases(run: Run) -> dict[str, float]:
    timings = run.record.timings
    return timings.phases() if timings else {}


def files(run: Run) -> list[Path]:
    """The files of a run that are logged, as far as it has them."""
    return [path for name in FILES if (path := run.folder / name).is_file()]


def compared(jobs: Sequence["Job"], runs_dir: Path) -> TrackedComparison:
    """The comparison that has these runs."""
    requests = [job.request.as_json() for job in jobs]
    place = {"runs": str(runs_dir.resolve()), "machine": platform.node(), "requests": requests}
    names = list(dict.fromkeys(job.entry.name for job in jobs))
    first = jobs[0].request
    parameters: dict[str, Value] = {
        "architectures": ", ".join(names),
        "dataset": Path(first.dataset).name,
        "recipe": Path(first.recipe).name if first.recipe else None,
        "runs": len(jobs),
        "seeds": ", ".join(map(str, dict.fromkeys(job.request.seed for job in jobs))),
        **{f"changes.{key}": value for key, value in first.changes.items() if value is not None},
        **{f"data_parameters.{key}": value for key, value in first.data_settings.items()},
    }
    return TrackedComparison(
        digest(json.loads(json.dumps(place, default=str))),
        f"compare {len(names)} on {Path(first.dataset).name}",
        parameters,
        {"archzoo.version": __version__},
    )
