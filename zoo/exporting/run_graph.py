"""A finished run's model as a graph on TensorFlow, on the CPU and in float32."""

from pathlib import Path

from zoo.contract import InputContract
from zoo.exporting.serving_graph import Answer, ServingGraph
from zoo.registry import Registry
from zoo.runs.run import Run


def load_graph(run: Run, registry: Registry, *, trust_source: bool) -> ServingGraph:
    """Load the run's weights into its model, whatever backend trained them.

    Raises:
        UsageError: its architecture is not installed, or its code cannot be used.
        ZooError: its model is missing or damaged.
    """
    from zoo.training.backend import choose_backend, choose_device
    from zoo.training.pipeline import Pipeline
    from zoo.training.saved import build_trained
    from zoo.trust import architecture_of

    choose_backend("tensorflow")  # a file may import Keras at its top
    architecture, origin = architecture_of(run, registry, trust_source=trust_source)
    choose_device("tensorflow", "cpu")
    model = build_trained(run, architecture, origin, precision="float32")
    dtype = InputContract.of_run(run).dtype
    return ServingGraph(model, Pipeline.from_record(run.record.input), dtype)


def keras_answer(folder: Path, *, use_plugins: bool, trust_source: bool) -> Answer:
    """The run in a folder, in Keras: as the proof of an export measures it.

    Raises:
        UsageError: it is not finished, or its code cannot be used.
        ZooError: its model is missing or damaged.
    """
    from zoo.training.saved import check_usable

    run = Run.open(folder)
    check_usable(run)
    graph = load_graph(run, Registry.discover(use_plugins=use_plugins), trust_source=trust_source)
    return graph.answer()
