"""Writing a model into a file of a format, with converters' failures explained."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import diagnosis
from zoo.errors import ZooError
from zoo.exporting.formats import Format
from zoo.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from zoo.exporting.serving_graph import FileContent

PATTERNS = ("Tensorflow op", "not supported")


class _Log(logging.Handler):
    """Keeps what tf2onnx says of operations that it cannot convert: it logs them and goes on."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class _NotConverted(Exception):
    """A converter went on without an operation."""


def write(content: "FileContent", path: Path, format: Format, name: str) -> None:
    """Write a file in a format.

    Args:
        name: what messages call the file.

    Raises:
        ZooError: the format cannot hold the model; the operation and its layer are named.
        OSError: the file cannot be written.
    """
    from zoo.exporting import culprits

    traced = content.graph.function().get_concrete_function()
    layers = content.graph.names_of_layers()
    log = _Log()
    logger = logging.getLogger("tf2onnx")
    logger.addHandler(log)
    try:
        with quiet_native_logs():
            _writer(format)(content, path)
        if any(all(part in line for part in PATTERNS) for line in log.lines):
            raise _NotConverted
    except (ZooError, OSError, KeyboardInterrupt):
        raise
    except BaseException as error:  # converters have errors of their own, and of their libraries
        _raise_if_disk_is_full(error)
        said = Exception("\n".join([str(error), *log.lines]))
        raise ZooError(
            f"{name}: {format} cannot hold this model: "
            f"{culprits.explain(said, traced, layers)}. Use another `format`, or another layer."
        ) from error
    finally:
        logger.removeHandler(log)


def _writer(format: Format) -> Callable[["FileContent", Path], None]:
    from zoo.exporting import litert_file, onnx_file, tensorflow_files

    return {
        "onnx": onnx_file.write,
        "litert": litert_file.write,
        "saved_model": tensorflow_files.write_saved_model,
        "keras": tensorflow_files.write_keras,
    }[format]


def _raise_if_disk_is_full(error: BaseException) -> None:
    """TensorFlow and Keras report a full disk as errors of their own.

    Raises:
        OSError: that is what it was.
    """
    text = diagnosis.text(error)
    for said in ("No space left on device", "File too large", "Disk quota exceeded"):
        if said in text:
            raise OSError(0, said) from error
