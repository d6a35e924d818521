"""Exporting a run: checks, a process that writes and proves the file, and putting it in its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import UsageError
from zoo.exporting.export_messages import ExportTask
from zoo.exporting.export_place import check_place, make_folder, put, workplace
from zoo.exporting.export_process import carry_out
from zoo.exporting.export_report import ExportReport, read_report, report_path
from zoo.exporting.formats import FORMATS, Format, Quantize, check_format, file_name
from zoo.runs.run import Run
from zoo.training.saved import check_usable

FOLDER = "export"
"""The folder within a run's for what is exported without `out`."""


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
        make_folder(path.parent)
    suffix = FORMATS[settings.format].suffix
    check_place(path, settings.format, (suffix,) if suffix else ())
    with workplace(path) as folder:
        written = folder / f"model{suffix}"
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
        put(written, path, report.encode())
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
