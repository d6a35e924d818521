"""An exported ONNX file, or its run in Keras, with what is known of it."""

import json
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from zoo.contract import InputContract
from zoo.errors import ZooError
from zoo.exporting.export_report import ConversionDescription, InputDescription
from zoo.exporting.serving_graph import INPUT, LOGITS, PROBABILITIES, Answer
from zoo.runs.codec import convert
from zoo.runs.part import plain
from zoo.runs.record import ContractRecord
from zoo.runs.run import Run
from zoo.serving.named_models import ServedFile

TYPES = {"uint8": "tensor(uint8)", "float32": "tensor(float)"}
RUNTIMES = {"onnx": "ONNX Runtime", "keras": "Keras on tensorflow"}
LARGEST = 2**31
"""Bytes of a file; larger ones ONNX cannot hold."""


@dataclass(frozen=True)
class Answers:
    """What a model says of some samples.

    Attributes:
        logits, probabilities: `(N, classes)` float32.
        milliseconds: of the calls of the model that answered them.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    milliseconds: float


class LoadedModel:
    """A model that answers: a file in ONNX Runtime, or its run in Keras.

    Attributes:
        name: under which it is served.
        contract: what its samples are like; None: the file does not say, and takes arrays only.
        description: everything that a client may want to know, as plain values for JSON.
    """

    def __init__(self, file: ServedFile, session: Any, description: dict[str, Any]):
        self.name = file.name
        self.description = description
        self.contract: InputContract | None = None
        self._file, self._session = file, session

    @property
    def classes(self) -> list[str]:
        return self.description["classes"]

    @property
    def input(self) -> dict[str, Any]:
        return self.description["input"]

    @classmethod
    def load(cls, file: ServedFile, threads: int = 1) -> "LoadedModel":
        """Load a file; everything that is known of it comes from its metadata and from the run.

        Args:
            threads: of one call.

        Raises:
            ZooError: it cannot be read, or is no export of archzoo.
        """
        session = _session(file.path, threads)
        known = session.get_modelmeta().custom_metadata_map
        try:
            described = convert(json.loads(known["input"]), InputDescription)
            classes = tuple(json.loads(known["classes"]))
            contract = _contract(file, known, classes)
            description = _description(file, known, described, classes, contract)
        except (KeyError, ValueError, TypeError, RecursionError, msgspec.ValidationError) as error:
            raise ZooError(
                f"{file.path}: is no ONNX file that archzoo exported, or is damaged "
                f"({' '.join(str(error).split())[:100]}). Export the run again: `zoo.export(run)`."
            ) from error
        _check_graph(file.path, session, described, len(classes))
        plainly = msgspec.json.decode(msgspec.json.encode(description))  # lists, as clients see it
        found = cls(file, session, plainly)
        found.contract = contract
        return found

    def blank(self) -> np.ndarray:
        """A sample of zeros `(1, *shape)`."""
        return np.zeros((1, *self.input["shape"]), self.input["dtype"])

    def answer(self, samples: np.ndarray) -> Answers:
        """Answer samples `(N, *shape)` that are stored as training's were."""
        start = time.perf_counter()
        logits, probabilities = self._ask(samples)
        return Answers(logits, probabilities, 1000 * (time.perf_counter() - start))

    @cached_property
    def _ask(self) -> Answer:
        """Made when it is first needed: who only describes a model imports no TensorFlow."""
        file, session = self._file, self._session
        if file.runtime == "keras" and file.folder is not None:
            from zoo.exporting.run_graph import keras_answer

            return keras_answer(
                file.folder, use_plugins=file.use_plugins, trust_source=file.trust_source
            )

        def by_onnx(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            logits, probabilities = session.run([LOGITS, PROBABILITIES], {INPUT: samples})
            return logits, probabilities

        return by_onnx


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of an ONNX file, without more than a look at it.

    Raises:
        ZooError: it cannot be read.
    """
    return dict(_session(path, 1).get_modelmeta().custom_metadata_map)


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    try:
        size = path.stat().st_size
        if not path.is_file() or size > LARGEST:
            raise ZooError(f"{path}: is no ONNX file of at most {LARGEST:,} bytes.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Waiting threads must not keep the cores from the event loop and from other models.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise ZooError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except ZooError:
        raise
    except Exception as error:  # ONNX Runtime has a class for each of its codes
        line = " ".join(str(error).split())[:200]
        raise ZooError(f"{path}: ONNX Runtime does not load it ({line}).") from error


def _contract(
    file: ServedFile, known: dict[str, str], classes: tuple[str, ...]
) -> InputContract | None:
    if file.folder is not None:
        return InputContract.of_run(Run.open(file.folder))
    if "contract" not in known:
        return None
    return InputContract.from_record(
        convert(json.loads(known["contract"]), ContractRecord), classes
    )


def _description(
    file: ServedFile,
    known: dict[str, str],
    described: InputDescription,
    classes: tuple[str, ...],
    contract: InputContract | None,
) -> dict[str, Any]:
    given = msgspec.to_builtins(described)
    if contract is not None:
        record = plain(contract.as_record())
        given |= {
            key: record.get(key) for key in ("centred", "other_sizes", "background", "reading")
        }
        given["drawn"] = contract.polarity is not None  # pictures are made light on dark
    conversion, results, notes = _of_run(file, known)
    return {
        "name": file.name,
        "predict": f"/v1/models/{file.name}:predict",
        "runtime": RUNTIMES[file.runtime],
        **{key: known.get(key) for key in ("architecture", "run", "dataset", "recipe")},
        "seed": int(known["seed"]),
        "classes": list(classes),
        "input": given,
        "conversion": conversion,
        "takes_files": _files(contract),
        "test": results,
        "bytes": file.path.stat().st_size,
        "versions": json.loads(known["versions"]),
        "notes": notes,
    }


def _of_run(
    file: ServedFile, known: dict[str, str]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, list[str]]:
    """The conversion, the run's results, and what is to be known of them."""
    if file.folder is None:
        conversion = json.loads(known["conversion"]) if "conversion" in known else None
        return conversion, None, []
    run = Run.open(file.folder)
    conversion = msgspec.to_builtins(ConversionDescription.of(run.record.input))
    results, notes = None, []
    if run.tested:
        low, high = run.test.accuracy_interval
        results = {"accuracy": run.test.accuracy, "accuracy_interval": [low, high]}
    if run.recipe.tta_shift:
        notes.append(
            "the run's results use test-time augmentation, and zoo predict does; the served file does not"
        )
    return conversion, results, notes


def _files(contract: InputContract | None) -> str | None:
    """Which files can be uploaded: `image`, `audio`, `video`; None: arrays only."""
    if contract is None:
        return None
    if contract.reading is not None:
        return str(contract.reading.settings["kind"])
    from zoo.errors import UsageError
    from zoo.pictures import PictureReader

    try:
        PictureReader(contract)
    except UsageError:
        return None
    return "image"


def _check_graph(path: Path, session: Any, described: InputDescription, classes: int) -> None:
    """
    Raises:
        ZooError: the file's graph is not what its metadata say.
    """
    inputs = [(each.name, each.type, list(each.shape[1:])) for each in session.get_inputs()]
    wanted = [(INPUT, TYPES.get(described.dtype, "?"), list(described.shape))]
    outputs = {each.name: each.shape[-1] for each in session.get_outputs()}
    if inputs != wanted or any(outputs.get(name) != classes for name in (LOGITS, PROBABILITIES)):
        raise ZooError(f"{path}: its graph is not what its metadata say. Export the run again.")
