"""What a study and the process that trains its trials tell each other: a line of JSON for each message."""

from msgspec import Struct

from zoo.comparison.messages import Event, Failed, Interrupted
from zoo.training.request import Request


class TrialSetup(Struct, kw_only=True):
    """What a process is started for: trials of one study, one after another."""

    use_plugins: bool
    data_dir: str | None
    runs_dir: str
    backend: str


class TrialOrder(Struct, kw_only=True):
    """Train a trial; `TrialEpoch`s come, each answered by a `Verdict`, then `TrialDone` or how it ended.

    Attributes:
        lock: a file that is locked meanwhile: the process of a killed study may still write there.
        run: the name of its run, if it was begun before.
    """

    request: Request
    lock: str
    run: str = ""


class Verdict(Struct, kw_only=True):
    """Whether a trial goes on; if not, why."""

    reason: str = ""


class TrialEpoch(Event, tag="trial_epoch", kw_only=True):
    """An epoch is validated.

    Attributes:
        row: its line of history.csv.
        steps, total_steps: done, and of the whole training.
        next_steps: done after the next epoch.
        seconds: since the order.
    """

    row: dict[str, float]
    steps: int
    total_steps: int
    next_steps: int
    seconds: float


class TrialDone(Event, tag="trial_done", kw_only=True):
    """A trial was trained to its end; `row` is the line of the epoch that counts."""

    run: str
    row: dict[str, float]
    epochs: int
    steps: int
    seconds: float


class TrialNote(Event, tag="trial_note", kw_only=True):
    """A remark for the user."""

    text: str


class TrialRun(Event, tag="trial_run", kw_only=True):
    """The training begins; the name of its run."""

    run: str


AnyTrialEvent = TrialEpoch | TrialDone | TrialNote | TrialRun | Failed | Interrupted
