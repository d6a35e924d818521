"""Checks: saved models and weights give the same outputs."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zoo.testing import check_process as process
from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness, answers

if TYPE_CHECKING:
    import numpy as np

SAMPLES = 4
TOLERANCE = 1e-4
SERIALIZABLE = (
    "write a layer with get_config() instead of a Lambda, and decorate your layers with "
    "@keras.saving.register_keras_serializable(package=...)."
)


def _saving(harness: Harness) -> str:
    import numpy as np

    model, x = harness.build(), harness.samples(SAMPLES)
    wanted = answers(model, x)
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "inputs.npy", x)
        model.save(folder / "model.keras")
        size = (folder / "model.keras").stat().st_size
        process.ask(
            "load",
            advice=SERIALIZABLE,
            ref=harness.ref.as_json(),
            backend=harness.backend,
            file=str(folder / "model.keras"),
            inputs=str(folder / "inputs.npy"),
            outputs=str(folder / "outputs.npy"),
        )
        _check_same(wanted, np.load(folder / "outputs.npy"), "the loaded model")
    return f"the same outputs from a file of {size / 1e6:.2g} MB"


def _weights_round_trip(harness: Harness) -> str:
    x = harness.samples(SAMPLES)
    model = harness.build(seed=0)
    wanted = answers(model, x)
    other = harness.build(seed=1)
    other.set_weights(model.get_weights())
    _check_same(wanted, answers(other, x), "a new model with get_weights() set")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.weights.h5"
        model.save_weights(file)
        third = harness.build(seed=2)
        third.load_weights(file)
        _check_same(wanted, answers(third, x), "a new model with the saved weights")
    return f"{len(model.weights)} weights, in memory and through a file"


def _check_same(wanted: "np.ndarray", given: "np.ndarray", what: str) -> None:
    import numpy as np

    if not np.allclose(wanted, given, rtol=TOLERANCE, atol=TOLERANCE):
        raise CheckFailed(
            f"{what} gives other outputs: they differ by {np.abs(wanted - given).max():.2g}",
            "keep every value that the outputs depend on in a weight (add_weight, with "
            "trainable=False for constants) or in get_config, not in a random Python value.",
        )


SAVING = Check(
    "saving",
    "Saved to a .keras file and loaded in a new process, it gives the same outputs.",
    "Every run saves a model.keras, which others must be able to load.",
    _saving,
)
WEIGHTS_ROUND_TRIP = Check(
    "weights_round_trip",
    "A newly built model with the weights of another one gives the same outputs.",
    "Checkpoints, averaged weights, zoo evaluate and zoo predict rebuild the model and set weights.",
    _weights_round_trip,
)
