"""The ONNX file of a run: the one that is there, or a new one with its proof."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zoo.exporting.exporter import FOLDER, Settings, export
from zoo.exporting.fast_answers import find_export
from zoo.exporting.formats import file_name
from zoo.runs.run import Run
from zoo.training.saved import check_usable


def current_export(
    run: Run, settings: Settings, spare: Path, on_stage: Callable[[str], None]
) -> Path:
    """The run's ONNX file; it is exported where none is there that is newer than the run.

    Args:
        settings: how it is exported; its format is ONNX.
        spare: a folder for the file where the run's folder cannot be written.

    Raises:
        UsageError: the run is not finished, or ONNX' packages are missing.
        DataError: the data that prove a new file are missing.
        ZooError: the model cannot be exported.
    """
    check_usable(run)
    path = run.folder / FOLDER / file_name("onnx")
    if find_export(run) is not None:
        return path
    on_stage(f"{run.name}: exporting to ONNX, once")
    if not _writable(run.folder):
        settings = replace(settings, out=spare / f"{run.name}.onnx")
    return export(run, settings, lambda text: on_stage(f"{run.name}: {text}")).path


def _writable(folder: Path) -> bool:
    place = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    return os.access(place, os.W_OK)
