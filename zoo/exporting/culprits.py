"""Naming the operation that a format does not have, and the layer that it comes from."""

import operator
import re
from collections.abc import Sequence
from typing import Any

_functions_of = operator.attrgetter("library.function")
"""The functions of a graph: bodies of loops and branches."""


def explain(error: BaseException, traced: Any, layers: Sequence[str]) -> str:
    """What a converter failed on, in a line.

    Args:
        error: the converter's.
        traced: the concrete function that was converted.
        layers: the names of the model's layers, the innermost last.
    """
    text = str(error)
    named = [
        f"{kind} (layer {layer})" if layer else kind
        for kind, layer in _found(text, traced, layers).items()
    ]
    if named:
        return "it has no operation for " + ", ".join(named[:5])
    return f"its converter failed: {' '.join(text.split())[:200] or type(error).__name__}"


def _found(text: str, traced: Any, layers: Sequence[str]) -> dict[str, str]:
    """The operations of the graph that the converter complains of, each with a layer or empty."""
    found: dict[str, str] = {}
    for node in _nodes(traced):
        if node.op in found or not _complained(node.op, node.name, text):
            continue
        found[node.op] = _layer_of(node.name, layers)
    return found


def _complained(kind: str, name: str, text: str) -> bool:
    of_litert = rf"'?tf\.{re.escape(kind)}'? op is neither|^\s*tf\.{re.escape(kind)}\b.*\{{"
    of_lists = rf'error: loc\((?:callsite\()?fused\["{re.escape(kind)}:", "{re.escape(name)}@'
    of_onnx = rf"\[?{re.escape(name)}: {re.escape(kind)}\]?"
    return bool(
        re.search(of_litert, text, re.MULTILINE)
        or re.search(of_lists, text)
        or re.search(of_onnx, text)
    )


def _nodes(traced: Any) -> list[Any]:
    graph = traced.graph.as_graph_def()
    return [*graph.node, *(node for each in _functions_of(graph) for node in each.node_def)]


def _layer_of(node: str, layers: Sequence[str]) -> str:
    """The innermost layer whose name is a part of a node's name.

    TensorFlow numbers a name that it has seen before: `dense`, `dense_1`.
    """
    parts = reversed(node.split("/")[:-1])
    names = (name for part in parts for name in (part, re.sub(r"_\d+$", "", part)))
    return next((each for each in names if each in layers), "")
