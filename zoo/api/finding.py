"""Finding things by name: architectures, datasets, recipes and runs."""

import warnings
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, DatasetLike
from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError
from zoo.materials import dataset_text
from zoo.recipe import Recipe
from zoo.registry import Registry
from zoo.trained import Run

if TYPE_CHECKING:
    from zoo.runs.run import Run as Folder


def list_architectures(pattern: str = "*", *, registry: Registry | None = None) -> list[str]:
    """List the names of the installed architectures. No plugin is imported.

    Args:
        pattern: a name that may have wildcards, for example `"*lstm*"`.

    Example:
        >>> zoo.list_architectures("conv*")
        ['conv3d', 'convlstm1d', 'convlstm2d']
    """
    return [name for name in arguments.find_registry(registry).names() if fnmatch(name, pattern)]


def list_datasets(*, registry: Registry | None = None) -> list[Dataset]:
    """List the built-in datasets and those of plugins, which are imported for it.

    Raises:
        PluginError: two datasets have one name.
    """
    from zoo.datasets.catalog import all_datasets

    return list(all_datasets(arguments.find_registry(registry)).values())


def load_dataset(
    dataset: DatasetLike,
    *,
    parameters: Mapping[str, Any] | None = None,
    runs_dir: str | Path = RUNS_DIR,
    registry: Registry | None = None,
) -> Dataset:
    """Find a dataset by its name or path, or make one of arrays. Its samples are loaded when needed.

    Args:
        dataset: as `train` takes it.
        parameters: parameters of the dataset, for example `{"frames": 20}`.
        runs_dir: the folder that arrays are written to.
        registry: as for `train`.

    Raises:
        UsageError: the dataset, a parameter or a value is unknown.
        DataError: the file or folder cannot be trained on.

    Example:
        >>> zoo.load_dataset("motion", parameters={"frames": 5}).shape
        (5, 24, 24, 1)
    """
    from zoo.datasets.catalog import find_dataset

    text, chosen = dataset_text(dataset, Path(runs_dir))
    found = arguments.find_registry(registry)
    return find_dataset(text, found, {**chosen, **arguments.texts(parameters)})


def fetch_dataset(name: str, *, registry: Registry | None = None) -> Path:
    """Download a dataset into the cache and check its checksums.

    Returns:
        The file or folder that holds it.

    Raises:
        UsageError: the dataset is unknown, or needs no download.
        DataError: it cannot be downloaded, or is damaged.
    """
    if isinstance(folder := arguments.located(name, None), Path):
        return folder
    found = load_dataset(name, registry=registry)
    if found.fetch is None:
        raise UsageError(f"{name} needs no download: it comes from {found.origin or 'its plugin'}.")
    return found.fetch(arguments.find_locations(None))


def load_recipe(
    name: str | Path, architecture: str = "", *, registry: Registry | None = None, **changes: Any
) -> Recipe:
    """Load a recipe by its name or file.

    Args:
        architecture: apply what the recipe says for this architecture.
        changes: keys of the recipe to replace.

    Raises:
        UsageError: an unknown recipe or key, or a value of a wrong type or out of range.

    Example:
        >>> zoo.load_recipe("quick", epochs=7).epochs
        7
    """
    from zoo.recipe import resolve

    manifest = arguments.find_registry(registry).manifest
    return resolve(manifest, str(name), architecture, changes)


def load_run(run: "Folder | str | Path", runs_dir: str | Path = RUNS_DIR) -> Run:
    """Load a run.

    Args:
        run: its folder, its name, a part of its name, or `last`.
        runs_dir: the folder that holds the runs.

    Raises:
        UsageError: no run, or several, have that name.
        ZooError: its record is damaged.
    """
    from zoo.runs.run import Run as Folder
    from zoo.runs.selection import find_run

    found = run if isinstance(run, Folder) else find_run(str(run), Path(runs_dir))
    return Run(found.folder, found.record)


def load_runs(
    runs_dir: str | Path = RUNS_DIR, *, on_skipped: Callable[[str], None] = warnings.warn
) -> list[Run]:
    """Load all runs in a folder, oldest first.

    Args:
        runs_dir: the folder.
        on_skipped: called for each run that is damaged, with a line that says why; by default a
            warning.
    """
    from zoo.runs.selection import all_runs

    found, problems = all_runs(Path(runs_dir))
    for problem in problems:
        on_skipped(problem)
    return [Run(each.folder, each.record) for each in found]
