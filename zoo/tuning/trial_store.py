"""The trials of a study in Optuna's journal file; it and `journal` alone import Optuna."""

import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoo.errors import UsageError, ZooError
from zoo.parameters import as_text
from zoo.ranges import Choice
from zoo.tuning.spaces import Dimension
from zoo.tuning.study_folder import StudyFolder
from zoo.tuning.study_record import StudyRecord
from zoo.tuning.trials import LEVELS, State, Trial

if TYPE_CHECKING:
    import optuna

INSTALL = "pip install 'archzoo[tune]'"
FIRST_SEED = 1000
"""Trials are trained with this seed and those after it, which `zoo.compare` does not use."""
REDUCTION = 3
FIRST_RUNG = 3
"""The first level after which a trial may be pruned: a ninth of the training."""


def require_optuna() -> None:
    """Check that Optuna is installed.

    Raises:
        UsageError: it is not.
    """
    try:
        import optuna
    except ImportError as error:
        raise UsageError(f"tuning needs Optuna, which is not installed: {INSTALL}") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)


class TrialStore:
    """Begins, follows and ends the trials of a study.

    Args:
        folder: the study's.
        record: its study.json.
        storage: Optuna's; `open` makes one.
    """

    def __init__(
        self, folder: StudyFolder, record: StudyRecord, storage: "optuna.storages.BaseStorage"
    ):
        self.folder, self.record, self._storage = folder, record, storage

    @classmethod
    def open(cls, folder: StudyFolder, record: StudyRecord) -> "TrialStore":
        """Open the journal; a line that a killed process has left unfinished is removed.

        Raises:
            UsageError: Optuna is not installed.
            ZooError: the journal is damaged or cannot be read.
        """
        require_optuna()
        from optuna.storages import JournalStorage

        from zoo.tuning.journal import Journal, JournalLock

        check_journal(folder)
        try:
            journal = Journal(folder.journal, JournalLock(folder.lock_file("journal")))
            return cls(folder, record, JournalStorage(journal))
        except OSError as error:
            raise ZooError(f"{folder.journal}: cannot be read ({error.strerror}).") from error
        except Exception as error:  # whatever Optuna finds in it
            raise _damaged(folder, f"{type(error).__name__}: {error}") from error

    def study(self, architecture: str, number: int = 0) -> "optuna.Study":
        """Optuna's study of an architecture, with a sampler for the trial with this number.

        Each trial has a sampler of its own, so that a study that was stopped goes on as it would have.
        """
        import optuna

        return optuna.load_study(
            storage=self._storage,
            study_name=architecture,
            sampler=self._sampler(number),
            pruner=self._pruner(),
        )

    def _has(self, architecture: str) -> bool:
        return any(each.study_name == architecture for each in self._storage.get_all_studies())

    def _create(self, architecture: str) -> None:
        """Begin Optuna's study of an architecture, if there is none; reading alone never writes."""
        import optuna

        if not self._has(architecture):
            direction = "MAXIMIZE" if self.record.maximizes else "MINIMIZE"
            directions = [optuna.study.StudyDirection[direction]]
            self._storage.create_new_study(directions, study_name=architecture)

    def _sampler(self, number: int) -> "optuna.samplers.BaseSampler":
        from optuna.samplers import RandomSampler, TPESampler

        seed = (self.record.seed * 1_000_003 + number) % 2**32
        if self.record.sampler == "random":
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed)

    def _pruner(self) -> "optuna.pruners.BasePruner":
        from optuna.pruners import HyperbandPruner, NopPruner, SuccessiveHalvingPruner

        if self.record.pruner == "none":
            return NopPruner()
        if self.record.pruner == "hyperband":
            return HyperbandPruner(
                min_resource=FIRST_RUNG, max_resource=LEVELS, reduction_factor=REDUCTION
            )
        return SuccessiveHalvingPruner(min_resource=FIRST_RUNG, reduction_factor=REDUCTION)

    def trials(self, architecture: str) -> list[Trial]:
        """The trials of an architecture, in their order."""
        with self._journal():
            frozen = self._frozen(architecture) if self._has(architecture) else []
        space = self.record.architectures[architecture].dimensions
        return [_trial(each, space) for each in frozen if each.state.name != "WAITING"]

    def begin(self, architecture: str) -> Trial:
        """Begin a new trial; the study must be locked."""
        space = self.record.architectures[architecture].dimensions
        with self._journal():
            self._create(architecture)
            number = sum(each.state.name != "WAITING" for each in self._frozen(architecture))
            study = self.study(architecture, number)
            if not study.get_trials(deepcopy=False):
                study.enqueue_trial({each.name: _as_drawn(each) for each in _within(space)})
            return self._drawn(study.ask(), space)

    def adopt(self, architecture: str, trial: Trial) -> Trial:
        """Go on with a trial that another process began; what it has not drawn yet is drawn."""
        space = self.record.architectures[architecture].dimensions
        with self._journal():
            return self._drawn(self._open(architecture, trial), space)

    def _frozen(self, architecture: str) -> "list[optuna.trial.FrozenTrial]":
        return self.study(architecture).get_trials(deepcopy=False)

    def _open(self, architecture: str, trial: Trial) -> "optuna.Trial":
        import optuna

        study = self.study(architecture, trial.number)
        (found,) = (each for each in self._frozen(architecture) if each.number == trial.number)
        return optuna.trial.Trial(study, found._trial_id)

    def _drawn(self, trial: "optuna.Trial", space: Sequence[Dimension]) -> Trial:
        """Draw each dimension; of the first trial those whose defaults lie within their ranges."""
        chosen = space if trial.number else _within(space)
        values = {each.name: each.default for each in space}
        for each in chosen:
            values[each.name] = each.value(_suggest(trial, each))
        if not trial.number:  # a rounded default is no default
            values = {each.name: each.default for each in space}
        return Trial(trial.number, "running", values, FIRST_SEED + trial.number)

    def follow(
        self, architecture: str, trial: Trial, level: int, score: float, spent: dict[str, Any]
    ) -> bool:
        """Note how a trial does after a part of its training. Returns whether it should be pruned."""
        with self._journal():
            open_trial = self._open(architecture, trial)
            open_trial.set_user_attr("spent", spent)
            if level not in self._levels(architecture, trial):
                open_trial.report(score, level)
            return open_trial.should_prune() and trial.number > 0

    def _levels(self, architecture: str, trial: Trial) -> dict[int, float]:
        for each in self._frozen(architecture):
            if each.number == trial.number:
                return dict(each.intermediate_values)
        return {}

    def end(
        self,
        architecture: str,
        trial: Trial,
        state: State,
        facts: dict[str, Any],
        score: float | None = None,
    ) -> None:
        """Note how a trial ended, and what it took."""
        from optuna.trial import TrialState

        states = {"complete": TrialState.COMPLETE, "failed": TrialState.FAIL}
        with self._journal():
            open_trial = self._open(architecture, trial)
            for name, value in {**facts, "state": state}.items():
                open_trial.set_user_attr(name, value)
            found = states.get(state, TrialState.PRUNED)
            value = score if found is TrialState.COMPLETE else None
            self.study(architecture, trial.number).tell(
                trial.number, value, state=found, skip_if_finished=True
            )

    def importances(self, architecture: str) -> dict[str, float]:
        """The importance of each dimension by fANOVA (Hutter et al. 2014), shares that add up to 1.

        Of complete trials alone; empty where they are fewer than four, or all alike.
        """
        import optuna

        with self._journal():
            if not self._has(architecture):
                return {}
            study = self.study(architecture)
            complete = [each for each in self._frozen(architecture) if each.value is not None
                        and each.state is optuna.trial.TrialState.COMPLETE]  # fmt: skip
            if len(complete) < 4 or len({each.value for each in complete}) < 2:
                return {}
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self.record.seed)
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(share) for name, share in found.items() if math.isfinite(share)}

    @contextmanager
    def _journal(self) -> Iterator[None]:
        """Turn errors of the disk into a line, and keep Optuna's warnings to itself."""
        with self.folder.writing(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield
            except json.JSONDecodeError as error:
                raise _damaged(self.folder, str(error)) from error


def _within(space: Sequence[Dimension]) -> list[Dimension]:
    return [each for each in space if each.space.holds(each.default)]


def _as_drawn(dimension: Dimension) -> Any:
    """A default as Optuna has it."""
    choice = isinstance(dimension.space, Choice)
    return as_text(dimension.default) if choice else dimension.default


def _suggest(trial: "optuna.Trial", dimension: Dimension) -> Any:
    space = dimension.space
    if isinstance(space, Choice):
        return trial.suggest_categorical(dimension.name, [as_text(each) for each in space.values])
    if isinstance(space.low, int) and isinstance(space.high, int):
        step = 1 if space.step is None else int(space.step)
        return trial.suggest_int(dimension.name, space.low, space.high, log=space.log, step=step)
    return trial.suggest_float(
        dimension.name, space.low, space.high, log=space.log, step=space.step
    )


def _trial(frozen: "optuna.trial.FrozenTrial", space: Sequence[Dimension]) -> Trial:
    facts, spent = frozen.user_attrs, frozen.user_attrs.get("spent", {})
    ended: dict[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    values = {each.name: each.default for each in space}
    if frozen.number:
        for each in space:
            if each.name in frozen.params:
                values[each.name] = each.value(frozen.params[each.name])
    return Trial(
        number=frozen.number,
        state=facts.get("state") or ended.get(frozen.state.name, "running")
        if frozen.state.is_finished()
        else "running",
        values=values,
        seed=FIRST_SEED + frozen.number,
        score=frozen.value if frozen.state.name == "COMPLETE" else None,
        levels=dict(frozen.intermediate_values),
        metrics=facts.get("metrics", {}),
        steps=int(spent.get("steps", 0)),
        seconds=float(spent.get("seconds", 0.0)),
        epochs=int(spent.get("epochs", 0)),
        cause=facts.get("cause", ""),
        run=facts.get("run", ""),
    )


def check_journal(folder: StudyFolder) -> None:
    """Check that each line of the journal is one.

    Raises:
        ZooError: one is not; it is named.
    """
    if not folder.journal.exists():
        return
    with folder.writing():
        lines = folder.journal.read_bytes().split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line)
        except ValueError as error:  # of UTF-8, of JSON, of numbers
            raise _damaged(folder, f"line {number} is no JSON") from error
        if not isinstance(found, dict) or "op_code" not in found:
            raise _damaged(folder, f"line {number} is no entry of Optuna's")


def _damaged(folder: StudyFolder, cause: str) -> ZooError:
    return ZooError(
        f"{folder.journal}: is damaged ({cause:.200}). It is left as it is: put a copy in its place, or "
        "begin another `study`."
    )
