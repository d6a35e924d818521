"""archzoo: a plugin-based zoo of neural architectures, one trainer, an honest comparison.

Importing `zoo` imports neither NumPy nor Keras; the names below are loaded when first used.

    run = zoo.train("cnn", "mnist", recipe="quick")      train, and measure once on the test set
    run.metrics, run.history, run.predictions            results, as tables
    run.model(), run.predict(images), run.evaluate()     use it
    c = zoo.compare(["cnn", my_build], "digits", seeds=3)
    c.verdict("cnn", "my_build"), c.to_frame()           which is better, or that nobody can tell
    zoo.load_run("last"), zoo.load_runs("runs")          what was trained before
    zoo.load_dataset("mnist"), zoo.load_recipe("quick"), zoo.list_architectures()
    zoo.check("cnn")                                     what an architecture must keep
"""

from importlib import import_module
from typing import TYPE_CHECKING

from zoo.version import __version__

if TYPE_CHECKING:
    from zoo.api import check as check
    from zoo.api import compare as compare
    from zoo.api import list_architectures as list_architectures
    from zoo.api import load_dataset as load_dataset
    from zoo.api import load_recipe as load_recipe
    from zoo.api import load_run as load_run
    from zoo.api import load_runs as load_runs
    from zoo.api import train as train
    from zoo.architecture import Architecture as Architecture
    from zoo.architecture import Hyperparameter as Hyperparameter
    from zoo.compared import Comparison as Comparison
    from zoo.datasets.dataset import Arrays as Arrays
    from zoo.datasets.dataset import Dataset as Dataset
    from zoo.datasets.location import Locations as Locations
    from zoo.datasets.samples import Samples as Samples
    from zoo.errors import ZooError as ZooError
    from zoo.hookspecs import hookimpl as hookimpl
    from zoo.recipe import Recipe as Recipe
    from zoo.registry import Registry as Registry
    from zoo.trained import Run as Run
    from zoo.training.callbacks import Callback as Callback
    from zoo.training.plan import Plan as Plan

_HOMES = {
    "Architecture": "zoo.architecture",
    "Arrays": "zoo.datasets.dataset",
    "Callback": "zoo.training.callbacks",
    "Comparison": "zoo.compared",
    "Dataset": "zoo.datasets.dataset",
    "Hyperparameter": "zoo.architecture",
    "Locations": "zoo.datasets.location",
    "Plan": "zoo.training.plan",
    "Recipe": "zoo.recipe",
    "Registry": "zoo.registry",
    "Run": "zoo.trained",
    "Samples": "zoo.datasets.samples",
    "ZooError": "zoo.errors",
    "check": "zoo.api",
    "compare": "zoo.api",
    "hookimpl": "zoo.hookspecs",
    "list_architectures": "zoo.api",
    "load_dataset": "zoo.api",
    "load_recipe": "zoo.api",
    "load_run": "zoo.api",
    "load_runs": "zoo.api",
    "train": "zoo.api",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted(__all__)
