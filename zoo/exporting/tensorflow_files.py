"""Writing a SavedModel and a Keras file."""

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.exporting.serving_graph import ServingGraph

if TYPE_CHECKING:
    import numpy as np


def write_saved_model(
    graph: ServingGraph,
    path: Path,
    metadata: dict[str, str],
    _quantize: str | None,
    _calibration: "list[np.ndarray]",
) -> None:
    """Write a SavedModel to the folder `path`; `metadata` becomes `assets/metadata.json`."""
    import tensorflow as tf

    described = path.with_suffix(".metadata") / "metadata.json"
    described.parent.mkdir()
    described.write_text(json.dumps(metadata, indent=1, ensure_ascii=False), "utf-8")
    module = tf.Module()
    module.model = graph.model
    module.variables_of_model = list(graph.model.weights)
    module.metadata = tf.saved_model.Asset(str(described))
    module.serve = graph.function()
    tf.saved_model.save(module, str(path), signatures=module.serve)


def write_keras(
    graph: ServingGraph,
    path: Path,
    metadata: dict[str, str],
    _quantize: str | None,
    _calibration: "list[np.ndarray]",
) -> None:
    """Write a Keras file, a zip archive in which `metadata` becomes `archzoo.json`."""
    graph.keras_model().save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archzoo.json", json.dumps(metadata, indent=1, ensure_ascii=False))
