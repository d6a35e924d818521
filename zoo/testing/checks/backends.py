"""Check: the same outputs on every backend."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zoo.testing import check_process as process
from zoo.testing.check import Check, CheckFailed, Skipped
from zoo.testing.harness import Harness, answers
from zoo.training.backend import installed_backends

if TYPE_CHECKING:
    import numpy as np

SAMPLES = 4
TOLERANCE = 1e-3
"""Relative to the largest output; backends sum convolutions in different orders."""


def _agree(harness: Harness) -> str:
    import numpy as np

    others = [name for name in installed_backends() if name != harness.backend]
    if not others:
        raise Skipped(
            f"only {harness.backend} is installed: pip install 'archzoo[jax]' for another"
        )
    model, x = harness.build(), harness.samples(SAMPLES)
    wanted = answers(model, x)
    found = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "inputs.npy", x)
        # NumPy names them arr_0, arr_1, ... and keeps that order.
        np.savez(folder / "weights.npz", *model.get_weights())
        for backend in others:
            given = _answers_of(backend, harness, folder)
            difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
            found.append(f"{backend} {difference:.1g}")
            if not difference <= TOLERANCE:
                raise CheckFailed(
                    f"with the same weights and inputs, {backend} and {harness.backend} differ by "
                    f"{difference:.2g}",
                    "use only keras.ops and keras.layers, and do not depend on the backend's name.",
                )
    return f"differences from {harness.backend}: {', '.join(found)}"


def _answers_of(backend: str, harness: Harness, folder: Path) -> "np.ndarray":
    import numpy as np

    outputs = folder / f"{backend}.npy"
    try:
        process.ask(
            "rebuild",
            ref=harness.ref.as_json(),
            backend=backend,
            weights=str(folder / "weights.npz"),
            inputs=str(folder / "inputs.npy"),
            outputs=str(outputs),
        )
    except CheckFailed as error:
        raise CheckFailed(f"on {backend}, {error.seen}", error.change) from None
    return np.load(outputs)


BACKENDS_AGREE = Check(
    "backends_agree",
    "With the same weights, all installed backends give the same outputs.",
    "On another backend it must be the same architecture, not a similar one.",
    _agree,
)
