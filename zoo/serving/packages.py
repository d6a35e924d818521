"""Whether the packages that serving needs are installed."""

import importlib.util

from zoo.errors import UsageError
from zoo.exporting.formats import FORMATS

PACKAGES = {
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "httptools": "httptools",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
"""Modules, with the distribution of each."""


def check_installed() -> None:
    """
    Raises:
        UsageError: packages are missing; the line that installs them is said.
    """
    wanted = {**PACKAGES, **FORMATS["onnx"].packages}
    if absent := [
        distribution
        for module, distribution in wanted.items()
        if importlib.util.find_spec(module) is None
    ]:
        raise UsageError(f"serving needs {', '.join(absent)}: pip install 'archzoo[serve]'")
