"""Comparing: `compare`, `plan_comparison` and `compare_runs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo import named_sizes
from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, Backend, DatasetLike, Device
from zoo.api.clusters import choose_cluster
from zoo.api.compared_architectures import Architectures, select, showing
from zoo.api.tracked import choose_trackers, tracked_comparison
from zoo.api.tuned_comparison import choose_tuned
from zoo.compared import Comparison
from zoo.comparison.benchmark import DEPTHS
from zoo.comparison.comparing import compare_folders, plan_runs
from zoo.comparison.comparing import compare_runs as compare_requests
from zoo.comparison.recorded_sizes import RecordedSizes
from zoo.comparison.results import Wanted
from zoo.datasets.fold import check_folds
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.scoring import MetricName
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.comparison.jobs import RunPlan
    from zoo.tracking.choosing import Track
    from zoo.tuned import Study

Costs = Literal["none", "quick", "full"]

TARGET = 0.99


def compare(
    architectures: Architectures = (),
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    recipe: str | Path | None = None,
    tuned: "Study | str | Path | None" = None,
    seeds: int | None = None,
    until_told: bool = False,
    max_seeds: int | None = None,
    folds: int | None = None,
    tta_shift: int | None = None,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    costs: Costs = "none",
    metric: MetricName = "accuracy",
    rope: float | None = None,
    target: float = TARGET,
    jobs: int | None = None,
    together: bool = False,
    on: str | None = None,
    cpus_per_run: int | None = None,
    gpus_per_run: float | None = None,
    allow_mixed: bool = False,
    backend: Backend | None = None,
    device: Device = "auto",
    track: "Track | Sequence[Track]" = (),
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
    command: str = "zoo.compare(...)",
) -> Comparison:
    """Train architectures under one recipe with several seeds, and say which is better.

    Each run is trained in a process of its own. Finished runs are not trained again.

    Args:
        architectures: names, files, `zoo.Architecture`s or functions, as `train` takes them; or
            `"all"` that are installed.
        dataset, recipe, data_parameters, recipe_changes, tta_shift, backend, device, runs_dir,
            data_dir, progress, registry: as for `train`.
        tuned: a study of `tune`, its name or folder, whose recipe is used. By default its architectures
            and its dataset are compared. Its trials had other seeds.
        seeds: runs of each architecture, with seeds 0, 1, ...; 3 by default. With `folds` how often the
            cross-validation is repeated, each time with another split; once by default.
        until_told: instead of so many seeds, add seeds in stages where pairs are undecided, until each pair
            is told apart, or equivalent within `rope`, or has `max_seeds`. The error over all stages is
            below 5 % (alpha spending, Lan and DeMets 1983).
        max_seeds: of each architecture with `until_told`; 20 by default.
        folds: compare by cross-validation of the training set: so many folds, stratified, and by group where
            the dataset has groups; the same for all architectures. The test set is not read. The variance is
            Nadeau and Bengio's.
        hyperparameters: of each architecture by name, `{"cnn": {"filters": (8, 16, 32)}}`.
        costs: measure speed after training: `none`, `quick` (one process for each), `full` (three).
        metric: that by which architectures are compared, ranked and told apart: `accuracy`,
            `balanced_accuracy`, `macro_f1`, `mcc`, `log_loss` or `ece`. Nothing is trained again for
            another one.
        rope: test equivalence, too: two architectures are equivalent where two one-sided tests show that
            they differ by less than this. Percentage points for shares (0.1: a tenth of a point), else
            the metric's unit.
        target: the validation accuracy whose time is measured, above 0 and at most 1.
        jobs: how many processes train at once; one by default, and with `on` as many as the cluster has room
            for.
        together: train all seeds of an architecture in one program (JAX only).
        on: train on the nodes of a cluster of Ray: `ray` (that of `RAY_ADDRESS`, else one that is started on
            this machine) or `ray://HOST:PORT`. The runs are those that this machine would train. Each node
            needs the same versions, plugins and data; it is refused by name otherwise.
        cpus_per_run: with `on`: CPUs of each run, which are its own; by default all of the smallest node,
            so that no run disturbs the timings of another.
        gpus_per_run: with `on`: GPUs of each run, also a fraction: 0.25; by default one where all nodes have
            some.
        allow_mixed: with `on`: use nodes of several kinds, and cached runs of other processors. By default
            runs go to the nodes of one kind. The table says what differs.
        track: as for `train`; the runs are children of the comparison. Runs that are cached are logged if
            the tracker lacks them.
        command: what to type to repeat the comparison, for the report.

    Returns:
        The comparison: its table, its differences and its verdicts.

    Raises:
        UsageError: an argument is not allowed.
        ZooError: no run is finished, or the runs folder cannot be written.
        Interrupted: Ctrl-C; the same call resumes.

    Example:
        >>> c = zoo.compare(["cnn", "gru"], "digits", seeds=2)  # doctest: +SKIP
        >>> c.verdict("cnn", "gru")  # doctest: +SKIP
        'cannot tell'
    """
    found = arguments.find_registry(registry)
    trackers = choose_trackers(track, found)
    _check_not_tuned_on(tuned, folds)
    seeds = checked_seeds(seeds, max_seeds, until_told=until_told, folds=folds, together=together)
    choice = choose_tuned(tuned, architectures, dataset, recipe, data_parameters)
    chosen = select(
        choice.architectures,
        choice.dataset,
        recipe=choice.recipe,
        seeds=seeds,
        folds=folds,
        tta_shift=tta_shift,
        hyperparameters=hyperparameters,
        data_parameters=choice.data_parameters,
        recipe_changes=recipe_changes,
        jobs=jobs,
        together=together,
        cluster=choose_cluster(on, cpus_per_run, gpus_per_run, jobs=jobs, mixed=allow_mixed),
        backend=backend,
        device=device,
        runs_dir=runs_dir,
        data_dir=data_dir,
        registry=found,
    )
    choice.check_data(found, arguments.find_locations(data_dir))
    with showing(progress) as display, tracked_comparison(display, trackers, runs_dir) as tracked:
        made = compare_requests(
            *chosen.parts,
            settings=DEPTHS.get(costs),
            metric=metric,
            target=target,
            command=command,
            callback=tracked.callback,
            tuned=choice.info,
            rope=rope,
            until_told=until_told,
        )
        places = arguments.find_locations(data_dir)
        comparison = Comparison(made.report, made.results, chosen.registry, places)
        tracked.end(comparison)
    return comparison


def checked_seeds(
    seeds: int | None,
    max_seeds: int | None,
    *,
    until_told: bool,
    folds: int | None,
    together: bool,
) -> int | None:
    """How many seeds are trained at most.

    Raises:
        UsageError: arguments do not go together, or `max_seeds` is not allowed.
    """
    from zoo.comparison.sequential import MAX_SEEDS, stages

    if not until_told:
        if max_seeds is not None:
            raise UsageError("`max_seeds` goes with `until_told=True`; without it give `seeds`.")
        return seeds
    for name, given in (("seeds", seeds is not None), ("folds", folds), ("together", together)):
        if given:
            raise UsageError(f"`until_told=True` adds seeds in stages; leave `{name}` out.")
    most = MAX_SEEDS if max_seeds is None else max_seeds
    stages(most)
    return most


def plan_comparison(
    architectures: Architectures = (),
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    recipe: str | Path | None = None,
    tuned: "Study | str | Path | None" = None,
    seeds: int | None = None,
    until_told: bool = False,
    max_seeds: int | None = None,
    folds: int | None = None,
    tta_shift: int | None = None,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    costs: Costs = "none",
    jobs: int | None = None,
    together: bool = False,
    on: str | None = None,
    cpus_per_run: int | None = None,
    gpus_per_run: float | None = None,
    allow_mixed: bool = False,
    backend: Backend | None = None,
    device: Device = "auto",
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "RunPlan":
    """List the runs that `compare` would train, and estimate how long they take.

    Args:
        architectures, dataset, ...: as for `compare`. With `until_told` all stages are listed.

    Returns:
        `jobs`, one for each run with its `state` (cached, resumable, pending, failed) and `seconds`,
        and a `summary`.

    Raises:
        UsageError: an argument is not allowed.
        ZooError: the runs folder cannot be written.
    """
    _check_not_tuned_on(tuned, folds)
    seeds = checked_seeds(seeds, max_seeds, until_told=until_told, folds=folds, together=together)
    choice = choose_tuned(tuned, architectures, dataset, recipe, data_parameters)
    chosen = select(
        choice.architectures,
        choice.dataset,
        recipe=choice.recipe,
        seeds=seeds,
        folds=folds,
        tta_shift=tta_shift,
        hyperparameters=hyperparameters,
        data_parameters=choice.data_parameters,
        recipe_changes=recipe_changes,
        jobs=jobs,
        together=together,
        cluster=choose_cluster(on, cpus_per_run, gpus_per_run, jobs=jobs, mixed=allow_mixed),
        backend=backend,
        device=device,
        runs_dir=runs_dir,
        data_dir=data_dir,
        registry=arguments.find_registry(registry),
    )
    with showing(progress) as callback:
        return plan_runs(*chosen.parts, settings=DEPTHS.get(costs), callback=callback)


def compare_runs(
    folders: str | Path | Sequence[str | Path],
    architectures: Sequence[str] = (),
    dataset: str | None = None,
    *,
    recipe: str | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    folds: int | None = None,
    allow_mixed: bool = False,
    metric: MetricName = "accuracy",
    rope: float | None = None,
    target: float = TARGET,
    progress: bool | None = None,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
    command: str = "zoo.compare_runs(...)",
) -> Comparison:
    """Compare finished runs, for example those that another machine has trained. Nothing is trained.

    Args:
        folders: folders of runs, or of one run each.
        architectures, dataset, recipe: names that select among the runs; by default all are compared. Of
            a recipe file, such as a study's, overrides for single architectures are no difference.
        data_parameters: parameters that the dataset of the runs must have; needs `dataset`.
        folds: compare the runs of a cross-validation with so many folds; None: runs without folds.
        allow_mixed: compare runs of different devices, versions or recipes, too.
        metric, rope: as for `compare`.
        target: the validation accuracy whose time is shown, above 0 and at most 1.
        progress: show progress; by default in notebooks and terminals.
        data_dir: a folder that holds datasets, for the images of the page.
        registry: as for `train`.
        command: what to type to repeat the comparison, for the report.

    Raises:
        UsageError: a folder is missing, no run is selected, or the runs must not be mixed.
        ZooError: the predictions of a run cannot be read.

    Example:
        >>> zoo.compare_runs("gpu-machine/runs").to_frame()  # doctest: +SKIP
    """
    registry = arguments.find_registry(registry)
    if folds is not None:
        check_folds(folds)
    wanted = Wanted(
        frozenset(map(named_sizes.without_file, architectures)),
        dataset,
        Path(recipe).stem if recipe else None,
        _made_with(dataset, data_parameters, registry),
        folds,
        RecordedSizes(registry),
    )
    with showing(progress) as callback:
        made = compare_folders(
            [Path(each) for each in ([folders] if isinstance(folders, str | Path) else folders)],
            wanted,
            registry,
            allow_mixed=allow_mixed,
            metric=metric,
            rope=rope,
            target=target,
            command=command,
            callback=callback,
            recipe=str(recipe) if recipe else None,
        )
    return Comparison(made.report, made.results, registry, arguments.find_locations(data_dir))


def _check_not_tuned_on(tuned: Any, folds: int | None) -> None:
    if tuned is not None and folds is not None:
        raise UsageError(
            "`folds` and `tuned`: the study was tuned on the samples that the folds would test, so the "
            "result would be too good. Leave one out: without `folds` the test set is read."
        )


def _made_with(
    dataset: str | None, parameters: Mapping[str, Any] | None, registry: Registry
) -> dict[str, Any]:
    """The parameters that the data of the runs must have, as their types read them."""
    if not parameters:
        return {}
    if not dataset:
        raise UsageError("`data_parameters` says how a dataset was made: name it with `dataset`.")
    from zoo.datasets.catalog import find_dataset

    made = find_dataset(dataset, registry, arguments.texts(parameters))
    return {key: made.parameters[key] for key in parameters}
