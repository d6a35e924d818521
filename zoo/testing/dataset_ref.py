"""How to find a dataset in a new process."""

import importlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo.datasets.dataset import Dataset
from zoo.errors import PluginError
from zoo.parameters import plain
from zoo.testing.import_ref import folder_of


@dataclass(frozen=True)
class DatasetRef:
    """Where a dataset is defined, as JSON values.

    Attributes:
        path: the user's file or folder, if the dataset is one.
        module: the module with `load`; it, or a package around it, has the dataset.
        paths: folders to import from.
        parameters: the dataset's parameters, as JSON values.
    """

    name: str
    path: str
    module: str
    paths: tuple[str, ...]
    parameters: dict[str, Any]

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetRef":
        """The reference to a dataset of this process."""
        module = getattr(dataset.load, "__module__", "")
        own = Path(dataset.origin).is_absolute() and Path(dataset.origin).exists()
        folder = folder_of(module)
        return cls(
            name=dataset.name,
            path=dataset.origin if own else "",
            module=module,
            paths=(folder,) if folder else (),
            parameters=plain(dataset.parameters),
        )

    def as_json(self) -> dict[str, Any]:
        """JSON values; `DatasetRef(**values)` restores the reference."""
        return asdict(self)

    def find(self) -> Dataset:
        """Find the dataset in this process.

        Raises:
            PluginError: no importable module has it.
        """
        if self.path:
            from zoo.datasets.catalog import own_dataset

            return own_dataset(Path(self.path)).made_with(self.parameters)
        for dataset in self._declared():
            if isinstance(dataset, Dataset) and dataset.name == self.name:
                return dataset.made_with(self.parameters)
        raise PluginError(
            f"dataset {self.name} cannot be found in a new process: let zoo_datasets() of the module "
            "with its load function return it."
        )

    def _declared(self) -> Iterator[Any]:
        """The top-level values and hook results of the module and the packages around it."""
        name = self.module
        while name:
            module = importlib.import_module(name)
            yield from list(vars(module).values())
            yield from getattr(module, "zoo_datasets", list)()
            name = name.rpartition(".")[0]
