"""Everything about training that is not the architecture, and how its sources combine."""

import hashlib
import json
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from zoo.errors import UsageError
from zoo.manifest import Manifest, read_toml, where
from zoo.suggest import unknown


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. Frozen; every field counts in `digest` except `name` and `summary`."""

    name: str = "custom"
    summary: str = ""

    # How long, in which portions. Incomplete last batches are dropped: the order is new each epoch.
    epochs: int = 5
    batch_size: int = 128

    # Keras optimizers: `momentum` is sgd's, the betas are Adam's; weight decay leaves biases and
    # normalisation alone. The one-cycle rate rises linearly over the first `warmup` share of the
    # steps and falls along a cosine to zero.
    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    learning_rate: float = 0.001
    momentum: float = 0.9
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    schedule: Literal["constant", "one_cycle"] = "one_cycle"
    warmup: float = 0.2
    clip_norm: float = 0.0

    # Regularisation. `ema` is the decay per step of the averaged weights that are evaluated, at most
    # (1 + t) / (10 + t) at step t; 0 evaluates the weights themselves.
    label_smoothing: float = 0.0
    ema: float = 0.0

    # Augmentation of images, uniform within ± each bound: whole pixels, degrees, share of the size,
    # slope, pixels at each of 4 × 4 points between which they are interpolated. The last
    # `clean_epochs` see the images as they are.
    shift: int = 0
    rotation: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    clean_epochs: int = 0

    # Data. `validation` is the share of the training set held out, by class, by `split_seed`: the
    # same examples for every architecture and seed. `unit` scales pixels to [0, 1]; `standard`
    # subtracts the training mean and divides by the training deviation.
    validation: float = 1 / 12
    split_seed: int = 0
    normalization: Literal["unit", "standard"] = "unit"

    # Which epoch's weights are reported, chosen beforehand; the test set is read once, for those.
    select: Literal["last", "best"] = "last"
    # Early stopping: end after so many epochs in a row without a better validation accuracy; 0: never.
    # It suits a constant learning rate; a one-cycle rate has not come down by then.
    patience: int = 0
    precision: Literal["float32", "mixed_bfloat16", "auto"] = "float32"

    # How an image is answered, in validation and test alike: by the mean of the probabilities over
    # its views moved by up to so many whole pixels both ways. 1 has nine views; 0 only the image.
    test_shift: int = 0

    def __post_init__(self):
        for name, problem in _problems(self).items():
            raise UsageError(f"recipe {self.name}: {name} is {getattr(self, name)!r}; {problem}.")

    @property
    def augments(self) -> bool:
        """Whether any epoch moves the images."""
        return any((self.shift, self.rotation, self.zoom, self.shear, self.elastic))

    @property
    def views(self) -> int:
        """From how many views an image is answered."""
        return (2 * self.test_shift + 1) ** 2

    def causes(self) -> dict[str, Any]:
        """The fields that change a training. Those that came later count only where they are used,
        so that the digests of before still hold."""
        left_out = {"summary"} | ({"patience"} if not self.patience else set())
        return {k: v for k, v in asdict(self).items() if k not in left_out}

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that any change of the training changes."""
        content = {k: v for k, v in self.causes().items() if k != "name"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


TYPES: dict[str, Any] = typing.get_type_hints(Recipe)

_BOUNDS: dict[str, tuple[float, float, str]] = {
    "epochs": (1, 100_000, "use 1 to 100,000"),
    "batch_size": (1, 1_000_000, "use 1 to 1,000,000"),
    "learning_rate": (1e-12, 1000.0, "use a positive rate up to 1,000, such as 0.001"),
    "momentum": (0, 0.9999999, "use a number from 0 to below 1"),
    "beta_1": (0, 0.9999999, "use a number from 0 to below 1"),
    "beta_2": (0, 0.9999999, "use a number from 0 to below 1"),
    "weight_decay": (0, 100, "use 0 to 100"),
    "warmup": (0, 0.99, "use a share of the steps from 0 to 0.99"),
    "clip_norm": (0, 1e9, "use 0 for no clipping, or a norm up to 1e9"),
    "label_smoothing": (0, 0.99, "use a number from 0 to below 1"),
    "ema": (0, 0.9999999, "use 0 for none, or a decay below 1, such as 0.999"),
    "shift": (0, 1000, "use whole pixels from 0 to 1,000"),
    "rotation": (0, 180, "use degrees from 0 to 180"),
    "zoom": (0, 0.9, "use a share from 0 to 0.9"),
    "shear": (0, 2, "use a slope from 0 to 2"),
    "elastic": (0, 100, "use pixels from 0 to 100"),
    "clean_epochs": (0, 100_000, "use 0 to 100,000"),
    "validation": (0, 0.9, "use a share from 0 to 0.9"),
    "split_seed": (0, 2**31, "use 0 to 2147483648"),
    "patience": (0, 100_000, "use 0 for no early stopping, or a number of epochs"),
    "test_shift": (0, 8, "use whole pixels from 0 to 8; 1 answers from nine views"),
}


def _problems(recipe: Recipe) -> dict[str, str]:
    problems = {}
    for name, (low, high, advice) in _BOUNDS.items():
        if not low <= getattr(recipe, name) <= high:
            problems[name] = advice
    for name, kind in TYPES.items():
        choices = typing.get_args(kind)
        if choices and getattr(recipe, name) not in choices:
            problems[name] = f"use one of {', '.join(choices)}"
    if recipe.select == "best" and not recipe.validation:
        problems["select"] = "the best epoch needs a validation share above 0"
    if recipe.patience and not recipe.validation:
        problems["patience"] = "early stopping needs a validation share above 0"
    return problems


def names(manifest: Manifest) -> list[str]:
    """The recipes that registry.toml names."""
    return list(manifest.recipes)


def resolve(
    manifest: Manifest, name: str, architecture: str, changes: Mapping[str, Any] | None = None
) -> Recipe:
    """The recipe called `name` (or in the file `name`) for one architecture.

    From weakest to strongest: registry.toml (or the `base` that a file names), the file, the
    recipe's overrides for the architecture, `changes` from the command line (None: not given).

    Raises:
        UsageError: unknown recipe or key, a value of a wrong type or out of range.
    """
    if name.endswith(".toml"):
        recipe = _from_file(manifest, Path(name), architecture)
    elif name in manifest.recipes:
        recipe = _apply(
            Recipe(name=name),
            manifest.recipes[name],
            manifest.path,
            ("recipes", name),
            architecture,
        )
    else:
        raise UsageError(unknown("recipe", name, manifest.recipes, "Or give a FILE.toml."))
    given = {key: value for key, value in (changes or {}).items() if value is not None}
    return replace(recipe, **given)


def _from_file(manifest: Manifest, path: Path, architecture: str) -> Recipe:
    table = read_toml(path)
    base = table.pop("base", None)
    recipe = Recipe(name=path.stem)
    if base is not None:
        if not isinstance(base, str) or base not in manifest.recipes:
            raise UsageError(
                f"{where(path, (), 'base')}: {unknown('recipe', str(base), manifest.recipes)}"
            )
        recipe = replace(resolve(manifest, base, architecture), name=path.stem)
    return _apply(recipe, table, path, (), architecture)


def _apply(
    recipe: Recipe, table: Mapping[str, Any], path: Path, at: tuple[str, ...], architecture: str
) -> Recipe:
    table = dict(table)
    overrides = table.pop("overrides", {})
    if not isinstance(overrides, dict):
        raise UsageError(f"{where(path, at, 'overrides')}: overrides must be a table.")
    recipe = resolved = _change(recipe, table, path, at)
    for name, override in overrides.items():
        inner = (*at, "overrides", name)
        if not isinstance(override, dict):
            raise UsageError(f"{where(path, inner[:-1], name)}: overrides.{name} must be a table.")
        changed = _change(recipe, override, path, inner)  # all are checked, one is used
        if name == architecture:
            resolved = changed
    return resolved


def _change(recipe: Recipe, table: Mapping[str, Any], path: Path, at: tuple[str, ...]) -> Recipe:
    known = [field.name for field in fields(Recipe) if field.name != "name"]
    values = {}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where(path, at, key)}: {unknown('recipe key', key, known)}")
        values[key] = _typed(value, TYPES[key], f"{where(path, at, key)}: {key}")
    try:
        return replace(recipe, **values)
    except UsageError as error:
        blamed = next((key for key in values if f" {key} is " in str(error)), None)
        if blamed is None:
            raise
        raise UsageError(f"{where(path, at, blamed)}: {error}") from error


def _typed(value: Any, kind: Any, what: str) -> Any:
    expected = str if typing.get_args(kind) else kind
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, expected) or isinstance(value, bool):
        raise UsageError(f"{what} must be {_TYPE_NAMES[expected]}, received {value!r}.")
    return value


_TYPE_NAMES = {int: "a whole number", float: "a number", str: "text"}
