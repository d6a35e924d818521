"""Sequences of unequal length in one array: steps whose features are all NaN stand for no step."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.samples import Samples, blocks
from zoo.errors import DataError, UsageError


def lengths(x: np.ndarray) -> np.ndarray:
    """How many steps of each sequence `(N, T, F)` are real, `(N,)`: all but those of NaN at its end."""
    real = ~np.isnan(x).all(axis=-1)
    return np.where(real.any(axis=1), x.shape[1] - real[:, ::-1].argmax(axis=1), 0)


def check_padding(dataset: Dataset, arrays: Arrays) -> None:
    """Check that sequences of unequal length have NaN at their ends only, in all features at once.

    Raises:
        DataError: a sequence has NaN elsewhere, or no real step.
    """
    if not dataset.padded:
        return
    for split in ("train", "test", "validation"):
        x = getattr(arrays, f"x_{split}")
        if x is None or isinstance(x, Samples):
            continue
        start = 0
        for block in blocks(x):
            _check(dataset, f"x_{split}", block, start)
            start += len(block)


def _check(dataset: Dataset, name: str, x: np.ndarray, start: int) -> None:
    count = lengths(x)
    if not count.all():
        raise DataError(
            f"{dataset.name}: {name}[{start + int(count.argmin())}] has no step that is not NaN; "
            "leave it out."
        )
    holes = np.isnan(x).any(axis=-1) & (np.arange(x.shape[1]) < count[:, None])
    if holes.any():
        sample, step = np.argwhere(holes)[0]
        raise DataError(
            f"{dataset.name}: {name}[{start + sample}] has NaN at step {step}, before its last step "
            f"({count[sample] - 1}). Only whole steps at the end may be NaN: padding. Replace the others."
        )


def padded_to(shape: tuple[int, ...], samples: Any) -> np.ndarray:
    """Sequences of any lengths as an array `(N, *shape)`, float32, padded with NaN at the end.

    Args:
        shape: `(T, F)`.
        samples: `(N, t, F)`, `(t, F)`, or a list of sequences `(t, F)`.

    Raises:
        UsageError: a sequence has more than T real steps, none, or other features.
    """
    steps, features = shape
    given = list(samples) if _several(samples) else [samples]
    made = np.full((len(given), steps, features), np.nan, "float32")
    for number, each in enumerate(given):
        sequence = np.asarray(each)
        if sequence.ndim != 2 or sequence.shape[1] != features or sequence.dtype.kind not in "uif":
            raise UsageError(
                f"the run reads sequences (steps, {features}) of at most {steps} steps; received "
                f"{sequence.dtype} {sequence.shape}."
            )
        count = _real(sequence)
        if not 1 <= count <= steps:
            raise UsageError(
                f"sequence {number} has {count:,} steps; the run reads 1 to {steps:,}, as in training. "
                "Shorten or resample it."
            )
        made[number, :count] = sequence[:count]
    return made


def _several(samples: Any) -> bool:
    if isinstance(samples, Sequence):
        return np.ndim(samples[0]) == 2 if len(samples) else True
    return samples.ndim == 3


def _real(sequence: np.ndarray) -> int:
    if sequence.dtype.kind != "f":
        return len(sequence)
    return int(lengths(sequence[None])[0])
