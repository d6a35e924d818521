"""Describing an architecture or a dataset: `describe` and `describe_dataset`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import layouts, named_sizes
from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, ArchitectureLike, Backend, DatasetLike
from zoo.api.finding import load_dataset
from zoo.architecture import Architecture
from zoo.errors import DataError
from zoo.materials import architecture_text
from zoo.origin import Origin
from zoo.parameters import plain
from zoo.registry import Registry

if TYPE_CHECKING:
    from zoo.datasets.dataset import Dataset
    from zoo.datasets.location import Locations
    from zoo.parameters import Parameter

INPUT_VALUES = "scaled by the recipe: 0 to 1, or mean 0 and deviation 1 (normalization)"

MNIST_SHAPE, MNIST_CLASSES = (28, 28, 1), 10


@dataclass(frozen=True)
class ParameterDescription:
    """A hyperparameter of an architecture, or a parameter of a dataset.

    Attributes:
        searched: the range or the choices that `tune` draws it from, in words; empty: it is not searched.
    """

    name: str
    type: str
    default: Any
    value: Any
    doc: str
    searched: str = ""


@dataclass(frozen=True)
class Size:
    """The size of a model that is built for MNIST.

    Attributes:
        conversion: how an image becomes the model's input.
        flops: of one sample's forward pass; None where the backend cannot count them.
        flops_counted: what is counted.
    """

    conversion: str
    input_shape: tuple[int, ...]
    parameters: int
    flops: int | None
    flops_counted: str


@dataclass(frozen=True)
class ArchitectureDescription:
    """What `describe` finds out about an architecture.

    Attributes:
        recipes: the fields of each named recipe, as they are for this architecture.
        size: the named size that was asked for, `base` by default.
    """

    architecture: Architecture
    origin: Origin
    hyperparameters: tuple[ParameterDescription, ...]
    recipes: dict[str, dict[str, Any]]
    on_mnist: Size
    size: str = named_sizes.BASE

    @property
    def sizes(self) -> dict[str, dict[str, Any]]:
        """The hyperparameters that each named size changes; `base` changes none."""
        return {named_sizes.BASE: {}, **{k: dict(v) for k, v in self.architecture.sizes.items()}}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        architecture = self.architecture
        return {
            "name": architecture.name,
            "summary": architecture.summary,
            "paper": architecture.paper,
            "from": self.origin.as_record(),
            "layout": architecture.layout,
            "frames_from_image": architecture.frames_from_image,
            "input_values": INPUT_VALUES,
            "size": self.size,
            "sizes": {name: plain(changed) for name, changed in self.sizes.items()},
            "hyperparameters": [asdict(each) for each in self.hyperparameters],
            "recipes": self.recipes,
            "on_mnist": {**asdict(self.on_mnist), "input_shape": list(self.on_mnist.input_shape)},
        }


def describe(
    architecture: ArchitectureLike,
    *,
    hyperparameters: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    runs_dir: str | Path = RUNS_DIR,
    registry: Registry | None = None,
) -> ArchitectureDescription:
    """Describe an architecture: hyperparameters, recipes, parameters and FLOPs on MNIST.

    The model is built, so Keras is imported.

    Args:
        architecture, hyperparameters, backend, runs_dir, registry: as for `train`.

    Raises:
        UsageError: the architecture, a hyperparameter or a value is unknown.
        PluginError: the architecture fails.

    Example:
        >>> zoo.describe("cnn").on_mnist.input_shape
        (28, 28, 1)
    """
    from zoo import recipe as recipes

    registry = arguments.find_registry(registry)
    named, size = named_sizes.split(architecture_text(architecture, Path(runs_dir)))
    found, origin = registry.architecture(named)
    settings = {**named_sizes.settings(found, size), **arguments.texts(hyperparameters)}
    chosen = found.parse_settings(settings)
    manifest = registry.manifest
    return ArchitectureDescription(
        found,
        origin,
        _described(found.hyperparameters, chosen),
        {
            name: recipes.resolve(manifest, name, found.name).as_dict()
            for name in recipes.names(manifest)
        },
        _measured(found, origin, chosen, backend),
        size or named_sizes.BASE,
    )


def _described(
    parameters: "Mapping[str, Parameter]", values: Mapping[str, Any]
) -> tuple[ParameterDescription, ...]:
    return tuple(
        ParameterDescription(
            each.name,
            each.type_name,
            each.default,
            values[each.name],
            each.doc,
            str(each.space or ""),
        )
        for each in parameters.values()
    )


def _measured(
    architecture: Architecture, origin: Origin, values: dict[str, Any], backend: str | None
) -> Size:
    from zoo.native_logs import quiet_native_logs
    from zoo.training.backend import choose_backend, hide_gpus, start_keras
    from zoo.training.build import build_model
    from zoo.training.describe import count
    from zoo.training.flops import COUNTED, flops_per_sample

    chosen = choose_backend(backend)
    hide_gpus(chosen)
    with quiet_native_logs():
        start_keras(chosen)
    shape = layouts.shape("image", MNIST_SHAPE, architecture.layout, architecture.frames_from_image)
    model = build_model(architecture, shape, MNIST_CLASSES, values, origin)
    return Size(
        layouts.name("image", architecture.layout, architecture.frames_from_image),
        tuple(shape),
        count(model.trainable_variables),
        flops_per_sample(chosen, model, shape),
        COUNTED,
    )


@dataclass(frozen=True)
class DatasetDescription:
    """What `describe_dataset` finds out about a dataset.

    Attributes:
        place: the file or folder on this machine, `built in`, or `no`.
        warnings: how the user's own data are read, and what looks wrong with them.
        refusal: why the data cannot be loaded with these parameters; None: they can.
    """

    dataset: "Dataset"
    place: str
    parameters: tuple[ParameterDescription, ...]
    warnings: list[str]
    refusal: str | None = None


def describe_dataset(
    dataset: DatasetLike,
    *,
    parameters: Mapping[str, Any] | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> DatasetDescription:
    """Describe a dataset: where it is, its parameters, and for your own data what looks wrong.

    Your own data are loaded for it; other datasets are not.

    Args:
        dataset: as `train` takes it.
        parameters: parameters of the dataset.
        runs_dir, data_dir, registry: as for `train`.

    Raises:
        UsageError: the dataset, a parameter or a value is unknown.
        DataError: the data are damaged, and the dataset has no parameters that could be missing.
    """
    locations = arguments.find_locations(data_dir)
    given = arguments.located(dataset, data_dir)
    found = load_dataset(given, parameters=parameters, runs_dir=runs_dir, registry=registry)
    warnings, refusal = list(found.notes), None
    try:
        warnings = _warnings(found, locations)
    except DataError as error:
        if not found.choices:
            raise
        refusal = str(error)  # a parameter may be what is missing
    return DatasetDescription(
        found,
        place(found, locations),
        _described(found.choices, found.parameters),
        warnings,
        refusal,
    )


def place(dataset: "Dataset", locations: "Locations") -> str:
    """Where a dataset is on this machine: a path, `built in`, or `no`."""
    if Path(dataset.origin).is_absolute():
        return dataset.origin
    if dataset.find is None:
        return "built in" if dataset.fetch is None else "no"
    return str(dataset.find(locations) or "no")


def _warnings(dataset: "Dataset", locations: "Locations") -> list[str]:
    if not Path(dataset.origin).is_absolute():
        return []
    from zoo.datasets.quality import check_alike, worth_saying

    arrays = dataset.load(locations)
    check_alike(dataset, arrays)
    return worth_saying(dataset, arrays)
