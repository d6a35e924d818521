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
from zoo.architecture import Layout
from zoo.errors import UsageError
from zoo.manifest import Manifest, read_toml, where
from zoo.recipe_rules import problems
from zoo.suggest import unknown

R = typing.TypeVar("R")

IMAGE_KEYS = ("shift", "rotation", "zoom", "shear", "elastic")
"""The keys that augment images and frames."""
SEQUENCE_KEYS = ("jitter", "scaling", "time_warp", "window_slice")
"""The keys that augment sequences."""
HYPERPARAMETERS = "hyperparameters"
"""The table of an architecture's overrides that has values for `build`, not for the recipe."""
_LATER = ("patience", "steps", "min_steps", "class_weight", "sampling", *SEQUENCE_KEYS)
"""Fields that were added after identities were defined."""


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

    # Duration. An incomplete last batch is dropped; each epoch shuffles anew. `steps` is the number of
    # training steps, whatever an epoch has: then `epochs` is computed, and the last epoch is cut where
    # the steps end. With `min_steps` there are more than `epochs` epochs where those have fewer steps,
    # so that fifty samples and fifty thousand get a training each. 0: not used.
    epochs: int = 5
    steps: int = 0
    min_steps: int = 0
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

    # Unequal classes; use one of them. `class_weight` weights the training loss of an example of class c
    # by n / (k * n_c), for n examples of k classes and n_c of c, as scikit-learn's "balanced" does;
    # losses of validation and test are not weighted. `sampling` draws each class equally often, rare
    # ones several times an epoch; an epoch has as many examples as without.
    class_weight: Literal["none", "balanced"] = "none"
    sampling: Literal["uniform", "balanced"] = "uniform"

    # Augmentation of images, uniform within ± each bound: `shift` in whole pixels, `rotation` in
    # degrees, `zoom` as a share of the size, `shear` as a slope, `elastic` in pixels at each of
    # 4 × 4 points, interpolated between them. The last `clean_epochs` are not augmented.
    shift: int = 0
    rotation: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    clean_epochs: int = 0

    # Augmentation of sequences, after normalization; `clean_epochs` holds for it, too. `jitter` adds
    # noise with that standard deviation, in units of the sample's own; `scaling` multiplies each
    # channel by a factor with mean 1 and that standard deviation; `time_warp` changes the speed
    # smoothly, by a factor whose logarithm has that standard deviation; `window_slice` keeps a random
    # window of that share of the steps, stretched to the old length (0: all steps).
    jitter: float = 0.0
    scaling: float = 0.0
    time_warp: float = 0.0
    window_slice: float = 0.0

    # Data. `validation` is the share of the training set that is held out, stratified by class with
    # `split_seed`: the same examples for every architecture and seed. `unit` scales pixels to
    # [0, 1]; `standard` subtracts the training mean and divides by the standard deviation; `channel`
    # does so channel by channel. `series`, for sequences alone, subtracts the mean of each sample and
    # divides by its own deviation over time, channel by channel; what is constant becomes 0.
    validation: float = 1 / 12
    split_seed: int = 0
    normalization: Literal["unit", "standard", "channel", "series"] = "unit"

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
        for name, advice in problems(self, TYPES).items():
            raise BadField(self.name, name, getattr(self, name), advice)

    @property
    def counts_steps(self) -> bool:
        """Whether `epochs` depends on how many examples there are."""
        return bool(self.steps or self.min_steps)

    def for_examples(self, count: int) -> "Recipe":
        """With the `epochs` that `steps` or `min_steps` make of `count` training examples.

        >>> Recipe(steps=100, batch_size=16).for_examples(50).epochs
        34
        >>> Recipe(epochs=2, min_steps=100, batch_size=16).for_examples(800).epochs
        2
        """
        each = max(1, count // self.batch_size)
        if self.steps:
            return replace(self, epochs=-(-self.steps // each))
        if self.min_steps:
            return replace(self, epochs=max(self.epochs, -(-self.min_steps // each)))
        return self

    def total_steps(self, each: int) -> int:
        """The steps of the whole training, of epochs with `each` steps; `epochs` must be resolved.

        >>> Recipe(steps=100, batch_size=16).for_examples(50).total_steps(3)
        100
        """
        return min(self.steps, self.epochs * each) if self.steps else self.epochs * each

    @property
    def augments(self) -> bool:
        """Whether any epoch augments samples of any layout."""
        return self.augments_layout("image") or self.augments_layout("sequence")

    def augments_layout(self, layout: Layout) -> bool:
        """Whether any epoch augments samples of a layout: images and frames, or sequences."""
        keys = SEQUENCE_KEYS if layout == "sequence" else IMAGE_KEYS
        return any(getattr(self, key) for key in keys)

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
        unused = {each.name: each.default for each in fields(self) if each.name in _LATER}
        later = {name for name, default in unused.items() if getattr(self, name) == default}
        left_out = {"summary", *later}
        kept = {k: v for k, v in self.as_dict().items() if k not in left_out}
        return aliases.former_keys({**kept, "name": self.identity_name or self.name})

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits; equal for equal settings, whatever the name and summary."""
        content = {k: v for k, v in self.causes().items() if k != "name"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


TYPES: dict[str, Any] = typing.get_type_hints(Recipe)


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
    """With other values. A duration that is given replaces one that another source gave.

    Raises:
        UsageError: `epochs` and `steps` are both given.
    """
    if values.get("epochs") and values.get("steps"):
        raise UsageError(
            f"`epochs={values['epochs']}` and `steps={values['steps']}` both say how long to train. Use "
            "one of them; `min_steps` goes with `epochs`."
        )
    other = {"epochs": ("steps", "min_steps"), "steps": ("min_steps",), "min_steps": ("steps",)}
    counted = {name: 0 for given in other if values.get(given) for name in other[given]}
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
        keys = {key: value for key, value in override.items() if key != HYPERPARAMETERS}
        changed = _change(recipe, keys, path, inner)  # all are checked, one is used
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
    if values.get("epochs") and values.get("steps"):
        raise UsageError(
            f"{where(path, at, 'steps')}: epochs and steps both say how long to train. Use one of them; "
            "min_steps goes with epochs."
        )
    try:
        return _replaced(recipe, values)
    except BadField as error:
        if error.field not in values:
            raise
        raise UsageError(f"{where(path, at, error.field)}: {error}") from error


def hyperparameters(manifest: Manifest, name: str, architecture: str) -> dict[str, Any]:
    """The hyperparameters that a recipe's overrides have for an architecture; a file replaces its base's.

    Args:
        manifest, name, architecture: as for `resolve`, which finds what is wrong with the recipe.

    Raises:
        UsageError: `hyperparameters` is no table.
    """
    name = aliases.known(aliases.RECIPES, name, manifest.recipes)
    if not name.endswith(".toml"):
        table = manifest.recipes.get(name, {})
        return _hyperparameters(table, manifest.path, ("recipes", name), architecture)
    table, path = read_toml(Path(name)), Path(name)
    base = table.get("base")
    below = {} if base is None else hyperparameters(manifest, str(base), architecture)
    return {**below, **_hyperparameters(table, path, (), architecture)}


def _hyperparameters(
    table: Mapping[str, Any], path: Path, at: tuple[str, ...], architecture: str
) -> dict[str, Any]:
    found = table.get("overrides", {}).get(architecture, {}).get(HYPERPARAMETERS, {})
    if not isinstance(found, dict):
        place = where(path, (*at, "overrides", architecture), HYPERPARAMETERS)
        raise UsageError(f"{place}: {HYPERPARAMETERS} must be a table.")
    return found


def _typed(value: Any, kind: Any, what: str) -> Any:
    expected = str if typing.get_args(kind) else kind
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, expected) or isinstance(value, bool):
        raise UsageError(f"{what} must be {_TYPE_NAMES[expected]}, received {value!r}.")
    return value


_TYPE_NAMES = {int: "a whole number", float: "a number", str: "text"}
