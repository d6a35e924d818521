"""Exporting a model without a run or data: whether a format can hold it."""

from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError
from zoo.exporting.export_messages import ExportTask
from zoo.exporting.export_worker import write
from zoo.exporting.formats import Format, file_name
from zoo.exporting.proof import TOLERANCE
from zoo.exporting.runtimes import open_export
from zoo.exporting.serving_graph import LOGITS, ServingGraph
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
    wanted = graph.function().get_concrete_function()(_tensor(samples))[LOGITS].numpy()
    name = file_name(format)
    path = folder / name
    task = ExportTask(
        folder=str(folder),
        path=str(path),
        name=name,
        format=format,
        quantize=None,
        dataset=None,
        data_parameters={},
        data_dir=None,
        trust_source=False,
        use_plugins=True,
    )
    write(task, graph, METADATA, [])
    logits, _ = open_export(path, format, threads=1)(samples)
    difference = float(np.abs(logits - wanted).max())
    if not difference <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise ZooError(f"{format} gives other outputs: they differ by {difference:.2g}")
    return {"bytes": path.stat().st_size, "difference": difference}


def _tensor(samples: np.ndarray) -> Any:
    import tensorflow as tf

    return tf.constant(samples)
