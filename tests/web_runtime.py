"""onnxruntime-web's files on this machine, for tests of pages and of JavaScript."""

import os
from pathlib import Path

import platformdirs
import pytest

from zoo.serving.page import runtime_files

_CACHED = Path(platformdirs.user_cache_dir("archzoo")) / (
    f"{runtime_files.PACKAGE}-{runtime_files.VERSION}"
)
_FOLDER = Path(os.environ.get(runtime_files.FOLDER) or _CACHED).resolve()
"""Read now, as tests do not see the user's variables."""


def web_runtime() -> Path:
    """The folder of the files; the test is skipped where there is none."""
    if not all((_FOLDER / name).is_file() for name in runtime_files.SHA256):
        pytest.skip("needs onnxruntime-web: run zoo export RUN --format html once, with a network")
    return _FOLDER
