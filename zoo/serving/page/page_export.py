"""Writing one HTML file with models and their runtime inside: `zoo.export(runs, "html")`."""

import base64
import gzip
import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo.datasets.samples import Stored
from zoo.errors import UsageError
from zoo.exporting import proof
from zoo.exporting.export_place import check_place, make_folder, put, workplace
from zoo.exporting.export_report import ExportReport, read_report
from zoo.exporting.exporter import FOLDER, Settings
from zoo.exporting.formats import PAGE, check_format
from zoo.registry import Registry
from zoo.runs.files import now
from zoo.runs.run import Run
from zoo.serving.current_export import current_export
from zoo.serving.loaded_model import LoadedModel
from zoo.serving.named_models import ServedFile, names_of
from zoo.serving.page import page_proof as proving
from zoo.serving.page import render
from zoo.serving.page.page_report import PageModel, PageReport
from zoo.serving.page.runtime_files import LICENCE, VERSION, RuntimeFiles, find_runtime
from zoo.training.saved import check_usable

FILE = "page.html"
"""How a page is called that is written into a run's folder."""


@dataclass(frozen=True)
class PageExport:
    """An exported page and what is known of it.

    Attributes:
        path: the HTML file.
        report: size, runtime, the models and their proofs; `report.to_dict()` has plain values.
    """

    path: Path
    report: PageReport

    def __repr__(self) -> str:
        return f"<PageExport {self.path}: {self.report.bytes:,} bytes, {len(self.report.models)} models>"


@dataclass(frozen=True)
class _Part:
    """A model of the page: its run, its ONNX file, and the two descriptions of it."""

    run: Run
    onnx: Path
    description: Mapping[str, Any]
    report: ExportReport


def export_page(
    runs: Sequence[Run],
    settings: Settings,
    registry: Registry,
    on_stage: Callable[[str], None] = lambda text: None,
) -> PageExport:
    """Write a page with the models of `runs`; on any failure what was at its place stays as it was.

    Args:
        settings: `out`, and whose data prove the models; the format is html.
        on_stage: called with what is done now, in a few words.

    Raises:
        UsageError: a run is not finished, packages are missing, or something else is at the place.
        DataError: onnxruntime-web, or the data that prove the models, are missing.
        ZooError: a model cannot be exported, or answers otherwise in the page.
    """
    if settings.quantize:
        raise UsageError("`format='html'` is not quantized; leave `quantize` out.")
    check_format("onnx")
    for run in runs:
        check_usable(run)
    path = _place(runs, settings.out)
    on_stage("looking for onnxruntime-web")
    runtime = find_runtime()
    with tempfile.TemporaryDirectory(prefix="zoo-page-") as spare:
        onnx = replace(settings, format="onnx", out=None)
        parts = _parts(runs, onnx, Path(spare), on_stage)
        text, model_bytes = _page(parts, runtime)
        with workplace(path) as folder:
            written = folder / FILE
            written.write_text(text, "utf-8")
            on_stage("running the page's models")
            subjects = [_subject(part, settings, registry) for part in parts]
            report = _report(path, text, model_bytes, parts, proving.prove(written, subjects))
            put(written, path, report.encode())
    return PageExport(path, report)


def _place(runs: Sequence[Run], out: Path | None) -> Path:
    if out is None and len(runs) > 1:
        raise UsageError("`out` is missing: name the file of a page of several runs.")
    path = out or runs[0].folder / FOLDER / FILE
    if out is None:
        make_folder(path.parent)
    check_place(path, PAGE, (".html", ".htm"))
    return path


def _parts(
    runs: Sequence[Run], settings: Settings, spare: Path, on_stage: Callable[[str], None]
) -> list[_Part]:
    onnx = [current_export(run, settings, spare, on_stage) for run in runs]
    files = [
        ServedFile(path, run.record.architecture.name, run.name, folder=run.folder)
        for path, run in zip(onnx, runs, strict=True)
    ]
    names = names_of(files)
    return [
        _Part(
            run,
            file.path,
            LoadedModel.load(replace(file, name=name)).description,
            read_report(file.path),
        )
        for run, file, name in zip(runs, files, names, strict=True)
    ]


def _page(parts: Sequence[_Part], runtime: RuntimeFiles) -> tuple[str, int]:
    """The document, and how many of its bytes are models."""
    attached = {"runtime-script": _packed(runtime.script), "runtime-wasm": _packed(runtime.wasm)}
    models = []
    for number, part in enumerate(parts):
        key = f"model-{number}"
        attached[key] = _packed(part.onnx.read_bytes())
        models.append({**part.description, "embedded": key})
    model_bytes = sum(len(text) for key, text in attached.items() if key.startswith("model-"))
    text = render(
        engine="embedded", models=models, attached=attached, runtime=VERSION, licence=LICENCE
    )
    return text, model_bytes


def _packed(content: bytes) -> str:
    """Compressed, as text; equal content gives equal text."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")


def _subject(part: _Part, settings: Settings, registry: Registry) -> proving.Subject:
    """The model with the first of the test samples that proved its ONNX file, as the file takes them."""
    x = _test_samples(part.run, settings, registry)
    samples = np.asarray(x[np.sort(proof.drawn(len(x))[: proving.MOST])])
    given = part.description["input"]
    samples = np.ascontiguousarray(samples, given["dtype"])
    return proving.Subject(part.description["name"], part.onnx, samples)


def _test_samples(run: Run, settings: Settings, registry: Registry) -> Stored:
    from zoo.datasets.catalog import find_dataset
    from zoo.datasets.location import Locations

    if settings.dataset is None:
        dataset = run.find_dataset(registry)
    else:
        dataset = find_dataset(settings.dataset, registry, dict(settings.data_parameters or {}))
    return dataset.load(Locations.of_user(settings.data_dir)).x_test


def _report(
    path: Path,
    text: str,
    model_bytes: int,
    parts: Sequence[_Part],
    found: tuple[str, Mapping[str, Any], list[str]],
) -> PageReport:
    proved_by, proofs, notes = found
    content = text.encode()
    names = [part.description["name"] for part in parts]
    models = [
        PageModel(name=name, onnx=part.report, page=proofs.get(name))
        for name, part in zip(names, parts, strict=True)
    ]
    return PageReport(
        file=path.name,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created=now(),
        runtime=VERSION,
        runtime_bytes=len(content) - model_bytes,
        model_bytes=model_bytes,
        proved_by=proved_by,
        models=models,
        notes=notes,
    )
