"""Servers as people start them, and ONNX files made by hand, for the tests of `zoo serve`."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import numpy as np

from zoo.contract import InputContract
from zoo.exporting.export_report import InputDescription, as_json
from zoo.runs.part import plain

CLASSES = ("a", "b", "c")


def contract(layout="image", shape=(4, 4, 1), dtype="uint8", **given) -> InputContract:
    """What a model reads: pixels from 0 to 255, or numbers."""
    pixels = (0.0, 255.0) if dtype == "uint8" else None
    return InputContract(layout, shape, dtype, pixels, CLASSES, **given)


def handmade(path: Path, reads: InputContract, name="made", work=0, known=True) -> Path:
    """Write an ONNX file as `zoo export` does, with a fixed model of one matrix.

    Args:
        work: how many times a large product is made, so that a call takes long.
        known: whether it says how files are read.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kind = TensorProto.UINT8 if reads.dtype == "uint8" else TensorProto.FLOAT
    size = int(np.prod(reads.shape))
    weights = weights_of(size)
    given = helper.make_tensor_value_info("samples", kind, ["batch", *reads.shape])
    nodes = [
        helper.make_node("Cast", ["samples"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("IsNaN", ["cast"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "cast"], ["values"]),
        helper.make_node("Flatten", ["values"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["plain"]),
    ]
    constants = {"zero": np.zeros((), "float32"), "weights": weights}
    last = "plain"
    if work:
        constants["large"] = np.random.default_rng(0).normal(size=(900, 900)).astype("float32")
        # Depends on the input, so that it is not calculated once for all.
        nodes.append(helper.make_node("ReduceSum", ["plain"], ["total"], keepdims=0))
        nodes.append(helper.make_node("Add", ["large", "total"], ["x0"]))
        for step in range(work):
            nodes.append(helper.make_node("MatMul", [f"x{step}", "large"], [f"product{step}"]))
            nodes.append(helper.make_node("Tanh", [f"product{step}"], [f"x{step + 1}"]))
        nodes.append(helper.make_node("ReduceSum", [f"x{work}"], ["sum"], keepdims=0))
        nodes.append(helper.make_node("Mul", ["sum", "zero"], ["nothing"]))
        nodes.append(helper.make_node("Add", ["plain", "nothing"], ["slow"]))
        last = "slow"
    nodes.append(helper.make_node("Identity", [last], ["logits"]))
    nodes.append(helper.make_node("Softmax", [last], ["probabilities"], axis=1))
    outputs = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, ["batch", len(CLASSES)])
        for each in ("logits", "probabilities")
    ]
    initial = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph(nodes, "made", [given], outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    metadata = {
        "archzoo": "0.1.0",
        "run": f"{name}-run",
        "architecture": name,
        "dataset": "handmade",
        "recipe": "none",
        "seed": "0",
        "classes": json.dumps(CLASSES),
        "input": as_json(InputDescription.of(reads, "samples")),
        "outputs": '["logits", "probabilities"]',
        "versions": "{}",
    }
    if known:
        metadata["contract"] = json.dumps(plain(reads.as_record()))
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def weights_of(size: int) -> np.ndarray:
    """The matrix of a handmade model whose samples have `size` values."""
    return (np.random.default_rng(1).normal(size=(size, len(CLASSES))) / 100).astype("float32")


def expected(samples: np.ndarray) -> np.ndarray:
    """The logits of a handmade model."""
    flat = np.nan_to_num(samples.astype("float32")).reshape(len(samples), -1)
    return flat @ weights_of(flat.shape[1])


def npy(x) -> dict:
    """A request with an array."""
    file = io.BytesIO()
    np.save(file, np.asarray(x))
    return {"content": file.getvalue(), "headers": {"content-type": "application/x-npy"}}


def logits_of(response: httpx.Response) -> np.ndarray:
    assert response.status_code == 200, response.text
    return np.array([each["logits"] for each in response.json()["predictions"]])


class Served:
    """`zoo serve` in a process of its own, on a free port."""

    def __init__(self, *words, cwd=None, env=None):
        command = [sys.executable, "-m", "zoo", "serve", *map(str, words), "--port", "0", "--json"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        line = self.process.stdout.readline()
        rest = "" if line.endswith("}\n") else self._rest(line)
        self.ready = json.loads(line + rest)
        self.url = self.ready["url"]
        self.port = int(self.url.rpartition(":")[2])
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def _rest(self, line: str) -> str:
        """The lines of an indented object."""
        assert line, (self.process.wait(), self.errors)
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(self.process.stdout.readline())
        return "".join(lines)

    def _read(self) -> None:
        self.errors.extend(self.process.stderr)

    def predict(self, name: str, **request) -> httpx.Response:
        return self.client.post(f"/v1/models/{name}:predict", **request)

    def stop(self, number=signal.SIGTERM, timeout=30) -> int:
        """Its exit code after a signal."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout)
        finally:
            self.process.kill()
            self._reader.join(10)
            self.process.stdout.close()
        return code
