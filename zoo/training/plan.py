"""What is to be trained, decided before anything heavy is imported; and its identity."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from zoo import aliases, numerics
from zoo.architecture import FRAME_FEATURES, Architecture
from zoo.datasets.dataset import Arrays, Dataset
from zoo.errors import UsageError
from zoo.origin import Origin
from zoo.parameters import plain
from zoo.recipe import Recipe
from zoo.runs.files import digest
from zoo.training.device import Device
from zoo.training.recipe_fit import check_normalization
from zoo.training.tta import check_shiftable

MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Plan:
    """One training: the architecture with its hyperparameters, the data, the recipe, the seed.

    Attributes:
        backend: a Keras backend; it is made current before the plan is carried out.
        device: `auto`, `cpu` or `gpu`.
        callbacks: descriptions of callbacks that may end the training early.
        request: the `Request` that it was made of, if it was made of one; another machine makes it again
            from that.
        tests: whether the test set is read, once, after training; False leaves it untouched.

    Raises:
        UsageError: the seed is out of range, or the recipe does to samples what cannot be done.
    """

    architecture: Architecture
    origin: Origin
    hyperparameters: dict[str, Any]
    dataset: Dataset
    recipe: Recipe
    seed: int = 0
    backend: str = "tensorflow"
    device: str = "auto"
    tests: bool = True
    callbacks: tuple[str, ...] = ()
    request: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"`seed={self.seed}`: use a number from 0 to {MAX_SEED}.")
        check_shiftable(self.dataset, self.recipe.tta_shift)
        check_normalization(self.dataset, self.recipe)

    def on(self, arrays: Arrays) -> "Plan":
        """This plan with the epochs that its recipe's steps make on a dataset's arrays."""
        if not self.recipe.counts_steps:
            return self
        from zoo.training.examples import Examples

        count = Examples.training_size(arrays, self.recipe)
        return replace(self, recipe=self.recipe.for_examples(count))

    def precision(self, device: Device) -> str:
        """As the recipe says; of `auto`, float32 on a CPU, and on a GPU `auto`: it is measured there.

        Timing never affects a run's identity: `zoo.training.precision` measures later.
        """
        if self.recipe.precision == "auto" and device.kind == "cpu":
            return "float32"
        return self.recipe.precision

    def _in_use(self) -> dict[str, Any]:
        """The hyperparameters but `frame_features` where frames are not read by it."""
        reads = self.architecture.input_layout(self.dataset.layout, self.hyperparameters)
        unused = FRAME_FEATURES if reads == self.architecture.layout else ""
        return {name: value for name, value in self.hyperparameters.items() if name != unused}

    def identity(self, arrays: Arrays, device: Device) -> dict[str, Any]:
        """What makes two runs the same run: everything that affects the numbers except versions."""
        from zoo.datasets.quality import has_units

        chosen = plain(self.dataset.parameters)
        return {
            "architecture": self.architecture.name,
            "origin": self.origin.as_record() | {"file": ""},
            "layout": [
                aliases.former(aliases.LAYOUTS, self.architecture.layout),
                aliases.former(aliases.FRAMES_FROM_IMAGE, self.architecture.frames_from_image),
            ],
            "hyperparameters": plain(self._in_use()),
            "dataset": self.dataset.name,
            **({"data_parameters": chosen} if chosen else {}),
            **({"fold": asdict(self.dataset.fold)} if self.dataset.fold else {}),
            **({"scaling": "by channel"} if has_units(arrays.x_train) else {}),
            "checksums": arrays.checksums,
            "recipe": self.recipe.causes(),
            "seed": self.seed,
            "backend": self.backend,
            "device": device.kind,
            "precision": self.precision(device),
            **({} if self.tests else {"tests": False}),
            **({"callbacks": list(self.callbacks)} if self.callbacks else {}),
            **({"variables": recorded} if (recorded := numerics.variables()) else {}),
        }


def run_name(identity: dict[str, Any]) -> str:
    """`cnn-mnist-standard-s0-1a2b3c4d`; of a fold `cnn-mnist-standard-f2of5-s1-1a2b3c4d`"""
    fold = identity.get("fold")
    part = f"-f{fold['number']}of{fold['of']}" if fold else ""
    return (
        f"{identity['architecture']}-{identity['dataset']}-{identity['recipe']['name']}{part}"
        f"-s{identity['seed']}-{digest(identity)}"
    )
