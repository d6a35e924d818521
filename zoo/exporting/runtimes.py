"""Running an exported file in its own runtime."""

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.exporting.serving_graph import INPUT, LOGITS, PROBABILITIES, Answer

if TYPE_CHECKING:
    import numpy as np


ROUND_SECONDS, ROUND_CALLS = 0.4, 100


def open_export(path: Path, format: str, threads: int) -> Answer:
    """Load an exported file into its runtime.

    Args:
        path: the file; of a SavedModel its folder.
        format: a name in `zoo.exporting.formats.FORMATS`.
        threads: threads of ONNX Runtime or LiteRT; TensorFlow and Keras use all cores.

    Raises:
        Exception: the runtime does not load it; each has its own errors.
    """
    return _OPENERS[format](path, threads)


def median_seconds(answer: Answer, samples: "np.ndarray") -> float:
    """Of one round of calls, which ends after `ROUND_SECONDS` or `ROUND_CALLS`; at least three."""
    times: list[float] = []
    started = time.perf_counter()
    while len(times) < 3 or (
        len(times) < ROUND_CALLS and time.perf_counter() - started < ROUND_SECONDS
    ):
        before = time.perf_counter()
        answer(samples)
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def _onnx(path: Path, threads: int) -> Answer:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def answer(samples: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        logits, probabilities = session.run([LOGITS, PROBABILITIES], {INPUT: samples})
        return logits, probabilities

    return answer


def _litert(path: Path, threads: int) -> Answer:
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(model_path=str(path), num_threads=threads).get_signature_runner()

    def answer(samples: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        found = run(**{INPUT: samples})
        return found[LOGITS], found[PROBABILITIES]

    return answer


def _saved_model(path: Path, _threads: int) -> Answer:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    run = loaded.signatures["serving_default"]

    def answer(samples: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        found = run(**{INPUT: tf.constant(samples)})
        return found[LOGITS].numpy(), found[PROBABILITIES].numpy()

    return answer


def _keras(path: Path, _threads: int) -> Answer:
    import keras
    import tensorflow as tf

    model = keras.saving.load_model(path, compile=False)
    run = tf.function(lambda x: model(x, training=False), autograph=False)

    def answer(samples: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        found = run(tf.constant(samples))
        return found[LOGITS].numpy(), found[PROBABILITIES].numpy()

    return answer


_OPENERS = {"onnx": _onnx, "litert": _litert, "saved_model": _saved_model, "keras": _keras}
