"""The arguments that the functions of the API share: their types, and what they stand for."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from zoo.architecture import Architecture
from zoo.datasets.dataset import Dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.materials import architecture_text, dataset_text
from zoo.parameters import as_text
from zoo.registry import Registry
from zoo.training.request import Request

RUNS_DIR = "runs"
MOST_SEEDS = 1000

ArchitectureLike = str | Path | Architecture | Callable[..., Any]
"""A name, a Python file with `build`, an `Architecture`, or a function `build`."""

DatasetLike = str | Path | Dataset | Mapping[str, Any] | Sequence[Any]
"""A name, a path, a `Dataset`, `(x_train, y_train, x_test, y_test)`, a mapping of arrays, or a `Dataset`
or `DatasetDict` of Hugging Face's `datasets`."""

Backend = Literal["tensorflow", "jax", "torch"]
Device = Literal["auto", "cpu", "gpu"]
Precision = Literal["float32", "mixed_bfloat16", "auto"]


def make_request(
    architecture: ArchitectureLike,
    dataset: DatasetLike,
    *,
    recipe: str | Path | None = None,
    seed: int = 0,
    changes: Mapping[str, Any] | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    backend: str | None = None,
    device: str = "auto",
    runs_dir: str | Path = RUNS_DIR,
) -> Request:
    """A training as names and texts. Functions and arrays are written to files in `runs_dir`.

    Raises:
        UsageError: the architecture or the dataset is of a type that cannot be used.
    """
    text, chosen = dataset_text(dataset, Path(runs_dir))
    return Request(
        architecture_text(architecture, Path(runs_dir)),
        texts(hyperparameters),
        text,
        str(recipe) if recipe else None,
        changes or {},
        seed,
        backend,
        device,
        {**chosen, **texts(data_parameters)},
    )


def located(dataset: DatasetLike, data_dir: str | Path | None) -> DatasetLike:
    """The folder of a set `ucr:NAME`, looked for in `data_dir` first; anything else as it is.

    Raises:
        UsageError: the archives have no such set.
        DataError: it is not on this machine and cannot be downloaded.
    """
    from zoo.datasets.ucr import is_ucr, ucr_folder

    if isinstance(dataset, str) and is_ucr(dataset):
        return ucr_folder(dataset, find_locations(data_dir))
    return dataset


def texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Values as texts, which a parameter's type reads again."""
    return {key: as_text(value) for key, value in (values or {}).items()}


def find_registry(registry: Registry | None) -> Registry:
    """This registry, or one of the installed plugins."""
    return registry or Registry.discover()


def find_locations(data_dir: str | Path | None) -> Locations:
    """Where datasets are looked for."""
    return Locations.of_user(str(data_dir) if data_dir else None)


def check_seeds(seeds: int) -> None:
    """Check how many seeds are asked for.

    Raises:
        UsageError: fewer than 1, or more than 1,000.
    """
    if seeds < 1:
        raise UsageError(f"`seeds={seeds}`: use at least 1.")
    if seeds > MOST_SEEDS:
        raise UsageError(f"`seeds={seeds}`: use at most {MOST_SEEDS:,}.")


def shows_progress(progress: bool | None) -> bool:
    """Whether progress is shown; by default in notebooks and terminals."""
    if progress is not None:
        return progress
    return "ipykernel" in sys.modules or sys.stderr.isatty()
