"""The ONNX file of a run: the one that is there, or a new one with its proof."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zoo.errors import ZooError
from zoo.exporting.export_report import read_report
from zoo.exporting.exporter import FOLDER, Settings, export
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
    if _is_current(run, path):
        return path
    on_stage(f"{run.name}: exporting to ONNX, once")
    if not _writable(run.folder):
        settings = replace(settings, out=spare / f"{run.name}.onnx")
    return export(run, settings, lambda text: on_stage(f"{run.name}: {text}")).path


def _is_current(run: Run, path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        report = read_report(path)
    except ZooError:
        return False
    same = report.run.name == run.name and report.format == "onnx" and report.quantize is None
    return same and report.created >= (run.record.finished or "~")


def _writable(folder: Path) -> bool:
    place = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    return os.access(place, os.W_OK)
