"""Recipes: all training settings except the architecture, and how their sources combine."""

import functools
import hashlib
import json
import typing
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from zoo import aliases
from zoo.errors import UsageError
from zoo.manifest import Manifest, read_toml, where
from zoo.suggest import unknown

R = typing.TypeVar("R")


def _accepting_old_keys(recipe: type[R]) -> type[R]:
    """A recipe class whose constructor takes fields under their old names, too."""
    construct: Callable[..., None] = recipe.__init__

    @functools.wraps(construct)
    def __init__(self: R, *args: Any, **given: Any) -> None:  # noqa: N807
        construct(self, *args, **aliases.keys(given))

    recipe.__init__ = __init__  # type: ignore[method-assign, assignment]
    return recipe


class BadField(UsageError):
    """A field of a recipe has a value that is not allowed.

    Attributes:
        field: its name.
        advice: what is allowed.
    """

    def __init__(self, recipe: str, field: str, value: Any, advice: str):
        super().__init__(f"recipe {recipe}: {field} is {value!r}; {advice}.")
        self.field, self.advice = field, advice


@_accepting_old_keys
@dataclass(frozen=True)
class Recipe:
    """How a model is trained: every setting except the architecture.

    Named recipes are in registry.toml; `zoo.load_recipe` returns one. Instances are frozen: make
    another with `dataclasses.replace`. Each field is explained beside it.

    Raises:
        UsageError: a value is out of range; the message names the field and what is allowed.

    >>> recipe = Recipe(name="mine", epochs=3, learning_rate=0.002)
    >>> recipe.epochs, recipe.batch_size
    (3, 128)
    """

    name: str = "custom"
    summary: str = ""

    # Duration. An incomplete last batch is dropped; each epoch shuffles anew. With `steps` there are
    # as many epochs as it takes to train at least so many steps, so that fifty samples and fifty
    # thousand get a training each; 0: `epochs` counts.
    epochs: int = 5
    steps: int = 0
    batch_size: int = 128

    # Keras optimizers: `momentum` is for sgd, the betas for Adam; weight decay skips biases and
    # normalization. The one-cycle rate rises linearly over the first `warmup` share of the steps
    # and then falls along a cosine to zero.
    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    learning_rate: float = 0.001
    momentum: float = 0.9
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    schedule: Literal["constant", "one_cycle"] = "one_cycle"
    warmup: float = 0.2
    clip_norm: float = 0.0

    # Regularization. `ema` is the decay per step of the averaged weights, which are then evaluated;
    # at step t it is at most (1 + t) / (10 + t). 0 evaluates the weights themselves.
    label_smoothing: float = 0.0
    ema: float = 0.0

    # Augmentation of images, uniform within ± each bound: `shift` in whole pixels, `rotation` in
    # degrees, `zoom` as a share of the size, `shear` as a slope, `elastic` in pixels at each of
    # 4 × 4 points, interpolated between them. The last `clean_epochs` are not augmented.
    shift: int = 0
    rotation: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    clean_epochs: int = 0

    # Data. `validation` is the share of the training set that is held out, stratified by class with
    # `split_seed`: the same examples for every architecture and seed. `unit` scales pixels to
    # [0, 1]; `standard` subtracts the training mean and divides by the standard deviation.
    validation: float = 1 / 12
    split_seed: int = 0
    normalization: Literal["unit", "standard"] = "unit"

    # The epoch whose weights are reported, chosen before training. The test set is read once, for it.
    select: Literal["last", "best"] = "last"
    # Early stopping: epochs without a better validation accuracy before training ends; 0: never.
    # Use it with a constant learning rate: a one-cycle rate would still be high at that epoch.
    patience: int = 0
    precision: Literal["float32", "mixed_bfloat16", "auto"] = "float32"

    # Test-time augmentation, in validation and test alike: predictions average the probabilities of
    # copies shifted by up to so many whole pixels. 1 averages nine copies; 0 is off.
    tta_shift: int = 0

    # The name in run identities, where the recipe had another one before. Empty: `name`.
    identity_name: str = ""

    def __post_init__(self) -> None:
        for name, advice in _problems(self).items():
            raise BadField(self.name, name, getattr(self, name), advice)

    def for_examples(self, count: int) -> "Recipe":
        """With the `epochs` that its `steps` make of `count` training examples.

        >>> Recipe(steps=100, batch_size=16).for_examples(50).epochs
        34
        """
        if not self.steps:
            return self
        each = max(1, count // self.batch_size)
        return replace(self, epochs=-(-self.steps // each))

    @property
    def augments(self) -> bool:
        """Whether any epoch augments the images."""
        return any((self.shift, self.rotation, self.zoom, self.shear, self.elastic))

    @property
    def tta_copies(self) -> int:
        """How many shifted copies of an image a prediction averages."""
        return (2 * self.tta_shift + 1) ** 2

    def as_dict(self) -> dict[str, Any]:
        """The fields as records, JSON output and pages show them."""
        return {k: v for k, v in asdict(self).items() if k != "identity_name"}

    def causes(self) -> dict[str, Any]:
        """The fields that change a training, for identities and digests.

        Fields have their former names here, and those that were added later count only where they
        are used: identities made before still hold.
        """
        later = {name for name in ("patience", "steps") if not getattr(self, name)}
        left_out = {"summary", *later}
        kept = {k: v for k, v in self.as_dict().items() if k not in left_out}
        return aliases.former_keys({**kept, "name": self.identity_name or self.name})

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits; equal for equal settings, whatever the name and summary."""
        content = {k: v for k, v in self.causes().items() if k != "name"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


TYPES: dict[str, Any] = typing.get_type_hints(Recipe)

_BOUNDS: dict[str, tuple[float, float, str]] = {
    "epochs": (1, 100_000, "use 1 to 100,000"),
    "steps": (0, 10_000_000, "use 0 to count epochs, or a number of training steps"),
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
    "tta_shift": (0, 8, "use whole pixels from 0 to 8; 1 averages nine shifted copies"),
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
    """The recipe `name` for one architecture.

    Later sources replace earlier ones: registry.toml (or the `base` of a file), the file, the
    recipe's overrides for the architecture, `changes`.

    Args:
        manifest: registry.toml.
        name: a recipe of registry.toml, or the path of a TOML file.
        architecture: the architecture's name, for `overrides`.
        changes: fields to replace; None means not given.

    Raises:
        UsageError: unknown recipe or key, or a value of a wrong type or out of range.
    """
    name = aliases.known(aliases.RECIPES, name, manifest.recipes)
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
    return changed(recipe, given)


def changed(recipe: Recipe, given: Mapping[str, Any]) -> Recipe:
    """A recipe with other values of some fields, given as arguments.

    Raises:
        UsageError: a value is out of range; the message has the argument as it was given.
    """
    given = aliases.keys(given)
    try:
        return _replaced(recipe, given)
    except BadField as error:
        if error.field not in given:
            raise
        raise UsageError(f"`{error.field}={given[error.field]!r}`: {error.advice}.") from error


def _replaced(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """With other values; `epochs` without `steps` turns counting steps off."""
    counted = {"steps": 0} if "epochs" in values and "steps" not in values else {}
    return replace(recipe, **{**counted, **values})


def _from_file(manifest: Manifest, path: Path, architecture: str) -> Recipe:
    table = read_toml(path)
    base = table.pop("base", None)
    recipe = Recipe(name=path.stem)
    if base is not None:
        base = aliases.known(aliases.RECIPES, str(base), manifest.recipes)
        if base not in manifest.recipes:
            raise UsageError(
                f"{where(path, (), 'base')}: {unknown('recipe', base, manifest.recipes)}"
            )
        recipe = replace(resolve(manifest, base, architecture), name=path.stem, identity_name="")
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
    for written, value in table.items():
        key = aliases.current(aliases.RECIPE_KEYS, written)
        if key not in known:
            raise UsageError(f"{where(path, at, key)}: {unknown('recipe key', key, known)}")
        values[key] = _typed(value, TYPES[key], f"{where(path, at, written)}: {written}")
    try:
        return _replaced(recipe, values)
    except BadField as error:
        if error.field not in values:
            raise
        raise UsageError(f"{where(path, at, error.field)}: {error}") from error


def _typed(value: Any, kind: Any, what: str) -> Any:
    expected = str if typing.get_args(kind) else kind
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, expected) or isinstance(value, bool):
        raise UsageError(f"{what} must be {_TYPE_NAMES[expected]}, received {value!r}.")
    return value


_TYPE_NAMES = {int: "a whole number", float: "a number", str: "text"}
