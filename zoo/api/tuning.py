"""Tuning: `tune` and `load_study`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import arguments
from zoo.api.arguments import Backend, DatasetLike, Device
from zoo.api.clusters import choose_cluster
from zoo.api.compared_architectures import Architectures, choose_entries
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.training.request import DEFAULT_DATASET
from zoo.tuned import Study

if TYPE_CHECKING:
    from zoo.comparison.executors.executor import Executor
    from zoo.tuning.study_folder import StudyFolder
    from zoo.tuning.study_making import Wish
    from zoo.tuning.study_record import Objective, Pruner, Sampler, StudyRecord
    from zoo.tuning.tuning_callback import TuningCallback

STUDIES_DIR = "studies"


def tune(
    architectures: Architectures,
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    trials: int | None = None,
    budget: str | float | None = None,
    budget_steps: int | None = None,
    recipe: str | Path | None = None,
    space: str | Path | Mapping[str, Any] | None = None,
    sampler: "Sampler" = "tpe",
    pruner: "Pruner" = "asha",
    objective: "Objective" = "val_accuracy",
    validation: float | None = None,
    seed: int = 0,
    study: str | None = None,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    device: Device = "auto",
    on: str | None = None,
    cpus_per_run: int | None = None,
    gpus_per_run: float | None = None,
    progress: bool | None = None,
    studies_dir: str | Path = STUDIES_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> Study:
    """Tune architectures with equal budgets, on the validation split alone. The test set is not read.

    The first trial of each architecture has the defaults. Architectures take turns, so that a study that
    is stopped leaves them equal. The same call goes on with a study, also after a kill, with a larger
    budget, or in several processes at once.

    Args:
        architectures, dataset, recipe, data_parameters, backend, device, data_dir, progress, registry:
            as for `compare`.
        trials: budget of each architecture in trials. Give one of the three.
        budget: budget of each architecture in training time: seconds, or `"90s"`, `"30min"`, `"2h"`.
        budget_steps: budget of each architecture in training steps. A trial that would exceed it ends.
        space: a TOML file, or a mapping with the same tables, that replaces the default ranges, which are
            those of registry.toml for recipe keys, and of `build`'s annotations for hyperparameters.
        sampler: `tpe` (tree-structured Parzen estimator, Bergstra et al. 2011; the first ten trials are
            random) or `random`.
        pruner: `asha` (asynchronous successive halving, Li et al. 2020), `hyperband` (Li et al. 2018), or
            `none`. Trials are pruned by validation after a ninth and a third of the training.
        objective: what is searched for: the highest `val_accuracy`, or the lowest `val_loss`. Of equal
            accuracies the lower loss is better.
        validation: share of the training set to validate on; by default the recipe's, and a fifth where
            the recipe has none. A dataset's own validation set is used as it is.
        seed: of the sampler. Trials are trained with seeds from 1000 on.
        study: the study's name; by default of the dataset and the recipe.
        hyperparameters: values that are not searched, `{"cnn": {"filters": (8, 16, 32)}}`.
        recipe_changes: keys of the recipe that are not searched, `{"epochs": 3}`.
        on, cpus_per_run, gpus_per_run: train the trials on a cluster, as for `compare`; as many at a time as
            there is room for. What the sampler proposes then depends on which trial ends first, as it does
            with several processes. With `budget` in seconds only the nodes of one kind are used.
        studies_dir: the folder that holds the studies.

    Returns:
        The study: its table, its recipe file, its page.

    Raises:
        UsageError: an argument is not allowed, a space is empty, the budget is smaller than one trial, the
            study is of something else, or Optuna is not installed.
        DataError: the data are missing or damaged.
        ZooError: the study's folder cannot be written, or its journal is damaged.
        Interrupted: Ctrl-C; the same call goes on.

    Example:
        >>> study = zoo.tune(["cnn", "gru"], "digits", trials=20)  # doctest: +SKIP
        >>> study.best("cnn")  # doctest: +SKIP
        {'recipe.learning_rate': 0.0073, 'hyperparameters.dropout': 0.12}
        >>> zoo.compare(tuned=study, seeds=5)  # doctest: +SKIP
    """
    from zoo.comparison.executors.opening import open_executor
    from zoo.comparison.workplace import Workplace
    from zoo.tuning.budget import budget_of
    from zoo.tuning.space_file import SpaceFile
    from zoo.tuning.study_making import Wish
    from zoo.tuning.trial_store import require_optuna
    from zoo.tuning.tuner import requested

    require_optuna()
    found = arguments.find_registry(registry)
    runs_dir = Path(studies_dir)
    located = arguments.located(dataset, data_dir)
    asked = arguments.make_request(
        "", located, recipe=recipe, changes=recipe_changes, data_parameters=data_parameters,
        backend=backend, device=device, runs_dir=runs_dir,
    )  # fmt: skip
    _check_choices(sampler, pruner, objective)
    wish = Wish(
        entries=choose_entries(found, architectures, hyperparameters, runs_dir),
        request=asked,
        space=SpaceFile.of(space),
        budget=budget_of(trials, budget, budget_steps),
        sampler=sampler,
        pruner=pruner,
        objective=objective,
        seed=_checked_seed(seed),
        validation=validation,
    )
    cluster = choose_cluster(
        on, cpus_per_run, gpus_per_run, mixed=on is not None and wish.budget.unit != "seconds"
    )
    callback = _callback(progress)
    folder, record = _prepared(wish, study, Path(studies_dir), found, data_dir, callback)
    setup = {"use_plugins": bool(found.plugins), "data_dir": str(data_dir) if data_dir else None}
    places = Workplace(folder.runs_dir, str(data_dir) if data_dir else None, ray=cluster)
    names = [entry.name for entry in wish.entries]
    requests = [requested(record, name) for name in names]
    with open_executor(places, requests, found, callback.on_note) as executor:
        _carry_out(folder, record, names, setup, callback, executor)
    return _study(folder, folder.read())


def load_study(study: str | Path, *, studies_dir: str | Path = STUDIES_DIR) -> Study:
    """Load a study, finished or not. Nothing is trained.

    Args:
        study: its name, or its folder.
        studies_dir: the folder that holds the studies.

    Raises:
        UsageError: there is no such study, or Optuna is not installed.
        ZooError: its files are damaged.

    Example:
        >>> zoo.load_study("mnist-quick").to_frame()  # doctest: +SKIP
    """
    from zoo.tuning.study_folder import find_study

    folder = find_study(study, Path(studies_dir))
    return _study(folder, folder.read())


def _study(folder: "StudyFolder", record: "StudyRecord") -> Study:
    from zoo.tuning.report_making import make_report
    from zoo.tuning.trial_store import TrialStore

    report = make_report(record, TrialStore.open(folder, record))
    return Study(report, folder, record)


def _prepared(
    wish: "Wish",
    name: str | None,
    studies_dir: Path,
    registry: Registry,
    data_dir: str | Path | None,
    callback: "TuningCallback",
) -> "tuple[StudyFolder, StudyRecord]":
    """The study's folder with its study.json, begun or gone on with."""
    from zoo.tuning.study_folder import study_folder
    from zoo.tuning.study_making import joined, make_record, name_of

    if name is not None:
        study_folder(name, studies_dir)  # before the data are loaded
    record, notes = make_record(wish, name or "", registry, arguments.find_locations(data_dir))
    record.name = name or name_of(record)
    folder = study_folder(record.name, studies_dir)
    with folder.locked():
        if folder.exists:
            record = joined(folder.read(), record, folder)
        folder.write(record)
    for line in notes:
        callback.on_note(line)
    return folder, record


def _carry_out(
    folder: "StudyFolder",
    record: "StudyRecord",
    names: list[str],
    setup: dict[str, Any],
    callback: "TuningCallback",
    executor: "Executor",
) -> None:
    """Train the trials; the recipe file is written, however that ends."""
    from zoo.tuning.crew import work_together
    from zoo.tuning.trial_messages import TrialSetup
    from zoo.tuning.trial_store import TrialStore
    from zoo.tuning.tuned_recipe import write_recipe
    from zoo.tuning.tuner import Tuner

    store = TrialStore.open(folder, record)
    told = TrialSetup(**setup, runs_dir=str(folder.runs_dir), backend=record.backend)
    callback.on_plan(_plan_in_words(folder, record, names))
    tuners = [
        Tuner(folder, record, TrialStore.open(folder, record), names, told, callback, executor)
        for _ in range(executor.room())
    ]
    try:
        work_together(tuners, executor)
    finally:
        trials = {name: store.trials(name) for name in record.architectures}
        write_recipe(folder, record, trials)


def _plan_in_words(folder: "StudyFolder", record: "StudyRecord", names: list[str]) -> str:
    several = f"{len(names)} architectures, {record.equal_budget} each"
    one = f"{names[0]}, {record.equal_budget}"
    return f"study {folder.folder}: {several if len(names) > 1 else one}"


def _callback(progress: bool | None) -> "TuningCallback":
    from zoo.tuning_progress import tuning_callback

    return tuning_callback(silent=not arguments.shows_progress(progress))


def _check_choices(sampler: str, pruner: str, objective: str) -> None:
    from zoo.suggest import unknown
    from zoo.tuning.study_record import OBJECTIVES, PRUNERS, SAMPLERS

    for kind, value, known in (
        ("sampler", sampler, SAMPLERS),
        ("pruner", pruner, PRUNERS),
        ("objective", objective, OBJECTIVES),
    ):
        if value not in known:
            raise UsageError(unknown(kind, value, known))


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**31:
        raise UsageError(f"`seed={seed}`: use a number from 0 to {2**31 - 1}.")
    return seed
