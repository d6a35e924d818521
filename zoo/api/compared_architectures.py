"""Which architectures are compared or measured, and how that is shown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo.api import arguments
from zoo.api.arguments import ArchitectureLike, DatasetLike
from zoo.comparison.comparing import Workplace
from zoo.comparison.entries import Entry, choose
from zoo.comparison.executors.ray_options import RayOptions
from zoo.datasets.fold import check_folds
from zoo.materials import architecture_text
from zoo.registry import Registry
from zoo.training.request import Replicate, Request, replicates

if TYPE_CHECKING:
    from zoo.comparison.callback import ComparisonCallback

SEEDS = 3
"""Runs of each architecture where nobody says."""

Architectures = Sequence[ArchitectureLike] | Literal["all"]
"""What `zoo.train` takes as an architecture, several times; or all that are installed."""


@dataclass(frozen=True)
class Selection:
    """What is compared, and where."""

    entries: list[Entry]
    request: Callable[[Entry], Request]
    replicates: list[Replicate]
    workplace: Workplace
    registry: Registry

    @property
    def parts(self) -> tuple[Any, ...]:
        return self.entries, self.request, self.replicates, self.workplace, self.registry


def select(
    architectures: Architectures,
    dataset: DatasetLike,
    *,
    seeds: int | None,
    folds: int | None,
    tta_shift: int | None,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None,
    recipe_changes: Mapping[str, Any] | None,
    jobs: int | None,
    together: bool,
    cluster: RayOptions | None,
    runs_dir: str | Path,
    data_dir: str | Path | None,
    registry: Registry,
    **options: Any,
) -> Selection:
    """Look up what a comparison needs.

    Raises:
        UsageError: an argument is not allowed.
        PluginError: a plugin that is named is broken.
    """
    if folds is not None:
        check_folds(folds)
    seeds = seeds if seeds is not None else SEEDS if folds is None else 1
    arguments.check_seeds(seeds)
    entries = choose_entries(registry, architectures, hyperparameters, runs_dir)
    workplace = Workplace(
        Path(runs_dir),
        str(data_dir) if data_dir else None,
        jobs,
        together,
        bool(registry.plugins),
        cluster,
    )
    changes = {"tta_shift": tta_shift, **(recipe_changes or {})}
    where = arguments.located(dataset, data_dir)
    asked = arguments.make_request("", where, changes=changes, runs_dir=runs_dir, **options)
    return Selection(
        entries,
        for_entries(asked),
        replicates(seeds, folds),
        workplace,
        registry,
    )


def choose_entries(
    registry: Registry,
    architectures: Architectures,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None,
    runs_dir: str | Path,
) -> list[Entry]:
    """Look up what is compared or measured.

    Raises:
        UsageError: nothing is named, a name or a hyperparameter is unknown, or a name is given twice.
        PluginError: a plugin that is named is broken.
    """
    everything = architectures == "all"
    names = [] if everything else [architecture_text(x, Path(runs_dir)) for x in architectures]
    settings = {
        f"{name}.{key}": text
        for name, chosen in (hyperparameters or {}).items()
        for key, text in arguments.texts(chosen).items()
    }
    return choose(registry, names, everything=everything, settings=settings)


def for_entries(asked: Request) -> Callable[[Entry], Request]:
    """What makes an entry's request of one that names no architecture."""
    return lambda entry: replace(asked, architecture=entry.architecture, settings=entry.settings)


@contextmanager
def showing(progress: bool | None) -> "Iterator[ComparisonCallback]":
    """A display of progress, closed at the end."""
    from zoo.comparison_progress import make_comparison_callback

    callback = make_comparison_callback(silent=not arguments.shows_progress(progress))
    try:
        yield callback
    finally:
        callback.close()
