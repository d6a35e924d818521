"""Numbers that others have published."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp, softmax

from zoo.metrics import accuracy_interval, log_mean_probability, loss_and_accuracy


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


def test_the_mean_of_probabilities_is_neither_a_vote_nor_the_mean_of_logits():
    # Two of three prefer the second class, mildly; the first is sure of the first.
    probabilities = np.array([[[0.9, 0.1]], [[0.4, 0.6]], [[0.45, 0.55]]])
    mean = np.exp(log_mean_probability(np.log(probabilities).astype("float32") + 5))
    assert mean == pytest.approx(np.array([[1.75, 1.25]]) / 3)
    # One is beyond all doubt: the mean of logits would be its answer, the mean of probabilities is not.
    doubtless = np.array([[[300.0, 0.0]], [[0.0, 3.0]], [[0.0, 3.0]]], "float32")
    assert doubtless.mean(axis=0).argmax() == 0
    assert log_mean_probability(doubtless).argmax() == 1


@given(arrays("float32", (3, 4, 5), elements=st.floats(-30, 30, width=32)))
def test_the_mean_of_probabilities_is_that_of_the_textbook(logits):
    found = log_mean_probability(iter(logits))
    assert found.dtype == np.float64
    assert np.exp(found) == pytest.approx(softmax(logits.astype("float64"), axis=-1).mean(axis=0))


@given(arrays("float32", (2, 3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_huge_logits_leave_probabilities(logits):
    found = log_mean_probability(logits)
    assert np.isfinite(found).all()
    assert logsumexp(found, axis=-1) == pytest.approx(0, abs=1e-6)
    assert log_mean_probability(logits[::-1]) == pytest.approx(found)
