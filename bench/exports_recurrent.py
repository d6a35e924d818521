"""Recurrent layers in exported files: as archzoo exports them, unrolled, and as Keras' loop.

`python bench/exports_recurrent.py` measures each with random weights, for images of 28×28 pixels, and
writes bench/results/exports-recurrent.json; the tables of docs/export.md are `bench/exports.py table`.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import checkout
import numpy as np
from sizes import RESULTS, size

from zoo.errors import ZooError
from zoo.exporting import rewrites
from zoo.exporting.formats import Format, file_name
from zoo.exporting.runtimes import open_export
from zoo.exporting.serving_graph import layers_of
from zoo.exporting.trial_export import try_export
from zoo.registry import Registry
from zoo.testing.harness import Harness, stored_images

RESULT = RESULTS / "exports-recurrent.json"
NAMES = size(("cnn_lstm", "convlstm1d", "gru", "lstm", "lstm_fcn"), ("lstm",))
CALLS = size(50, 2)


def unrolled(model: Any, **_: Any) -> None:
    """A copy of the step for each step."""
    import keras

    for layer in layers_of(model):
        if isinstance(layer, keras.layers.RNN):
            layer.unroll = True


def left_alone(_model: Any, **_: Any) -> None:
    """What the converter makes of Keras' own loop."""


WAYS: dict[str, Callable[..., None] | None] = {
    "exported": None,
    "unrolled": unrolled,
    "Keras' loop": left_alone,
}


def measured(name: str, format: Format, way: str) -> dict:
    """Size, and processor milliseconds of a call with one sample on one thread."""
    usual = rewrites.for_onnx, rewrites.for_litert
    if rewrite := WAYS[way]:
        rewrites.for_onnx = rewrites.for_litert = rewrite
    row = {"architecture": name, "format": format, "way": way}
    try:
        harness = Harness(Registry.discover().architecture(name)[0])
        with TemporaryDirectory() as folder:
            row |= try_export(harness.serving_graph(), format, Path(folder), stored_images(4))
            answer = open_export(Path(folder) / file_name(format), format, threads=1)
            row["milliseconds"] = 1000 * _seconds(lambda: answer(stored_images(1)))
    except ZooError as error:
        row["problem"] = str(error)
    finally:
        rewrites.for_onnx, rewrites.for_litert = usual
    return row


def _seconds(call: Callable[[], Any]) -> float:
    """Median processor time: other work on the machine does not count."""
    times = []
    for _ in range(CALLS):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return float(np.median(times))


def main() -> None:
    commit = checkout.commit(but=RESULT)
    rows = []
    for name in NAMES:
        for format in ("onnx", "litert"):
            for way in WAYS:
                rows.append({**measured(name, format, way), "commit": commit})
                print(rows[-1], flush=True)
    RESULT.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
