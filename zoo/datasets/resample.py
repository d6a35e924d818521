"""Resamples of an archive's default split, drawn by the rule of published results."""

from collections.abc import Sequence

import numpy as np

MOST = 2**32 - 1
"""The largest seed that NumPy's `RandomState` takes."""


def resampled(
    train: Sequence[str], test: Sequence[str], number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices `(train, test)` of a resample, into the training series followed by the test series.

    The rule is that of aeon's `stratified_resample_data` (https://www.aeon-toolkit.org), by which the
    published results of the UCR archive are made: the series of each class, in the order of the class
    names as text, are shuffled by one `RandomState(number)`; the first of them are for training, as
    many as in the default split. Resample 0 of published tables is the default split itself.

    Args:
        train, test: the class names of the default split's series, in the order of the files.
        number: of the resample, from 1.

    Raises:
        ValueError: the two splits have different classes.
    """
    labels = np.array([*train, *test])
    names, counts = np.unique(np.array(list(train)), return_counts=True)
    if set(train) != set(test):
        raise ValueError("train and test have different classes")
    random = np.random.RandomState(number)
    drawn_train, drawn_test = [], []
    for name, count in zip(names, counts, strict=True):
        indices = np.flatnonzero(labels == name)
        random.shuffle(indices)
        drawn_train.append(indices[:count])
        drawn_test.append(indices[count:])
    return np.concatenate(drawn_train), np.concatenate(drawn_test)
