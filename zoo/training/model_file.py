"""Writing `model.keras`: whole, or the weights alone where a layer cannot be described."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.native_logs import quiet_native_logs

if TYPE_CHECKING:
    import keras


def save(model: "keras.Model", path: Path) -> bool:
    """Put the model in `path`'s place; False: the weights alone, which `load_weights` reads alike.

    Raises:
        OSError: it could not be written; `path` is as it was.
    """
    # Keras writes by file name, and wants this suffix.
    partial = path.with_name(f".model.{path.parent.name}.partial.keras")
    try:
        with quiet_native_logs():  # Keras looks for TensorFlow here under every backend
            whole = _save(model, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return whole


def _save(model: "keras.Model", path: Path) -> bool:
    try:
        model.save(path)
    except OSError:
        raise
    except Exception:  # a stranger's layer; a training that is finished must not be lost by it
        _save_weights(model, path)
        return False
    return True


def _save_weights(model: "keras.Model", path: Path) -> None:
    weights = path.with_suffix(".weights.h5")
    try:
        model.save_weights(weights)
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(weights, "model.weights.h5")
    finally:
        weights.unlink(missing_ok=True)
