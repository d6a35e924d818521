"""Which datasets there are, and finding one by name."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.datasets.dataset import Dataset
from zoo.datasets.digits import DIGITS
from zoo.datasets.mnist import FASHION_MNIST, MNIST
from zoo.datasets.spoken_digits import SPOKEN_DIGITS
from zoo.errors import PluginError, UsageError
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.registry import Registry

BUILT_IN = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST, DIGITS, SPOKEN_DIGITS)}


def all_datasets(registry: "Registry") -> dict[str, Dataset]:
    """The built-in datasets and those of plugins (which are imported for it)."""
    found = dict(BUILT_IN)
    for dataset, plugin in registry.datasets():
        if dataset.name in found:
            raise PluginError(
                f"dataset {dataset.name!r} of {plugin.title} has the name of another one. "
                f"Uninstall the plugin or rename its dataset: pip uninstall {plugin.distribution}."
            )
        found[dataset.name] = dataset
    return found


def find_dataset(name: str, registry: "Registry") -> Dataset:
    """The dataset called `name`, or the one in the file or folder `name`.

    A folder that is called as a dataset is needs a separator: `./mnist`.

    Raises:
        UsageError: nobody has it.
        DataError: the file or folder cannot be trained on.
    """
    if name.endswith(".npz") or os.sep in name:
        return dataset_at(Path(name))
    if name in BUILT_IN:
        return BUILT_IN[name]
    known = all_datasets(registry)
    if name in known:
        return known[name]
    if Path(name).is_dir():
        return dataset_at(Path(name))
    raise UsageError(
        unknown("dataset", name, known, "Or give FILE.npz or FOLDER; see zoo datasets.")
    )


def dataset_at(path: Path) -> Dataset:
    """A user's own dataset: an `.npz` file, or a folder of recordings.

    Raises:
        UsageError: there is none.
        DataError: it cannot be trained on.
    """
    if path.suffix == ".npz":
        from zoo.datasets.npz import dataset_from_npz

        return dataset_from_npz(path)
    from zoo.datasets.recordings import dataset_from_recordings

    return dataset_from_recordings(path)
