"""What is asked for, looked up: the record of an advice that begins or goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.advising.advice_folder import AdviceFolder
from zoo.advising.advice_record import SCHEMA, AdviceRecord, Asked
from zoo.advising.limits import Limits
from zoo.comparison.entries import Entry
from zoo.datasets.dataset import Arrays
from zoo.parameters import plain
from zoo.runs.files import now
from zoo.training.plan import Plan
from zoo.version import __version__

HELD_OUT = 0.2
"""What the search holds out for validation where neither the recipe nor the dataset does."""


@dataclass(frozen=True)
class Question:
    """What is asked for.

    Attributes:
        entries: the candidates; plans: what each would train.
        seeds: of each finalist, at most.
    """

    entries: Sequence[Entry]
    plans: Mapping[str, Plan]
    arrays: Arrays
    data_settings: Mapping[str, str]
    limits: Limits
    runtime: str
    seeds: int

    @property
    def plan(self) -> Plan:
        """That of the first candidate, with the epochs that its steps make."""
        return next(iter(self.plans.values())).on(self.arrays)

    @property
    def held_out(self) -> float | None:
        """The share to validate on in the search; None: as the recipe or the dataset says."""
        has_own = self.arrays.y_validation is not None
        return None if has_own or self.plan.recipe.validation else HELD_OUT

    def asked(self) -> Asked:
        """What makes two advices the same."""
        plan = self.plan
        checksums = self.arrays.checksums
        return Asked(
            dataset=plan.dataset.name,
            data_parameters=dict(self.data_settings),
            checksums={k: v for k, v in checksums.items() if not k.endswith("_test")},
            recipe={**plan.recipe.as_dict(), "digest": plan.recipe.digest},
            candidates={name: self._facts(each) for name, each in self.plans.items()},
            latency=self.limits.latency,
            memory=self.limits.memory,
            parameters=self.limits.parameters,
            runtime=self.runtime,
            backend=plan.backend,
            device=plan.device,
            seeds=self.seeds,
        )

    def _facts(self, plan: Plan) -> dict[str, Any]:
        return {
            "architecture": plan.architecture.name,
            "origin": {**plan.origin.as_record(), "file": ""},
            "hyperparameters": plain(plan.hyperparameters),
        }


def begun(
    folder: AdviceFolder, question: Question, asked: Asked, minutes: float, command: str
) -> AdviceRecord:
    """The record in the folder, or a new one. With other minutes the search begins again.

    What was measured and trained is not done again: runs are found by what they are.
    """
    record = folder.read()
    if record is None:
        record = _new(folder, question, asked, minutes, command)
    elif record.minutes != minutes and not (record.complete and minutes < record.minutes):
        record.minutes, record.command = minutes, command
        record.rungs, record.finalists, record.final_seeds = [], [], 0
        record.report = record.recommendation = None
    return record


def _new(
    folder: AdviceFolder, question: Question, asked: Asked, minutes: float, command: str
) -> AdviceRecord:
    from zoo.training.examples import Examples

    plan, held_out = question.plan, question.held_out
    notes = []
    if held_out is not None:
        notes.append(
            f"recipe {plan.recipe.name} validates on nothing; the search holds out a fifth of the training "
            "set. The finalists train on all of it."
        )
    return AdviceRecord(
        schema=SCHEMA,
        name=folder.folder.name,
        created=now(),
        archzoo=__version__,
        command=command,
        asked=asked,
        minutes=minutes,
        epochs=plan.recipe.epochs,
        training_samples=max(1, Examples.training_size(question.arrays, plan.recipe)),
        held_out=held_out,
        candidates=folder.measured(asked),
        notes=notes,
    )
