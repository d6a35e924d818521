"""What is saved comes back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zoo.testing import check_process as process
from zoo.testing.check import Broken, Check
from zoo.testing.harness import Harness, answers

if TYPE_CHECKING:
    import numpy as np

SAMPLES = 4
TOLERANCE = 1e-4
SERIALIZABLE = (
    "write a layer with get_config() in place of a Lambda, and decorate your layers with "
    "@keras.saving.register_keras_serializable(package=...)."
)


def _saving(case: Harness) -> str:
    import numpy as np

    model, x = case.build(), case.samples(SAMPLES)
    wanted = answers(model, x)
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "inputs.npy", x)
        model.save(folder / "model.keras")
        size = (folder / "model.keras").stat().st_size
        process.ask(
            "load",
            advice=SERIALIZABLE,
            source=case.source.as_json(),
            backend=case.backend,
            file=str(folder / "model.keras"),
            inputs=str(folder / "inputs.npy"),
            outputs=str(folder / "outputs.npy"),
        )
        _check_same(wanted, np.load(folder / "outputs.npy"), "the loaded model")
    return f"the same outputs from a file of {size / 1e6:.2g} MB"


def _weights_round_trip(case: Harness) -> str:
    x = case.samples(SAMPLES)
    model = case.build(seed=0)
    wanted = answers(model, x)
    other = case.build(seed=1)
    other.set_weights(model.get_weights())
    _check_same(wanted, answers(other, x), "a new model with get_weights() set")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.weights.h5"
        model.save_weights(file)
        third = case.build(seed=2)
        third.load_weights(file)
        _check_same(wanted, answers(third, x), "a new model with the saved weights")
    return f"{len(model.weights)} weights, in memory and through a file"


def _check_same(wanted: "np.ndarray", given: "np.ndarray", what: str) -> None:
    import numpy as np

    if not np.allclose(wanted, given, rtol=TOLERANCE, atol=TOLERANCE):
        raise Broken(
            f"{what} gives other outputs: they differ by {np.abs(wanted - given).max():.2g}",
            "keep every number that the outputs depend on in a weight (add_weight, "
            "trainable=False for constants) or in get_config, none in a random Python value.",
        )


SAVING = Check(
    "saving",
    "Saved to a .keras file and loaded in a new process, it gives the same outputs.",
    "Every run leaves a model.keras; others must be able to open it without your session.",
    _saving,
)
WEIGHTS_ROUND_TRIP = Check(
    "weights_round_trip",
    "A newly built model that is given the weights of another one gives its outputs.",
    "Checkpoints, averaged weights, zoo evaluate and zoo predict build anew and set weights.",
    _weights_round_trip,
)
