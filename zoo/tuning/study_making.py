"""Beginning a study, or going on with one: everything is looked up and compared before a trial is trained."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msgspec import structs, to_builtins

from zoo import environment, named_sizes
from zoo.comparison.conditions import differing
from zoo.comparison.entries import Entry
from zoo.datasets.dataset import Arrays
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.formatting import percent
from zoo.parameters import plain
from zoo.recipe import Recipe
from zoo.registry import Registry
from zoo.runs.codec import convert
from zoo.runs.files import now
from zoo.runs.record import OriginRecord
from zoo.training.plan import Plan
from zoo.training.request import Request
from zoo.tuning.budget import ARGUMENTS, Budget, in_words
from zoo.tuning.space_file import SpaceFile
from zoo.tuning.spaces import space_of
from zoo.tuning.study_folder import StudyFolder
from zoo.tuning.study_record import (
    SCHEMA,
    Objective,
    Pruner,
    Sampler,
    StudyArchitecture,
    StudyBudget,
    StudyData,
    StudyRecord,
)
from zoo.version import __version__

HELD_OUT = 0.2
"""What is held out for validation where the recipe holds out nothing."""


@dataclass(frozen=True)
class Wish:
    """What a study is asked for.

    Attributes:
        entries: the architectures, with hyperparameters that are fixed.
        request: the training without tuning; its `changes` are fixed in every trial.
        space: what replaces the default ranges.
        validation: the share of the training set to validate on; None: as the recipe says, else a fifth.
    """

    entries: Sequence[Entry]
    request: Request
    space: SpaceFile
    budget: Budget
    sampler: Sampler
    pruner: Pruner
    objective: Objective
    seed: int
    validation: float | None


def make_record(
    wish: Wish, name: str, registry: Registry, locations: Locations
) -> tuple[StudyRecord, list[str]]:
    """The study.json of a study, and what should be said of it.

    Raises:
        UsageError: an argument is not allowed, a space is empty, or the budget is smaller than one trial.
        DataError: the data are missing or damaged.
    """
    _check_problems(wish.entries)
    wish.space.check_names([entry.name for entry in wish.entries])
    plans = {entry.name: _plan(wish, entry, registry) for entry in wish.entries}
    first = next(iter(plans.values()))
    arrays = _loaded(first, locations)
    held_out, notes = _held_out(wish, first, arrays)
    if held_out is not None:
        plans = {n: replace(p, recipe=_with(p.recipe, held_out)) for n, p in plans.items()}
        first = next(iter(plans.values()))
    sizes = _sizes(arrays, first.recipe)
    architectures = {
        entry.name: _architecture(wish, entry, plans[entry.name], registry, sizes["train"])
        for entry in wish.entries
    }
    _check_steps(wish.budget, architectures)
    record = StudyRecord(
        schema=SCHEMA,
        name=name,
        created=now(),
        archzoo=__version__,
        dataset=_dataset(wish.request, first, arrays, sizes),
        recipe=wish.request.recipe or first.recipe.name,
        changes={k: v for k, v in wish.request.changes.items() if v is not None},
        held_out=held_out,
        objective=wish.objective,
        sampler=wish.sampler,
        pruner=wish.pruner,
        seed=wish.seed,
        backend=first.backend,
        device=wish.request.device,
        versions=dict(environment.versions(first.backend)),
        budget=StudyBudget(unit=wish.budget.unit, amount=wish.budget.amount),
        architectures=architectures,
    )
    return record, notes


def _check_problems(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.problem:
            raise UsageError(f"{entry.name} cannot be tuned: {entry.problem}")
        if named_sizes.split(entry.name)[1]:
            fixed = ", ".join(f"{key}={value}" for key, value in entry.settings.items())
            raise UsageError(
                f"{entry.name}: tuning searches the hyperparameters itself, and a recipe has one choice for "
                f"each architecture. Tune {entry.architecture}"
                + (f" with fixed hyperparameters {fixed}." if fixed else ".")
            )


def _plan(wish: Wish, entry: Entry, registry: Registry) -> Plan:
    asked = replace(wish.request, architecture=entry.architecture, settings=entry.settings)
    return asked.plan(registry)


def _loaded(plan: Plan, locations: Locations) -> Arrays:
    from zoo.tuning.validation_only import without_test_set

    return without_test_set(plan.dataset.load(locations))


def _with(recipe: Recipe, held_out: float) -> Recipe:
    return replace(recipe, validation=held_out)


def _held_out(wish: Wish, plan: Plan, arrays: Arrays) -> tuple[float | None, list[str]]:
    """The share to validate on, where neither the recipe nor the dataset says one."""
    if arrays.y_validation is not None:
        if wish.validation is not None:
            raise UsageError(
                f"`validation={wish.validation:g}`: {plan.dataset.name} has a validation set of its own; "
                "leave it out."
            )
        return None, []
    if wish.validation is not None:
        if not 0 < wish.validation <= 0.9:
            raise UsageError(
                f"`validation={wish.validation:g}`: use a share above 0 and at most 0.9; trials are "
                "compared on it."
            )
        return wish.validation, []
    if plan.recipe.validation:
        return None, []
    return HELD_OUT, [
        f"recipe {plan.recipe.name} validates on nothing; each trial holds out {percent(HELD_OUT, 0)} of "
        "the training set (`validation` changes it). The tuned recipe trains on all of it again."
    ]


def _sizes(arrays: Arrays, recipe: Recipe) -> dict[str, int]:
    from zoo.training.examples import Examples

    smallest = replace(recipe, batch_size=1)  # what the samples allow is checked for each trial
    return Examples.split(arrays, smallest).sizes


def _architecture(
    wish: Wish, entry: Entry, plan: Plan, registry: Registry, count: int
) -> StudyArchitecture:
    fixed = {f"hyperparameters.{name}" for name in entry.settings}
    fixed |= {f"recipe.{name}" for name, value in wish.request.changes.items() if value is not None}
    space = space_of(plan, registry.manifest, wish.space, fixed, count)
    recipe = plan.recipe
    return StudyArchitecture(
        text=entry.architecture,
        origin=convert(plan.origin.as_record(), OriginRecord),
        settings=dict(entry.settings),
        hyperparameters=plain(plan.hyperparameters),
        recipe={**recipe.as_dict(), "digest": recipe.digest},
        steps=_steps(recipe, count),
        space=[each.as_record() for each in space],
    )


def _steps(recipe: Recipe, count: int) -> int:
    each = max(1, count // recipe.batch_size)
    return recipe.for_examples(count).total_steps(each)


def _check_steps(budget: Budget, architectures: Mapping[str, StudyArchitecture]) -> None:
    if budget.unit != "steps":
        return
    for name, each in architectures.items():
        if each.steps > budget.amount:
            raise UsageError(
                f"`{ARGUMENTS['steps']}={budget.amount:.0f}` is smaller than one trial: one of {name} takes "
                f"{each.steps:,} steps. Use at least that for each architecture, or a shorter `recipe`."
            )


def _dataset(request: Request, plan: Plan, arrays: Arrays, sizes: Mapping[str, int]) -> StudyData:
    checksums = {k: v for k, v in arrays.checksums.items() if not k.endswith("_test")}
    return StudyData(
        name=plan.dataset.name,
        text=request.dataset,
        parameters=dict(request.data_settings),
        checksums=checksums,
        classes=list(plan.dataset.classes),
        train=sizes["train"],
        validation=sizes["validation"],
    )


COMPARED = ("dataset", "recipe", "changes", "held_out", "objective", "sampler", "pruner", "seed",
            "backend", "device")  # fmt: skip
"""What must be equal where a study goes on; also what is recorded of an architecture."""
SAID = {"held_out": "validation", "changes": "recipe changes"}


def joined(before: StudyRecord, now: StudyRecord, folder: StudyFolder) -> StudyRecord:
    """A study that goes on: with the new budget, and architectures that are new to it.

    Raises:
        UsageError: it is another study; the message names what differs.
    """
    was, is_now = _facts(before), _facts(now)
    values = {key: [("study", was[key]), ("here", is_now[key])] for key in was}
    for name in before.architectures.keys() & now.architectures.keys():
        one, other = before.architectures[name], now.architectures[name]
        facts, those = _facts_of(one), _facts_of(other)
        for key in {**facts, **those}:
            pair = [("study", facts.get(key, "fixed")), ("here", those.get(key, "fixed"))]
            values[f"{key} of {name}"] = pair
    if lines := differing(values):
        raise UsageError(
            f"{folder.folder} is another study: {'; '.join(lines)}. Choose another `study`, or ask for "
            "the same."
        )
    if before.budget.unit != now.budget.unit:
        unit, amount = before.budget.unit, before.budget.amount
        raise UsageError(
            f"{folder.folder} has a budget of {in_words(unit, amount)} for each architecture; go on with "
            f"`{ARGUMENTS[unit]}`, or choose another `study`."
        )
    return structs.replace(
        before, budget=now.budget, architectures={**before.architectures, **now.architectures}
    )


def _facts(record: StudyRecord) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in COMPARED:
        value = to_builtins(getattr(record, key))
        if key == "dataset":
            found |= {
                "dataset": value["name"],
                "data parameters": value["parameters"],
                "training data": {k: v[:12] for k, v in value["checksums"].items()},
            }
        else:
            found[SAID.get(key, key)] = value
    return found


def _facts_of(architecture: StudyArchitecture) -> dict[str, Any]:
    origin = {k: v for k, v in to_builtins(architecture.origin).items() if k != "file"}
    return {
        "code": {k: str(v)[:12] for k, v in origin.items() if v},
        "hyperparameters": architecture.hyperparameters,
        "recipe": architecture.recipe["digest"],
        **{f"space of {each.key}": str(each.space) for each in architecture.dimensions},
    }


def name_of(record: StudyRecord) -> str:
    """The name of a study that is given none: `mnist-quick`."""
    words = f"{record.dataset.name}-{Path(record.recipe).stem}"
    return re.sub(r"[^A-Za-z0-9._-]+", "_", words).strip("._-") or "study"
