"""An experiment in a file: architectures × datasets × seeds × recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

import msgspec

from zoo.errors import UsageError
from zoo.formatting import listed
from zoo.manifest import read_toml
from zoo.suggest import unknown

MOST_DATASETS = 200
"""Of a study; each is a comparison with processes of its own."""


@dataclass(frozen=True)
class Experiment:
    """What is compared on what, and how: the whole of a study.

    Attributes:
        architectures: names and files; `"all"`: every installed one.
        datasets: names and paths.
        seeds: runs of each architecture on each dataset, with seeds 0, 1, ...
        recipe: a name or a file; None: the one that each dataset names.
        folds: by cross-validation with so many folds; None: on the test set.
        metric: that by which architectures are compared.
        rope: half of the region of practical equivalence, as in `zoo.compare_tables`.
        tta_shift, backend, device: as for `zoo.compare`.
        recipe_changes: keys of the recipe that are replaced, `{"epochs": 3}`.
        hyperparameters: of each architecture by name.
        data_parameters: of each dataset by name.
        tuned: of each dataset by name the study of `zoo.tune` whose recipe is taken.
    """

    architectures: list[str] | Literal["all"]
    datasets: list[str]
    seeds: int = 3
    recipe: str | None = None
    folds: int | None = None
    metric: str = "accuracy"
    rope: float | None = None
    tta_shift: int | None = None
    backend: str | None = None
    device: str = "auto"
    recipe_changes: dict[str, Any] = field(default_factory=dict)
    hyperparameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    data_parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    tuned: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without what is not given."""
        return {key: value for key, value in asdict(self).items() if value not in (None, {})}


def make_experiment(values: Mapping[str, Any], where: str = "the experiment") -> Experiment:
    """An experiment of plain values, such as a TOML file has.

    Raises:
        UsageError: a key is unknown or missing, a value is of another type, or names do not fit together.
    """
    types = get_type_hints(Experiment)
    for key in values:
        if key not in types:
            raise UsageError(f"{where}: {unknown('key', key, types)}")
    for key in ("architectures", "datasets"):
        if not values.get(key):
            raise UsageError(f"{where}: has no `{key}`, such as {EXAMPLES[key]}.")
    given = {}
    for key, value in values.items():
        try:
            given[key] = msgspec.convert(value, types[key])
        except msgspec.ValidationError as error:
            raise UsageError(f"{where}: {key} is {value!r:.60}: {error}.") from error
    made = Experiment(**given)
    _check(made, where)
    return made


EXAMPLES = {"architectures": '["cnn", "gru"] or "all"', "datasets": '["digits", "mnist"]'}


def read_experiment(path: Path) -> Experiment:
    """The experiment in a TOML file.

    Raises:
        UsageError: it cannot be read, or is no experiment.
    """
    return make_experiment(read_toml(path), str(path))


def _check(made: Experiment, where: str) -> None:
    for key in ("architectures", "datasets"):
        names: Sequence[str] = getattr(made, key)
        twice = [each for each in names if names != "all" and list(names).count(each) > 1]
        if twice:
            raise UsageError(f"{where}: {key} has {twice[0]!r} twice.")
    if len(made.datasets) > MOST_DATASETS:
        raise UsageError(
            f"{where}: has {len(made.datasets)} datasets; use at most {MOST_DATASETS}."
        )
    for key in ("data_parameters", "tuned"):
        strange = [name for name in getattr(made, key) if name not in made.datasets]
        if strange:
            raise UsageError(
                f"{where}: {key} names {strange[0]!r}; the datasets are {listed(made.datasets)}."
            )
    if made.tuned and made.recipe:
        raise UsageError(f"{where}: `tuned` brings its own recipe; leave `recipe` out.")
