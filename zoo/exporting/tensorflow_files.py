"""Writing a SavedModel and a Keras file."""

import json
import zipfile
from pathlib import Path

from zoo.exporting.serving_graph import FileContent


def write_saved_model(content: FileContent, path: Path) -> None:
    """Write a SavedModel to the folder `path`; the metadata become `assets/metadata.json`."""
    import tensorflow as tf

    described = path.with_suffix(".metadata") / "metadata.json"
    described.parent.mkdir()
    described.write_text(json.dumps(content.metadata, indent=1, ensure_ascii=False), "utf-8")
    module = tf.Module()
    module.model = content.graph.model
    module.variables_of_model = list(content.graph.model.weights)
    module.metadata = tf.saved_model.Asset(str(described))
    module.serve = content.graph.function()
    tf.saved_model.save(module, str(path), signatures=module.serve)


def write_keras(content: FileContent, path: Path) -> None:
    """Write a Keras file, a zip archive in which the metadata become `archzoo.json`."""
    content.graph.keras_model().save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archzoo.json", json.dumps(content.metadata, indent=1, ensure_ascii=False))
