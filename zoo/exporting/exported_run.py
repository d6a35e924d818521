"""A run in the process that exports it: its graph, its data, and what is recorded of it."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.contract import InputContract
from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.samples import Stored, subset
from zoo.environment import distribution_version, machine, usable_cores, versions
from zoo.errors import DataError, UsageError, ZooError
from zoo.exporting import export_report, proof
from zoo.exporting.export_messages import ExportTask
from zoo.exporting.export_report import (
    ConversionDescription,
    ExportReport,
    InputDescription,
    RunDescription,
)
from zoo.exporting.formats import FORMATS
from zoo.exporting.run_graph import load_graph
from zoo.exporting.runtimes import open_export
from zoo.exporting.serving_graph import INPUT, OUTPUTS, Answer, ServingGraph
from zoo.registry import Registry
from zoo.runs.files import now
from zoo.runs.part import plain
from zoo.runs.run import Run
from zoo.version import __version__

CALIBRATION = 200
"""Training samples from which int8 takes the ranges of values."""


@dataclass(frozen=True)
class ExportedRun:
    """A finished run on TensorFlow, in float32 and on the CPU, with its data."""

    run: Run
    graph: ServingGraph
    contract: InputContract
    dataset: Dataset
    arrays: Arrays
    own_data: bool

    @classmethod
    def load(cls, task: ExportTask) -> "ExportedRun":
        """Load the run and the data.

        Raises:
            UsageError: it is not finished, or its code or the dataset cannot be used.
            DataError: the data are missing or damaged.
            ZooError: its model is missing or damaged.
        """
        from zoo.training.saved import check_usable

        run = Run.open(Path(task.folder))
        registry = Registry.discover(use_plugins=task.use_plugins)
        check_usable(run)
        dataset, arrays = _data(run, task, registry)
        graph = load_graph(run, registry, trust_source=task.trust_source)
        contract = InputContract.of_run(run)
        return cls(run, graph, contract, dataset, arrays, task.dataset is None)

    def metadata(self) -> dict[str, str]:
        """What is written into the file; texts, as ONNX wants them."""
        described = InputDescription.of(self.contract, INPUT)
        run = _described(self.run)
        return {
            "archzoo": __version__,
            "run": run.name,
            "architecture": run.architecture,
            "dataset": run.dataset,
            "recipe": run.recipe,
            "seed": str(run.seed),
            "classes": json.dumps(list(self.contract.classes), ensure_ascii=False),
            "input": export_report.as_json(described),
            "contract": json.dumps(plain(self.contract.as_record()), ensure_ascii=False),
            "conversion": export_report.as_json(ConversionDescription.of(self.run.record.input)),
            "outputs": json.dumps(list(OUTPUTS)),
            "versions": json.dumps(versions("tensorflow")),
        }

    def calibration(self, quantize: str | None) -> list[np.ndarray]:
        """Single training samples `(1, *shape)`; none unless int8 needs them."""
        if quantize != "int8":
            return []
        x = self.arrays.x_train
        drawn = np.random.Generator(np.random.Philox(0)).permutation(len(x))[:CALIBRATION]
        samples = np.asarray(subset(x, np.sort(drawn)))
        self._check_dtype(samples)
        return [samples[place : place + 1] for place in range(len(samples))]

    def prove(self, task: ExportTask, keras: Answer) -> ExportReport:
        """Run the file beside Keras on the test set.

        Raises:
            UsageError: the dataset's samples or classes are not those that the run knows.
            ZooError: the file does not load, or its answers differ beyond rounding.
        """
        path, threads = Path(task.path), usable_cores()
        file = _opened(task, path, threads)
        x, labels, notes = self._test_set()
        indices = proof.drawn(len(x))
        try:
            answers = proof.answer_both(file, keras, x, labels, indices)
        except proof.BadAnswers as error:
            raise ZooError(f"{task.name}: is not kept: {error}.") from error
        recorded = self._recorded(indices, len(x))
        found = proof.parity(answers, self.dataset.name, len(x), recorded, notes)
        if task.quantize is None and found.largest_difference > found.tolerance:
            raise ZooError(
                f"{task.name}: is not kept: its logits differ from Keras' by up to "
                f"{found.largest_difference:.2g}, which is more than rounding "
                f"({found.tolerance:.2g}); {found.changed} of {found.samples} answers changed."
            )
        batch = np.ascontiguousarray(x[indices[: proof.BATCH]])
        speed, keras_speed = proof.speeds(file, keras, batch, FORMATS[task.format].runtime)
        return ExportReport(
            file=task.name,
            format=task.format,
            quantize=task.quantize,
            bytes=export_report.size_of(path),
            sha256=export_report.digest_of(path),
            created=now(),
            run=_described(self.run),
            classes=list(self.contract.classes),
            input=InputDescription.of(self.contract, INPUT),
            outputs=list(OUTPUTS),
            parity=found,
            accuracy=proof.accuracy_verdict(answers),
            speed=speed,
            keras_speed=keras_speed,
            threads=threads,
            versions=_versions(task.format),
            machine=machine(),
        )

    def _test_set(self) -> tuple[Stored, np.ndarray, list[str]]:
        """Test samples as the file takes them, their labels, and notes."""
        x, labels = self.arrays.x_test, self.arrays.y_test
        if not len(x):
            raise DataError(f"{self.dataset.name}: has no test samples to prove the export with.")
        labels, said = self.contract.labels(labels, self.dataset.classes, self.dataset.name)
        self._check_dtype(x)
        notes = [said] if said else []
        if self.own_data and not self.run.tested:
            notes.append("the run's own training left the test set untouched; this proof reads it")
        if self.run.recipe.tta_shift:
            notes.append("the run's results use test-time augmentation, which no file has")
        return x, labels, notes

    def _check_dtype(self, x: Stored) -> None:
        if str(x.dtype) != self.contract.dtype:
            raise UsageError(
                f"{self.dataset.name} has {x.dtype} samples; the file takes {self.contract.values()}."
            )

    def _recorded(self, indices: np.ndarray, count: int) -> np.ndarray | None:
        """The run's own logits of these test samples; None if it has none that are comparable."""
        run = self.run
        if not (self.own_data and run.tested) or run.recipe.tta_shift:
            return None
        try:
            logits, _ = run.read_predictions()
        except ZooError:
            return None
        return logits[indices] if len(logits) == count else None


def _data(run: Run, task: ExportTask, registry: Registry) -> tuple[Dataset, Arrays]:
    from zoo.datasets.catalog import find_dataset

    if task.dataset is None:
        dataset = run.find_dataset(registry)
    else:
        dataset = find_dataset(task.dataset, registry, task.data_parameters)
    shape = (dataset.layout, tuple(dataset.shape))
    given = run.record.input
    if shape != (given.source, tuple(given.shape)):
        raise UsageError(
            f"{run.name} reads {given.source} {given.shape}; {dataset.name} has {shape[0]} "
            f"{shape[1]}."
        )
    return dataset, dataset.load(Locations.of_user(task.data_dir))


def _opened(task: ExportTask, path: Path, threads: int) -> Answer:
    try:
        return open_export(path, task.format, threads)
    except Exception as error:  # each runtime has its own
        line = " ".join(str(error).split())[:200]
        runtime = FORMATS[task.format].runtime
        raise ZooError(f"{task.name}: is not kept: {runtime} does not load it ({line}).") from error


def _described(run: Run) -> RunDescription:
    record = run.record
    return RunDescription(
        name=run.name,
        architecture=record.architecture.name,
        dataset=record.dataset.name,
        recipe=run.recipe.name,
        seed=record.seed,
        backend=record.backend,
        precision=record.precision,
        created=record.created,
    )


def _versions(name: str) -> dict[str, str]:
    packages = FORMATS[name].packages.values()
    found = {each: distribution_version(each) or "?" for each in packages}
    return {**versions("tensorflow"), **found}
