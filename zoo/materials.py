"""Turns arguments of `zoo.train` and `zoo.compare` into names and files that any process can find.

A function or arrays in memory are written beside the runs, so that a run can be repeated.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo import atomic
from zoo.architecture import Architecture
from zoo.errors import UsageError

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
"""The order of a tuple of arrays."""


def architecture_text(architecture: Any, runs_dir: Path) -> str:
    """The name or file that stands for an architecture.

    Args:
        architecture: a name, a file, an `Architecture`, or a function `build`.

    Raises:
        UsageError: it is none of these, or a function that cannot be written to a file.
    """
    if isinstance(architecture, str | Path):
        return str(architecture)
    if isinstance(architecture, Architecture):
        if _is_plugins(architecture):
            return architecture.name
        facts: dict[str, Any] = {"layout": architecture.layout, "summary": architecture.summary}
        if architecture.frames_from_image != "whole":
            facts["frames_from_image"] = architecture.frames_from_image
        if architecture.sizes:
            facts["sizes"] = dict(architecture.sizes)
        return _written(architecture.build, architecture.name, runs_dir, facts)
    if callable(architecture):
        name = getattr(architecture, "__name__", "")
        facts = {
            each: str(getattr(architecture, each))
            for each in ("layout", "frames_from_image", "summary")
            if hasattr(architecture, each)
        }
        return _written(architecture, name, runs_dir, facts)
    raise UsageError(
        f"an architecture is a name, a file, a zoo.Architecture or a function; received "
        f"{type(architecture).__name__}."
    )


def _is_plugins(architecture: Architecture) -> bool:
    """Whether an installed plugin provides this architecture, so that its name is enough."""
    from zoo.registry import Registry

    registry, module = Registry.discover(), getattr(architecture.build, "__module__", "")
    return any(
        architecture in registry.load(plugin).architectures
        for plugin in registry.plugins
        if plugin.entry_point.module.partition(".")[0] == module.partition(".")[0]
    )


def _written(build: Callable[..., Any], name: str, runs_dir: Path, facts: dict[str, Any]) -> str:
    from zoo.function_source import source_of

    text = source_of(build, **facts)
    stem = re.sub(r"\W+", "_", name).strip("_").lower() or "net"
    folder = runs_dir / "functions" / hashlib.sha256(text.encode()).hexdigest()[:8]
    path = folder / f"{stem}.py"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, text)
    return str(path)


def dataset_text(dataset: Any, runs_dir: Path) -> tuple[str, dict[str, str]]:
    """The name or path that stands for a dataset, and its parameters as texts.

    Args:
        dataset: a name, a path, a `Dataset`, `(x_train, y_train, x_test, y_test)`, or a mapping of
            arrays as an npz file has them, `Samples` among them; or a `Dataset` or `DatasetDict` of
            Hugging Face's `datasets`.

    Raises:
        UsageError: it is none of these.
    """
    from zoo.datasets.dataset import Dataset
    from zoo.datasets.hugging_face import is_hugging_face, saved
    from zoo.parameters import as_text

    if isinstance(dataset, str | Path):
        return str(dataset), {}
    if isinstance(dataset, Dataset):
        own = Path(dataset.origin).is_absolute()
        chosen = {key: as_text(value) for key, value in dataset.parameters.items()}
        return (dataset.origin if own else dataset.name), chosen
    if is_hugging_face(dataset):
        return str(saved(dataset, runs_dir / "arrays").resolve()), {}
    if isinstance(dataset, Mapping):
        return _saved(dict(dataset), runs_dir), {}
    if isinstance(dataset, Sequence) and len(dataset) in (2, 4):
        return _saved(dict(zip(ARRAYS, dataset, strict=False)), runs_dir), {}
    raise UsageError(
        "a dataset is a name, a path, a zoo.Dataset, (x_train, y_train, x_test, y_test), a "
        f"dictionary of arrays, or a Hugging Face dataset; received {type(dataset).__name__}."
    )


def _saved(arrays: dict[str, Any], runs_dir: Path) -> str:
    """The path of an npz file that holds the arrays; the same arrays give the same file."""
    import numpy as np

    from zoo.datasets.label_column import plain_labels
    from zoo.datasets.npz_writing import write_npz
    from zoo.datasets.samples import Samples

    given: dict[str, Any] = {}
    digest = hashlib.sha256()
    for name, value in sorted(arrays.items()):
        if isinstance(value, Samples):
            given[name] = value
            digest.update(f"{name} {value.dtype} {value.shape} {value.checksum}".encode())
            continue
        given[name] = plain_labels(value, name) if name.startswith("y_") else _array(value, name)
        digest.update(f"{name} {given[name].dtype} {given[name].shape}".encode())
        digest.update(np.ascontiguousarray(given[name]).tobytes())
    path = runs_dir / "arrays" / f"arrays_{digest.hexdigest()[:8]}.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_npz(path, given)
    return str(path)


def _array(value: Any, name: str) -> Any:
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError:  # of lists of several lengths
        array = np.empty(0, object)
    if array.dtype.kind == "O":
        raise UsageError(
            f"{name} is no array of numbers; all samples have one shape: `numpy.stack(samples)`."
        )
    return array
