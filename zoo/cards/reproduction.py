"""How to make a run again: the words of the command, and the recipe where no name stands for it."""

import json
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from zoo import recipe as recipes
from zoo.errors import ZooError
from zoo.manifest import Manifest
from zoo.parameters import as_text
from zoo.recipe import Recipe
from zoo.runs.run import Run

RECIPE_FILE = "recipe.toml"
ARGUMENTS = ("epochs", "steps", "min_steps", "batch_size", "learning_rate")
"""Keys of a recipe that `zoo.train` takes as arguments, too."""


@dataclass(frozen=True)
class Reproduction:
    """What the command that trains a run again is made of; each word is quoted for a shell.

    Attributes:
        architecture: a name, or the file in the run's folder.
        dataset: a name; of a user's data the name of the file or folder, which the reader needs.
        recipe: a name, or `RECIPE_FILE`.
        recipe_toml: the content of that file; empty where a name and `changes` say all.
        changes: arguments beside the recipe.
        packages: with versions, as pip takes them.
    """

    architecture: str
    dataset: str
    recipe: str
    recipe_toml: str
    changes: dict[str, Any]
    hyperparameters: list[str]
    data_parameters: list[str]
    packages: list[str]


def reproduction(run: Run, manifest: Manifest) -> Reproduction:
    """Read it from the record."""
    record = run.record
    named, text, changes = _recipe(run, manifest)
    return Reproduction(
        architecture=shlex.quote(_architecture(run)),
        dataset=shlex.quote(shown_dataset(run)),
        recipe=shlex.quote(named),
        recipe_toml=text,
        changes=changes,
        hyperparameters=_pairs(record.architecture.hyperparameters),
        data_parameters=_pairs(record.dataset.parameters or {}),
        packages=_packages(run),
    )


def shown_dataset(run: Run) -> str:
    """The dataset's name; of the user's own file or folder its last part, as paths are of one machine."""
    given = run.dataset
    return f"./{Path(given).name}" if Path(given).is_absolute() else given


def _architecture(run: Run) -> str:
    file = run.record.architecture.origin.file
    return f"source/{Path(file).name}" if file else run.record.architecture.name


def _pairs(values: Any) -> list[str]:
    return [shlex.quote(f"{key}={as_text(value)}") for key, value in values.items()]


def _recipe(run: Run, manifest: Manifest) -> tuple[str, str, dict[str, Any]]:
    """A recipe's name and what was changed, if that says what was used; else a file's name and content."""
    used = run.recipe
    try:
        base = recipes.resolve(manifest, used.name, run.record.architecture.name)
        base = base.for_examples(run.record.dataset.sizes.train)
        start = f"base = {json.dumps(used.name)}\n"
    except ZooError:
        base, start = Recipe(), ""
    left_out = ("name", "identity_name", "summary")
    changed = {
        each.name: getattr(used, each.name)
        for each in fields(Recipe)
        if each.name not in left_out and getattr(used, each.name) != getattr(base, each.name)
    }
    if used.steps:
        changed.pop("epochs", None)  # follows from steps
    if start and changed.keys() <= set(ARGUMENTS):
        return used.name, "", changed
    lines = (f"{name} = {_toml(value)}\n" for name, value in changed.items())
    return RECIPE_FILE, start + "".join(lines), {}


def _toml(value: bool | int | float | str) -> str:
    return json.dumps(value)  # one spelling in both for booleans, numbers and plain text


def _packages(run: Run) -> list[str]:
    record = run.record
    environment, origin = record.environment, record.architecture.origin
    found = {"archzoo": environment.archzoo, "keras": environment.keras}
    if origin.distribution and not origin.file:
        found[origin.distribution] = origin.version
    found[record.backend] = environment.extra.get(record.backend)
    return [shlex.quote(f"{name}=={version}") for name, version in found.items() if version]
