"""LiteRT's own LSTM operation beside the loop that archzoo exports, and beside an unrolled LSTM.

TensorFlow's converter makes `UNIDIRECTIONAL_SEQUENCE_LSTM` of a function that says it implements Keras' LSTM
(`api_implements`), and only where the batch is fixed. `python bench/lstm_fused.py` writes
bench/results/lstm-fused.json, from which `python bench/exports.py table` writes a part of docs/export.md.
"""

import json
import os
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import checkout
import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from sizes import RESULTS, size
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from zoo.exporting import rewrites

RESULT = RESULTS / "lstm-fused.json"
STEPS, FEATURES, UNITS = 28, 28, 64
CALLS = size(400, 3)
FUSED = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def as_keras_function(weights: list[Any]) -> Callable[[Any], Any]:
    """An unrolled LSTM in a function marked as Keras' own, which the converter may replace."""
    kernel, recurrent, bias = map(tf.constant, weights)

    def lstm(inputs: Any, h: Any, c: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        outputs = []
        for step in range(STEPS):
            gates = tf.matmul(inputs[:, step], kernel) + tf.matmul(h, recurrent) + bias
            i, f, g, o = tf.split(gates, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            outputs.append(h)
        return h, tf.stack(outputs, 1), h, c, tf.constant(1.0)

    marks = {
        "api_implements": "lstm_archzoo",
        "api_preferred_device": "CPU",
        "time_major": False,
        "go_backwards": False,
    }
    marked = tf.function(lstm, autograph=False, experimental_attributes=marks)

    def call(x: Any) -> Any:
        batch = x.shape[0] or tf.shape(x)[0]
        start = tf.zeros((batch, UNITS))
        return marked(x, start, start, kernel, recurrent, bias)[0]

    return call


def converted(call: Callable[[Any], Any], batch: int | None) -> bytes:
    """A LiteRT file of the function, with a batch of this size or of any."""
    module = tf.Module()
    signature = tf.TensorSpec((batch, STEPS, FEATURES))
    module.serve = tf.function(
        lambda samples: {"y": call(samples)}, input_signature=[signature], autograph=False
    )
    with TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.serve)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return converter.convert()


def frozen(model: Any) -> Callable[[Any], Any]:
    """The model with its weights as constants, as an export writes it."""
    signature = tf.TensorSpec((None, STEPS, FEATURES))
    traced = tf.function(lambda x: model(x), input_signature=[signature], autograph=False)
    constant = convert_variables_to_constants_v2(
        traced.get_concrete_function(), lower_control_flow=False
    )
    return lambda samples: constant(samples)[0]


def measured(way: str, content: bytes, wanted: np.ndarray, x: np.ndarray) -> dict[str, Any]:
    """Size, largest difference at the first call and at the last, and median processor time on one thread.

    LiteRT's own operation keeps its state from call to call.
    """
    interpreter = Interpreter(model_content=content, num_threads=1)
    place, out = (
        each[0]["index"]
        for each in (interpreter.get_input_details(), interpreter.get_output_details())
    )
    interpreter.resize_tensor_input(place, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, x)
    times, differences = [], []
    for _ in range(CALLS):
        started = time.process_time()
        interpreter.invoke()
        times.append(time.process_time() - started)
        differences.append(float(np.abs(interpreter.get_tensor(out) - wanted).max()))
    names = {each["op_name"] for each in interpreter._get_ops_details()}
    return {
        "way": way,
        "bytes": len(content),
        "difference": differences[0],
        "difference_at_the_last_call": differences[-1],
        "milliseconds": 1000 * float(np.median(times)),
        "fused": FUSED in names,
    }


def main() -> None:
    commit = checkout.commit(but=RESULT)
    layer = keras.layers.LSTM(UNITS)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer])
    x = np.random.default_rng(0).normal(size=(1, STEPS, FEATURES)).astype("float32")
    wanted = np.array(model(x))
    call = as_keras_function([np.array(each) for each in layer.get_weights()])
    files = {
        "LiteRT's LSTM, one sample a call": converted(call, 1),
        "unrolled, any batch": converted(call, None),
    }
    rewrites.for_litert(model)
    files["archzoo's loop, any batch"] = converted(frozen(model), None)
    rows = [{**measured(way, file, wanted, x), "commit": commit} for way, file in files.items()]
    RESULT.write_text(json.dumps(rows, indent=1) + "\n")
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
