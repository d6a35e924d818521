"""The other process of a comparison: a task from standard input, events to standard output.

`python -m zoo.comparison.worker` reads lines of JSON and answers with lines of JSON, which
`zoo.comparison.messages` describes. What a plugin prints goes to standard error. When standard input
ends, the parent is gone, and the worker stops: a training with a checkpoint.
"""

import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

from zoo import diagnosis
from zoo.comparison import conditions, messages
from zoo.comparison.cost import BenchmarkProbe, enough
from zoo.comparison.messages import (
    AnyTask,
    CostTask,
    Event,
    Measure,
    Question,
    SurveyTask,
    TrainTask,
)
from zoo.comparison.survey import Survey
from zoo.datasets.location import Locations
from zoo.environment import peak_memory
from zoo.errors import Diverged, Interrupted, ZooError
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent
from zoo.registry import Registry
from zoo.runs.run import Run
from zoo.training.backend import is_out_of_memory
from zoo.training.callbacks import Callback

if TYPE_CHECKING:
    from zoo.training.backends.base import RunningMetrics

T = TypeVar("T")


class Channel:
    """Lines of JSON to and from the parent."""

    def __init__(self, events: TextIO):
        self._events = events

    @classmethod
    def open(cls) -> "Channel":
        """Keep the real standard output for events; standard error takes its place."""
        events = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        return cls(events)

    def send(self, event: Event) -> None:
        try:
            self._events.write(messages.encode(event))
            self._events.flush()
        except BrokenPipeError:  # the parent is gone; our standard input ends as well
            pass

    def receive(self, kind: type[T]) -> T | None:
        """The next message from the parent; None when there are no more."""
        line = sys.stdin.readline()
        return messages.decode(line, kind) if line else None


class Events(Callback):
    """A training's progress as events, each with its `place` among the task's runs."""

    interval = 0.5

    def __init__(self, channel: Channel, place: int):
        self._channel, self._place = channel, place

    def on_note(self, text: str) -> None:
        self._channel.send(messages.Note(place=self._place, text=text))

    def on_train_begin(self, folder: Path, steps: int, epochs: int, start_epoch: int) -> None:
        self._channel.send(
            messages.Started(
                place=self._place,
                folder=str(folder),
                steps=steps,
                epochs=epochs,
                start_epoch=start_epoch,
                total_steps=self.total_steps,
            )
        )

    def on_train_batch_end(self, epoch: int, step: int, metrics: "RunningMetrics") -> None:
        self._channel.send(
            messages.Step(
                place=self._place,
                epoch=epoch,
                done=step,
                loss=metrics.mean_loss,
                accuracy=metrics.accuracy,
            )
        )

    def on_epoch_end(self, epoch: int, row: dict[str, float], samples_per_second: float) -> None:
        self._channel.send(
            messages.Epoch(place=self._place, row=row, images_per_second=samples_per_second)
        )


def train(channel: Channel, task: TrainTask, registry: Registry) -> None:
    """Train the runs in one program: of each comes `Finished`, or what ended it."""
    from zoo.training.fit import train_jobs
    from zoo.training.runner import TrainJob

    threading.Thread(target=_stop_with_parent, daemon=True).start()
    jobs = [
        TrainJob(
            order.request.plan(registry),
            order.again,
            Run.open(Path(order.resume)) if order.resume else None,
            Events(channel, place),
        )
        for place, order in enumerate(task.runs)
    ]
    found, ended = train_jobs(
        jobs,
        Path(task.runs_dir),
        Locations.of_user(task.data_dir),
        alongside=task.alongside,
        precision=task.precision,
    )
    for place, (run, error) in enumerate(zip(found, ended, strict=True)):
        if error is None:
            channel.send(messages.Finished(place=place, folder=str(run.folder)))
        else:
            channel.send(end_event(error, place))


def _stop_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def survey(channel: Channel, task: SurveyTask, registry: Registry) -> None:
    """Answer questions about requests; one that cannot be trained is refused, with its cause."""
    asked = Survey(registry, Locations.of_user(task.data_dir), Path(task.runs_dir))
    while question := channel.receive(Question):
        try:
            channel.send(asked.answer(question))
        except ZooError as error:
            channel.send(messages.Refused(cause=str(error)))


def cost(channel: Channel, task: CostTask, registry: Registry) -> None:
    """Measure one request: `Ready` after the start, then a `Round` for each line that comes."""
    import psutil

    from zoo.training.describe import count
    from zoo.training.flops import flops_per_sample

    plan = task.request.plan(registry)
    arrays = plan.dataset.load(Locations.of_user(task.data_dir))
    plan = plan.on(arrays)
    probe = BenchmarkProbe.open(plan, enough(arrays, plan.recipe), precision=task.precision)
    model, pipeline = probe.engine.model, probe.engine.pipeline
    channel.send(
        messages.Ready(
            phases={"start_up": probe.built - psutil.Process().create_time(), **probe.phases},
            identity=plan.identity(arrays, probe.device),
            conditions=conditions.here(plan.backend, probe.device, probe.precision),
            parameters=count(model.trainable_variables),
            flops=flops_per_sample(plan.backend, model, pipeline.input_shape),
            engine=probe.engine.settings,
        )
    )
    while channel.receive(Measure):
        channel.send(messages.Round(measures=probe.round(), memory=peak_memory()))


def main() -> None:
    """Carry out the task in the first line of standard input."""
    end_with_parent()
    settle_variables()
    channel = Channel.open()
    task = channel.receive(AnyTask)  # type: ignore[arg-type]
    if task is None:
        return  # the parent is gone already
    try:
        _carry_out(channel, task)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code may raise anything
        channel.send(end_event(error))
        traceback.print_exc()
        sys.exit(1)


def _carry_out(channel: Channel, task: AnyTask) -> None:
    registry = Registry.discover(use_plugins=task.use_plugins)
    match task:
        case TrainTask():
            train(channel, task, registry)
        case SurveyTask():
            survey(channel, task, registry)
        case CostTask():
            cost(channel, task, registry)


def end_event(error: BaseException, place: int | None = None) -> messages.Ended:
    """The event that tells of an early end."""
    if isinstance(error, Interrupted):
        return messages.Interrupted(cause=str(error), place=place)
    return messages.Failed(status=_status(error), cause=_cause(error), place=place)


def _status(error: BaseException) -> str:
    if isinstance(error, Diverged):
        return "diverged"
    return "out of memory" if is_out_of_memory(error) else "failed"


def _cause(error: BaseException) -> str:
    text = " ".join(diagnosis.text(error).split())
    return text if isinstance(error, ZooError) else f"{type(error).__name__}: {text}"[:500]


if __name__ == "__main__":
    main()
