"""Training: `plan` and `train`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, ArchitectureLike, Backend, DatasetLike, Device, Precision
from zoo.api.clusters import choose_cluster
from zoo.api.finding import load_run
from zoo.api.tracked import choose_trackers, tracking
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.trained import Run
from zoo.training.callbacks import Callback, CallbackList
from zoo.training.keras_callbacks import adapted, descriptions
from zoo.training.plan import Plan
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    import keras

    from zoo.runs.run import Run as Folder
    from zoo.tracking.choosing import Track
    from zoo.tracking.tracking import Tracking


class PlanOptions(TypedDict, total=False):
    """The keyword arguments of `plan`."""

    recipe: str | Path | None
    seed: int
    epochs: int | None
    steps: int | None
    min_steps: int | None
    batch_size: int | None
    learning_rate: float | None
    precision: Precision | None
    tta_shift: int | None
    hyperparameters: Mapping[str, Any] | None
    data_parameters: Mapping[str, Any] | None
    recipe_changes: Mapping[str, Any] | None
    backend: Backend | None
    device: Device
    runs_dir: str | Path
    registry: Registry | None


class TrainOptions(PlanOptions, total=False):
    """The keyword arguments of `train`, apart from `seeds`."""

    test: bool
    together: bool | None
    on: str | None
    cpus_per_run: int | None
    gpus_per_run: float | None
    resume: "Folder | str | Path | None"
    trust_source: bool
    again: bool
    track: "Track | Sequence[Track]"
    callbacks: "Sequence[Callback | keras.callbacks.Callback]"
    progress: bool | None
    data_dir: str | Path | None


def plan(
    architecture: ArchitectureLike,
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    recipe: str | Path | None = None,
    seed: int = 0,
    epochs: int | None = None,
    steps: int | None = None,
    min_steps: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    precision: Precision | None = None,
    tta_shift: int | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    device: Device = "auto",
    runs_dir: str | Path = RUNS_DIR,
    registry: Registry | None = None,
) -> Plan:
    """Look up everything that a training needs, without loading data or building the model.

    Args:
        architecture, dataset, recipe, ...: as for `train`.

    Returns:
        What would be trained; `train` takes it in place of the architecture.

    Raises:
        UsageError: a name, a parameter or a value is unknown or not allowed.
        PluginError: the architecture's plugin is broken.

    Example:
        >>> zoo.plan("cnn", "digits", recipe="quick", epochs=2).recipe.epochs
        2
    """
    changes = {
        "epochs": epochs,
        "steps": steps,
        "min_steps": min_steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "precision": precision,
        "tta_shift": tta_shift,
    }
    return arguments.make_request(
        architecture,
        dataset,
        recipe=recipe,
        seed=seed,
        changes={**changes, **(recipe_changes or {})},
        hyperparameters=hyperparameters,
        data_parameters=data_parameters,
        backend=backend,
        device=device,
        runs_dir=runs_dir,
    ).plan(arguments.find_registry(registry))


@overload
def train(
    architecture: ArchitectureLike | Plan | None = ...,
    dataset: DatasetLike = ...,
    *,
    seeds: None = None,
    **options: Unpack[TrainOptions],
) -> Run: ...
@overload
def train(
    architecture: ArchitectureLike | Plan,
    dataset: DatasetLike = ...,
    *,
    seeds: int,
    **options: Unpack[TrainOptions],
) -> list[Run]: ...
@overload
def train(
    architecture: ArchitectureLike | Plan | None = ...,
    dataset: DatasetLike = ...,
    *,
    seeds: int | None,
    **options: Unpack[TrainOptions],
) -> Run | list[Run]: ...
def train(
    architecture: ArchitectureLike | Plan | None = None,
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    recipe: str | Path | None = None,
    seed: int = 0,
    seeds: int | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    min_steps: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    precision: Precision | None = None,
    tta_shift: int | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    device: Device = "auto",
    test: bool = True,
    together: bool | None = None,
    on: str | None = None,
    cpus_per_run: int | None = None,
    gpus_per_run: float | None = None,
    resume: "Folder | str | Path | None" = None,
    trust_source: bool = False,
    again: bool = False,
    track: "Track | Sequence[Track]" = (),
    callbacks: "Sequence[Callback | keras.callbacks.Callback]" = (),
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> Run | list[Run]:
    """Train an architecture on a dataset and measure it once on the test set.

    The same arguments give the same run: a finished run is returned as it is, an interrupted one is
    resumed from its checkpoint.

    Args:
        architecture: a name (`list_architectures`), a Python file with `build`, a `zoo.Architecture`,
            or a function `build(input_shape, num_classes, *, hyperparameter=default)` that returns an
            uncompiled `keras.Model` with logits `(batch, num_classes)`. A function is written to a
            file beside the runs, so that the run can be repeated. Or a `zoo.Plan`, which holds all
            that `plan` takes.
        dataset: a name, a path, a `zoo.Dataset`, `(x_train, y_train, x_test, y_test)`, or a
            dictionary of arrays as an npz file holds them, or a Hugging Face dataset. Images are
            `(N, H, W)` or `(N, H, W, C)`; labels `(N,)`, numbers or text, or one-hot. Arrays are
            written to a file beside the runs.
        recipe: a name or a TOML file; by default the one that the dataset names.
        seed: seed for weights, data order and dropout.
        seeds: train N runs, with `seed`, `seed + 1`, ...; the result is a list, in which runs that
            diverged are included.
        epochs, batch_size, learning_rate, precision, tta_shift: replace the recipe's values.
            `tta_shift` is in pixels.
        steps: train so many steps instead of epochs; the last epoch ends where they do.
        min_steps: train more epochs than the recipe's where those have fewer steps.
        hyperparameters: keyword-only parameters of `build`, for example `{"filters": (8, 16)}`.
        data_parameters: parameters of the dataset, for example `{"frames": 20}`.
        recipe_changes: replace other keys of the recipe, for example `{"validation": 0.2}`.
        backend: `tensorflow`, `jax` or `torch`; by default `KERAS_BACKEND`, else TensorFlow.
        device: `auto`, `cpu` or `gpu`.
        test: False leaves the test set untouched; such a run has validation metrics alone.
        together: with `seeds`: train all in one program (JAX only), or one after another; by
            default together on a GPU with JAX.
        on: with `seeds`: train on a cluster, as for `compare`.
        cpus_per_run, gpus_per_run: with `on`: what each run gets, as for `compare`.
        resume: an interrupted run to finish, as `load_run` takes it; everything else comes from it.
            With `epochs` or `steps`, a run is extended to so many, in a new folder: it must have a
            constant learning rate.
        trust_source: with `resume`: run the Python file in the run's folder although you never
            trained with it here.
        again: train into a new folder even if the run is finished.
        track: also log the run there: `mlflow`, `mlflow:ADDRESS`, `tensorboard`, `tensorboard:FOLDER`, the
            name of a plugin's tracker, a `zoo.Tracker`, or several. One that fails harms no training: it is
            switched off with a note.
        callbacks: `zoo.Callback`s or `keras.callbacks.Callback`s.
        progress: show a progress bar; by default in notebooks and terminals.
        runs_dir: the folder that holds the runs.
        data_dir: a folder that holds datasets; by default `ZOO_DATA_DIR`.
        registry: the architectures, datasets and recipes; by default those that are installed.

    Returns:
        The finished run, or a list of runs with `seeds`.

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
    found_registry = arguments.find_registry(registry)
    what: PlanOptions = {
        "recipe": recipe,
        "seed": seed,
        "epochs": epochs,
        "steps": steps,
        "min_steps": min_steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "precision": precision,
        "tta_shift": tta_shift,
        "hyperparameters": hyperparameters,
        "data_parameters": data_parameters,
        "recipe_changes": recipe_changes,
        "backend": backend,
        "device": device,
        "runs_dir": runs_dir,
        "registry": found_registry,
    }
    check_several(seeds, together)
    cluster = choose_cluster(on, cpus_per_run, gpus_per_run)
    if cluster is not None:
        _check_on_cluster(seeds, together, resume, track)
    if trust_source and resume is None:
        raise UsageError("`trust_source` goes with `resume`; a file that you name is run as it is.")
    trackers = choose_trackers(track, found_registry)
    begun = None if resume is None else load_run(resume, runs_dir)
    if begun is not None:
        given = {**what, "epochs": None, "steps": None, "seeds": seeds, "again": again}
        _refuse_beside("resume", architecture, dataset, given)
    elif isinstance(architecture, Plan):
        _refuse_beside("plan", None, dataset, what)
    if isinstance(architecture, Plan):
        made = architecture
    elif begun is not None:
        made = begun.plan(
            epochs=epochs, steps=steps, trust_source=trust_source, registry=what["registry"]
        )
    elif architecture is not None:
        made = plan(architecture, arguments.located(dataset, data_dir), **what)
    else:
        raise UsageError("what should be trained? Name an architecture: `zoo.train('cnn')`.")
    made = replace(made, tests=made.tests and test, callbacks=descriptions(callbacks))
    if cluster is not None and seeds is not None:
        from zoo.api.seeds_on_cluster import train_on_cluster

        where, shows = str(data_dir) if data_dir else None, arguments.shows_progress(progress)
        trained = train_on_cluster(
            made, seeds, cluster, Path(runs_dir), where, found_registry, again=again, progress=shows
        )
        return [Run(each.folder, each.record) for each in trained]
    folder = begun.folder.parent if begun else Path(runs_dir)
    locations = arguments.find_locations(data_dir)
    from zoo.training.fit import extend, train_seeds
    from zoo.training.fit import train as train_plan

    with tracking(trackers) as tracked:
        shown = _callbacks(callbacks, arguments.shows_progress(progress), tracked, seeds)
        if begun is not None and not (epochs is None and steps is None):
            runs = [extend(begun, made, folder, locations, callback=shown(made))]
        elif seeds is None:
            callback = shown(made)
            runs = [
                train_plan(made, folder, locations, callback=callback, again=again, resume=begun)
            ]
        else:
            runs = train_seeds(
                made, seeds, folder, locations, callbacks=shown, again=again, together=together
            )
        for each in runs:
            if each.finished:
                tracked.finished(each)
    found = [Run(each.folder, each.record) for each in runs]
    return found[0] if seeds is None else found


def check_several(seeds: int | None, together: bool | None) -> None:
    """Check the arguments that train several seeds.

    Raises:
        UsageError: `seeds` is out of range, or `together` is given without it.
    """
    if seeds is not None:
        arguments.check_seeds(seeds)
    elif together is not None:
        raise UsageError("`together` goes with `seeds`.")


def _check_on_cluster(seeds: Any, together: Any, resume: Any, track: Any) -> None:
    """Refuse what a cluster does not do.

    Raises:
        UsageError: an argument does not go with `on`.
    """
    if seeds is None:
        raise UsageError("`on` goes with `seeds`: one run needs no cluster.")
    for name, given in (("together", together), ("resume", resume), ("track", track)):
        if given:
            raise UsageError(f"`{name}` and `on` do not go together; leave one out.")


def build_model(plan: Plan) -> "keras.Model":
    """Build the model of a plan, untrained and on the CPU.

    Raises:
        PluginError: the architecture fails.
    """
    from zoo.training.backend import hide_gpus
    from zoo.training.prepare import model_of

    hide_gpus(plan.backend)
    return model_of(plan, plan.dataset.shape)


DEFAULTS = {"seed": 0, "device": "auto", "again": False}
"""Of the arguments whose default is not None."""

DECIDED_BY = {"resume": "run", "plan": "plan"}


def _refuse_beside(by: str, architecture: Any, dataset: Any, given: Mapping[str, Any]) -> None:
    """Refuse arguments that the run or the plan has decided."""
    names = [
        name
        for name, value in given.items()
        if name not in ("runs_dir", "registry") and value != DEFAULTS.get(name)
    ]
    if not (isinstance(dataset, str) and dataset == DEFAULT_DATASET):
        names.insert(0, "dataset")
    if not (architecture is None or isinstance(architecture, Plan)):
        names.insert(0, "architecture")
    if names:
        where = DECIDED_BY[by]
        raise UsageError(f"`{by}` takes everything from the {where}; leave `{names[0]}` out.")


def _callbacks(
    callbacks: Sequence[Any], progress: bool, tracked: "Tracking", seeds: int | None
) -> Callable[[Plan], Callback]:
    """What makes the callbacks of each run: a display, the trackers', and the user's."""
    from zoo.progress import progress_callback, progress_callbacks
    from zoo.tracking.training_adapter import TrackingCallback

    users = [adapted(each) for each in callbacks]
    of_seed = (
        (lambda _plan: progress_callback(silent=not progress))
        if seeds is None
        else progress_callbacks(silent=not progress)
    )
    trackers = [TrackingCallback] if tracked else []
    return lambda plan: CallbackList(of_seed(plan), *(each(tracked) for each in trackers), *users)
