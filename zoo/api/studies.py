"""Studies: `run_study`, `plan_study`, `rerun_study` and `diff_studies`."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR
from zoo.api.compared_architectures import Selection, select, showing
from zoo.api.tuned_comparison import choose_tuned
from zoo.compared_datasets import DatasetsComparison
from zoo.errors import Interrupted, UsageError, ZooError
from zoo.registry import Registry
from zoo.scoring import find_metric

if TYPE_CHECKING:
    from zoo.comparison.comparing import Prepared
    from zoo.comparison.jobs import RunPlan
    from zoo.comparison.schema import TunedInfo
    from zoo.studies.experiment import Experiment
    from zoo.studies.lock_diff import StudyDiff
    from zoo.studies.study_lock import StudyLock
    from zoo.studies.study_progress import StudyCallback

TARGET = 0.99


def run_study(
    study: str | Path | Mapping[str, Any],
    *,
    jobs: int | None = None,
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
    lock: str | Path | None = None,
) -> DatasetsComparison:
    """Carry out a study: train architectures on several datasets, and say over all of them which is better.

    Each dataset is a comparison as `compare` makes it. Finished runs are not trained again, and a study that
    was interrupted goes on.

    Args:
        study: a TOML file with the whole experiment, or a mapping with its keys: `architectures` (names and
            files, or `"all"`), `datasets`, `seeds` (3), `recipe` (the one that each dataset names), `folds`,
            `metric` (accuracy), `rope`, `tta_shift`, `backend`, `device`, `recipe_changes`, and by name
            `hyperparameters` of architectures, `data_parameters` and `tuned` of datasets.
        jobs: how many processes train at once.
        progress, runs_dir, data_dir, registry: as for `compare`.
        lock: where `study.lock` is written: everything from which `rerun_study` repeats the study; by default
            beside the TOML file, `NAME.lock` for `NAME.toml`; of a mapping none.

    Returns:
        The verdicts over all datasets. A dataset on which an architecture failed is left out, and a note says
        so.

    Raises:
        UsageError: the experiment or an argument is not allowed.
        ZooError: fewer than two datasets have a result, or a file cannot be written.
        Interrupted: Ctrl-C; the same call goes on.

    Example:
        >>> zoo.run_study("study.toml").verdict("cnn", "gru")  # doctest: +SKIP
        'cannot tell'
    """
    experiment = _experiment(study)
    where = Path(lock) if lock else None if isinstance(study, Mapping) else _lock_of(Path(study))
    title = "study" if isinstance(study, Mapping) else Path(study).stem
    work = _Work(experiment, title, _command(study), jobs, runs_dir, data_dir, registry)
    return work.carry_out(progress, where)


def plan_study(
    study: str | Path | Mapping[str, Any],
    *,
    jobs: int | None = None,
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "RunPlan":
    """List the runs that `run_study` would train, and estimate how long they take.

    Args:
        study, jobs, progress, runs_dir, data_dir, registry: as for `run_study`.

    Returns:
        `jobs`, one for each run of each dataset with its `state` and `seconds`, and a `summary`.

    Raises:
        UsageError: the experiment or an argument is not allowed.
    """
    work = _Work(_experiment(study), "study", "", jobs, runs_dir, data_dir, registry)
    return work.plan(progress)


def rerun_study(
    lock: str | Path,
    *,
    out: str | Path | None = None,
    jobs: int | None = None,
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> DatasetsComparison:
    """Repeat a study from its `study.lock`: the same experiment, seeds, data and recipes.

    The data are compared with the lock's checksums and the recipes with its recipes before anything is
    trained. In a folder that has the runs of the study these are found again and not trained: give another
    `runs_dir`. Versions and machines may be others; `diff_studies` says what that changed.

    Args:
        lock: the file.
        out: where the new lock is written; by default `NAME-rerun.lock` beside it.
        jobs, progress, runs_dir, data_dir, registry: as for `run_study`.

    Raises:
        UsageError: there is no such file, or the data, a recipe or an architecture's file is another.
        ZooError: the lock is damaged.

    Example:
        >>> zoo.rerun_study("study.lock", runs_dir="again")  # doctest: +SKIP
    """
    from zoo.studies.experiment import make_experiment
    from zoo.studies.study_lock import StudyLock

    path = Path(lock)
    before = StudyLock.read(path)
    experiment = make_experiment(before.experiment, str(path))
    where = Path(out) if out else path.with_name(f"{path.stem}-rerun.lock")
    work = _Work(
        experiment, path.stem, f"zoo study rerun {path}", jobs, runs_dir, data_dir, registry
    )
    return work.carry_out(progress, where, before)


def diff_studies(before: str | Path, after: str | Path) -> "StudyDiff":
    """What changed between two studies, and whether their results differ by more than chance.

    Args:
        before, after: their locks.

    Returns:
        `changes`, lines on experiment, data, recipes, versions and machine; `cells`, each architecture on
        each dataset with Welch's t test over its runs, corrected by Holm's method; `only`, what one has
        alone; and a `verdict`.

    Raises:
        UsageError: there is no such file, or the two have different metrics.
        ZooError: a lock is damaged.

    Example:
        >>> zoo.diff_studies("study.lock", "study-rerun.lock").verdict  # doctest: +SKIP
        'All 6 results are identical.'
    """
    from zoo.studies.lock_diff import diff
    from zoo.studies.study_lock import StudyLock

    old, new = StudyLock.read(Path(before)), StudyLock.read(Path(after))
    by = [each.experiment.get("metric", "accuracy") for each in (old, new)]
    if by[0] != by[1]:
        raise UsageError(
            f"{before} is judged by {by[0]}, {after} by {by[1]}: they cannot be compared."
        )
    return diff(old, new)


def _experiment(study: Any) -> "Experiment":
    from zoo.studies.experiment import make_experiment, read_experiment

    found = make_experiment(study) if isinstance(study, Mapping) else read_experiment(Path(study))
    find_metric(found.metric)
    return found


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _command(study: Any) -> str:
    return "zoo.run_study(...)" if isinstance(study, Mapping) else f"zoo study {Path(study).name}"


class _Work:
    """A study that is carried out."""

    def __init__(
        self,
        experiment: "Experiment",
        title: str,
        command: str,
        jobs: int | None,
        runs_dir: str | Path,
        data_dir: str | Path | None,
        registry: Registry | None,
    ):
        self.experiment, self.title, self.command = experiment, title, command
        self.jobs, self.runs_dir, self.data_dir = jobs, runs_dir, data_dir
        self.registry = arguments.find_registry(registry)
        self.problems: dict[str, str] = {}

    def plan(self, progress: bool | None) -> "RunPlan":
        from zoo.studies.study_progress import StudyCallback

        chosen = self._choose()
        with showing(progress) as display:
            callback = StudyCallback(display)
            with ExitStack() as stack:
                self._prepare(chosen, callback, stack)
            callback.start()
        return callback.run_plan

    def carry_out(
        self, progress: bool | None, where: Path | None, before: "StudyLock | None" = None
    ) -> DatasetsComparison:
        from zoo import atomic
        from zoo.comparison.comparing import compare_runs
        from zoo.studies.study_lock import locked
        from zoo.studies.study_progress import StudyCallback

        if where:
            atomic.check_file(where)
        chosen = self._choose()
        if before is not None:
            self._check_unchanged(before, chosen)
        found = []
        with showing(progress) as display, ExitStack() as stack:
            callback = StudyCallback(display)
            prepared = self._prepare(chosen, callback, stack)
            callback.start()
            for text, planned in prepared.items():
                selection, tuned = chosen[text]
                try:
                    made = compare_runs(
                        *selection.parts,
                        settings=None,
                        metric=self.experiment.metric,
                        target=TARGET,
                        command=self.command,
                        callback=callback,
                        tuned=tuned,
                        prepared=planned,
                    )
                except (Interrupted, UsageError):
                    raise
                except ZooError as error:
                    self._failed(text, error, callback)
                    continue
                found.append(locked(text, made.report))
        return self._judge(found, where)

    def _choose(self) -> "dict[str, tuple[Selection, TunedInfo | None]]":
        """What is trained on each dataset; every name is looked up before anything is trained."""
        chosen = {}
        asked = self.experiment
        for text in asked.datasets:
            choice = choose_tuned(
                asked.tuned.get(text),
                asked.architectures,
                text,
                asked.recipe,
                asked.data_parameters.get(text),
            )
            selection = select(
                choice.architectures,
                choice.dataset,
                recipe=choice.recipe,
                seeds=asked.seeds,
                folds=asked.folds,
                tta_shift=asked.tta_shift,
                hyperparameters=asked.hyperparameters,
                data_parameters=choice.data_parameters,
                recipe_changes=asked.recipe_changes,
                jobs=self.jobs,
                together=False,
                cluster=None,
                backend=asked.backend,
                device=asked.device,
                runs_dir=self.runs_dir,
                data_dir=self.data_dir,
                registry=self.registry,
            )
            choice.check_data(self.registry, arguments.find_locations(self.data_dir))
            for entry in selection.entries:
                if not entry.problem:
                    selection.request(entry).plan(self.registry)
            chosen[text] = (selection, choice.info)
        return chosen

    def _prepare(
        self,
        chosen: "dict[str, tuple[Selection, TunedInfo | None]]",
        callback: "StudyCallback",
        stack: ExitStack,
    ) -> "dict[str, Prepared]":
        """The plan of each dataset; one process looks at all of them."""
        from zoo.comparison.comparing import prepared_runs
        from zoo.comparison.executors.local_executor import LocalExecutor
        from zoo.comparison.planning import CostEstimator

        place = next(iter(chosen.values()))[0].workplace
        executor = LocalExecutor(place.at_once)
        asking = CostEstimator(place.use_plugins, place.data_dir, place.runs_dir, executor)
        with asking as estimator:
            return {
                text: stack.enter_context(
                    prepared_runs(
                        *selection.parts, settings=None, callback=callback, estimator=estimator
                    )
                )
                for text, (selection, _) in chosen.items()
            }

    def _failed(self, text: str, error: ZooError, callback: "StudyCallback") -> None:
        self.problems[text] = str(error)
        callback.on_note(f"{text}: {error}")

    def _judge(self, found: list[Any], where: Path | None) -> DatasetsComparison:
        from zoo.runs.files import now
        from zoo.studies.study_lock import SCHEMA, StudyLock
        from zoo.studies.study_scores import judge_study
        from zoo.version import __version__

        asked = self.experiment
        report = judge_study(
            found,
            find_metric(asked.metric),
            rope=asked.rope,
            command=self.command,
            title=self.title,
            experiment=asked.to_dict(),
            problems=self.problems,
        )
        lock = StudyLock(
            schema=SCHEMA,
            created=now(),
            archzoo=__version__,
            experiment=asked.to_dict(),
            files=self._files(),
            datasets=found,
            problems=self.problems,
            report=report,
        )
        if where:
            lock.write(where)
        if report is None:
            causes = "; ".join(f"{text}: {cause}" for text, cause in self.problems.items())
            raise ZooError(
                "fewer than two datasets have a result of each of two architectures, so there is nothing to "
                f"compare over datasets. The runs are kept. {causes}".strip()
            )
        return DatasetsComparison(report)

    def _files(self) -> dict[str, str]:
        """The recipe and the architectures that are files, whole."""
        asked = self.experiment
        names = [] if asked.architectures == "all" else list(asked.architectures)
        found = [each for each in (*names, asked.recipe or "") if re.search(r"\.(py|toml)$", each)]
        return {each: Path(each).read_text(encoding="utf-8") for each in found}

    def _check_unchanged(
        self, before: "StudyLock", chosen: "dict[str, tuple[Selection, TunedInfo | None]]"
    ) -> None:
        """Compare files, data and recipes with those of a lock.

        Raises:
            UsageError: one is another.
        """
        for name, text in self._files().items():
            if name in before.files and before.files[name] != text:
                raise UsageError(
                    f"{name}: is not the file that the study had. The lock has its text."
                )
        locations = arguments.find_locations(self.data_dir)
        for each in before.datasets:
            selection, _ = chosen[each.text]
            there = {row.name for row in each.rows if row.runs}
            entry = next(entry for entry in selection.entries if entry.name in there)
            plan = selection.request(entry).plan(self.registry)
            if plan.recipe.digest != each.recipe.get("digest"):
                raise UsageError(
                    f"{each.text}: the recipe {plan.recipe.name} is not that of the study (digest "
                    f"{plan.recipe.digest}, was {each.recipe.get('digest')}). The lock has it in full."
                )
            sums = plan.dataset.load(locations).checksums
            other = [name for name, digest in each.checksums.items() if sums.get(name) != digest]
            if other:
                raise UsageError(
                    f"{each.text}: the data are not those of the study ({', '.join(other)} differ)."
                )
