"""What a comparison and its worker processes tell each other: a line of JSON for each message.

The parent sends a task first, then what the task asks for: questions to a survey, a `Measure` for each
round of a cost benchmark. The worker sends events.
"""

import json
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from zoo.training.precision import Precision
from zoo.training.request import Request

T = TypeVar("T")

LOST = "lost"
"""The status of a run whose process or machine is gone: it may go on elsewhere."""


class Task(Struct, tag_field="task", kw_only=True):
    """What a worker is started for."""

    use_plugins: bool
    data_dir: str | None


class RunOrder(Struct, kw_only=True):
    """A run to train.

    Attributes:
        again: its usual folder is taken; train it in a new one.
        resume: the folder of an interrupted run that is continued.
    """

    request: Request
    again: bool
    resume: str | None


class TrainTask(Task, tag="train", kw_only=True):
    """Train runs in one program; of each comes `Finished`, `Failed` or `Interrupted`.

    Attributes:
        alongside: other workers that train meanwhile.
        precision: that of all runs; None: as their recipe says.
    """

    runs: list[RunOrder]
    runs_dir: str
    alongside: int
    precision: Precision | None


class SurveyTask(Task, tag="survey", kw_only=True):
    """Answer a `Question` for each line; `Refused` where a request cannot be trained."""

    runs_dir: str


class CostTask(Task, tag="cost", kw_only=True):
    """Build and compile, say `Ready`, then measure a `Round` for each `Measure`.

    Attributes:
        precision: Keras' dtype policy; None: as a training would choose.
    """

    request: Request
    precision: str | None


AnyTask = TrainTask | SurveyTask | CostTask


class Question(Struct, kw_only=True):
    """Of a survey: what a request is (`Identified`), or how long it takes to train (`Paced`)."""

    ask: Literal["identity", "pace"]
    request: Request


class Measure(Struct):
    """Of a cost benchmark: measure another round."""


class Event(Struct, tag_field="event", kw_only=True):
    """What a worker reports."""


class RunEvent(Event, kw_only=True):
    """Of one run; `place` is its place among the task's runs."""

    place: int


class Started(RunEvent, tag="started", kw_only=True):
    """The training begins: `steps` in each of `epochs`, of which `start_epoch` are done already.

    The last epoch may have fewer steps; `total_steps` counts those of all epochs. The run is in `folder`.
    """

    folder: str
    steps: int
    epochs: int
    start_epoch: int
    total_steps: int


class Step(RunEvent, tag="step", kw_only=True):
    """`done` steps of `epoch` (from 1) are done; loss and accuracy are means of the epoch so far."""

    epoch: int
    done: int
    loss: float
    accuracy: float


class Epoch(RunEvent, tag="epoch", kw_only=True):
    """An epoch is complete; `row` is its line of history.csv."""

    row: dict[str, float]
    images_per_second: float


class Note(RunEvent, tag="note", kw_only=True):
    """A remark for the user."""

    text: str


class Finished(RunEvent, tag="finished", kw_only=True):
    """A run is finished; `folder` has it."""

    folder: str


class Ended(Event, kw_only=True):
    """An early end: of the run at `place`, or of the worker with all its runs."""

    cause: str
    status: str
    place: int | None = None


class Failed(Ended, tag="failed", kw_only=True):
    """`status` is `failed`, `diverged`, `out of memory`, `killed`, `crashed` or `lost`."""


class Interrupted(Ended, tag="interrupted", kw_only=True):
    """Stopped by a signal; a training has a checkpoint."""

    status: str = "interrupted"


class Identified(Event, tag="identity", kw_only=True):
    """What a request is: the identity of its runs, this machine's conditions, remarks on its data."""

    identity: dict[str, Any]
    conditions: dict[str, str]
    precision: Precision
    data: list[str]


class Paced(Event, tag="pace", kw_only=True):
    """About how many seconds a training takes, and the bytes that the worker held at most."""

    seconds: float
    memory: int


class Refused(Event, tag="refused", kw_only=True):
    """A request cannot be trained."""

    cause: str


class Ready(Event, tag="ready", kw_only=True):
    """A cost benchmark's model is compiled: seconds of each phase, and facts of the model."""

    phases: dict[str, float]
    identity: dict[str, Any]
    conditions: dict[str, str]
    parameters: int
    flops: int | None
    engine: dict[str, Any]


class Round(Event, tag="round", kw_only=True):
    """One round of every measurement, and the most bytes that the worker held until now."""

    measures: dict[str, float]
    memory: int


Progress = Started | Step | Epoch | Note
AnyEvent = (
    Started
    | Step
    | Epoch
    | Note
    | Finished
    | Failed
    | Interrupted
    | Identified
    | Paced
    | Refused
    | Ready
    | Round
)


def encode(message: Struct) -> str:
    """A message as a line. The loss of a step may be NaN, which msgspec's own JSON does not have."""
    return json.dumps(msgspec.to_builtins(message)) + "\n"


def decode(line: str, kind: Any) -> Any:
    """The message of a line, of `kind`: a class above, or a union of them."""
    return msgspec.convert(json.loads(line), kind)
