"""A training as it is asked for: names and texts alone, which another process can be told."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from zoo import aliases, named_sizes
from zoo import recipe as recipes
from zoo.architecture import Architecture
from zoo.datasets.dataset import Dataset
from zoo.datasets.fold import Fold
from zoo.datasets.folded import folded
from zoo.errors import UsageError
from zoo.parameters import as_text
from zoo.registry import Registry
from zoo.suggest import unknown
from zoo.training.plan import Plan
from zoo.training.recipe_fit import check_changes

DEFAULT_DATASET = "mnist"


class Replicate(NamedTuple):
    """One of the runs of an architecture: its seed, and its fold if it has one."""

    seed: int
    fold: Fold | None = None


def replicates(seeds: int, folds: int | None = None) -> list[Replicate]:
    """The runs of each architecture.

    Without folds a run for each seed, from 0. With folds `seeds` repetitions, each with a split of its
    own, and each run with a seed of its own: the spread between folds then holds that of the seeds.
    """
    if folds is None:
        return [Replicate(seed) for seed in range(seeds)]
    return [
        Replicate(split * folds + place, Fold(place + 1, folds, split))
        for split in range(seeds)
        for place in range(folds)
    ]


@dataclass(frozen=True)
class Request:
    """The arguments of a training, before anything of it is looked up.

    Attributes:
        architecture: a name, or a file; `NAME@SIZE` for a named size.
        settings: hyperparameters as texts, `{"filters": "8,16,32"}`.
        dataset: a name, or an .npz file.
        recipe: a name, or a file; None: the one that the dataset names.
        changes: fields of the recipe that are given; None: not given.
        backend: a Keras backend; None: `KERAS_BACKEND`, else TensorFlow.
        device: `auto`, `cpu` or `gpu`.
        data_settings: parameters of the dataset as texts, `{"frames": "20"}`.
        fold: of a cross-validation; None: trained on the whole training set, tested on the test set.
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
    fold: Fold | None = None

    def of(self, replicate: "Replicate") -> "Request":
        """The same for another seed and fold."""
        return replace(self, seed=replicate.seed, fold=replicate.fold)

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
        named, size = named_sizes.split(self.architecture)
        architecture, origin = registry.architecture(named)
        settings = {**named_sizes.settings(architecture, size), **self.settings}
        dataset = find_dataset(self.dataset, registry, self.data_settings).decided()
        check_changes(dataset, self.changes)
        name = self.recipe or _named_by(dataset, registry.manifest.recipes)
        recipe = recipes.resolve(registry.manifest, name, architecture.name, self.changes)
        return Plan(
            architecture,
            origin,
            _hyperparameters_of(registry, name, architecture, settings),
            folded(dataset, self.fold),
            recipe,
            self.seed,
            backend,
            self.device,
            request=self,
        )


def _hyperparameters_of(
    registry: Registry, recipe: str, architecture: Architecture, settings: Mapping[str, str]
) -> dict[str, Any]:
    """The defaults, replaced by what the recipe has for the architecture, and that by the size and what is
    given."""
    own = recipes.hyperparameters(registry.manifest, recipe, architecture.name)
    texts = {key: as_text(value) for key, value in own.items()}
    try:
        architecture.parse_settings(texts)
    except UsageError as error:
        raise UsageError(f"recipe {recipe}, overrides of {architecture.name}: {error}") from error
    return architecture.parse_settings({**texts, **settings})


def _named_by(dataset: Dataset, known: Collection[str]) -> str:
    name = aliases.known(aliases.RECIPES, dataset.recipe, known)
    if name not in known:
        then = "The dataset names it; choose another `recipe`."
        raise UsageError(unknown(f"recipe of {dataset.name}", dataset.recipe, known, then))
    return name
