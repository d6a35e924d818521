"""The new process of a law: `python -m zoo.testing.check_worker` answers one question and ends.

The question is a line of JSON on standard input, the answer one on standard output. What a plugin
prints goes to standard error. Nothing heavy is imported before a task needs it.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

from zoo import diagnosis
from zoo.numerics import settle_variables
from zoo.orphan import end_with_parent
from zoo.testing.dataset_ref import DatasetSource
from zoo.testing.import_ref import ImportRef, extend_path

HEAVY = ("keras", "tensorflow", "jax", "torch")


class _Refused(BaseException):
    """A heavy import; no `except Exception` of a plugin hides it."""


class _Guard:
    """A finder and loader whose heavy packages are there, and cannot be imported."""

    def find_spec(self, name, _path=None, _target=None):
        return ModuleSpec(name, self) if name in HEAVY else None

    def create_module(self, spec):
        raise _Refused(spec.name)

    def exec_module(self, module): ...


def light_import(source: ImportRef) -> dict[str, Any]:
    """Import the plugin's modules: how long it took, or which line imports what."""
    sys.meta_path.insert(0, _Guard())
    started = time.perf_counter()
    try:
        source.load_modules()
    except BaseException as error:  # a file's import makes an error of its own of any that comes
        refused = _refused(error)
        if refused is None:
            raise
        return {"imports": str(refused), "frames": diagnosis.own_frames(refused)}
    return {"imports": "", "seconds": time.perf_counter() - started}


def _refused(error: BaseException | None) -> _Refused | None:
    """The refusal that an error is, or was made of."""
    while error is not None and not isinstance(error, _Refused):
        error = error.__cause__
    return error


def load(source: ImportRef, backend: str, file: str, inputs: str, outputs: str) -> dict[str, Any]:
    """Answers of a saved model.

    The architecture is built once before, which registers the layers that it defines within.
    """
    case = _case(source, backend)
    case.build()
    import keras

    _write_answers(keras.saving.load_model(file), inputs, outputs)
    return {}


def rebuild(source: ImportRef, backend: str, weights: str, inputs: str, outputs: str) -> dict:
    """Answers of a model that is built here with weights from elsewhere."""
    import numpy as np

    model = _case(source, backend).build()
    with np.load(weights) as held:
        model.set_weights([held[name] for name in held.files])
    _write_answers(model, inputs, outputs)
    return {}


def memory(source: ImportRef, backend: str, batch: int) -> dict[str, Any]:
    """Bytes held at most: by the backend alone, and with a training step at a batch size."""
    case = _case(source, backend)
    from zoo.environment import peak_memory
    from zoo.testing.short_fit import ShortFit
    from zoo.training.backend import start_keras

    start_keras(backend)  # it imports the backend, whose share is told apart

    before = peak_memory()
    with ShortFit(case, batch_size=batch) as trial:
        trial.train(1)
    return {"backend": before, "peak": peak_memory()}


def fingerprints(source: DatasetSource) -> dict[str, Any]:
    """Fingerprints of a dataset that is loaded here."""
    from zoo.datasets.location import Locations
    from zoo.testing.fingerprints import fingerprints

    return {"fingerprints": fingerprints(source.find().load(Locations.of_user()))}


def _case(source: ImportRef, backend: str):
    from zoo.testing.harness import Harness
    from zoo.training.backend import choose_backend, hide_gpus

    choose_backend(backend)
    hide_gpus(backend)
    return Harness(source.find())


def _write_answers(model, inputs: str, outputs: str) -> None:
    import numpy as np

    from zoo.testing.harness import answers

    np.save(outputs, answers(model, np.load(inputs)))


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "light_import": light_import,
    "load": load,
    "rebuild": rebuild,
    "memory": memory,
    "fingerprints": fingerprints,
}


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    content = question["content"]
    kind = DatasetSource if question["task"] == "fingerprints" else ImportRef
    source = content["source"] = kind(**content["source"])
    extend_path(source.paths)
    # At the end: what this process would import by itself comes first.
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
    """Answer the question on standard input."""
    end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints is no answer
    settle_variables()
    answers.write(json.dumps(_answer(json.load(sys.stdin))))
    answers.close()


if __name__ == "__main__":
    main()
