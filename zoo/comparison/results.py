"""The runs that are compared, by architecture: from a comparison just made, or from folders."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from zoo import aliases, named_sizes, numerics
from zoo import recipe as recipes
from zoo.comparison import conditions
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.jobs import Outcome
from zoo.comparison.recorded_sizes import RecordedSizes
from zoo.errors import UsageError
from zoo.manifest import Manifest
from zoo.recipe import Recipe
from zoo.runs.record import DIVERGED, FINISHED
from zoo.runs.run import Run
from zoo.runs.selection import all_runs
from zoo.suggest import unknown


@dataclass(frozen=True)
class Failure:
    """A seed without a result."""

    seed: int
    status: str
    cause: str


@dataclass
class Result:
    """An architecture's finished runs, by seed, and its failures."""

    name: str
    runs: list[Run] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def identity(self) -> dict[str, Any] | None:
        """Its first run's identity."""
        return self.runs[0].record.identity if self.runs else None


def of_outcomes(outcomes: Iterable[Outcome]) -> list[Result]:
    """A comparison's outcomes, grouped by entry."""
    results: dict[str, Result] = {}
    for outcome in outcomes:
        entry = outcome.job.entry
        result = results.setdefault(entry.name, Result(entry.name))
        if outcome.run is not None:
            result.runs.append(outcome.run)
        else:
            result.failures.append(Failure(outcome.job.request.seed, outcome.status, outcome.cause))
    return list(results.values())


@dataclass(frozen=True)
class Wanted:
    """Which of the runs found elsewhere are compared; what is empty or None leaves all.

    Runs of folds are never beside others: `folds` takes those of so many folds, None those that were
    tested on the test set.
    """

    names: frozenset[str] = frozenset()
    dataset: str | None = None
    recipe: str | None = None
    data_parameters: Mapping[str, Any] = field(default_factory=dict)
    folds: int | None = None
    sizes: RecordedSizes = field(default_factory=RecordedSizes)

    def takes(self, run: Run) -> bool:
        return self._names(run) and self.folds == (run.fold.of if run.fold else None)

    def left_out(self, runs: Sequence[Run]) -> str:
        """A line about runs that are left out because of their folds; empty if none are."""
        kinds = sorted({run.fold.of if run.fold else 0 for run in runs if self._names(run)})
        kinds = [each for each in kinds if each != (self.folds or 0)]
        if not kinds:
            return ""
        named = [f"those of `folds={each}`" if each else "those without folds" for each in kinds]
        return (
            f"left out: {' and '.join(named)}; folds and test sets are not compared with each other"
        )

    def _names(self, run: Run) -> bool:
        record = run.record
        return (
            (not self.names or not self.names.isdisjoint(self.sizes.names(run)))
            and self.dataset in (None, record.dataset.name)
            and (self.recipe is None or _same_recipe(self.recipe, run.recipe.name))
            and self.data_parameters.items() <= run.data_parameters.items()
        )


def _same_recipe(name: str, other: str) -> bool:
    return aliases.current(aliases.RECIPES, name) == aliases.current(aliases.RECIPES, other)


def of_folders(
    folders: Sequence[Path], wanted: Wanted, callback: ComparisonCallback
) -> list[Result]:
    """The finished runs in some folders of runs (or folders of one run), grouped by architecture.

    What cannot be read is skipped, and the callback is told. Of two runs of one architecture, seed and
    recipe the later one counts.

    Raises:
        UsageError: a folder is missing, a name is in none of them, or nothing is left.
    """
    note = callback.on_note
    there = [run for folder in folders for run in _runs_in(folder, callback)]
    known = {name for run in there for name in wanted.sizes.names(run)}
    for name in wanted.names:
        if there and name not in known:
            raise UsageError(unknown("architecture in these runs", name, known))
    found = [run for run in there if wanted.takes(run)]
    if left := wanted.left_out(there):
        note(left)
    groups: dict[str, dict[tuple[int, str, str], Run]] = {}
    failures: dict[str, dict[int, Failure]] = {}
    for place, run in enumerate(found):
        callback.on_progress("checking runs", place + 1, len(found))
        key = json.dumps(_kind(run), sort_keys=True)
        seed, status = run.record.seed, run.status
        if status == FINISHED and not run.tested:
            note(f"skipped: {run.folder} left the test set untouched")
        elif status == FINISHED:
            damage = run.damage()
            if damage:
                note(f"skipped: {damage}")
                continue
            same = (seed, run.recipe.digest, run.fold.name if run.fold else "")
            if same in groups.setdefault(key, {}):
                note(f"{groups[key][same].folder} is left out: {run.folder} is its later twin")
            groups[key][same] = run
        elif status == DIVERGED:
            cause = run.record.error or "diverged"
            failures.setdefault(key, {})[seed] = Failure(seed, status, cause)
        else:
            note(f"skipped: {run.folder} is {status}")
    if not groups:
        raise UsageError(_nothing(folders, there, found))
    return _named(groups, failures, wanted.sizes)


def _runs_in(folder: Path, callback: ComparisonCallback) -> list[Run]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder.")
    if (folder / "run.json").is_file():
        return [Run.open(folder)]
    found, problems = all_runs(folder, partial(callback.on_progress, "reading runs"))
    for problem in problems:
        callback.on_note(f"skipped: {problem}")
    return found


def _nothing(folders: Sequence[Path], there: list[Run], found: list[Run]) -> str:
    places = ", ".join(map(str, folders))
    if found:
        return f"{places}: none of the {len(found)} runs there is finished and whole. See zoo runs."
    if there:
        kinds = {
            f"{run.record.architecture.name} on {run.record.dataset.name} by "
            f"{run.record.recipe['name']}"
            for run in there
        }
        return f"{places}: no run is of what was asked for. There: {', '.join(sorted(kinds))}."
    return f"{places}: holds no run. Give the folder that runs were written to."


def _kind(run: Run) -> dict[str, Any]:
    """What makes two runs rows of their own: the architecture, its package or file, its
    hyperparameters, the parameters of its data."""
    identity = run.record.identity
    kind = {key: identity[key] for key in ("architecture", "origin", "layout", "hyperparameters")}
    return {**kind, "data_parameters": identity.get("data_parameters", {})}


def _named(
    groups: Mapping[str, Mapping[tuple[int, str, str], Run]],
    failures: Mapping[str, Mapping[int, Failure]],
    sizes: RecordedSizes,
) -> list[Result]:
    """Results under names that differ: where two share an architecture's, the sizes, or what tells them
    apart."""
    kinds = {key: json.loads(key) for key in [*groups, *(k for k in failures if k not in groups)]}
    namesakes: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds.values():
        namesakes.setdefault(kind["architecture"], []).append(kind)
    differing = {name: _what_differs(those) for name, those in namesakes.items()}
    sized = [sizes.of_kind(kind) for kind in kinds.values()]
    results = []
    for (key, kind), size in zip(kinds.items(), sized, strict=True):
        name = kind["architecture"]
        known = size and sized.count(size) == 1
        several = len(namesakes[name]) > 1
        if known and (several or size != named_sizes.joined(name, named_sizes.BASE)):
            name = size
        elif several:
            name = f"{name} ({_what_tells_apart(kind, differing[name])})"
        there = groups.get(key, {})
        seeds = {seed for seed, *_ in there}
        lost = [each for seed, each in failures.get(key, {}).items() if seed not in seeds]
        results.append(Result(name, [there[each] for each in sorted(there)], lost))
    return results


def _facts(kind: dict[str, Any]) -> dict[str, Any]:
    named = {k: v for k, v in kind["origin"].items() if k != "neighbours"}
    hashes = {**named, **kind["origin"].get("neighbours", {})}
    origin = {k: str(v)[:8] for k, v in hashes.items()}
    return {**origin, **kind["hyperparameters"], **kind["data_parameters"]}


def _what_differs(kinds: Sequence[dict[str, Any]]) -> set[str]:
    """The facts in which not all of these are alike."""
    every = [_facts(kind) for kind in kinds]
    keys = {key for facts in every for key in facts}
    return {key for key in keys if any(facts.get(key) != every[0].get(key) for facts in every)}


def _what_tells_apart(kind: dict[str, Any], differing: set[str]) -> str:
    words = [
        f"{key}={value}" for key, value in _facts(kind).items() if value != "" and key in differing
    ]
    return ", ".join(words) or aliases.current(aliases.FRAMES_FROM_IMAGE, kind["layout"][1])


def what_differs(
    results: Sequence[Result], manifest: Manifest, recipe: str | None = None
) -> list[str]:
    """What is not the same for all runs and should be: conditions, recipe. Empty: comparable.

    Args:
        results: what is compared.
        manifest: has the named recipes.
        recipe: a recipe file whose overrides, as those of a named one, are no difference.
    """
    pairs = [(result.name, run) for result in results for run in result.runs]
    values: dict[str, list[tuple[str, Any]]] = {}
    known = {each: each for each in manifest.recipes}
    if recipe and recipe.endswith(".toml"):
        known[Path(recipe).stem] = recipe
    named = lru_cache(
        lambda recipe, architecture: recipes.resolve(manifest, known[recipe], architecture)
    )
    for name, run in pairs:
        values.setdefault("recipe", []).append((name, _recipe(run, known, named)))
        recorded = numerics.in_words(run.record.identity.get("variables", {}))
        values.setdefault("variables", []).append((name, recorded))
        for key, value in conditions.of_run(run).items():
            values.setdefault(key, []).append((name, value))
    return [*conditions.differing(values), *_differing_data(results)]


def _differing_data(results: Sequence[Result]) -> list[str]:
    """Which parameters of the data differ between runs."""
    values: dict[str, list[tuple[str, Any]]] = {}
    for result in results:
        for run in result.runs:
            for key, value in run.data_parameters.items():
                values.setdefault(f"data parameter {key}", []).append((result.name, value))
    return conditions.differing(values)


def _recipe(run: Run, known: Mapping[str, str], named_for: Callable[[str, str], Recipe]) -> str:
    """`quick` if it is that, as its source has it for this architecture; else how it differs."""
    recipe = run.recipe
    name = aliases.known(aliases.RECIPES, recipe.name, known)
    if name not in known:
        return f"{name} {recipe.digest}"
    named = named_for(name, run.record.architecture.name)
    named = named.for_examples(run.record.dataset.sizes.train)
    changed = [
        f"{each.name}={getattr(recipe, each.name)}"
        for each in fields(Recipe)
        if each.name not in ("name", "summary", "identity_name")
        and getattr(recipe, each.name) != getattr(named, each.name)
    ]
    return f"{name} with {', '.join(changed)}" if changed else name


def check_same_test_set(results: Sequence[Result]) -> None:
    """Runs pair by test image, so all must have answered the same ones.

    Raises:
        UsageError: datasets differ; not even `allow_mixed` can compare those.
    """
    values: dict[str, list[tuple[str, Any]]] = {}
    for result in results:
        for run in result.runs:
            identity = run.record.identity
            values.setdefault("dataset", []).append((result.name, identity["dataset"]))
            of = f" of {run.fold.name}" if run.fold else ""
            for name in ("x_test", "y_test"):
                checksum = identity["checksums"][name][:12]
                values.setdefault(f"checksum of {name}{of}", []).append((result.name, checksum))
    lines = conditions.differing(values)
    if lines:
        raise UsageError(
            f"these runs were not tested on the same images: "
            f"{'; '.join([*lines, *_differing_data(results)])}. "
            "Choose one with `dataset` and `data_parameters`."
        )


def refuse_mixed(lines: Sequence[str]) -> None:
    """
    Raises:
        UsageError: something differs between runs, which `lines` name.
    """
    if lines:
        raise UsageError(
            f"these runs must not be mixed: {'; '.join(lines)}. Choose by `recipe` or by names; "
            "`allow_mixed=True` compares them nevertheless."
        )


def resolved_recipe(result: Result) -> Mapping[str, Any]:
    """Its first run's recipe, with its digest."""
    recipe = result.runs[0].recipe
    return {**recipe.as_dict(), "digest": recipe.digest}
