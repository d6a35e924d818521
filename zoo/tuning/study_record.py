"""The contents of study.json, typed: what a study tunes, and how."""

from typing import Any, Final, Literal

from msgspec import Struct

from zoo.runs.record import OriginRecord
from zoo.tuning.budget import Budget, Unit
from zoo.tuning.spaces import Dimension

SCHEMA: Final = 1

Sampler = Literal["tpe", "random"]
Pruner = Literal["asha", "hyperband", "none"]
Objective = Literal["val_accuracy", "val_loss"]

SAMPLERS: tuple[Sampler, ...] = ("tpe", "random")
PRUNERS: tuple[Pruner, ...] = ("asha", "hyperband", "none")
OBJECTIVES: tuple[Objective, ...] = ("val_accuracy", "val_loss")


class StudyData(Struct, kw_only=True):
    """The dataset.

    Attributes:
        text: as it was named.
        parameters: its parameters, as texts.
        checksums: SHA-256 of the training and validation arrays; the test set is not read.
        train, validation: samples that a trial trains and is validated on.
    """

    name: str
    text: str
    parameters: dict[str, str]
    checksums: dict[str, str]
    classes: list[str]
    train: int
    validation: int


class StudyArchitecture(Struct, kw_only=True):
    """An architecture that is tuned.

    Attributes:
        text: as it was named: a name, or a file.
        origin: where its code comes from.
        settings: hyperparameters that were fixed, as texts.
        hyperparameters, recipe: those of the first trial, without tuning.
        steps: training steps of the first trial.
        space: the dimensions, as `zoo.tuning.spaces.Dimension.as_record` has them.
    """

    text: str
    origin: OriginRecord
    settings: dict[str, str]
    hyperparameters: dict[str, Any]
    recipe: dict[str, Any]
    steps: int
    space: list[dict[str, Any]]

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What is searched."""
        return tuple(map(Dimension.of_record, self.space))


class StudyBudget(Struct, kw_only=True):
    """What each architecture gets."""

    unit: Unit
    amount: float


class StudyRecord(Struct, kw_only=True):
    """The contents of study.json.

    Attributes:
        recipe: the recipe as it was named; `changes` replace its values in every trial.
        held_out: the share of the training set that trials are validated on, where the recipe has none
            and neither has the dataset; None: as the recipe says.
        objective: the validation metric that is searched for.
        seed: of the sampler.
        versions: of the backend's packages, when the study began.
    """

    schema: int
    name: str
    created: str
    archzoo: str
    dataset: StudyData
    recipe: str
    changes: dict[str, Any]
    held_out: float | None
    objective: Objective
    sampler: Sampler
    pruner: Pruner
    seed: int
    backend: str
    device: str
    versions: dict[str, str | None]
    budget: StudyBudget
    architectures: dict[str, StudyArchitecture]

    @property
    def maximizes(self) -> bool:
        """Whether more of the objective is better."""
        return self.objective == "val_accuracy"

    @property
    def sign(self) -> int:
        """1 if more of the objective is better, else -1."""
        return 1 if self.maximizes else -1

    @property
    def equal_budget(self) -> Budget:
        """The budget of each architecture."""
        return Budget(self.budget.unit, self.budget.amount)
