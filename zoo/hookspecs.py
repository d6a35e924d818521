"""The whole extension surface of archzoo, for pluggy."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from zoo.architecture import Architecture
    from zoo.datasets.dataset import Dataset

hookspec = pluggy.HookspecMarker("archzoo")
hookimpl = pluggy.HookimplMarker("archzoo")


@hookspec
def zoo_architectures() -> Iterable["Architecture"]:  # type: ignore[empty-body]
    """Return the architectures that this plugin brings."""


@hookspec
def zoo_datasets() -> Iterable["Dataset"]:  # type: ignore[empty-body]
    """Return the datasets that this plugin brings."""
