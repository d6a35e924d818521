"""The work of a study: begin trials in turn, train them in another process, note how they end.

Several tuners may work on one study, in one process or in several: each claims a trial at a time.
"""

import math
import queue
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from zoo.comparison.executors.executor import Executor, TaskProcess
from zoo.comparison.messages import LOST, Failed
from zoo.comparison.messages import Interrupted as Stopped
from zoo.errors import UsageError
from zoo.formatting import duration, percent
from zoo.training.request import Request
from zoo.tuning.accounts import Account, left_in_words, next_of
from zoo.tuning.budget import ARGUMENTS
from zoo.tuning.study_folder import StudyFolder
from zoo.tuning.study_record import StudyRecord
from zoo.tuning.trial_messages import (
    AnyTrialEvent,
    TrialDone,
    TrialEpoch,
    TrialNote,
    TrialOrder,
    TrialRun,
    TrialSetup,
    Verdict,
)
from zoo.tuning.trial_process import TrialProcess
from zoo.tuning.trial_store import TrialStore
from zoo.tuning.trials import LEVELS, State, Trial, best_of
from zoo.tuning.tuning_callback import TuningCallback

STATES: dict[str, State] = {"pruned": "pruned", "diverged": "diverged"}
CUT = "the budget ended"
BROKEN = ("killed", "crashed", "out of memory", LOST)
"""How a trial ends with which its process is of no more use."""
ATTEMPTS = 5
"""How often a trial is begun whose process or machine is lost."""
RECYCLED = 50
"""Trials after which a process is replaced: a backend keeps some memory of each model."""


class Stop(Protocol):
    """Says whether to stop."""

    @property
    def requested(self) -> bool:
        """Whether trials in progress should be left to go on later."""


@dataclass
class _Claim:
    """A trial that this process trains; while `lock` is held no other process goes on with it."""

    architecture: str
    trial: Trial
    lock: Any
    before: Trial
    run: str = ""
    steps: int = 0
    epochs: int = 0
    seconds: float = 0.0
    row: dict[str, float] = field(default_factory=dict)

    @property
    def spent(self) -> dict[str, Any]:
        """What it took, in all processes."""
        seconds = round(self.before.seconds + self.seconds, 3)
        return {"steps": self.steps, "epochs": self.epochs, "seconds": seconds}


class Tuner:
    """Trains the trials of a study until every architecture has its budget.

    Args:
        folder: the study's.
        record: its study.json.
        store: its trials.
        names: the architectures to tune now.
        setup: what a process that trains is told.
        callback: its hooks are called.
        executor: starts that process.
    """

    def __init__(
        self,
        folder: StudyFolder,
        record: StudyRecord,
        store: TrialStore,
        names: Sequence[str],
        setup: TrialSetup,
        callback: TuningCallback,
        executor: Executor,
    ):
        self.folder, self.record, self.store = folder, record, store
        self.names, self._setup, self._callback = names, setup, callback
        self._executor = executor
        self._process: TaskProcess | None = None
        self._lost: Counter[tuple[str, int]] = Counter()
        self._trained = 0
        self._events: queue.Queue[AnyTrialEvent | None] = queue.Queue()

    def work(self, stop: Stop) -> None:
        """Train trials until the budget is spent, or until `stop` is requested.

        Raises:
            UsageError: the budget is smaller than one trial.
            ZooError: the study's folder cannot be written.
        """
        try:
            while not stop.requested and (claim := self._claim()):
                try:
                    self._train(claim, stop)
                finally:
                    claim.lock.release()
        finally:
            self._end_process()

    def accounts(self) -> dict[str, Account]:
        """What each architecture has spent."""
        budget = self.record.equal_budget
        return {name: Account(self.store.trials(name), budget) for name in self.names}

    def how_far(self) -> str:
        """What is done, for who stopped the study."""
        accounts = self.accounts()
        done = sum(each.ended for account in accounts.values() for each in account.trials)
        return (
            f"stopped; trials ended: {done}, {left_in_words(accounts)}. Give the same command to "
            "continue; a trial in progress goes on from its checkpoint."
        )

    def _claim(self) -> _Claim | None:
        """A trial to train: one that a killed process has left, else a new one; None: all is done."""
        with self.folder.locked():
            accounts = self.accounts()
            for name, account in accounts.items():
                for trial in account.trials:
                    if not trial.ended and (lock := self._lock(name, trial.number)):
                        adopted = self.store.adopt(name, trial)
                        return _Claim(name, adopted, lock, trial, run=trial.run, steps=trial.steps)
            chosen = next_of(accounts)
            if chosen is None:
                return None
            trial = self.store.begin(chosen)
            lock = self._lock(chosen, trial.number)
            assert lock is not None  # nobody else begins one while the study is locked
            return _Claim(chosen, trial, lock, trial)

    def _lock(self, architecture: str, number: int) -> Any:
        """The lock of a trial; None if a process that lives has it."""
        import filelock

        path = self.folder.lock_file(f"{architecture}-{number}")
        with self.folder.writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path)
            with suppress(filelock.Timeout):
                lock.acquire(timeout=0)
                return lock
        return None

    def request_of(self, architecture: str, trial: Trial) -> Request:
        """What is trained for a trial."""
        return trial_request(self.record, architecture, trial)

    def _train(self, claim: _Claim, stop: Stop) -> None:
        self._callback.on_trial_start(claim.architecture, claim.trial)
        busy = self.folder.lock_file(f"{claim.architecture}-{claim.trial.number}-run")
        request = self.request_of(claim.architecture, claim.trial)
        process = self._started()
        process.send(TrialOrder(request=request, lock=str(busy), run=claim.run))
        stopping = False
        while True:
            if stop.requested and not stopping:
                process.stop()
                stopping = True
            try:
                event = self._events.get(timeout=0.2)
            except queue.Empty:
                continue
            event = event or process.death()
            if isinstance(event, TrialEpoch):
                process.send(Verdict(reason=self._judge(claim, event)))
            elif isinstance(event, TrialRun):
                claim.run = event.run
            elif isinstance(event, TrialNote):
                self._note(claim, event.text)
            else:
                self._end(claim, event)
                return

    def _note(self, claim: _Claim, text: str) -> None:
        if not claim.trial.number:  # what is said of the data is the same for all
            self._callback.on_note(f"{claim.architecture}: {text}")

    def _judge(self, claim: _Claim, event: TrialEpoch) -> str:
        """Why a trial should not go on after an epoch; empty: it should."""
        level_before = LEVELS * claim.steps // event.total_steps
        claim.row, claim.steps = event.row, event.steps
        claim.seconds, claim.epochs = event.seconds, int(event.row["epoch"])
        if event.steps >= event.total_steps:
            return ""
        self._check_budget(claim, event)
        level, share = LEVELS * event.steps // event.total_steps, event.steps / event.total_steps
        if level > level_before and self._worse(claim, level):
            score = self._in_words(event.row[self.record.objective])
            return f"{score} after {percent(share, 0)} of the training; earlier trials did better"
        if self._ends_budget(claim, event):
            return f"{CUT} after {percent(share, 0)} of the training"
        return ""

    def _worse(self, claim: _Claim, level: int) -> bool:
        score = claim.row[self.record.objective]
        return self.store.follow(claim.architecture, claim.trial, level, score, claim.spent)

    def _in_words(self, score: float) -> str:
        if self.record.objective == "val_accuracy":
            return f"validation accuracy {percent(score)}"
        return f"validation loss {score:.4f}"

    def _ends_budget(self, claim: _Claim, event: TrialEpoch) -> bool:
        """Whether the next epoch would be beyond the architecture's budget."""
        budget = self.record.equal_budget
        if budget.unit == "trials" or not claim.trial.number:
            return False
        others = self._others(claim)
        if budget.unit == "steps":
            return others + event.next_steps > budget.amount
        return others + claim.spent["seconds"] >= budget.amount

    def _others(self, claim: _Claim) -> float:
        account = Account(
            [
                each
                for each in self.store.trials(claim.architecture)
                if each.number != claim.trial.number
            ],
            self.record.equal_budget,
        )
        return account.spent

    def _check_budget(self, claim: _Claim, event: TrialEpoch) -> None:
        """Refuse, at the first epoch of the first trial, a budget of seconds that it will not fit."""
        budget = self.record.equal_budget
        if budget.unit != "seconds" or claim.trial.number:
            return
        whole = claim.spent["seconds"] * event.total_steps / event.steps
        if whole > budget.amount:
            argument = f"{ARGUMENTS['seconds']}='{budget.amount:g}s'"
            raise UsageError(
                f"`{argument}` is smaller than one trial: one of {claim.architecture} takes about "
                f"{duration(whole)}. Use a larger budget for each architecture, or a shorter `recipe`."
            )

    def _end(self, claim: _Claim, event: AnyTrialEvent) -> None:
        if isinstance(event, Stopped):
            return  # it goes on from its checkpoint
        if isinstance(event, Failed) and event.status == LOST and self._again(claim, event):
            return
        score: float | None = None
        state: State = "complete"
        facts: dict[str, Any] = {"run": claim.run}
        if isinstance(event, TrialDone):
            claim.steps, claim.epochs, claim.row = event.steps, event.epochs, event.row
            claim.seconds = max(claim.seconds, event.seconds)
            score = event.row[self.record.objective]
            if not math.isfinite(score):
                score, state = None, "diverged"
                facts["cause"] = f"{self.record.objective} is not finite"
            facts["run"] = event.run
        else:
            assert isinstance(event, Failed)
            state = STATES.get(event.status, "failed")
            facts["cause"] = event.cause if state != "failed" else f"{event.status}: {event.cause}"
            if event.status in BROKEN:
                self._end_process()
        metrics = {k: claim.row[k] for k in ("val_accuracy", "val_loss") if k in claim.row}
        facts |= {"metrics": metrics, "spent": claim.spent}
        with self.folder.locked():
            self.store.end(claim.architecture, claim.trial, state, facts, score)
        self._told(claim, replace(claim.trial, state=state, score=score, **_facts(facts)))

    def _again(self, claim: _Claim, event: Failed) -> bool:
        """Leave a trial, whose process or machine is lost, to be claimed again; not too often."""
        self._end_process()
        self._lost[claim.architecture, claim.trial.number] += 1
        if self._lost[claim.architecture, claim.trial.number] >= ATTEMPTS:
            return False
        self._callback.on_note(
            f"{claim.architecture}: {event.cause}; trial {claim.trial.number} goes on, or begins again"
        )
        return True

    def _told(self, claim: _Claim, trial: Trial) -> None:
        if trial.run:
            self.folder.forget_weights(self.folder.runs_dir / trial.run)
        accounts = self.accounts()
        best = best_of(list(accounts[claim.architecture].trials), self.record.sign)
        self._callback.on_trial_end(claim.architecture, trial, best, left_in_words(accounts))

    def _started(self) -> TaskProcess:
        """The process that trains, started if there is none."""
        if self._trained >= RECYCLED:
            self._end_process()
        self._trained += 1
        if self._process is None:
            self._trained = 1
            self._process = self._executor.start(self._setup, TrialProcess)
            self._events = queue.Queue()
            threading.Thread(
                target=_listen, args=(self._process, self._events), daemon=True
            ).start()
        return self._process

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()  # between trials it has nothing to save
            self._process.finish()
            self._process = None


def _listen(process: TaskProcess, events: "queue.Queue[Any]") -> None:
    while event := process.receive():
        events.put(event)
    events.put(None)


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    spent = facts["spent"]
    told: dict[str, Any] = {k: facts[k] for k in ("run", "cause", "metrics") if k in facts}
    return {**told, **{name: spent[name] for name in ("steps", "seconds", "epochs")}}


def requested(record: StudyRecord, architecture: str) -> Request:
    """What is trained of an architecture, apart from what trials draw."""
    known = record.architectures[architecture]
    data = record.dataset
    return Request(
        known.text,
        known.settings,
        data.text,
        record.recipe,
        backend=record.backend,
        device=record.device,
        data_settings=data.parameters,
    )


def trial_request(record: StudyRecord, architecture: str, trial: Trial) -> Request:
    """What is trained for a trial: the recipe with the values that were drawn."""
    from zoo.parameters import as_text

    known = record.architectures[architecture]
    held_out = {} if record.held_out is None else {"validation": record.held_out}
    drawn = {name: as_text(value) for name, value in trial.hyperparameters().items()}
    own = {name: as_text(value) for name, value in known.hyperparameters.items()}
    return Request(
        known.text,
        {**own, **known.settings, **drawn},
        record.dataset.text,
        record.recipe,
        {**record.changes, **held_out, **trial.recipe()},
        trial.seed,
        record.backend,
        record.device,
        record.dataset.parameters,
    )
