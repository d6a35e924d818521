"""What a page shows beside the table: learning curves, confusions, images that split opinions."""

import base64
import io
import math
from collections.abc import Mapping, Sequence

import numpy as np

from zoo.comparison.diagnostics_schema import Answers, Curve, Diagnostics, Disagreement
from zoo.comparison.results import Result
from zoo.datasets.samples import Stored, without_padding
from zoo.runs.run import Run

IMAGES = 40


def make_diagnostics(results: Sequence[Result], x_test: Stored | None, layout: str) -> Diagnostics:
    """Curves, confusion matrices, and the test images on which architectures disagree most.

    Args:
        x_test: the dataset's test samples; None: they are not at hand, and no image is shown.
        layout: of those samples.
    """
    present = [result for result in results if result.runs]
    classes = len(present[0].runs[0].record.dataset.classes)
    return Diagnostics(
        curves={
            result.name: curves
            for result in present
            if (curves := [_curve(run) for run in result.runs if run.validates])
        },
        confusions={
            result.name: np.sum([_confusion(run, classes) for run in result.runs], axis=0).tolist()
            for result in present
        },
        disagreements=[] if x_test is None else _of_all(present, x_test, layout),
    )


def _of_all(present: Sequence[Result], x_test: Stored, layout: str) -> list[Disagreement]:
    """All runs were tested on the same images."""
    answers = {result.name: _answers(result) for result in present}
    return _disagreements(answers, present[0].runs[0].read_predictions()[1], x_test, layout)


def _answers(result: Result) -> np.ndarray:
    """`(seeds, examples)`: the class that each run gives each test image."""
    return np.stack([run.read_predictions()[0].argmax(axis=-1) for run in result.runs])


def _curve(run: Run) -> Curve:
    history = run.read_history()
    seconds = np.cumsum(run.epoch_seconds)
    return Curve(
        seed=run.record.seed,
        epochs=[int(row["epoch"]) for row in history],
        seconds=[float(each) for each in seconds],
        val_accuracy=[_finite(row["val_accuracy"]) for row in history],
        loss=[_finite(row["loss"]) for row in history],
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _confusion(run: Run, classes: int) -> np.ndarray:
    """Counts `(true class, answer)` of one run."""
    logits, labels = run.read_predictions()
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, logits.argmax(axis=-1)), 1)
    return matrix


def _disagreements(
    answers: Mapping[str, np.ndarray], labels: np.ndarray, x_test: Stored, layout: str
) -> list[Disagreement]:
    """The images whose share of right answers differs most between architectures, widest first.

    Among equals those come first on which single answers vary most, then in the set's order.
    """
    shares = np.stack([(each == labels).mean(axis=0) for each in answers.values()])
    spread = shares.max(axis=0) - shares.min(axis=0)
    order = np.lexsort((np.arange(len(labels)), -shares.std(axis=0), -spread))
    chosen = [int(index) for index in order[:IMAGES] if spread[index] > 0]
    return [
        Disagreement(
            index=index,
            label=int(labels[index]),
            image=_png(x_test[index], layout),
            answers={
                name: Answers(
                    classes=each[:, index].tolist(),
                    right=int((each[:, index] == labels[index]).sum()),
                )
                for name, each in answers.items()
            },
        )
        for index in chosen
    ]


def _png(sample: np.ndarray, layout: str) -> str:
    """One sample as a picture in a `data:` address; frames stand side by side."""
    from PIL import Image

    if layout == "sequence":
        real = np.asarray(without_padding(sample[None]))
        sample = real.reshape(-1, sample.shape[-1], 1)
    if layout == "frames":
        sample = np.concatenate(list(sample), axis=1)
    if sample.dtype != np.uint8:
        low, high = float(sample.min()), float(sample.max())
        sample = ((sample - low) / ((high - low) or 1) * 255).astype("uint8")
    pixels = sample[..., 0] if sample.shape[-1] != 3 else sample
    text = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(text, "PNG")
    return f"data:image/png;base64,{base64.b64encode(text.getvalue()).decode()}"
