"""Timing one model in several runtimes, in turn, in the process that exports."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.environment import usable_cores
from zoo.errors import ZooError
from zoo.exporting.export_messages import Measured, SpeedTask
from zoo.exporting.formats import file_name
from zoo.exporting.proof import tolerance_of
from zoo.exporting.runtime_names import KERAS, LATENCY, THROUGHPUT, Runtime
from zoo.exporting.runtimes import median_seconds, open_export
from zoo.training.request import Request

if TYPE_CHECKING:
    from zoo.exporting.serving_graph import Answer, ServingGraph
    from zoo.training.examples import Examples
    from zoo.training.plan import Plan


def measure(task: SpeedTask, tell: Callable[[str], None]) -> Measured:
    """Build an architecture with new weights, export it, and time all runtimes in turn.

    Raises:
        ZooError: data, plugin, build or a format: the message says which.
    """
    plan, examples = opened(task.request, task.data_dir, use_plugins=task.use_plugins)
    x = examples.x_test if len(examples.x_test) else examples.x_train
    pool = np.asarray(x[: task.batch])  # in memory, so that what is timed makes or reads no sample
    batch = np.ascontiguousarray(np.take(pool, np.arange(task.batch) % len(pool), axis=0))
    with tempfile.TemporaryDirectory() as folder:
        answers = {
            name: _answer(name, plan, examples, Path(folder), tell) for name in task.runtimes
        }
        _check_alike(answers, batch)
        tell("measuring")
        return Measured(times=_times(answers, batch, task.rounds))


def opened(request: Request, data_dir: str | None, *, use_plugins: bool) -> "tuple[Plan, Examples]":
    """The plan of a request and its data; Keras will run on the CPU."""
    from zoo.datasets.location import Locations
    from zoo.registry import Registry
    from zoo.training.backend import choose_device
    from zoo.training.examples import Examples

    plan = request.plan(Registry.discover(use_plugins=use_plugins))
    arrays = plan.dataset.load(Locations.of_user(data_dir))
    choose_device("tensorflow", "cpu")
    return plan, Examples.split(arrays, plan.recipe)


def _answer(
    name: Runtime, plan: "Plan", examples: "Examples", folder: Path, tell: Callable[[str], None]
) -> "Answer":
    """The model in a runtime; each has a graph of its own, since a format may rewrite it."""
    from zoo.exporting.format_writing import write
    from zoo.exporting.serving_graph import FileContent
    from zoo.exporting.trial_export import METADATA

    graph = new_graph(plan, examples)
    if name == KERAS:
        return graph.answer()
    tell(f"converting {plan.architecture.name} to {name}")
    path = folder / file_name(name)
    write(FileContent(graph, METADATA), path, name, plan.architecture.name)
    return open_export(path, name, usable_cores())


def new_graph(plan: "Plan", examples: "Examples") -> "ServingGraph":
    """The architecture with new weights, as it is exported."""
    import keras

    from zoo.exporting.serving_graph import ServingGraph
    from zoo.training.backend import seed_everything
    from zoo.training.pipeline import Pipeline
    from zoo.training.prepare import model_of

    keras.utils.clear_session(free_memory=False)
    seed_everything(plan.backend, plan.seed)
    keras.config.set_dtype_policy("float32")
    pipeline = Pipeline.fitted(
        plan.dataset, plan.architecture, plan.recipe, examples.x_train, plan.hyperparameters
    )
    return ServingGraph(model_of(plan, pipeline.shape), pipeline, str(examples.x_train.dtype))


def _check_alike(answers: "Mapping[Runtime, Answer]", batch: np.ndarray) -> None:
    """
    Raises:
        ZooError: two runtimes give other outputs: their speeds say nothing.
    """
    logits = {name: answer(batch)[0] for name, answer in answers.items()}
    first, *others = logits
    for name in others:
        difference = float(np.abs(logits[name] - logits[first]).max())
        if not difference <= tolerance_of(logits[first]):
            raise ZooError(
                f"{name} and {first} give other outputs (they differ by {difference:.2g})."
            )


def _times(
    answers: "Mapping[Runtime, Answer]", batch: np.ndarray, rounds: int
) -> dict[str, dict[str, list[float]]]:
    """Seconds of one sample and samples a second of a batch, by runtime: the median of each round."""
    found: dict[str, dict[str, list[float]]] = {
        name: {LATENCY: [], THROUGHPUT: []} for name in answers
    }
    names = list(answers)
    for samples in (batch[:1], batch):
        for answer in answers.values():
            answer(samples)  # a shape's first call may compile
    for number in range(rounds):
        # Another one begins each round, so that none is always measured after the same.
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            found[name][LATENCY].append(median_seconds(answers[name], batch[:1]))
            found[name][THROUGHPUT].append(len(batch) / median_seconds(answers[name], batch))
    return found
