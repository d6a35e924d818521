"""Gives a plugin's tests their architectures, datasets and laws.

A test with the arguments `zoo_architecture` and `zoo_law` runs for every architecture in its
module's `ARCHITECTURES` (else: of every installed plugin) and every law; one with `zoo_dataset` and
`zoo_dataset_law` for the datasets in `DATASETS` likewise.
"""

from collections.abc import Sequence
from typing import Any


def pytest_generate_tests(metafunc) -> None:
    """Fill in the arguments that are ours."""
    for argument, subjects in _SUBJECTS.items():
        if argument in metafunc.fixturenames:
            _parametrize(metafunc, argument, _chosen(metafunc.module, *subjects))
    if "zoo_law" in metafunc.fixturenames:
        from zoo.testing.checks import LAWS

        _parametrize(metafunc, "zoo_law", LAWS)
    if "zoo_dataset_law" in metafunc.fixturenames:
        from zoo.testing.dataset_checks import DATASET_LAWS

        _parametrize(metafunc, "zoo_dataset_law", DATASET_LAWS)


_SUBJECTS = {
    "zoo_architecture": ("ARCHITECTURES", "architectures"),
    "zoo_dataset": ("DATASETS", "datasets"),
}
"""Each argument, the list in the test's module, and what a plugin calls them."""


def _parametrize(metafunc, argument: str, values: Sequence[Any]) -> None:
    metafunc.parametrize(argument, values, ids=[each.name for each in values])


def _chosen(module, variable: str, kind: str) -> list[Any]:
    if hasattr(module, variable):
        return list(getattr(module, variable))
    import pytest

    from zoo.registry import Registry

    loaded = Registry.discover().load_all()
    if broken := [f"{each.plugin.title}: {each.error}" for each in loaded if each.error]:
        raise pytest.UsageError(
            f"broken plugins: {'; '.join(broken)}. Mend or uninstall them, or name what to test "
            f"in {variable}."
        )
    return [each for plugin in loaded for each in getattr(plugin, kind)]
