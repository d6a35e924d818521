"""Inference with a finished run: image files, arrays, and the test set of a dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from zoo.datasets.location import Locations
from zoo.errors import UsageError, ZooError
from zoo.recipe import changed
from zoo.registry import Registry
from zoo.runs.run import Run
from zoo.suggest import unknown

if TYPE_CHECKING:
    import numpy as np

    from zoo.classification import Scores
    from zoo.contract import InputContract
    from zoo.datasets.dataset import Arrays, Dataset
    from zoo.datasets.encoding import PixelRange
    from zoo.pictures import Picture
    from zoo.recipe import Recipe


Runtime = Literal["auto", "keras", "onnx"]
RUNTIMES = ("auto", "keras", "onnx")

FRAMES_AXES, SEQUENCE_AXES = 4, 2
"""Of a clip `(T, H, W, C)`, and of a spectrogram `(T, F)`."""


def choose_runtime(asked: str, backend: str | None, device: str) -> Runtime:
    """The runtime of a prediction: a backend or the GPU that is asked for means Keras.

    Raises:
        UsageError: it is unknown, or ONNX is asked for together with what only Keras has.
    """
    if asked not in RUNTIMES:
        raise UsageError(unknown("runtime", asked, RUNTIMES))
    of_keras = f"`backend={backend!r}`" if backend else "`device='gpu'`" if device == "gpu" else ""
    if asked == "onnx" and of_keras:
        raise UsageError(f"`runtime='onnx'`: {of_keras} is of Keras. Leave one of them out.")
    return "keras" if of_keras else cast("Runtime", asked)


@dataclass(frozen=True)
class Model:
    """A finished run, ready for inference.

    Attributes:
        backend: a Keras backend; None: the run's own.
        device: `auto`, `cpu` or `gpu`.
        inverted: whether samples are inverted; None: as the dataset is defined, and samples that are
            clearly inverted relative to training are refused.
        trust_source: whether the run's own Python file is run although the user never trained with
            it here.
        runtime: `keras`, `onnx`, or `auto`: the one that was measured to be faster.
    """

    run: Run
    registry: Registry
    backend: str | None = None
    device: str = "auto"
    inverted: bool | None = None
    trust_source: bool = False
    runtime: Runtime = "keras"

    @property
    def contract(self) -> "InputContract":
        from zoo.contract import InputContract

        return InputContract.of_run(self.run)

    def logits(self, samples: Any, recipe: "Recipe | None" = None) -> "np.ndarray":
        """Logits `(N, classes)` of samples that are stored as training's were."""
        from zoo.training.saved import load_engine

        engine = load_engine(
            self.run,
            self.registry,
            self.backend,
            self.device,
            recipe,
            trust_source=self.trust_source,
        )
        return engine.logits(samples)

    def answered(self, samples: "np.ndarray") -> "tuple[np.ndarray, str]":
        """Logits `(N, classes)` and the runtime that gave them, in words.

        Raises:
            UsageError: ONNX was asked for, and there is no file, or it takes no such samples.
        """
        if self.runtime != "keras" and (found := self._by_onnx(samples)) is not None:
            return found, "ONNX Runtime"
        logits = self.logits(samples)
        import keras

        return logits, f"Keras on {keras.backend.backend()}"

    def _by_onnx(self, samples: "np.ndarray") -> "np.ndarray | None":
        from zoo.exporting import fast_answers
        from zoo.training.saved import check_usable

        check_usable(self.run)
        report = fast_answers.find_export(self.run)
        if self.runtime == "onnx":
            report = fast_answers.check_answerable(self.run, report)
        elif fast_answers.why_keras(self.run, report, len(samples)):
            return None
        assert report is not None
        taken = fast_answers.as_taken(samples, report.input.dtype)
        if taken is None and self.runtime == "onnx":
            raise UsageError(
                f"the ONNX file takes {report.input.dtype}, and these samples cannot be that without "
                "rounding. Use `runtime='keras'`."
            )
        return None if taken is None else fast_answers.answer(self.run, taken)


@dataclass(frozen=True)
class Predictions:
    """The classes that a run predicts for some samples.

    Attributes:
        pictures: how each image file was read; empty for arrays.
        probabilities: `(N, classes)` float64.
        classes: their names.
        pixel_range: the values of black and white; None where samples have no pixels.
        runtime: what answered: `ONNX Runtime`, or `Keras on` a backend.
    """

    pictures: "list[Picture]"
    probabilities: "np.ndarray"
    classes: tuple[str, ...]
    pixel_range: "PixelRange | None" = None
    runtime: str = ""

    @property
    def labels(self) -> list[str]:
        """The most probable class of each sample, by name."""
        return [self.classes[each] for each in self.probabilities.argmax(axis=-1)]

    def to_frame(self) -> Any:
        """A row for each sample: the class and all probabilities; a DataFrame where pandas is there."""
        from zoo.frames import as_frame

        columns: dict[str, Any] = {
            f"p({name})": self.probabilities[:, i] for i, name in enumerate(self.classes)
        }
        return as_frame({"predicted": self.labels, **columns})

    def save_picture(self, path: str | Path) -> None:
        """Save a PNG with the images, spectrograms or films' middle frames as the model sees them, and
        their classes.

        Raises:
            UsageError: the samples are no files.
            ZooError: the file cannot be written.
        """
        from zoo import atomic
        from zoo.contact_sheet import contact_sheet
        from zoo.formatting import percent

        if not self.pictures or self.pixel_range is None:
            raise UsageError("only predictions of files can be saved as a picture.")
        captions = [
            f"{label}: {percent(row.max(), 0)}"
            for label, row in zip(self.labels, self.probabilities, strict=True)
        ]
        samples = [each.sample for each in self.pictures]
        sheet = contact_sheet(list(map(_as_image, samples)), captions, self.pixel_range)
        try:
            atomic.write(Path(path), lambda file: sheet.save(file, "PNG"))
        except OSError as error:
            raise ZooError(f"{path}: cannot be written ({error.strerror or error}).") from error

    def __len__(self) -> int:
        return len(self.probabilities)

    def __repr__(self) -> str:
        more = ", ..." if len(self) > 5 else ""
        return f"<Predictions of {len(self)} samples: {', '.join(self.labels[:5])}{more}>"


def _as_image(sample: "np.ndarray") -> "np.ndarray":
    """An image `(H, W, C)`: a clip's middle frame; a spectrogram with low tones at the bottom."""
    if sample.ndim == FRAMES_AXES:
        return sample[len(sample) // 2]
    return sample.T[::-1, :, None] if sample.ndim == SEQUENCE_AXES else sample


def predict(model: Model, paths: Sequence[Path]) -> Predictions:
    """Classify image files; or sound files or films, with a run that was trained on such.

    Raises:
        UsageError: the run reads no files, or a picture does not fit what it was trained on.
        DataError: a file is missing, damaged or of another kind.
        ZooError: the run is not finished, or its files are damaged.
    """
    import numpy as np
    from scipy.special import softmax

    from zoo.media_files import reader_of

    contract = model.contract
    reader = reader_of(contract, model.inverted)
    pictures = [reader.read(path) for path in paths]
    logits, runtime = model.answered(np.stack([each.sample for each in pictures]))
    probabilities = softmax(logits.astype("float64"), axis=-1)
    return Predictions(pictures, probabilities, contract.classes, contract.pixel_range, runtime)


def predict_arrays(model: Model, samples: Any) -> Predictions:
    """Classify samples `(N, *shape)`, or one sample `shape`; grey images may lack their channel axis.

    Raises:
        UsageError: they do not fit what the run was trained on.
        ZooError: the run is not finished, or its files are damaged.
    """
    import numpy as np
    from scipy.special import softmax

    contract = model.contract
    x = contract.batch(samples)
    if model.inverted and contract.pixel_range:
        from zoo.contract import invert

        x = np.asarray(invert(x, contract.pixel_range))
    elif model.inverted is None:
        contract.check_side(x, "the array")
    logits, runtime = model.answered(x)
    probabilities = softmax(logits.astype("float64"), axis=-1)
    return Predictions([], probabilities, contract.classes, runtime=runtime)


@dataclass(frozen=True)
class Evaluation:
    """A run measured on a dataset's test set.

    Attributes:
        metrics: as `run.metrics` has them.
        scores: balanced accuracy, macro F1, MCC, calibration and those of each class; see
            `zoo.classification.Scores`.
        notes: what was done to the samples, and what is to be known about them.
    """

    dataset: "Dataset"
    recipe: "Recipe"
    metrics: dict[str, Any]
    scores: "Scores"
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        low, high = self.metrics["test_accuracy_interval"]
        return (
            f"<Evaluation on {self.dataset.title}: test accuracy "
            f"{100 * self.metrics['test_accuracy']:.2f} % [{100 * low:.2f}, {100 * high:.2f}]>"
        )


def evaluate(
    model: Model, dataset: "Dataset", locations: Locations, tta_shift: int | None = None
) -> Evaluation:
    """Measure a run on the test set of a dataset; samples and labels become as in training.

    `tta_shift` replaces that of the run's recipe.

    Raises:
        UsageError: the dataset's samples or classes are not those that the model knows.
        DataError: the data are missing or damaged.
        ZooError: the run is not finished, or its files are damaged.
    """
    from zoo.classification import recorded, scores
    from zoo.training.tta import check_shiftable

    run, contract = model.run, model.contract
    _check_shape(run, contract, dataset)
    recipe = run.recipe if tta_shift is None else changed(run.recipe, {"tta_shift": tta_shift})
    check_shiftable(dataset, recipe.tta_shift)
    arrays = dataset.load(locations)
    labels, said = contract.labels(arrays.y_test, dataset.classes, dataset.name)
    notes = [said, _changed(run, dataset, arrays)]
    samples, said = _samples(model, contract, dataset, arrays)
    logits = model.logits(samples, recipe)
    notes = [each for each in [*notes, said] if each]
    found = scores(logits, labels)
    return Evaluation(dataset, recipe, recorded(found, labels), found, notes)


def _check_shape(run: Run, contract: "InputContract", dataset: "Dataset") -> None:
    """
    Raises:
        UsageError: the dataset's samples have another layout or shape than the run reads. Sequences of a
            run that was trained on unequal lengths may have another length.
    """
    given, wanted = tuple(dataset.shape), contract.shape
    if contract.padded:
        given, wanted = given[1:], wanted[1:]
    if (dataset.layout, given) != (contract.layout, wanted):
        raise UsageError(
            f"{run.name} reads {contract.layout} {contract.shape}; {dataset.name} has "
            f"{dataset.layout} {tuple(dataset.shape)}."
        )


def _samples(
    model: Model, contract: "InputContract", dataset: "Dataset", arrays: "Arrays"
) -> tuple[Any, str]:
    """The test samples as the model knows them, and what was done to them."""
    from zoo.contract import invert
    from zoo.datasets.encoding import pixel_range
    from zoo.datasets.unequal import padded_to

    x, given = arrays.x_test, pixel_range(arrays.x_train, dataset.layout)
    if contract.padded:
        x = padded_to(contract.shape, x)
    x, said = contract.stored(x, given, dataset.name)
    if model.inverted:
        if contract.pixel_range is None:
            raise UsageError(f"{dataset.name} has no pixels to invert.")
        return invert(x, contract.pixel_range), f"{said}; inverted".strip("; ")
    if model.inverted is None:
        contract.check_side(x, dataset.name)
    return x, said


def _changed(run: Run, dataset: "Dataset", arrays: "Arrays") -> str:
    """A line where the data of a run are no longer those that it was trained on; else empty."""
    recorded, before = run.record.dataset, run.record.identity["checksums"]
    same_place = (dataset.origin, dataset.name) == (recorded.origin, recorded.name)
    if not same_place or dict(dataset.parameters) != run.data_parameters:
        return ""
    changed = [name for name in before if arrays.checksums.get(name) != before[name]]
    if not changed:
        return ""
    return f"{dataset.name} has changed since this run was trained ({', '.join(changed)} differ)"
