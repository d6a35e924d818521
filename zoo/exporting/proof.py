"""Running an exported file on test samples beside Keras: differences, accuracy, speed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.comparison.significance import LEVEL, difference
from zoo.exporting.export_report import AccuracyVerdict, Parity, Speed

if TYPE_CHECKING:
    from zoo.exporting.serving_graph import Answer

TOLERANCE = 1e-4
"""What rounding may change: this share of the largest absolute logit, or this where that is below 1.

float32 holds 6e-8 of a value; the shipped architectures differ by up to 1e-6 of the largest logit.
"""
MOST = 10_000
"""Test samples that are answered at most; drawn once for all if there are more."""
BATCH = 128
SECONDS = 120.0
"""After so long no further batch is begun."""
SPEED_SECONDS = 1.5
"""For each of the four timings, about."""
ROUNDS = 30


@dataclass(frozen=True)
class Answers:
    """What the file and Keras answered to the first `len(labels)` of the drawn samples."""

    logits: np.ndarray
    keras: np.ndarray
    labels: np.ndarray

    @property
    def largest_difference(self) -> float:
        return float(np.abs(self.logits - self.keras).max())

    @property
    def tolerance(self) -> float:
        return tolerance_of(self.keras)

    @property
    def predicted(self) -> np.ndarray:
        return self.logits.argmax(axis=1)

    @property
    def correct(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether each answer is right: the file's, Keras'."""
        return self.predicted == self.labels, self.keras.argmax(axis=1) == self.labels


def tolerance_of(logits: np.ndarray) -> float:
    """By how much rounding may change these logits."""
    return TOLERANCE * max(1.0, float(np.abs(logits).max()))


def drawn(count: int) -> np.ndarray:
    """Indices of the test samples that are answered, in an order that does not depend on them."""
    order = np.random.Generator(np.random.Philox(0)).permutation(count)
    return order[:MOST] if count > MOST else np.arange(count)


def answer_both(
    file: "Answer", keras: "Answer", samples: Any, labels: np.ndarray, indices: np.ndarray
) -> Answers:
    """Answer the samples at `indices`, batch by batch, until all are done or time is up.

    Raises:
        BadAnswers: the file cannot be run, or gives NaN, other shapes, or others' probabilities.
    """
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    started, done = time.monotonic(), 0
    while done < len(indices) and (not parts or time.monotonic() - started < SECONDS):
        batch = np.ascontiguousarray(samples[indices[done : done + BATCH]])
        logits, probabilities = _run(file, batch)
        wanted, _ = keras(batch)
        _check(logits, probabilities, wanted)
        parts.append((logits, wanted))
        done += len(batch)
    ours, theirs = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Answers(ours, theirs, labels[indices[:done]])


def _run(file: "Answer", batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    try:
        return file(batch)
    except Exception as error:  # a runtime's own; some fail at the first call
        raise BadAnswers(f"its runtime fails ({' '.join(str(error).split())[:200]})") from error


class BadAnswers(Exception):
    """What a file answers cannot be used."""


def _check(logits: np.ndarray, probabilities: np.ndarray, wanted: np.ndarray) -> None:
    if logits.shape != wanted.shape or probabilities.shape != wanted.shape:
        raise BadAnswers(f"its outputs have the shape {logits.shape}; expected {wanted.shape}")
    if not (np.isfinite(logits).all() and np.isfinite(probabilities).all()):
        raise BadAnswers("it gives NaN or infinite values")
    if (logits.argmax(axis=1) != probabilities.argmax(axis=1)).any() and (
        np.abs(probabilities - _softmax(logits)).max() > 0.02  # a quantized softmax has 256 values
    ):
        raise BadAnswers("its probabilities are not those of its logits")


def _softmax(logits: np.ndarray) -> np.ndarray:
    from scipy.special import softmax

    return softmax(logits.astype("float64"), axis=1)


def parity(
    answers: Answers,
    dataset: str,
    available: int,
    recorded: np.ndarray | None,
    notes: list[str],
) -> Parity:
    """The differences; `recorded` are the run's own logits of these samples, if there are any."""
    ours, theirs = answers.correct
    done = len(answers.labels)
    changed = answers.predicted != answers.keras.argmax(axis=1)
    since = None
    if recorded is not None:
        since = int((answers.predicted != recorded[:done].argmax(axis=1)).sum())
    return Parity(
        dataset=dataset,
        samples=done,
        available=available,
        largest_difference=answers.largest_difference,
        largest_logit=float(np.abs(answers.keras).max()),
        tolerance=answers.tolerance,
        changed=int(changed.sum()),
        changed_from_run=since,
        accuracy=float(ours.mean()),
        keras_accuracy=float(theirs.mean()),
        notes=notes,
    )


def accuracy_verdict(answers: Answers) -> AccuracyVerdict:
    """Whether the file's accuracy differs from Keras': a paired test on the same samples."""
    ours, theirs = (each.astype("float64")[None] for each in answers.correct)
    if ours.shape[1] < 2:
        return AccuracyVerdict(
            difference=float(ours.mean() - theirs.mean()),
            low=-1.0,
            high=1.0,
            p=1.0,
            test="none: one sample",
            verdict="cannot tell",
        )
    estimate, p, test = difference(ours, theirs)
    verdict = "cannot tell"
    if p < 1 - LEVEL:
        verdict = "worse" if estimate.value < 0 else "better"
    return AccuracyVerdict(
        difference=estimate.value,
        low=estimate.low,
        high=estimate.high,
        p=p,
        test=test,
        verdict=verdict,
    )


def speeds(
    file: "Answer", keras: "Answer", samples: np.ndarray, runtime: str
) -> tuple[Speed, Speed]:
    """Latency with the first of `samples`, and throughput with all of them: the file's, Keras'."""
    singles = _in_turn(file, keras, samples[:1])
    batches = _in_turn(file, keras, samples)
    found = [
        Speed(
            runtime=name,
            batch=len(samples),
            latency_ms=1000 * single,
            throughput=len(samples) / whole,
        )
        for name, single, whole in zip(
            (runtime, "Keras on TensorFlow"), singles, batches, strict=True
        )
    ]
    return found[0], found[1]


def _in_turn(first: "Answer", second: "Answer", samples: np.ndarray) -> tuple[float, float]:
    """Median seconds of a call of each, taken in turn."""
    both = (first, second)
    for answer in both:
        _seconds(answer, samples)
        _seconds(answer, samples)
    times: list[list[float]] = [[], []]
    started = time.monotonic()
    while len(times[0]) < 3 or (
        len(times[0]) < ROUNDS and time.monotonic() - started < SPEED_SECONDS
    ):
        for answer, kept in zip(both, times, strict=True):
            kept.append(_seconds(answer, samples))
    return float(np.median(times[0])), float(np.median(times[1]))


def _seconds(answer: Callable[[np.ndarray], Any], samples: np.ndarray) -> float:
    started = time.perf_counter()
    answer(samples)
    return time.perf_counter() - started
