"""A finished run's model, loaded for inference."""

from typing import Any

from zoo.architecture import Architecture
from zoo.archives import check_weights
from zoo.errors import UsageError, ZooError
from zoo.origin import Origin
from zoo.recipe import Recipe
from zoo.registry import Registry
from zoo.runs.files import sha256
from zoo.runs.record import FINISHED
from zoo.runs.run import Run
from zoo.training.backend import choose_backend, choose_device, make_deterministic, make_engine
from zoo.training.backends.base import Engine
from zoo.training.pipeline import Pipeline
from zoo.trust import architecture_of

BYTES, OVERHEAD = 16, 2**20
"""What the arrays in model.keras may take: for each number of the model's, and beyond."""


def load_engine(
    run: Run,
    registry: Registry,
    backend: str | None,
    device: str,
    recipe: Recipe | None = None,
    *,
    trust_source: bool = False,
) -> Engine:
    """The run's model with its weights and its pipeline, in an engine that only infers.

    The model is built anew by its architecture and takes its weights from `model.keras`, so that
    nothing in the file is executed. It answers as the run's own recipe says (`tta_shift`), or as
    `recipe` does. Code that the run brings is executed as `zoo.trust` says.

    Raises:
        UsageError: the run is not finished, its architecture is not installed, or its code is
            neither known here nor trusted.
        ZooError: `model.keras` is missing, damaged, or not the one that was saved.
    """
    check_usable(run)
    record = run.record
    backend = choose_backend(backend or record.backend)  # a file may import Keras at its top
    architecture, origin = architecture_of(run, registry, trust_source=trust_source)
    chosen = choose_device(backend, device)
    deterministic = make_deterministic(backend, chosen)
    model = build_trained(run, architecture, origin)
    pipeline = Pipeline.from_record(record.input)
    return make_engine(backend, model, None, pipeline, recipe or run.recipe, chosen, deterministic)


def check_usable(run: Run) -> None:
    """Check that a run is finished and has the model that it saved. Imports no backend.

    Raises:
        UsageError: it is not finished.
        ZooError: `model.keras` is missing, or not the one that was saved.
    """
    if run.status != FINISHED:
        raise UsageError(
            f"{run.name} is {run.status}, so it has no model yet. Resume it: "
            f"`zoo.train(resume={str(run.folder)!r})`"
        )
    path = run.model_file
    if not path.is_file():
        raise ZooError(f"{path}: is missing. Train it again: `zoo.train(..., again=True)`")
    if sha256(path) != run.hash_of("model.keras"):
        raise ZooError(
            f"{path}: is not the file that this run saved (its SHA-256 differs from run.json's). "
            "Restore it, or train again: `zoo.train(..., again=True)`"
        )


def build_trained(
    run: Run, architecture: Architecture, origin: Origin, precision: str | None = None
) -> Any:
    """The run's model, built anew, with its weights.

    Args:
        precision: Keras' dtype policy; None: that of the training.

    Raises:
        PluginError: the architecture cannot be built.
        ZooError: `model.keras` does not fit it.
    """
    import keras

    from zoo.training.build import build_model
    from zoo.training.describe import count

    record = run.record
    keras.config.set_dtype_policy(precision or record.precision)
    shape = record.input.input_shape
    classes = len(record.dataset.classes)
    masked = record.input.unequal == "masked"
    model = build_model(architecture, shape, classes, run.hyperparameters, origin, masked=masked)
    try:
        check_weights(run.model_file, BYTES * count(model.weights) + OVERHEAD)
        model.load_weights(run.model_file)
    except Exception as error:  # zipfile, HDF5 and Keras each have their own
        line = " ".join(str(error).split())[:200]
        raise ZooError(
            f"{run.model_file}: does not fit {architecture.name} as it is installed now ({line})."
        ) from error
    return model
