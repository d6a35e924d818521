"""The result of a study as a recipe file: its recipe, with what is better for each architecture."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo import atomic
from zoo.formatting import percent
from zoo.tuning.study_folder import StudyFolder
from zoo.tuning.study_record import StudyRecord
from zoo.tuning.trials import Trial, best_of


def write_recipe(
    folder: StudyFolder, record: StudyRecord, trials: Mapping[str, Sequence[Trial]]
) -> Path | None:
    """Write the recipe file, if an architecture has a complete trial.

    Returns:
        The file; None: there is nothing to write.

    Raises:
        ZooError: it cannot be written.
    """
    best = {name: best_of(list(own), record.sign) for name, own in trials.items()}
    if not any(best.values()):
        return None
    with folder.writing():
        atomic.write_text(folder.recipe_file, recipe_text(record, best, trials))
    return folder.recipe_file


def recipe_text(
    record: StudyRecord, best: Mapping[str, Trial | None], trials: Mapping[str, Sequence[Trial]]
) -> str:
    """The recipe as TOML: `base`, what is the same for all, and a table for each architecture."""
    found = {name: trial for name, trial in best.items() if trial is not None}
    counts = [len([each for each in own if each.ended]) for own in trials.values()]
    each = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    lines = [
        f"# Tuned by archzoo {record.archzoo}: study {record.name}, {each} trials of each architecture on "
        f"{record.dataset.name},",
        f"# sampler {record.sampler}, chosen by {record.objective} on {record.dataset.validation:,} samples.",
        *_base(record),
        f"summary = {_toml(f'{record.recipe}, tuned on {record.dataset.name} ({each} trials each)'[:100])}",
        *(f"{key} = {_toml(value)}" for key, value in record.changes.items()),
    ]
    for name, trial in found.items():
        lines += ["", *_overrides(record, name, trial)]
    return "\n".join(lines) + "\n"


def _base(record: StudyRecord) -> list[str]:
    if not record.recipe.endswith(".toml"):
        return [f"base = {_toml(record.recipe)}"]
    # A file cannot be the base of a file, so its values are written out.
    first = next(iter(record.architectures.values())).recipe
    skipped = ("name", "summary", "digest", "validation" if record.held_out is not None else "")
    return [
        f"# The values of {Path(record.recipe).name}:",
        *(
            f"{key} = {_toml(value)}"
            for key, value in first.items()
            if key not in (*skipped, *record.changes) and not _is_counted(first, key)
        ),
    ]


def _is_counted(recipe: Mapping[str, Any], key: str) -> bool:
    """Whether a duration is not used, because another one is."""
    return key == "epochs" and bool(recipe.get("steps"))


def _overrides(record: StudyRecord, name: str, trial: Trial) -> list[str]:
    known = record.architectures[name]
    lines = [f"[overrides.{name}]  # trial {trial.number}: {_score(record, trial)}"]
    own = _own_values(record, name)
    lines += [
        f"{key} = {_toml(value)}"
        for key, value in {**own, **trial.recipe()}.items()
        if key in own or value != known.recipe.get(key)
    ]
    fixed = {key: known.hyperparameters[key] for key in known.settings}
    chosen = {**fixed, **trial.hyperparameters()}
    if chosen:
        lines += ["", f"[overrides.{name}.hyperparameters]"]
        lines += [f"{key} = {_toml(value)}" for key, value in chosen.items()]
    return lines


def _own_values(record: StudyRecord, name: str) -> dict[str, Any]:
    """What a recipe file has for this architecture and not for the first, whose values are written out."""
    if not record.recipe.endswith(".toml"):
        return {}
    first = next(iter(record.architectures.values())).recipe
    own = record.architectures[name].recipe
    skipped = ("name", "summary", "digest", "validation")
    return {k: v for k, v in own.items() if k not in skipped and v != first.get(k)}


def _score(record: StudyRecord, trial: Trial) -> str:
    if record.objective == "val_accuracy":
        return f"validation accuracy {percent(trial.score or 0.0)}"
    return f"validation loss {trial.score:.4f}"


def _toml(value: Any) -> str:
    """A value as TOML writes it: JSON's texts, numbers and lists are TOML's, too."""
    if value is None:
        return '"none"'  # which a hyperparameter's type reads
    if isinstance(value, tuple):
        return json.dumps(list(value))
    return json.dumps(value, ensure_ascii=False)
