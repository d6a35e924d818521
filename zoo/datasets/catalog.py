"""Which datasets there are, and finding one by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.datasets.dataset import Dataset
from zoo.datasets.digits import DIGITS
from zoo.datasets.mnist import FASHION_MNIST, MNIST
from zoo.datasets.moving import MOTION, MOVING_DIGITS
from zoo.errors import PluginError, UsageError
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.registry import Registry

BUILT_IN = {
    dataset.name: dataset for dataset in (MNIST, FASHION_MNIST, DIGITS, MOVING_DIGITS, MOTION)
}


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


def find_dataset(
    name: str, registry: "Registry", settings: Mapping[str, str] | None = None
) -> Dataset:
    """The dataset called `name`, or the one in the file `name`, made with `--data-set` `settings`.

    Raises:
        UsageError: nobody has it, or it has no such parameter or value.
        DataError: the file cannot be trained on.
    """
    return _find(name, registry).configured(settings or {})


def _find(name: str, registry: "Registry") -> Dataset:
    if name.endswith(".npz"):
        from zoo.datasets.npz import dataset_from_npz

        return dataset_from_npz(Path(name))
    if name in BUILT_IN:
        return BUILT_IN[name]
    known = all_datasets(registry)
    if name not in known:
        raise UsageError(unknown("dataset", name, known, "Or give a FILE.npz; see zoo datasets."))
    return known[name]
