"""Exporting a model without a run or data: whether a format can hold it."""

from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError
from zoo.exporting.format_writing import write
from zoo.exporting.formats import Format, file_name
from zoo.exporting.proof import tolerance_of
from zoo.exporting.runtimes import open_export
from zoo.exporting.serving_graph import FileContent, ServingGraph
from zoo.version import __version__

METADATA = {"archzoo": __version__, "classes": "[]"}


def try_export(
    graph: ServingGraph, format: Format, folder: Path, samples: np.ndarray
) -> dict[str, Any]:
    """Write a model, and compare the file's logits for some samples with Keras'.

    Args:
        graph: on TensorFlow; it cannot be used afterwards.
        folder: where the file is written.
        samples: `(N, *shape)`.

    Returns:
        `bytes` and `difference`, the largest between logits.

    Raises:
        ZooError: the format cannot hold it, or the file answers otherwise.
    """
    wanted, _ = graph.answer()(samples)
    path = folder / file_name(format)
    write(FileContent(graph, METADATA), path, format, path.name)
    logits, _ = open_export(path, format, threads=1)(samples)
    difference = float(np.abs(logits - wanted).max())
    if not difference <= tolerance_of(wanted):
        raise ZooError(f"{format} gives other outputs: they differ by {difference:.2g}")
    return {"bytes": path.stat().st_size, "difference": difference}
