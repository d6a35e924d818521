"""Exporting a run: checks, a process that writes and proves the file, and putting it in its place."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zoo import atomic
from zoo.errors import UsageError, ZooError
from zoo.exporting.export_messages import ExportTask
from zoo.exporting.export_process import carry_out
from zoo.exporting.export_report import ExportReport, read_report, report_path
from zoo.exporting.formats import FORMATS, Format, Quantize, check_format, file_name
from zoo.runs.run import Run
from zoo.training.saved import check_usable

FOLDER = "export"
"""The folder within a run's for what is exported without `out`."""
UNFINISHED = ".exporting"
"""How the hidden folder ends in which a file is made; a training removes only files that end in .partial."""


@dataclass(frozen=True)
class Export:
    """An exported file and what is known of it.

    Attributes:
        path: the file; of a SavedModel the folder.
        report: sizes, the proof, speed; `report.to_dict()` has plain values.
    """

    path: Path
    report: ExportReport

    @property
    def classes(self) -> list[str]:
        """The classes' names, in the order of the outputs."""
        return self.report.classes

    @property
    def verdict(self) -> str:
        """Whether its accuracy is `worse` or `better` than Keras' on the same samples, or
        `cannot tell`."""
        return self.report.accuracy.verdict

    def __repr__(self) -> str:
        parity = self.report.parity
        return (
            f"<Export {self.path}: {self.report.bytes:,} bytes, {parity.changed} of "
            f"{parity.samples} answers changed>"
        )


@dataclass(frozen=True)
class Settings:
    """How a run is exported; see `zoo.export`."""

    format: Format = "onnx"
    quantize: Quantize | None = None
    out: Path | None = None
    dataset: str | None = None
    data_parameters: Mapping[str, str] | None = None
    data_dir: str | None = None
    trust_source: bool = False
    use_plugins: bool = True


def export(
    run: Run, settings: Settings, on_stage: Callable[[str], None] = lambda text: None
) -> Export:
    """Export a run; on any failure what was at the file's place stays as it was.

    Args:
        on_stage: called with what is done now, in a few words.

    Raises:
        UsageError: the format, the run or the place cannot be used.
        DataError: the data that prove the export are missing or damaged.
        ZooError: the model cannot be exported, its answers differ, or the file cannot be written.
    """
    check_format(settings.format, settings.quantize)
    check_usable(run)
    path = settings.out or run.folder / FOLDER / file_name(settings.format, settings.quantize)
    if settings.out is None:
        _make(path.parent)
    check_place(path, settings.format)
    with _workplace(path) as folder:
        written = folder / f"model{FORMATS[settings.format].suffix}"
        task = ExportTask(
            folder=str(run.folder.resolve()),
            path=str(written),
            name=path.name,
            format=settings.format,
            quantize=settings.quantize,
            dataset=settings.dataset,
            data_parameters=dict(settings.data_parameters or {}),
            data_dir=settings.data_dir,
            trust_source=settings.trust_source,
            use_plugins=settings.use_plugins,
        )
        report = carry_out(task, on_stage)
        try:
            _put(written, path, report, folder)
        except OSError as error:
            raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error
    return Export(path, report)


def load_export(path: str | Path) -> Export:
    """Load what is known of an exported file.

    Args:
        path: the file, or the folder of a SavedModel.

    Raises:
        UsageError: it is a page.
        ZooError: it or its report is missing or damaged, or it is not the file of the report.

    Example:
        >>> zoo.load_export("runs/x/export/model.onnx").report.bytes  # doctest: +SKIP
        371002
    """
    if Path(path).suffix.lower() in (".html", ".htm"):
        raise UsageError(f"{path}: is a page; what is known of it is in {report_path(Path(path))}.")
    return Export(Path(path), read_report(Path(path)))


def check_place(path: Path, name: str) -> None:
    """Check that an export may be written to `path`: an earlier export is replaced, nothing else.

    Raises:
        UsageError: the name does not fit the format, its folder is missing or cannot be written, or
            something else is there.
    """
    suffix = FORMATS[name].suffix
    if path.suffix.lower() != suffix:
        wanted = f"a file whose name ends in {suffix}" if suffix else "a folder without a suffix"
        raise UsageError(f"`out={str(path)!r}`: {name} is {wanted}.")
    if (path.exists() or path.is_symlink()) and not _is_export(path, suffix):
        raise UsageError(
            f"{path}: is there already and is no export of a run. Give another `out`, or remove it."
        )
    probed = path if suffix else path.with_name(f"{path.name}.probe")
    atomic.check_file(probed)


def _is_export(path: Path, suffix: str) -> bool:
    """Whether a file was exported before, so that it may be replaced."""
    right = path.is_file() if suffix else (path / "saved_model.pb").is_file()
    return right and not path.is_symlink() and report_path(path).is_file()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ZooError(
            f"{folder}: cannot be made ({error.strerror or error}). Use another `out`."
        ) from error


@contextlib.contextmanager
def _workplace(path: Path) -> Iterator[Path]:
    """A hidden folder beside `path`, removed at the end; those of killed exports are removed, too."""
    for left in path.parent.glob(f".{path.name}.*{UNFINISHED}"):
        if _is_of_dead(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_of_dead(folder: Path) -> bool:
    import psutil

    process = folder.name.removesuffix(UNFINISHED).rpartition(".")[2]
    return process.isdigit() and not psutil.pid_exists(int(process))


def _put(written: Path, path: Path, report: ExportReport, folder: Path) -> None:
    """Put the file and its report in their places."""
    described = folder / "report.json"
    described.write_text(report.encode(), "utf-8")
    for each in [written, described] if written.is_file() else [described]:
        _sync(each)
    before = folder / "before"
    if path.is_dir():  # not replaced at once: the old one waits until the new one is there
        path.rename(before)
    try:
        written.rename(path) if written.is_dir() else written.replace(path)
    except OSError:
        if before.is_dir():
            before.rename(path)
        raise
    described.replace(report_path(path))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
