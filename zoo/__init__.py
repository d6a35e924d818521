"""archzoo: a plugin-based zoo of neural architectures, one trainer, an honest comparison.

Importing `zoo` imports neither NumPy nor Keras; the names below are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from zoo.architecture import Architecture as Architecture
    from zoo.architecture import Hyperparameter as Hyperparameter
    from zoo.datasets.dataset import Arrays as Arrays
    from zoo.datasets.dataset import Dataset as Dataset
    from zoo.datasets.location import Locations as Locations
    from zoo.datasets.samples import Samples as Samples
    from zoo.errors import ZooError as ZooError
    from zoo.hookspecs import hookimpl as hookimpl
    from zoo.recipe import Recipe as Recipe
    from zoo.registry import Registry as Registry
    from zoo.run import Run as Run
    from zoo.training.plan import Plan as Plan
    from zoo.training.trainer import train as train

_HOMES = {
    "Architecture": "zoo.architecture",
    "Arrays": "zoo.datasets.dataset",
    "Dataset": "zoo.datasets.dataset",
    "Hyperparameter": "zoo.architecture",
    "Locations": "zoo.datasets.location",
    "Plan": "zoo.training.plan",
    "Recipe": "zoo.recipe",
    "Registry": "zoo.registry",
    "Run": "zoo.run",
    "Samples": "zoo.datasets.samples",
    "ZooError": "zoo.errors",
    "hookimpl": "zoo.hookspecs",
    "train": "zoo.training.trainer",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted(__all__)
