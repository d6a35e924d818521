"""Where a dataset is declared, so that a new process finds it again."""

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
class DatasetSource:
    """A dataset in words.

    Attributes:
        path: the user's file or folder that it is, if it is one.
        module: the module that has its `load`; it, or a package around it, has the dataset.
        paths: folders to import from.
        parameters: the values it was made with, JSON-plain.
    """

    name: str
    path: str
    module: str
    paths: tuple[str, ...]
    parameters: dict[str, Any]

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetSource":
        """The source of a dataset that this process has."""
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
        """Plain values; `DatasetSource(**values)` is the source again."""
        return asdict(self)

    def find(self) -> Dataset:
        """The dataset, in this process.

        Raises:
            PluginError: nothing that can be imported has it.
        """
        if self.path:
            from zoo.datasets.catalog import own_dataset

            return own_dataset(Path(self.path)).made_with(self.parameters)
        for dataset in self._declared():
            if isinstance(dataset, Dataset) and dataset.name == self.name:
                return dataset.made_with(self.parameters)
        raise PluginError(
            f"dataset {self.name} is not to be found in a new process: let the zoo_datasets() of "
            "the module that has its load return it."
        )

    def _declared(self) -> Iterator[Any]:
        """What the module and the packages around it have at top level and in their hooks."""
        name = self.module
        while name:
            module = importlib.import_module(name)
            yield from list(vars(module).values())
            yield from getattr(module, "zoo_datasets", list)()
            name = name.rpartition(".")[0]
