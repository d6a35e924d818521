"""Metrics beyond accuracy, against scikit-learn's and by hand."""

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import softmax

from zoo.classification import scores


@st.composite
def answers(draw):
    classes, count = draw(st.integers(2, 6)), draw(st.integers(1, 40))
    logits = draw(arrays.arrays("float64", (count, classes), elements=st.floats(-8, 8, width=32)))
    labels = draw(arrays.arrays("int32", count, elements=st.integers(0, classes - 1)))
    return logits, labels


@settings(max_examples=200, deadline=None)
@given(answers())
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_they_are_those_of_scikit_learn(made):
    logits, labels = made
    found, answered = scores(logits, labels), logits.argmax(axis=-1)
    everything = range(logits.shape[1])
    assert found.accuracy == pytest.approx(reference.accuracy_score(labels, answered))
    assert found.balanced_accuracy == pytest.approx(
        reference.recall_score(labels, answered, labels=np.unique(labels), average="macro")
    )
    assert found.macro_f1 == pytest.approx(
        reference.f1_score(labels, answered, average="macro", zero_division=0)
    )
    assert found.mcc == pytest.approx(reference.matthews_corrcoef(labels, answered), abs=1e-12)
    assert found.log_loss == pytest.approx(
        reference.log_loss(labels, softmax(logits, axis=-1), labels=list(everything)), abs=1e-6
    )
    np.testing.assert_array_equal(
        found.confusion, reference.confusion_matrix(labels, answered, labels=list(everything))
    )
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        labels, answered, labels=list(everything), zero_division=0
    )
    for one, *wanted in zip(found.classes, precision, recall, f1, support, strict=True):
        got = (one.precision, 0 if np.isnan(one.recall) else one.recall, one.f1, one.support)
        assert got == pytest.approx(wanted)


def test_calibration_by_hand():
    """Nine answers of 0.9 of which six are right: a gap of 0.9 - 2/3."""
    logits = np.log(np.tile([0.9, 0.1], (9, 1)))
    labels = np.array([0] * 6 + [1] * 3)
    assert scores(logits, labels).calibration_error == pytest.approx(0.9 - 2 / 3)
    assert scores(logits * 100, np.zeros(9, int)).calibration_error == pytest.approx(0, abs=1e-9)


def test_always_the_majority_is_seen_through():
    logits, labels = np.tile([5.0, 0.0], (100, 1)), np.array([0] * 95 + [1] * 5)
    found = scores(logits, labels)
    assert found.accuracy == 0.95
    assert (found.balanced_accuracy, found.mcc) == (0.5, 0.0)
