"""Writing ONNX: tf2onnx converts the graph, ONNX Runtime quantizes it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.exporting import rewrites
from zoo.exporting.serving_graph import INPUT, FileContent

if TYPE_CHECKING:
    import numpy as np

OPSET = 18
"""Version of ONNX' operations: ONNX Runtime 1.14 (February 2023) and later run it."""
SMALLEST = 64
"""Numbers in a weight from which it is stored as float16; smaller ones are exact and cost nothing."""


def write(content: FileContent, path: Path) -> None:
    """Write an ONNX file, whose `metadata_props` are the metadata."""
    import onnx
    import tf2onnx

    graph, metadata = content.graph, content.metadata
    rewrites.for_onnx(graph.model)
    model, _ = tf2onnx.convert.from_function(
        graph.function(),
        input_signature=[graph.signature],
        opset=OPSET,
        custom_op_handlers={"SelectV2": (_choose, [])},
    )
    if content.quantize == "float16":
        _store_float16(model.graph)
    elif content.quantize == "int8":
        model = _quantized(model, path, content.calibration)
    for tensor in [*model.graph.input, *model.graph.output]:
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    model.producer_name, model.producer_version = "archzoo", metadata["archzoo"]
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _choose(_context: Any, node: Any, _name: str, _arguments: Any) -> Any:
    """A choice between two values; tf2onnx multiplies by 0 and 1, and 0 times NaN (padding) is NaN."""
    node.type = "Where"
    return node


def _store_float16(graph: Any) -> None:
    """Store weights as float16 and cast them to float32 when the file is loaded, subgraphs too."""
    import numpy as np
    import onnx

    casts = []
    for weight in graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < SMALLEST:
            continue
        values = np.clip(onnx.numpy_helper.to_array(weight), -65504, 65504).astype("float16")
        stored = f"{weight.name}/float16"
        casts.append(
            onnx.helper.make_node("Cast", [stored], [weight.name], to=onnx.TensorProto.FLOAT)
        )
        weight.CopyFrom(onnx.numpy_helper.from_array(values, stored))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    for inner in _subgraphs(graph):
        _store_float16(inner)


def _subgraphs(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield attribute.g


def _quantized(model: Any, path: Path, calibration: "Sequence[np.ndarray]") -> Any:
    """Weights and values of convolutions and products in int8; an LSTM's weights."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_dynamic,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._samples = iter(calibration)

        def get_next(self) -> dict[str, Any] | None:
            sample = next(self._samples, None)
            return None if sample is None else {INPUT: sample}

    plain, prepared, done = (path.with_suffix(f".{step}.onnx") for step in ("a", "b", "c"))
    onnx.save(model, plain)
    quant_pre_process(plain, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        done,
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "MatMul", "Gemm"],
    )
    found = onnx.load(done)
    if any(node.op_type == "LSTM" for node in found.graph.node):
        quantize_dynamic(done, prepared, op_types_to_quantize=["LSTM"], weight_type=QuantType.QInt8)
        found = onnx.load(prepared)
    _store_int8(found.graph, "GRU")
    return found


def _store_int8(graph: Any, kind: str) -> None:
    """Store the weights of operations that ONNX Runtime has only in float32 as int8.

    Each output has its own scale; the weights become float32 when the file is loaded.
    """
    import numpy as np
    import onnx

    weights = {each.name: each for each in graph.initializer}
    names = {name for node in graph.node if node.op_type == kind for name in node.input[1:3]}
    added = []
    for name in sorted(names & weights.keys()):
        values = onnx.numpy_helper.to_array(weights[name])  # (directions, outputs, inputs)
        scale = np.maximum(np.abs(values).max(axis=(0, 2)), 1e-12) / 127
        stored = np.round(values / scale[:, None]).astype("int8")
        weights[name].CopyFrom(onnx.numpy_helper.from_array(stored, f"{name}/int8"))
        graph.initializer.append(
            onnx.numpy_helper.from_array(scale.astype("float32"), f"{name}/scale")
        )
        inputs = [f"{name}/int8", f"{name}/scale"]
        added.append(onnx.helper.make_node("DequantizeLinear", inputs, [name], axis=1))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*added, *nodes])
