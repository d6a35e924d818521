"""An architecture in one Python file, without packaging."""

import hashlib
import importlib.util
import re
import sys
from pathlib import Path

from zoo import diagnosis
from zoo.architecture import Architecture
from zoo.errors import PluginError, UsageError
from zoo.registry import Origin


def architecture_from_file(path: Path) -> tuple[Architecture, Origin]:
    """The architecture whose `build` the file defines.

    Module-level `layout`, `frames_from_image` and `summary` say the rest; without them the layout
    is `image`. The name is the file's, in lower case.

    Raises:
        UsageError: there is no such file.
        PluginError: it cannot be imported, or has no usable `build`.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file. Give a Python file with build(), or see zoo list.")
    source = path.read_bytes()
    module = _import(path)
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
        )
    except (TypeError, ValueError) as error:
        raise PluginError(f"{path}: {error}.") from error
    sha256 = hashlib.sha256(source).hexdigest()
    return architecture, Origin(file=str(path.resolve()), sha256=sha256)


def _import(path: Path):
    name = f"zoo_file_{re.sub(r'[^0-9a-zA-Z]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader  # a .py file always has them
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look a module up by name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        cause = diagnosis.in_a_line(error)
        raise PluginError(
            f"{path}: cannot be imported: {cause}.", diagnosis.own_frames(error)
        ) from error
    return module
