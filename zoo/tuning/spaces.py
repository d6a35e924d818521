"""What is searched for an architecture: dimensions, each a recipe key or a hyperparameter."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from zoo.architecture import Architecture
from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError
from zoo.manifest import Manifest
from zoo.parameters import Parameter, as_text
from zoo.range_rules import fault_of
from zoo.ranges import Choice, Range, Space
from zoo.recipe import IMAGE_KEYS, SEQUENCE_KEYS, TYPES, BadField, Recipe
from zoo.training.plan import Plan
from zoo.training.recipe_fit import kind_of
from zoo.tuning.space_file import RECIPE, SpaceFile

DIGITS = 3
"""Numbers that are drawn are rounded to so many digits, so that a recipe can be read."""

FIXED = {
    "epochs": "the length of a trial is the budget's unit",
    "steps": "the length of a trial is the budget's unit",
    "min_steps": "the length of a trial is the budget's unit",
    "patience": "pruning ends trials early",
    "validation": "trials are compared on one validation split",
    "split_seed": "trials are compared on one validation split",
    "select": "it would choose the epoch by the score that is searched",
}
"""Recipe keys that are not searched, and why."""


@dataclass(frozen=True)
class Dimension:
    """One thing that is searched.

    Attributes:
        table: `recipe` or `hyperparameters`.
        key: its key there.
        space: what it is drawn from.
        default: its value without tuning, which the first trial has.
    """

    table: str
    key: str
    space: Space
    default: Any

    @property
    def name(self) -> str:
        """`recipe.learning_rate`"""
        return f"{self.table}.{self.key}"

    def value(self, drawn: Any) -> Any:
        """The value that is trained with, of what a sampler has drawn: a number, or a choice's text."""
        if isinstance(self.space, Choice):
            return next(each for each in self.space.values if as_text(each) == drawn)
        if isinstance(self.space.low, int) and isinstance(self.space.high, int):
            return int(drawn)
        rounded = float(f"{drawn:.{DIGITS}g}")
        return float(min(max(rounded, self.space.low), self.space.high))

    def as_record(self) -> dict[str, Any]:
        """Plain values, for study.json."""
        space = self.space
        if isinstance(space, Choice):
            found: dict[str, Any] = {"values": [_plain(each) for each in space.values]}
        else:
            found = {"low": space.low, "high": space.high, "log": space.log, "step": space.step}
        return {"name": self.name, "default": _plain(self.default), **found}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> "Dimension":
        """The dimension of `as_record`'s values."""
        table, _, key = record["name"].partition(".")
        if "values" in record:
            space: Space = Choice(*map(_restored, record["values"]))
        else:
            space = Range(record["low"], record["high"], record["log"], record["step"])
        return cls(table, key, space, _restored(record["default"]))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _restored(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def digest_of(dimensions: tuple[Dimension, ...]) -> str:
    """Twelve hexadecimal digits; equal for equal spaces."""
    text = json.dumps([each.as_record() for each in dimensions], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def space_of(
    plan: Plan, manifest: Manifest, file: SpaceFile, fixed: set[str], count: int
) -> tuple[Dimension, ...]:
    """What is searched for a plan's architecture: registry.toml's ranges and those of `build`'s
    annotations, replaced by a space file's, without what the user has fixed.

    Args:
        plan: with the defaults.
        manifest: registry.toml.
        file: what the user has changed.
        fixed: names of dimensions that the user has given values.
        count: training samples; larger batches are left out.

    Raises:
        UsageError: a range does not fit, or nothing is left to search.
    """
    found = {
        each.name: each
        for each in (*_of_recipe(plan, manifest, file), *_of_build(plan, file))
        if each.name not in fixed
    }
    batch = found.pop("recipe.batch_size", None)
    if batch and (smaller := _no_larger(batch, count)):
        found[smaller.name] = smaller
    if not found:
        raise UsageError(
            f"the search space of {plan.architecture.name} is empty: nothing has a range. Give one to a "
            "hyperparameter of build, Annotated[int, ..., zoo.Range(16, 512)], or to a recipe key in a "
            "`space` file."
        )
    return tuple(sorted(found.values(), key=lambda each: (each.table != RECIPE, each.name)))


def _no_larger(batch: Dimension, count: int) -> Dimension | None:
    """Batch sizes that the training set fills; None if fewer than two are left."""
    space = batch.space
    if isinstance(space, Choice):
        left = [each for each in space.values if each <= count]
        return replace(batch, space=Choice(*left)) if len(left) > 1 else None
    high = min(space.high, count)
    return replace(batch, space=replace(space, high=high)) if space.low < high else None


def _of_recipe(plan: Plan, manifest: Manifest, file: SpaceFile) -> Iterator[Dimension]:
    chosen: dict[str, Space | None] = {}
    if file.defaults:
        chosen.update(_defaults(manifest, plan.dataset))
    for key, space in file.recipe.items():
        place = file.place((RECIPE,), key)
        check_recipe_key(key, place)
        _check_augments(plan.dataset, key, space, place)
        chosen[key] = space
    for key, space in chosen.items():
        if space is not None:
            place = (
                file.place((RECIPE,), key)
                if key in file.recipe
                else f"{manifest.path}: space.{key}"
            )
            check_recipe_space(key, space, place)
            yield Dimension(RECIPE, key, space, getattr(plan.recipe, key))


def _defaults(manifest: Manifest, dataset: Dataset) -> Iterator[tuple[str, Space]]:
    other = SEQUENCE_KEYS if kind_of(dataset) == "images" else IMAGE_KEYS
    for key, space in manifest.space.items():
        check_recipe_key(key, f"{manifest.path}: space.{key}")
        if key not in other:
            yield key, space


def check_recipe_key(key: str, place: str) -> None:
    """Check that a recipe key can be searched.

    Raises:
        UsageError: it is unknown, or must be the same for all trials.
    """
    from zoo.suggest import unknown

    searchable = [
        name for name in TYPES if name not in (*FIXED, "name", "summary", "identity_name")
    ]
    if key in FIXED:
        raise UsageError(f"{place}: {key} is not searched: {FIXED[key]}.")
    if key not in searchable:
        raise UsageError(f"{place}: {unknown('recipe key', key, searchable)}")


def check_recipe_space(key: str, space: Space, place: str) -> None:
    """Check that a recipe can have what is drawn.

    Raises:
        UsageError: a value is of another type, or out of the recipe's bounds.
    """
    parameter = Parameter(key, TYPES[key], getattr(Recipe(), key))
    if fault := fault_of(space, parameter):
        raise UsageError(f"{place}: {fault}.")
    ends = space.values if isinstance(space, Choice) else (space.low, space.high)
    for end in ends:
        try:
            Recipe(**{key: end})
        except BadField as error:
            if error.field == key:
                raise UsageError(f"{place}: {end!r} is not allowed; {error.advice}.") from error


def _check_augments(dataset: Dataset, key: str, space: Space | None, place: str) -> None:
    own = kind_of(dataset)
    other = SEQUENCE_KEYS if own == "images" else IMAGE_KEYS
    if space is not None and key in other:
        raise UsageError(f"{place}: {key} does not augment {own}, which {dataset.name} has.")


def _of_build(plan: Plan, file: SpaceFile) -> Iterator[Dimension]:
    architecture, own = plan.architecture, file.hyperparameters.get(plan.architecture.name, {})
    known = architecture.hyperparameters
    check_hyperparameters(architecture, file)
    for name, parameter in known.items():
        space = parameter.space if file.defaults else None
        place = f"{architecture.name}: hyperparameter {name}"
        if name in own:
            space, place = own[name], file.place(("hyperparameters", architecture.name), name)
        if space is None:
            continue
        if fault := fault_of(space, parameter):
            raise UsageError(f"{place}: {fault}.")
        yield Dimension("hyperparameters", name, space, plan.hyperparameters[name])


def check_hyperparameters(architecture: Architecture, file: SpaceFile) -> None:
    """Check that an architecture has the hyperparameters that a space file names.

    Raises:
        UsageError: it has not.
    """
    from zoo.suggest import unknown

    known = architecture.hyperparameters
    for name in file.hyperparameters.get(architecture.name, {}):
        if name not in known:
            place = file.place(("hyperparameters", architecture.name), name)
            kind = f"hyperparameter of {architecture.name}"
            raise UsageError(f"{place}: {unknown(kind, name, known)}")
