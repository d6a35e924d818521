"""`study.lock`: everything of a study that was carried out, from which it is repeated and compared."""

import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zoo import atomic
from zoo.comparison.report_file import read
from zoo.comparison.schema import ComparisonReport, Pair
from zoo.comparison.verdict import verdict
from zoo.datasets import dataset as datasets
from zoo.errors import UsageError
from zoo.runs.record import Number
from zoo.studies.datasets_schema import DatasetsReport

SCHEMA = 1


class LockedRun(Struct, kw_only=True):
    """A run of a study: its seed or fold, its value in the study's metric, its folder's name."""

    seed: int
    fold: str | None = None
    value: Number
    run: str
    predictions_sha256: str


class LockedRow(Struct, kw_only=True):
    """An architecture on a dataset; `source` is the SHA-256 of its file, or its distribution and version."""

    name: str
    source: str
    hyperparameters: dict[str, Any]
    mean: Number | None
    problem: str
    runs: list[LockedRun]


class LockedDataset(Struct, kw_only=True):
    """A dataset of a study: its data, its recipe in full, what was found.

    Attributes:
        text: as the experiment names it.
        title: as tables name it, with its parameters.
        tuned: the tuning whose recipe was taken: budget, trials, seconds.
    """

    text: str
    title: str
    checksums: dict[str, str]
    sizes: dict[str, int]
    recipe: dict[str, Any]
    conditions: dict[str, Any]
    tuned: dict[str, Any] | None = None
    rows: list[LockedRow]
    pairs: list[Pair]
    verdict: str


class StudyLock(Struct, kw_only=True):
    """A study that was carried out.

    Attributes:
        experiment: as the TOML file had it.
        files: recipe files of the experiment, whole, by their names.
        problems: why a dataset has no result, by its text.
        report: the verdicts over all datasets; None with fewer than two.
    """

    schema: int
    created: str
    archzoo: str
    experiment: dict[str, Any]
    files: dict[str, str] = {}
    datasets: list[LockedDataset]
    problems: dict[str, str] = {}
    report: DatasetsReport | None = None

    def write(self, path: Path) -> None:
        """Write it as JSON.

        Raises:
            ZooError: it cannot be written.
        """
        atomic.save_text(path, json.dumps(msgspec.to_builtins(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> "StudyLock":
        """The lock in a file.

        Raises:
            UsageError: there is none.
            ZooError: it is damaged (the field is named), or of a newer schema.
        """
        if not path.exists():
            raise UsageError(
                f"{path}: there is no such file; a study writes it beside its TOML file."
            )
        return read(path, cls, SCHEMA, "study.lock")


def locked(text: str, report: ComparisonReport) -> LockedDataset:
    """What is kept of a comparison on one of a study's datasets."""
    runs = {(each.architecture, each.seed): each for each in report.runs}
    return LockedDataset(
        text=text,
        title=datasets.title(report.dataset.name, report.dataset.chosen),
        checksums=dict(report.dataset.checksums),
        sizes=dict(report.dataset.sizes),
        recipe=dict(report.recipe),
        conditions=msgspec.to_builtins(report.conditions),
        tuned=msgspec.to_builtins(report.tuned) if report.tuned else None,
        rows=[
            LockedRow(
                name=row.name,
                source=_source(row.origin or {}),
                hyperparameters=dict(row.hyperparameters),
                mean=row.judged,
                problem=row.problem,
                runs=[
                    LockedRun(
                        seed=seed,
                        fold=None if row.folds is msgspec.UNSET else row.folds[place],
                        value=value,
                        run=runs[row.name, seed].run,
                        predictions_sha256=runs[row.name, seed].predictions_sha256,
                    )
                    for place, (seed, value) in enumerate(
                        zip(row.seeds, row.judged_values, strict=True)
                    )
                ],
            )
            for row in report.rows
        ],
        pairs=list(report.pairs),
        verdict=verdict(report),
    )


def _source(origin: dict[str, Any]) -> str:
    if origin.get("file"):
        return f"{origin['file']}, SHA-256 {origin.get('sha256', '')}"
    return f"{origin.get('distribution', '')} {origin.get('version', '')}".strip()
