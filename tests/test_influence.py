"""What each test sample adds to a metric, against leaving it out; and the intervals made of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from test_comparison_statistics import two_architectures

from zoo.classification import measured, scores
from zoo.comparison.estimates import Sampled, mean_accuracy, mean_metric
from zoo.comparison.significance import difference, differences, pair_test
from zoo.influence import effective_samples, sample_values
from zoo.scoring import METRICS

OTHERS = [name for name in METRICS if name != "accuracy"]


@st.composite
def answers(draw):
    classes, count = draw(st.integers(2, 5)), draw(st.integers(2, 20))
    logits = draw(arrays.arrays("float64", (count, classes), elements=st.floats(-8, 8, width=32)))
    return logits, draw(arrays.arrays("int32", count, elements=st.integers(0, classes - 1)))


@settings(max_examples=100, deadline=None)
@given(answers(), st.sampled_from(list(METRICS)))
def test_closed_forms_are_those_of_leaving_each_sample_out(made, name):
    logits, labels = made
    count = len(labels)
    whole = getattr(scores(logits, labels), name)
    left = [scores(np.delete(logits, i, 0), np.delete(labels, i)) for i in range(count)]
    added = np.array([(count - 1) * (whole - getattr(each, name)) for each in left])
    found = sample_values(METRICS[name], logits, labels)
    assert found == pytest.approx(whole + added - added.mean(), abs=1e-9)
    assert found.mean() == pytest.approx(whole, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(answers())
def test_a_run_records_numbers_that_can_be_read_back(made):
    found = measured(*made)
    assert 0 <= found["test_ece"] <= 1
    assert -1.001 <= found["test_mcc"] <= 1.001
    for share, count in zip(found["test_recall"], found["test_support"], strict=True):
        assert (share is None) == (count == 0)


def _sampled(name: str, random, seeds: int, labels: np.ndarray, skill: float = 2.0) -> Sampled:
    logits = random.normal(size=(seeds, len(labels), 4))
    logits[:, np.arange(len(labels)), labels] += skill
    metric = METRICS[name]
    values = np.stack([sample_values(metric, each, labels) for each in logits])
    return Sampled(metric, values, effective_samples(metric, labels))


@settings(max_examples=60, deadline=None)
@given(two_architectures())
def test_accuracy_keeps_its_own_interval(pair):
    correct = pair[0].astype(float)
    found = mean_metric(Sampled(METRICS["accuracy"], correct, correct.shape[1]))
    assert found == mean_accuracy(correct)


@settings(max_examples=60, deadline=None)
@given(answers(), st.integers(1, 3), st.sampled_from(OTHERS))
def test_a_metric_lies_in_its_interval_and_that_in_its_range(made, seeds, name):
    logits, labels = made
    metric = METRICS[name]
    random = np.random.default_rng(len(labels))
    several = [logits + random.normal(0, seeds - 1, logits.shape) for _ in range(seeds)]
    values = np.stack([sample_values(metric, each, labels) for each in several])
    found = mean_metric(Sampled(metric, values, effective_samples(metric, labels)))
    assert metric.low - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= (metric.high or 1e301) + 1e-9


@pytest.mark.parametrize("name", OTHERS)
def test_intervals_of_metrics_cover_at_their_rate_with_three_seeds(name):
    random, found = np.random.default_rng(5), []
    for _ in range(200):
        labels = random.choice(4, 150, p=(0.6, 0.2, 0.15, 0.05))
        found.append(mean_metric(_sampled(name, random, 3, labels)))
    truth = np.mean([each.value for each in found])
    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.9


@pytest.mark.parametrize("name", OTHERS)
def test_copies_are_seldom_told_apart_by_a_metric_and_a_real_difference_is(name):
    random, wrong = np.random.default_rng(6), 0
    for _ in range(60):
        labels = random.choice(4, 150, p=(0.6, 0.2, 0.15, 0.05))
        copies = {str(i): _sampled(name, random, 3, labels) for i in range(4)}
        test = pair_test(list(copies.values()))
        values = {each: sampled.values for each, sampled in copies.items()}
        wrong += any(pair.different for pair in differences(values, test=test))
    assert wrong <= 7
    if name != "ece":
        better = _sampled(name, random, 3, labels, skill=6.0)
        _, p, words = difference(better.values, copies["0"].values, test)
        assert p < 0.05
        assert words == "welch-satterthwaite t on jackknife values"


def test_a_small_class_that_is_all_right_is_not_certain():
    labels = np.repeat([0, 1], [500, 3])
    logits = np.eye(2)[labels] * 9
    metric = METRICS["balanced_accuracy"]
    logits[:20] = logits[:20, ::-1]  # errors in the large class alone
    values = sample_values(metric, logits, labels)[None]
    found = mean_metric(Sampled(metric, values, effective_samples(metric, labels)))
    assert effective_samples(metric, labels) == pytest.approx(4 / (1 / 500 + 1 / 3))
    assert found.high - found.low > 0.03


def test_many_thousands_of_classes_need_no_matrix():
    labels = np.arange(5000) % 4000
    random = np.random.default_rng(0)
    found = scores(random.normal(size=(500, 20_000)).astype("float32"), labels[:500])
    assert len(found.classes) == 20_000
    assert found.balanced_accuracy < 0.01
