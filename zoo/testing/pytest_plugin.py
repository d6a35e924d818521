"""The pytest plugin that runs the checks in a plugin's own tests.

A test with the arguments `zoo_architecture` and `zoo_check` runs every check on every architecture in
its module's `ARCHITECTURES`, or, without that list, of every installed plugin. `zoo_dataset`,
`zoo_dataset_check` and `DATASETS` do the same for datasets.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def pytest_generate_tests(metafunc: "pytest.Metafunc") -> None:
    """Supply the arguments named above."""
    asked = set(metafunc.fixturenames)
    for argument, chosen in _SUBJECTS.items():
        if argument in asked:
            _parametrize(metafunc, argument, _chosen(metafunc.module, *chosen))
    for argument in asked & {"zoo_check", "zoo_law"}:
        from zoo.testing.checks import CHECKS

        _parametrize(metafunc, argument, CHECKS)
    for argument in asked & {"zoo_dataset_check", "zoo_dataset_law"}:
        from zoo.testing.dataset_checks import DATASET_CHECKS

        _parametrize(metafunc, argument, DATASET_CHECKS)


_SUBJECTS = {
    "zoo_architecture": ("ARCHITECTURES", "architectures"),
    "zoo_dataset": ("DATASETS", "datasets"),
}
"""For each argument, the list in the test module and the attribute of a loaded plugin."""


def _parametrize(metafunc: "pytest.Metafunc", argument: str, values: Sequence[Any]) -> None:
    metafunc.parametrize(argument, values, ids=[each.name for each in values])


def _chosen(module: ModuleType, variable: str, kind: str) -> list[Any]:
    if hasattr(module, variable):
        return list(getattr(module, variable))
    import pytest

    from zoo.registry import Registry

    loaded = Registry.discover().load_all()
    if broken := [f"{each.plugin.title}: {each.error}" for each in loaded if each.error]:
        raise pytest.UsageError(
            f"these plugins cannot be loaded: {'; '.join(broken)}. Fix or uninstall them, or list what "
            f"to test in {variable}."
        )
    return [each for plugin in loaded for each in getattr(plugin, kind)]
