"""Which named size the hyperparameters in a record are, as the installed plugins name them."""

from collections.abc import Mapping
from typing import Any

from zoo import named_sizes
from zoo.errors import ZooError
from zoo.registry import Registry
from zoo.runs.run import Run


class RecordedSizes:
    """Finds the names of sizes; a plugin is loaded when a run of it is asked for, once.

    Args:
        registry: knows the plugins; None: no size is named.
    """

    def __init__(self, registry: Registry | None = None):
        self._registry = registry

    def names(self, run: Run) -> list[str]:
        """By which names a run can be asked for: `cnn`, and `cnn@small` if it is that size."""
        size = self.of_kind(run.record.identity)
        return [run.record.architecture.name, *([size] if size else [])]

    def of_kind(self, identity: Mapping[str, Any]) -> str:
        """`cnn@small`; empty where the hyperparameters are no named size, or the plugin is another one."""
        name, distribution = identity["architecture"], identity["origin"].get("distribution")
        if self._registry is None or not distribution:
            return ""
        try:
            architecture, origin = self._registry.architecture(name)
        except ZooError:
            return ""
        if origin.distribution != distribution:
            return ""
        size = named_sizes.name_of(architecture, identity["hyperparameters"])
        return named_sizes.joined(name, size) if size else ""
