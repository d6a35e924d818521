"""Writing LiteRT (TensorFlow Lite): TensorFlow's converter, without operations of full TensorFlow."""

import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.exporting import rewrites
from zoo.exporting.serving_graph import INPUT, OUTPUTS, FileContent, ServingGraph

if TYPE_CHECKING:
    import numpy as np


def write(content: FileContent, path: Path) -> None:
    """Write a LiteRT file.

    Its metadata are appended as a zip archive with `metadata.json` and `labels.txt`, which is how LiteRT
    keeps associated files: any zip tool reads them, and the runtime skips them.
    """
    import tensorflow as tf

    graph = content.graph
    rewrites.for_litert(graph.model)
    folder = path.with_suffix(".graph")
    module = _frozen(graph)
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if content.quantize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if content.quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif content.quantize == "int8" and _has_ranges(graph):

        def samples() -> "Iterator[dict[str, np.ndarray]]":
            yield from ({INPUT: sample} for sample in content.calibration)

        converter.representative_dataset = samples
    with warnings.catch_warnings():  # its calibration uses an interpreter that it calls deprecated
        warnings.simplefilter("ignore")
        path.write_bytes(converter.convert())
    _append(path, content.metadata)


def _has_ranges(graph: ServingGraph) -> bool:
    """Whether int8 takes the ranges of values from samples; otherwise the runtime finds them as it goes.

    Values within a loop cannot be calibrated. What marks padding lies so far from the data that no value
    between would be told apart.
    """
    return graph.pipeline.unequal != "masked" and not rewrites.is_recurrent(graph.model)


def _frozen(graph: ServingGraph) -> Any:
    """A module whose `serve` has the weights as constants: LiteRT's variables begin at zero."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    traced = graph.function().get_concrete_function()
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)
    names = sorted(OUTPUTS)  # a structured output is flattened by its sorted keys
    module = tf.Module()

    def serve(samples: Any) -> dict[str, Any]:
        return dict(zip(names, constant(samples), strict=True))

    module.serve = tf.function(serve, input_signature=[graph.signature], autograph=False)
    return module


def _append(path: Path, metadata: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("metadata.json", json.dumps(metadata, indent=1, ensure_ascii=False))
        archive.writestr("labels.txt", "\n".join(json.loads(metadata["classes"])) + "\n")
