"""Running part of a check in a new process: `python -m zoo.testing.check_worker`, the child's side.

It reads one task as JSON from standard input and writes its result as JSON to standard output. What a
plugin prints goes to standard error. Keras and backends are imported only by tasks that need them.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoo import diagnosis
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent
from zoo.testing.dataset_ref import DatasetRef
from zoo.testing.import_ref import ImportRef, extend_path

if TYPE_CHECKING:
    import keras

    from zoo.testing.harness import Harness

HEAVY = ("keras", "tensorflow", "jax", "torch")


class _Refused(BaseException):
    """A heavy import. A BaseException, so that no `except Exception` of a plugin hides it."""


class _Guard:
    """A finder and loader: heavy packages are found, and importing one raises `_Refused`."""

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in HEAVY else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        raise _Refused(spec.name)

    def exec_module(self, module: ModuleType) -> None: ...


def light_import(ref: ImportRef) -> dict[str, Any]:
    """Import the plugin's modules: the seconds it took, or the line that imports a heavy package."""
    sys.meta_path.insert(0, _Guard())
    started = time.perf_counter()
    try:
        ref.load_modules()
    except BaseException as error:  # the import of a file wraps any error in its own
        refused = _refused(error)
        if refused is None:
            raise
        return {"imports": str(refused), "frames": diagnosis.own_frames(refused)}
    return {"imports": "", "seconds": time.perf_counter() - started}


def _refused(error: BaseException | None) -> _Refused | None:
    """The `_Refused` among an error and its causes."""
    while error is not None and not isinstance(error, _Refused):
        error = error.__cause__
    return error


def load(ref: ImportRef, backend: str, file: str, inputs: str, outputs: str) -> dict[str, Any]:
    """Write the outputs of a saved model.

    The architecture is built first: that registers the layers that `build` defines.
    """
    harness = _harness(ref, backend)
    harness.build()
    import keras

    _write_answers(keras.saving.load_model(file), inputs, outputs)
    return {}


def rebuild(ref: ImportRef, backend: str, weights: str, inputs: str, outputs: str) -> dict:
    """Write the outputs of a model that is built here and given the weights in a file."""
    import numpy as np

    model = _harness(ref, backend).build()
    with np.load(weights) as held:
        model.set_weights([held[name] for name in held.files])
    _write_answers(model, inputs, outputs)
    return {}


def export(ref: ImportRef, formats: list[Any], folder: str) -> dict[str, Any]:
    """Export the architecture's model to each format: the file's size and the difference of its outputs."""
    from pathlib import Path

    from zoo.exporting.trial_export import try_export
    from zoo.testing.harness import stored_images

    harness = _harness(ref, "tensorflow")
    return {
        name: try_export(harness.serving_graph(), name, Path(folder), stored_images(4))
        for name in formats
    }


def memory(ref: ImportRef, backend: str, batch: int) -> dict[str, Any]:
    """Peak memory in bytes: after importing the backend, and after a training step of `batch` samples."""
    harness = _harness(ref, backend)
    from zoo.environment import peak_memory
    from zoo.testing.short_fit import ShortFit
    from zoo.training.backend import start_keras

    start_keras(backend)  # imports the backend, whose memory is reported apart

    before = peak_memory()
    with ShortFit(harness, batch_size=batch) as fit:
        fit.train(1)
    return {"backend": before, "peak": peak_memory()}


def fingerprints(ref: DatasetRef) -> dict[str, Any]:
    """Load a dataset here and return its fingerprints."""
    from zoo.datasets.location import Locations
    from zoo.testing.fingerprints import fingerprints

    return {"fingerprints": fingerprints(ref.find().load(Locations.of_user()))}


def _harness(ref: ImportRef, backend: str) -> "Harness":
    from zoo.testing.harness import Harness
    from zoo.training.backend import choose_backend, hide_gpus

    choose_backend(backend)
    hide_gpus(backend)
    return Harness(ref.find())


def _write_answers(model: "keras.Model", inputs: str, outputs: str) -> None:
    import numpy as np

    from zoo.testing.harness import answers

    np.save(outputs, answers(model, np.load(inputs)))


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "light_import": light_import,
    "load": load,
    "rebuild": rebuild,
    "export": export,
    "memory": memory,
    "fingerprints": fingerprints,
}


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    content = question["content"]
    kind = DatasetRef if question["task"] == "fingerprints" else ImportRef
    ref = content["ref"] = kind(**content["ref"])
    extend_path(ref.paths)
    # At the end: what this process imports without them comes first.
    sys.path += [each for each in question["path"] if each not in sys.path]
    try:
        return TASKS[question["task"]](**content)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        from zoo.testing.explanation import explained

        seen, change = explained(error)
        return {"seen": seen, "change": change}


def main() -> None:
    """Run the task on standard input."""
    end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints must not mix with the result
    settle_variables()
    answers.write(json.dumps(_answer(json.load(sys.stdin))))
    answers.close()


if __name__ == "__main__":
    main()
