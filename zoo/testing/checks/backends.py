"""The same numbers on every backend."""

from pathlib import Path
from tempfile import TemporaryDirectory

from zoo.testing import check_process as process
from zoo.testing.check import Broken, Check, Skipped
from zoo.testing.harness import Harness, answers
from zoo.training.backend import installed_backends

SAMPLES = 4
TOLERANCE = 1e-3
"""Relative to the largest output; convolutions add up in other orders."""


def _agree(case: Harness) -> str:
    import numpy as np

    others = [name for name in installed_backends() if name != case.backend]
    if not others:
        raise Skipped(f"only {case.backend} is installed: pip install 'archzoo[jax]' for another")
    model, x = case.build(), case.samples(SAMPLES)
    wanted = answers(model, x)
    found = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "inputs.npy", x)
        # NumPy names them arr_0, arr_1, ... and keeps that order.
        np.savez(folder / "weights.npz", *model.get_weights())
        for backend in others:
            given = _answers_of(backend, case, folder)
            difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
            found.append(f"{backend} {difference:.1g}")
            if not difference <= TOLERANCE:
                raise Broken(
                    f"with the same weights and inputs, {backend} and {case.backend} differ by "
                    f"{difference:.2g}",
                    "use keras.ops and keras.layers only, and ask for no backend's name.",
                )
    return f"differences from {case.backend}: {', '.join(found)}"


def _answers_of(backend: str, case: Harness, folder: Path):
    import numpy as np

    outputs = folder / f"{backend}.npy"
    try:
        process.ask(
            "rebuild",
            source=case.source.as_json(),
            backend=backend,
            weights=str(folder / "weights.npz"),
            inputs=str(folder / "inputs.npy"),
            outputs=str(outputs),
        )
    except Broken as error:
        raise Broken(f"on {backend}, {error.seen}", error.change) from None
    return np.load(outputs)


BACKENDS_AGREE = Check(
    "backends_agree",
    "With the same weights, all installed backends give the same outputs.",
    "Whoever trains on another backend must get your architecture, not a cousin of it.",
    _agree,
)
