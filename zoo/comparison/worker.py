"""The other process of a comparison: a task from standard input, events to standard output.

`python -m zoo.comparison.worker` reads lines of JSON and answers with lines of JSON. What a plugin
prints goes to standard error. When standard input ends, whoever started it is gone, and it stops:
a training with a checkpoint.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from zoo import diagnosis
from zoo.comparison import conditions
from zoo.comparison.cost import BenchmarkProbe, times_of
from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.quality import check_alike, worth_saying
from zoo.environment import peak_memory
from zoo.errors import Diverged, Interrupted, ZooError
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent
from zoo.registry import Registry
from zoo.runs.run import Run, digest
from zoo.training.backend import is_out_of_memory
from zoo.training.backends.base import EVALUATION_BATCH
from zoo.training.callbacks import Callback
from zoo.training.precision import Precision, choose, known
from zoo.training.request import Request

SAVING_SECONDS = 0.3
"""What writing a run's files takes, about; nothing to measure for an estimate."""


class Channel:
    """Lines of JSON to and from the parent.

    The real standard output is kept for events, and its place is taken by standard error.
    """

    def __init__(self):
        self._events = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def send(self, event: str, **content: Any) -> None:
        try:
            self._events.write(json.dumps({"event": event, **content}) + "\n")
            self._events.flush()
        except BrokenPipeError:  # the parent is gone; our standard input ends as well
            pass

    def receive(self) -> dict[str, Any] | None:
        """The next line from the parent; None when there are no more."""
        line = sys.stdin.readline()
        return json.loads(line) if line else None


class Events(Callback):
    """A training's progress as events, each with its `place` among the task's runs."""

    interval = 0.5

    def __init__(self, channel: Channel, place: int):
        self._send = partial(channel.send, place=place)

    def on_note(self, text):
        self._send("note", text=text)

    def on_train_begin(self, folder, steps, epochs, start_epoch):
        self._send("started", steps=steps, epochs=epochs, start_epoch=start_epoch)

    def on_train_batch_end(self, epoch, step, metrics):
        self._send(
            "step", epoch=epoch, done=step, loss=metrics.mean_loss, accuracy=metrics.accuracy
        )

    def on_epoch_end(self, epoch, row, samples_per_second):
        self._send("epoch", row=row, images_per_second=samples_per_second)


def train(channel: Channel, task: dict[str, Any], registry: Registry) -> None:
    """Train `runs` in one program: of each comes `finished`, which says where, or what ended it."""
    from zoo.training.trainer import TrainJob, train_together

    threading.Thread(target=_stop_with_parent, daemon=True).start()
    assignments = [
        TrainJob(
            Request(**each["request"]).plan(registry),
            each["again"],
            Run.open(Path(each["resume"])) if each["resume"] else None,
            Events(channel, place),
        )
        for place, each in enumerate(task["runs"])
    ]
    found, ended = train_together(
        assignments,
        Path(task["runs_dir"]),
        Locations.of_user(task["data_dir"]),
        alongside=task["alongside"],
        precision=Precision(**task["precision"]) if task["precision"] else None,
    )
    for place, (run, error) in enumerate(zip(found, ended, strict=True)):
        if error is None:
            channel.send("finished", place=place, folder=str(run.folder))
        else:
            channel.send(**_end(error), place=place)


def _stop_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


class Survey:
    """Says of each request that comes what it is, and on demand how long it will take."""

    def __init__(self, task: dict[str, Any], registry: Registry):
        self.registry = registry
        self.locations = Locations.of_user(task["data_dir"])
        self.runs_dir = Path(task["runs_dir"])
        self._arrays: dict[str, Arrays] = {}
        self._data: dict[str, list[str]] = {}
        self._precisions: dict[str, Precision] = {}
        self._import_seconds = 0.0
        self._load_seconds = 0.0

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """To `identity`: identity, conditions, and once what is to be said of the data; to `pace`:
        seconds of one training."""
        from zoo.training.trainer import prepare_backend

        plan = Request(**message["request"]).plan(self.registry)
        started = time.perf_counter()
        device, deterministic = prepare_backend(plan)
        self._import_seconds = max(self._import_seconds, time.perf_counter() - started)
        identity = plan.identity(self._load(plan.dataset), device)
        precision = self._precision(plan, identity, device, deterministic)
        if message["ask"] == "pace":
            return self._pace(plan, precision.policy)
        return {
            "identity": identity,
            "conditions": conditions.here(plan.backend, device, precision.policy),
            "precision": asdict(precision),
            "data": self._data.pop(plan.dataset.title, []),
        }

    def _precision(self, plan, identity, device, deterministic) -> Precision:
        """One for all runs of an architecture, measured once."""
        from zoo.training.examples import Examples

        if plan.precision(device) != "auto":
            return Precision(plan.precision(device))
        key = digest(identity)
        if key not in self._precisions:
            chosen = choose(
                plan,
                Examples.split(self._load(plan.dataset), plan.recipe),
                device,
                deterministic,
                lambda: known(identity, device, self.runs_dir),
            )
            self._precisions[key] = replace(chosen, by=chosen.by or "zoo compare")
        return self._precisions[key]

    def _load(self, dataset: Dataset) -> Arrays:
        if dataset.title not in self._arrays:
            started = time.perf_counter()
            arrays = dataset.load(self.locations)
            self._load_seconds = time.perf_counter() - started
            check_alike(dataset, arrays)
            self._arrays[dataset.title] = arrays
            self._data[dataset.title] = worth_saying(dataset, arrays)
        return self._arrays[dataset.title]

    def _pace(self, plan, precision: str) -> dict[str, Any]:
        subject = BenchmarkProbe(plan, self._load(plan.dataset), (EVALUATION_BATCH,), precision)
        recipe, sizes = plan.recipe, subject.sizes
        step_images = min(times_of(subject.train)) / subject.images_per_call
        answer = min(times_of(lambda: subject.infer(EVALUATION_BATCH))) / EVALUATION_BATCH
        seconds = (
            self._import_seconds
            + self._load_seconds
            + subject.phases["build"]
            + subject.phases["compile"]
            + recipe.epochs * sizes["train"] * step_images
            + (recipe.epochs * sizes["validation"] + sizes["test"]) * recipe.tta_copies * answer
            + SAVING_SECONDS
        )
        return {"seconds": seconds, "memory": peak_memory()}


def survey(channel: Channel, task: dict[str, Any], registry: Registry) -> None:
    """Answer questions about requests; one that cannot be trained is `refused`, with its cause."""
    asked = Survey(task, registry)
    while message := channel.receive():
        try:
            channel.send("answer", **asked.answer(message))
        except ZooError as error:
            channel.send("refused", cause=str(error))


def cost(channel: Channel, task: dict[str, Any], registry: Registry) -> None:
    """Measure one request: `ready` after the start, then a `round` for each line that comes."""
    import psutil

    from zoo.training.describe import count
    from zoo.training.flops import flops_per_sample

    plan = Request(**task["request"]).plan(registry)
    arrays = plan.dataset.load(Locations.of_user(task["data_dir"]))
    subject = BenchmarkProbe(plan, arrays, precision=task.get("precision"))
    model, pipeline = subject.engine.model, subject.engine.pipeline
    channel.send(
        "ready",
        phases={"start_up": subject.built - psutil.Process().create_time(), **subject.phases},
        identity=plan.identity(arrays, subject.device),
        conditions=conditions.here(plan.backend, subject.device, subject.precision),
        parameters=count(model.trainable_variables),
        flops=flops_per_sample(plan.backend, model, pipeline.input_shape),
        engine=subject.engine.settings,
    )
    while channel.receive():
        channel.send("round", measures=subject.round(), memory=peak_memory())


TASKS = {"train": train, "survey": survey, "cost": cost}


def main() -> None:
    """Carry out the task in the first line of standard input."""
    end_with_parent()
    settle_variables()
    channel = Channel()
    task = channel.receive()
    if task is None:
        return  # the parent is gone already
    try:
        registry = Registry.discover(use_plugins=task["use_plugins"])
        TASKS[task["task"]](channel, task, registry)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code may raise anything
        channel.send(**_end(error))
        traceback.print_exc()
        sys.exit(1)


def _end(error: BaseException) -> dict[str, Any]:
    """The event that tells of an early end."""
    if isinstance(error, Interrupted):
        return {"event": "interrupted", "cause": str(error)}
    return {"event": "failed", "status": _status(error), "cause": _cause(error)}


def _status(error: BaseException) -> str:
    if isinstance(error, Diverged):
        return "diverged"
    return "out of memory" if is_out_of_memory(error) else "failed"


def _cause(error: BaseException) -> str:
    text = " ".join(diagnosis.text(error).split())
    return text if isinstance(error, ZooError) else f"{type(error).__name__}: {text}"[:500]


if __name__ == "__main__":
    main()
