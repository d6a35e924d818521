"""A training as it is asked for: names and texts alone, which another process can be told."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from zoo import aliases
from zoo import recipe as recipes
from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.suggest import unknown
from zoo.training.plan import Plan
from zoo.training.recipe_fit import check_changes

DEFAULT_DATASET = "mnist"


@dataclass(frozen=True)
class Request:
    """The arguments of a training, before anything of it is looked up.

    Attributes:
        architecture: a name, or a file.
        settings: hyperparameters as texts, `{"filters": "8,16,32"}`.
        dataset: a name, or an .npz file.
        recipe: a name, or a file; None: the one that the dataset names.
        changes: fields of the recipe that are given; None: not given.
        backend: a Keras backend; None: `KERAS_BACKEND`, else TensorFlow.
        device: `auto`, `cpu` or `gpu`.
        data_settings: parameters of the dataset as texts, `{"frames": "20"}`.
    """

    architecture: str
    settings: Mapping[str, str] = field(default_factory=dict)
    dataset: str = DEFAULT_DATASET
    recipe: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    backend: str | None = None
    device: str = "auto"
    data_settings: Mapping[str, str] = field(default_factory=dict)

    def with_seed(self, seed: int) -> "Request":
        """The same for another seed."""
        return replace(self, seed=seed)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `Request(**values)` is the request again."""
        return asdict(self)

    def plan(self, registry: Registry) -> Plan:
        """Look everything up, and make the backend current for Keras' first import.

        Raises:
            UsageError: a name, a setting or a value is unknown; or the recipe that the dataset names.
            PluginError: the architecture's plugin is broken.
        """
        from zoo.datasets.catalog import find_dataset  # most commands plan no training
        from zoo.training.backend import choose_backend

        backend = choose_backend(self.backend)  # a file may import Keras at its top
        architecture, origin = registry.architecture(self.architecture)
        dataset = find_dataset(self.dataset, registry, self.data_settings).decided()
        check_changes(dataset, self.changes)
        recipe = self.recipe or _named_by(dataset, registry.manifest.recipes)
        return Plan(
            architecture,
            origin,
            architecture.parse_settings(self.settings),
            dataset,
            recipes.resolve(registry.manifest, recipe, architecture.name, self.changes),
            self.seed,
            backend,
            self.device,
        )


def _named_by(dataset: Dataset, known: Collection[str]) -> str:
    name = aliases.known(aliases.RECIPES, dataset.recipe, known)
    if name not in known:
        then = "The dataset names it; choose another `recipe`."
        raise UsageError(unknown(f"recipe of {dataset.name}", dataset.recipe, known, then))
    return name
