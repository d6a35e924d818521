"""Numbers that others have published."""

import numpy as np
import pytest

from zoo.statistics import accuracy_interval, loss_and_accuracy


@pytest.mark.parametrize(
    ("correct", "examples", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_the_published_ones(correct, examples, low, high):
    found = accuracy_interval(correct, examples)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_loss_of_known_logits():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], "float32")) + 7
    loss, accuracy = loss_and_accuracy(logits, np.array([0, 0]))
    assert loss == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2, rel=1e-6)
    assert accuracy == 0.5


def test_huge_logits_do_not_overflow():
    loss, _ = loss_and_accuracy(np.array([[1e4, 0.0]], "float32"), np.array([1]))
    assert loss == pytest.approx(1e4)
