"""Answering with a run's exported ONNX file instead of Keras, where that is measured to be faster.

The proof of an export holds both speeds, measured in turn on one machine. They count only where they were
measured: on the same machine, with the same versions, and for the same model. TensorFlow is not imported
to find that out, nor to answer.
"""

from typing import TYPE_CHECKING

from zoo.environment import distribution_version, machine, nvidia, usable_cores
from zoo.errors import UsageError, ZooError
from zoo.exporting.export_report import ExportReport, Speed, read_report
from zoo.exporting.exporter import FOLDER
from zoo.exporting.formats import FORMATS, file_name, missing
from zoo.runs.run import Run

if TYPE_CHECKING:
    import numpy as np

RUNTIME = "ONNX Runtime"
BATCH = 128
MACHINE = ("system", "processor", "cores")
"""What must be as it was measured; memory changes nothing."""


def find_export(run: Run) -> ExportReport | None:
    """What is known of the run's ONNX file, if one is there that holds its present model."""
    path = run.folder / FOLDER / file_name("onnx")
    if not path.is_file():
        return None
    try:
        report = read_report(path)
    except ZooError:
        return None
    same = report.run.name == run.name and report.format == "onnx" and report.quantize is None
    newer = report.created >= (str(run.record.finished) if run.record.finished else "~")
    return report if same and newer else None


def why_keras(run: Run, report: ExportReport | None, samples: int) -> str:
    """Why Keras answers and not the ONNX file; empty if the file does.

    Args:
        report: as `find_export` returns it.
        samples: how many are to be answered.
    """
    if report is None:
        return "the run has no ONNX file that is newer than its model"
    if problem := _differs(run):
        return problem
    if problem := _measured_elsewhere(report):
        return problem
    return "Keras was measured to be faster" if _keras_is_faster(report, samples) else ""


def keras_is_faster(report: ExportReport, samples: int) -> bool:
    """Whether Keras was measured to answer so many samples sooner, on this machine as it is now."""
    return not _measured_elsewhere(report) and _keras_is_faster(report, samples)


def _keras_is_faster(report: ExportReport, samples: int) -> bool:
    return seconds(report.speed, samples) >= seconds(report.keras_speed, samples)


def _differs(run: Run) -> str:
    """Why the file's answers are others than Keras' here."""
    if absent := missing(FORMATS["onnx"]):
        return f"{absent[0]} is not installed"
    if run.recipe.tta_shift:
        return "the run uses test-time augmentation, which no file has"
    if run.record.precision != "float32":
        return f"the run calculates in {run.record.precision}, and the file in float32"
    return ""


def _measured_elsewhere(report: ExportReport) -> str:
    """What is not as it was when both were measured; empty if all is."""
    here = machine()
    if any(report.machine.get(name) != here[name] for name in MACHINE):
        return "both were measured on another machine"
    changed = [
        name
        for name, version in report.versions.items()
        if name != "python" and distribution_version(name) != version
    ]
    if changed:
        return f"both were measured with another version of {changed[0]}"
    if nvidia():
        return "they were measured on the processor, and a GPU is here"
    return ""


def seconds(speed: Speed, samples: int) -> float:
    """How long a runtime takes: a line through one sample and a whole batch, as measured."""
    one, batch = speed.latency_ms / 1000, speed.batch / speed.throughput
    each = max(0.0, batch - one) / max(1, speed.batch - 1)
    calls = -(-samples // speed.batch)
    return calls * one + (samples - calls) * each


def answer(run: Run, samples: "np.ndarray") -> "np.ndarray":
    """Logits `(N, classes)` of samples `(N, *shape)`, by the run's ONNX file.

    Raises:
        UsageError: the samples are stored otherwise than the file takes them.
        ZooError: ONNX Runtime cannot load or run the file.
    """
    import numpy as np

    from zoo.exporting.runtimes import open_export

    path = run.folder / FOLDER / file_name("onnx")
    try:
        ask = open_export(path, "onnx", usable_cores())
        parts = [
            ask(np.ascontiguousarray(samples[start : start + BATCH]))[0]
            for start in range(0, len(samples), BATCH)
        ]
    except Exception as error:  # the runtime's own
        line = " ".join(str(error).split())[:200]
        raise ZooError(f"{path}: ONNX Runtime fails ({line}). Use `runtime='keras'`.") from error
    return np.concatenate(parts)


def as_taken(samples: "np.ndarray", dtype: str) -> "np.ndarray | None":
    """The samples in the file's own type; None if they cannot be that without rounding."""
    import numpy as np

    if str(samples.dtype) == dtype:
        return samples
    taken = samples.astype(dtype)
    return taken if np.array_equal(taken, samples) else None


def check_answerable(run: Run, report: ExportReport | None) -> ExportReport:
    """The file's report, where ONNX was asked for.

    Raises:
        UsageError: there is no file, or it answers otherwise than the run does.
    """
    if report is None:
        raise UsageError(
            f"{run.name} has no ONNX file that is newer than its model. Export it, once: "
            f"`zoo.export({str(run.folder)!r})`"
        )
    if problem := _differs(run):
        raise UsageError(f"`runtime='onnx'`: {problem}. Use `runtime='keras'`.")
    return report
