"""The hooks that a plugin can implement (pluggy)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from zoo.architecture import Architecture
    from zoo.datasets.dataset import Dataset
    from zoo.tracker import Tracker

hookspec = pluggy.HookspecMarker("archzoo")
hookimpl = pluggy.HookimplMarker("archzoo")


@hookspec
def zoo_architectures() -> Iterable["Architecture"]:  # type: ignore[empty-body]
    """Return the plugin's architectures.

    Called once when the plugin is loaded; must not import Keras.

    Returns:
        Architectures, with names that differ from each other.

    Example, in the plugin's module:

        @zoo.hookimpl
        def zoo_architectures():
            return [zoo.Architecture("my_net", build, layout="image", summary="two convolutions")]
    """


@hookspec
def zoo_datasets() -> Iterable["Dataset"]:  # type: ignore[empty-body]
    """Return the plugin's datasets.

    Called once when the plugin is loaded; must not load any data.

    Returns:
        Datasets, with names that differ from each other.

    Example, in the plugin's module:

        @zoo.hookimpl
        def zoo_datasets():
            return [zoo.Dataset("my_data", ("cat", "dog"), "image", (32, 32, 3), load)]
    """


@hookspec
def zoo_trackers() -> Iterable[type["Tracker"]]:  # type: ignore[empty-body]
    """Return the plugin's trackers, as classes with a `name`.

    Called once when the plugin is loaded; must not connect to anything.

    `track="NAME:TARGET"` makes an object of the class that has this name: `Class("TARGET")`.

    Returns:
        Subclasses of `zoo.Tracker`, with names that differ from each other.

    Example, in the plugin's module:

        class Lines(zoo.Tracker):
            name = "lines"

            def log_metrics(self, run, metrics, step):
                with open(self.target, "a") as file:
                    print(run.name, step, metrics, file=file)

        @zoo.hookimpl
        def zoo_trackers():
            return [Lines]
    """
