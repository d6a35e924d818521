"""What a node has: versions, plugins, data, files. These functions run on the node."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def bare_facts() -> Callable[[str, list[str]], dict[str, Any]]:
    """What asks a node for its versions and processor; needs nothing of archzoo there.

    Ray sends a function that is defined within another one by value.
    """

    def facts(backend: str, plugins: list[str]) -> dict[str, Any]:
        import hashlib
        import importlib.metadata
        import importlib.util
        import os
        import pathlib
        import platform
        import subprocess

        def version(name: str) -> str:
            try:
                return importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                return ""

        def processor() -> str:
            info = pathlib.Path("/proc/cpuinfo")
            for line in info.read_text().splitlines() if info.exists() else ():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
            return platform.processor() or platform.machine()

        def gpus() -> list[str]:
            query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
            try:
                answer = subprocess.run(query, capture_output=True, text=True, timeout=10)
            except (OSError, subprocess.SubprocessError):
                return []
            return answer.stdout.split("\n")[:-1] if answer.returncode == 0 else []

        def source() -> str:
            found = importlib.util.find_spec("zoo")
            if found is None or not found.origin:
                return ""
            root, content = pathlib.Path(found.origin).parent, hashlib.sha256()
            for path in sorted(root.rglob("*.py")):
                content.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
            return content.hexdigest()

        names = ["archzoo", "keras", "numpy", backend, *(["jaxlib"] if backend == "jax" else [])]
        affinity = getattr(os, "sched_getaffinity", None)
        return {
            "python": ".".join(platform.python_version().split(".")[:2]),
            "versions": {name: version(name) for name in [*names, *plugins]},
            "processor": processor(),
            "cores": len(affinity(0)) if affinity else os.cpu_count(),
            "gpus": gpus(),
            "source": source(),
        }

    return facts


def lacking(hashes: Mapping[str, str]) -> list[str]:
    """The paths that are no file here, or another one than the driver's."""
    from zoo.runs.files import sha256

    return [
        path
        for path, expected in hashes.items()
        if not Path(path).is_file() or sha256(Path(path)) != expected
    ]


def data_here(
    dataset: str, settings: dict[str, str], data_dir: str | None, found_data_dir: str | None
) -> str:
    """Why a dataset cannot be loaded on this node; empty if it can.

    Args:
        dataset: a name, or the path of a folder.
        settings: its parameters as texts.
        data_dir, found_data_dir: as for `node_data_dir`.
    """
    from zoo.datasets.catalog import find_dataset, is_own
    from zoo.datasets.location import Locations
    from zoo.errors import ZooError
    from zoo.registry import Registry

    if is_own(dataset):
        return "" if Path(dataset).exists() else f"there is no {dataset}"
    try:
        found = find_dataset(dataset, Registry.discover(), settings)
        here = Locations.of_user(node_data_dir(data_dir, found_data_dir), download=False)
        if found.find and not found.find(here):
            return f"dataset {found.name} is not there"
    except ZooError as error:
        return str(error)
    return ""


def node_data_dir(data_dir: str | None, found_data_dir: str | None) -> str | None:
    """Where a node looks for data; None: where its own settings say.

    Args:
        data_dir: the folder that the user named; used where the node has it.
        found_data_dir: that of the driver's ZOO_DATA_DIR; used where the node has it and sets none.
    """
    if data_dir and Path(data_dir).is_dir():
        return data_dir
    if "ZOO_DATA_DIR" in os.environ or not found_data_dir:
        return None
    return found_data_dir if Path(found_data_dir).is_dir() else None
