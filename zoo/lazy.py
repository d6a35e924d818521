"""A module that is imported when it is first used."""

from importlib import import_module
from typing import Any


class LazyModule:
    """Stands for a module until one of its names is read; that imports it.

    What must happen before a heavy package is imported, such as setting its environment variables,
    can then stand in the same file as what uses it.

    Args:
        name: the module's full name.

    Example:
        >>> LazyModule("math").sqrt(4.0)
        2.0
    """

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module(self._name), name)
        setattr(self, name, found)  # later reads are those of a plain attribute
        return found
