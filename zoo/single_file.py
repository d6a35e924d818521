"""An architecture in one Python file, without packaging."""

import re
from pathlib import Path
from types import ModuleType

from zoo import diagnosis
from zoo.architecture import Architecture
from zoo.errors import PluginError, UsageError
from zoo.native_logs import quiet_native_logs
from zoo.origin import Origin
from zoo.private_import import execute
from zoo.sources import Sources

SAVED_MODELS = (".keras", ".h5", ".hdf5", ".pb", ".pt", ".pth", ".onnx", ".tflite", ".safetensors")


def architecture_from_file(path: Path) -> tuple[Architecture, Origin]:
    """The architecture whose `build` the file defines.

    Module-level `layout`, `frames_from_image`, `summary` and `sizes` say the rest; without them the layout
    is `image`. The name is the file's, in lower case. It may import its neighbours: Python files in
    its folder.

    Raises:
        UsageError: there is no such file, or it is no Python file.
        PluginError: it cannot be imported, or has no usable `build`.
    """
    if path.suffix.lower() != ".py":
        raise UsageError(_no_python(path))
    if not path.is_file():
        raise UsageError(f"{path}: no such file. Give a Python file with build(), or see zoo list.")
    return architecture_from_sources(Sources.read(path))


def architecture_from_sources(sources: Sources) -> tuple[Architecture, Origin]:
    """The same of files that have been read.

    Raises:
        PluginError: they cannot be imported, or have no usable `build`.
    """
    path, module = sources.path, _import(sources)
    if not hasattr(module, "build"):
        raise PluginError(f"{path}: defines no build(input_shape, num_classes).")
    try:
        architecture = Architecture(
            name=re.sub(r"\W", "_", path.stem.lower()),
            build=module.build,
            layout=getattr(module, "layout", "image"),
            frames_from_image=getattr(module, "frames_from_image", "whole"),
            summary=getattr(
                module, "summary", (module.__doc__ or path.name).strip().splitlines()[0]
            ),
            sizes=getattr(module, "sizes", {}),
        )
    except (TypeError, ValueError) as error:
        raise PluginError(f"{path}: {error}.") from error
    return architecture, sources.origin


def _import(sources: Sources) -> ModuleType:
    try:
        with quiet_native_logs():  # Keras may be imported at its top
            return execute(sources)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code may raise anything
        cause = diagnosis.in_a_line(error)
        raise PluginError(
            f"{sources.path}: cannot be imported: {cause}.", diagnosis.own_frames(error)
        ) from error


def _no_python(path: Path) -> str:
    wanted = "a Python file with build(input_shape, num_classes)"
    if path.is_dir():
        return f"{path}: is a folder; give {wanted} in it. zoo check takes a package's folder."
    if not path.exists():
        return f"{path}: no such file. Give {wanted}, or see zoo list."
    if path.suffix.lower() == ".ipynb":
        return (
            f"{path}: is a notebook; copy its model into {wanted}, as in {path.with_suffix('.py')}."
        )
    if path.suffix.lower() in SAVED_MODELS:
        return (
            f"{path}: is a saved model, not code that builds one; write {wanted}, as in "
            f"{path.with_suffix('.py').name}. zoo evaluate and zoo predict take a run's folder."
        )
    return f"{path}: is no Python file; give {wanted}, whose name ends in .py."
