"""The Python API: what a notebook needs, from a name, a file, a function or arrays to a verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

from zoo.compared import Comparison
from zoo.datasets.dataset import Dataset
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.manifest import Manifest
from zoo.materials import architecture_text, dataset_text
from zoo.parameters import as_text
from zoo.recipe import Recipe
from zoo.registry import Registry
from zoo.trained import Run
from zoo.training.callbacks import Callback, CallbackList
from zoo.training.request import DEFAULT_DATASET, Request

RUNS_DIR = "runs"

Device = Literal["auto", "cpu", "gpu"]


@overload
def train(architecture: Any, dataset: Any = ..., *, seeds: None = None, **rest: Any) -> Run: ...
@overload
def train(architecture: Any, dataset: Any = ..., *, seeds: int, **rest: Any) -> list[Run]: ...
def train(  # type: ignore[misc]  # the overloads leave the rest to this one
    architecture: Any,
    dataset: Any = DEFAULT_DATASET,
    *,
    recipe: str | None = None,
    seed: int = 0,
    seeds: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    test: bool = True,
    backend: str | None = None,
    device: Device = "auto",
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    again: bool = False,
    callbacks: Sequence[Any] = (),
    progress: bool | None = None,
) -> Run | list[Run]:
    """Train an architecture on a dataset and measure it once on the test set.

    The same arguments give the same run: a finished one is returned as it is, an interrupted one is
    resumed from its checkpoint.

    Args:
        architecture: a name (`list_architectures`), a Python file with `build`, a `zoo.Architecture`,
            or a function `build(input_shape, num_classes, *, hyperparameter=default)` that returns an
            uncompiled `keras.Model` with logits `(batch, num_classes)`. A function is written to a
            file beside the runs, so that the run can be repeated.
        dataset: a name, a path, a `zoo.Dataset`, `(x_train, y_train, x_test, y_test)`, or a
            dictionary of arrays as an npz file holds them. Images are `(N, H, W)` or `(N, H, W, C)`,
            uint8 or float; labels `(N,)`. Arrays are written to a file beside the runs.
        recipe: a name or a TOML file; by default the one that the dataset names.
        seed: of weights, data order and dropout.
        seeds: train so many runs, with `seed`, `seed + 1`, ...; the result is a list.
        epochs, batch_size, learning_rate: replace the recipe's.
        hyperparameters: keyword-only parameters of `build`, for example `{"filters": (8, 16)}`.
        data_parameters: parameters of the dataset, for example `{"frames": 20}`.
        recipe_changes: replaces other keys of the recipe, for example `{"validation": 0.2}`.
        test: False leaves the test set untouched; such a run has validation metrics alone.
        backend: `tensorflow`, `jax` or `torch`; by default `KERAS_BACKEND`, else TensorFlow.
        device: `auto`, `cpu` or `gpu`.
        runs_dir: the folder that holds the runs.
        data_dir: a folder that holds datasets; by default `ZOO_DATA_DIR`.
        again: train into a new folder even if the run is finished.
        callbacks: `zoo.Callback`s or `keras.callbacks.Callback`s.
        progress: show a progress bar; by default in notebooks and terminals.

    Returns:
        The finished run, or a list with `seeds`.

    Raises:
        UsageError: an argument is not allowed; the message says what is.
        DataError: the data are missing or damaged.
        PluginError: the architecture fails.
        Diverged: the loss became NaN or infinite.
        Interrupted: Ctrl-C, after a checkpoint was written; the same call resumes.

    Example:
        >>> run = zoo.train("cnn", "digits", recipe="quick", epochs=1)  # doctest: +SKIP
        >>> run.metrics["test_accuracy"]  # doctest: +SKIP
        0.91
    """
    from zoo.training.keras_callbacks import descriptions
    from zoo.training.trainer import train as train_plan
    from zoo.training.trainer import train_seeds

    changes = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    folder, registry = Path(runs_dir), Registry.discover()
    request = _request(
        architecture,
        dataset,
        folder,
        recipe=recipe,
        changes={**changes, **(recipe_changes or {})},
        hyperparameters=hyperparameters,
        data_parameters=data_parameters,
        backend=backend,
        device=device,
    )
    plan = replace(
        request.with_seed(seed).plan(registry), tests=test, callbacks=descriptions(callbacks)
    )
    locations = _locations(data_dir)
    made = _callbacks(callbacks, progress)
    if seeds is None:
        found = train_plan(plan, folder, locations, callback=made(plan), again=again)
        return Run(found.folder, found.record)
    if seeds < 1:
        raise UsageError(f"seeds is {seeds}; use at least 1.")
    several = train_seeds(plan, seeds, folder, locations, callbacks=made, again=again)
    return [Run(each.folder, each.record) for each in several]


def _callbacks(callbacks: Sequence[Any], progress: bool | None) -> Callable[[Any], Callback]:
    from zoo.progress import progress_callback
    from zoo.training.keras_callbacks import adapted

    def of(_plan: Any) -> Callback:
        shown = [progress_callback(silent=False, tensorboard=False)] if _shows(progress) else []
        return CallbackList(*shown, *map(adapted, callbacks))

    return of


def _shows(progress: bool | None) -> bool:
    import sys

    if progress is not None:
        return progress
    return "ipykernel" in sys.modules or sys.stderr.isatty()


def _request(
    architecture: Any,
    dataset: Any,
    runs_dir: Path,
    *,
    recipe: str | None,
    changes: Mapping[str, Any],
    hyperparameters: Mapping[str, Any] | None,
    data_parameters: Mapping[str, Any] | None,
    backend: str | None,
    device: str,
) -> Request:
    name, chosen = dataset_text(dataset, runs_dir)
    return Request(
        architecture_text(architecture, runs_dir),
        _texts(hyperparameters),
        name,
        recipe,
        changes,
        backend=backend,
        device=device,
        data_settings={**chosen, **_texts(data_parameters)},
    )


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: as_text(value) for key, value in (values or {}).items()}


def _locations(data_dir: str | Path | None) -> Locations:
    return Locations.of_user(str(data_dir) if data_dir else None)


def compare(
    architectures: Sequence[Any] | Literal["all"],
    dataset: Any = DEFAULT_DATASET,
    *,
    recipe: str | None = None,
    seeds: int = 3,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    costs: Literal["none", "quick", "full"] = "none",
    target: float = 0.99,
    jobs: int = 1,
    backend: str | None = None,
    device: Device = "auto",
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    progress: bool | None = None,
) -> Comparison:
    """Train architectures under one recipe with several seeds, and say which is better.

    Each run is trained in a process of its own. Finished runs are not trained again.

    Args:
        architectures: names, files, `zoo.Architecture`s or functions, as `train` takes them; or
            `"all"` that are installed.
        dataset, recipe, data_parameters, recipe_changes, backend, device, runs_dir, data_dir,
            progress: as for `train`.
        seeds: runs of each architecture, with seeds 0, 1, ...
        hyperparameters: of each architecture by name, `{"cnn": {"filters": (8, 16)}}`.
        costs: measure speed afterwards: not, in one process of each, or in three.
        target: the validation accuracy that is timed, from 0 to 1.
        jobs: how many processes train at once.

    Returns:
        The comparison: its table, its differences and what can be told.

    Raises:
        UsageError: an argument is not allowed.
        ZooError: no run is finished, or the runs folder cannot be written.
        Interrupted: Ctrl-C; the same call goes on.

    Example:
        >>> c = zoo.compare(["cnn", "gru"], "digits", seeds=2)  # doctest: +SKIP
        >>> c.verdict("cnn", "gru")  # doctest: +SKIP
        'cannot tell'
    """
    from zoo.comparison.benchmark import DEPTHS
    from zoo.comparison.comparing import Workplace, compare_runs
    from zoo.comparison.entries import choose
    from zoo.comparison_progress import make_comparison_callback

    folder, registry = Path(runs_dir), Registry.discover()
    everything = architectures == "all"
    names = [] if everything else [architecture_text(each, folder) for each in architectures]
    settings = {
        f"{name}.{key}": as_text(value)
        for name, chosen in (hyperparameters or {}).items()
        for key, value in chosen.items()
    }
    entries = choose(registry, names, everything=everything, settings=settings)
    asked = _request(
        "",
        dataset,
        folder,
        recipe=recipe,
        changes=recipe_changes or {},
        hyperparameters=None,
        data_parameters=data_parameters,
        backend=backend,
        device=device,
    )
    callback = make_comparison_callback(silent=not _shows(progress))
    try:
        made = compare_runs(
            entries,
            lambda entry: replace(asked, architecture=entry.architecture, settings=entry.settings),
            range(seeds),
            Workplace(folder, str(data_dir) if data_dir else None, jobs),
            registry,
            settings=DEPTHS.get(costs),
            target=target,
            command="zoo.compare(...)",
            callback=callback,
        )
    finally:
        callback.close()
    return Comparison(made.report, made.results, registry, _locations(data_dir))


def load_dataset(
    name: Any, *, parameters: Mapping[str, Any] | None = None, runs_dir: str | Path = RUNS_DIR
) -> Dataset:
    """A dataset by its name or path, or made of arrays. Nothing is loaded until it is needed.

    Args:
        name: as `train` takes it.
        parameters: of the dataset, for example `{"frames": 20}`.

    Raises:
        UsageError: nobody has it, or it has no such parameter or value.
        DataError: the file or folder cannot be trained on.
    """
    from zoo.datasets.catalog import find_dataset

    text, chosen = dataset_text(name, Path(runs_dir))
    return find_dataset(text, Registry.discover(), {**chosen, **_texts(parameters)})


def load_recipe(name: str, architecture: str = "", **changes: Any) -> Recipe:
    """A recipe by its name or file, as it is for one architecture, with some keys changed.

    Raises:
        UsageError: unknown recipe or key, or a value of a wrong type or out of range.
    """
    from zoo.recipe import resolve

    return resolve(Manifest.read(), name, architecture, changes)


def load_run(run: str | Path, runs_dir: str | Path = RUNS_DIR) -> Run:
    """A run by its folder, its name, a part of its name, or `last`.

    Raises:
        UsageError: no run, or several, are meant.
        ZooError: its record is damaged.
    """
    from zoo.runs.run import find_run

    found = find_run(str(run), Path(runs_dir))
    return Run(found.folder, found.record)


def load_runs(runs_dir: str | Path = RUNS_DIR) -> list[Run]:
    """All runs in a folder, oldest first. Damaged ones are left out, with a warning each."""
    import warnings

    from zoo.runs.run import all_runs

    found, problems = all_runs(Path(runs_dir))
    for problem in problems:
        warnings.warn(problem, stacklevel=2)
    return [Run(each.folder, each.record) for each in found]


def list_architectures(pattern: str = "*") -> list[str]:
    """The installed architectures' names, from metadata; `pattern` may have wildcards."""
    from fnmatch import fnmatch

    return [name for name in Registry.discover().names() if fnmatch(name, pattern)]


def check(subject: Any, *, runs_dir: str | Path = RUNS_DIR) -> list[Any]:
    """Check an architecture or a dataset: a verdict for each check.

    Args:
        subject: what `train` takes as an architecture, or a dataset's name or `zoo.Dataset`.

    Returns:
        `zoo.testing.check.Verdict`s; `state` is `passed`, `failed` or `skipped`.

    Raises:
        UsageError: nothing is called so.
        PluginError: its plugin is broken.
    """
    from zoo.testing.checking import check_dataset
    from zoo.testing.targets import find
    from zoo.training.backend import choose_backend, hide_gpus

    if isinstance(subject, Dataset):
        return list(check_dataset(subject))
    text = architecture_text(subject, Path(runs_dir))
    found = list(find(text, Registry.discover()))
    if any(each.kind == "architecture" for each in found):
        hide_gpus(choose_backend(None))
    return [verdict for each in found for verdict in each.check(list(each.checks))]
