"""A study as Python users have it: its table, its best settings, its recipe, its page."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import atomic
from zoo.errors import UsageError
from zoo.frames import as_frame
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.tuning.study_folder import StudyFolder
    from zoo.tuning.study_record import StudyRecord
    from zoo.tuning.tuning_report import TunedRow, TuningReport


class Study:
    """Architectures tuned with equal budgets on a validation split, best first.

    Attributes:
        report: all of it, typed, and `report.to_dict()` as JSON has it.
        folder: where it is kept.
    """

    def __init__(self, report: "TuningReport", folder: "StudyFolder", record: "StudyRecord"):
        self.report, self._folder, self._record = report, folder, record

    @property
    def folder(self) -> Path:
        """The study's folder: `study.json`, the journal, the recipe, the runs of the trials."""
        return self._folder.folder

    @property
    def recipe_file(self) -> Path:
        """The tuned recipe, a TOML file that `recipe` of `train` and `compare` takes.

        Raises:
            UsageError: no trial is complete yet.
        """
        if not self._folder.recipe_file.is_file():
            raise UsageError(f"{self.folder}: no trial is complete, so there is no tuned recipe.")
        return self._folder.recipe_file

    def best(self, architecture: str) -> Mapping[str, Any]:
        """What is better for an architecture than the defaults, by dimension: `recipe.learning_rate`, ...

        Raises:
            UsageError: it is not in the study, or has no complete trial.
        """
        row = self._row(architecture)
        if row.best is None:
            raise UsageError(f"{architecture}: {row.problem}.")
        return row.changed

    def _row(self, architecture: str) -> "TunedRow":
        rows = {row.name: row for row in self.report.rows}
        if architecture not in rows:
            raise UsageError(unknown("architecture in this study", architecture, rows))
        return rows[architecture]

    def to_frame(self) -> Any:
        """A row for each architecture: scores with the defaults and tuned, ranks, what was spent.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        names = ("name", "default", "best", "default_rank", "tuned_rank", "steps", "seconds")
        return as_frame({name: [getattr(row, name) for row in self.report.rows] for name in names})

    @property
    def trials(self) -> Any:
        """A row for each trial, with its state, score, cost and drawn values.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        facts = ("number", "state", "score", "val_accuracy", "val_loss", "steps", "seconds")
        rows = [(row.name, each) for row in self.report.rows for each in row.trials]
        dimensions = list(dict.fromkeys(name for _, each in rows for name in each.values))
        columns: dict[str, list[Any]] = {"architecture": [name for name, _ in rows]}
        columns |= {fact: [getattr(each, fact) for _, each in rows] for fact in facts}
        columns |= {name: [each.values.get(name) for _, each in rows] for name in dimensions}
        return as_frame(columns)

    def to_html(self, path: str | Path) -> Path:
        """Write the page: one HTML file that needs no other.

        Raises:
            ZooError: it cannot be written.
        """
        from zoo.report.tuning_page import render

        target = Path(path)
        atomic.save_text(target, render(self.report))
        return target

    def __repr__(self) -> str:
        return f"<Study {self.folder}: {len(self.report.rows)} architectures, {self.report.budget}>"
