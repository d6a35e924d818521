"""Cross-validation: the folds, their runs, and what is said of them."""

import json

import numpy as np
import pytest
from conftest import TINY, assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import zoo
from zoo.comparison.cross_validation import (
    FoldResult,
    FoldSamples,
    difference,
    differences,
    estimate,
)
from zoo.datasets.fold import Fold, fold_numbers
from zoo.datasets.folded import take
from zoo.errors import DataError, UsageError
from zoo.scoring import ACCURACY, METRICS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=12, max_size=80), st.integers(2, 4), st.integers(0, 9))
def test_folds_are_stratified_and_as_large_as_each_other(labels, folds, seed):
    labels = np.array(labels)
    counts = np.bincount(labels)
    if counts[counts > 0].min() < folds:
        with pytest.raises(UsageError, match="training sample"):
            fold_numbers(labels, None, folds, seed)
        return
    numbers = fold_numbers(labels, None, folds, seed)
    sizes = np.bincount(numbers, minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    for label in np.unique(labels):
        of_class = np.bincount(numbers[labels == label], minlength=folds)
        assert of_class.max() - of_class.min() <= 1
    assert (fold_numbers(labels, None, folds, seed) == numbers).all()


def test_another_seed_is_another_split():
    labels = np.arange(60) % 3
    assert (fold_numbers(labels, None, 5, 0) != fold_numbers(labels, None, 5, 1)).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(6, 20), st.integers(2, 5), st.integers(0, 9), st.data())
def test_a_group_is_never_in_two_folds(groups, folds, seed, data):
    owners = np.repeat(np.arange(groups), data.draw(st.integers(2, 5)))
    labels = np.tile([0, 1], len(owners))[: len(owners)]
    named = np.array([f"speaker {each}" for each in owners])
    numbers = fold_numbers(labels, named, folds, seed)
    assert all(len(set(numbers[owners == each])) == 1 for each in range(groups))
    sizes = np.bincount(numbers, minlength=folds)
    assert sizes.min() > 0
    assert sizes.max() - sizes.min() <= 2 * np.bincount(owners).max()


@pytest.mark.parametrize(
    ("labels", "groups", "folds", "error", "message"),
    [
        ([0] * 9 + [1] * 3, None, 4, UsageError, "label 1 has 3 training samples; use at most 3"),
        ([0] * 9 + [1], None, 2, UsageError, "label 1 has one training sample"),
        ([0, 1] * 6, ["a", "b", "c"] * 4, 4, UsageError, "of 3 groups.*use at most 3"),
        ([0] * 8 + [1] * 4, ["a"] * 4 + ["b"] * 4 + ["c"] * 4, 3, DataError, "in one fold alone"),
    ],
)
def test_folds_that_cannot_be_made_are_refused(labels, groups, folds, error, message):
    groups = None if groups is None else np.array(groups)
    with pytest.raises(error, match=message):
        fold_numbers(np.array(labels), groups, folds, 0)


class Ramp(zoo.Samples):
    """Samples that are made on access: each holds its number."""

    shape, dtype, checksum = (40, 3, 1), np.dtype("float32"), "ramp"

    def take(self, indices):
        return np.repeat(indices, 3).reshape(-1, 3, 1).astype("float32")


@pytest.mark.parametrize("lazy", [False, True])
def test_the_folds_are_the_training_samples_and_nothing_else(lazy):
    x = Ramp() if lazy else Ramp()[:]
    y = (np.arange(40) % 2).astype("int32")
    arrays = zoo.Arrays(x, y, np.full((5, 3, 1), -1, "float32"), y[:5], source="ramp")
    tested = []
    for number in range(1, 5):
        made = take(arrays, Fold(number, 4))
        assert isinstance(made.x_train, zoo.Samples) == lazy
        here, there = (set(np.asarray(each)[:, 0, 0]) for each in (made.x_test, made.x_train))
        assert here.isdisjoint(there)
        assert here | there == set(range(40))
        assert made.checksums != arrays.checksums
        assert (np.asarray(made.x_test)[:, 0, 0] % 2 == made.y_test).all()
        tested += here
    assert sorted(tested) == list(range(40))


def folds_of(means, size=20, trained=80, split=0):
    """Results whose accuracies are these."""
    return FoldSamples(
        ACCURACY,
        [
            FoldResult(
                Fold(place + 1, len(means), split),
                (np.arange(size) < round(m * size)) * 1.0,
                trained,
            )
            for place, m in enumerate(means)
        ],
        float(size * len(means)),
    )


def test_the_variance_is_nadeau_and_bengio_s():
    one, other = folds_of([0.9, 0.5, 0.8, 0.95, 0.6]), folds_of([0.5, 0.55, 0.4, 0.45, 0.5])
    apart = one.means - other.means
    error = np.sqrt((1 / 5 + 20 / 80) * apart.var(ddof=1))  # by hand, from the paper's equation
    value, margin, p, folds = difference(one, other)
    assert value == pytest.approx(apart.mean())
    assert margin == pytest.approx(stats.t.ppf(0.975, 4) * error)
    assert p == pytest.approx(2 * stats.t.sf(apart.mean() / error, 4))
    assert folds == 5
    plain = stats.ttest_rel(one.means, other.means).pvalue
    assert plain < p


def test_folds_that_agree_by_chance_prove_nothing():
    # The same difference in each fold: the plain test would divide by zero.
    value, margin, p, _ = difference(folds_of([0.8] * 5), folds_of([0.75] * 5))
    assert value == pytest.approx(0.05)
    assert margin > 0.03
    assert 0 < p < 1
    same = difference(folds_of([0.8] * 5), folds_of([0.8] * 5))
    assert same[0] == 0 and same[2] == 1


def test_only_common_folds_are_paired():
    whole = folds_of([0.9, 0.8, 0.85, 0.9])
    part = FoldSamples(ACCURACY, folds_of([0.5, 0.6, 0.4, 0.5]).results[1:3], 40.0)
    value, _, _, folds = difference(whole, part)
    assert folds == 2
    assert value == pytest.approx((0.8 + 0.85) / 2 - 0.5)
    alone = FoldSamples(ACCURACY, part.results[:1], 20.0)
    assert difference(whole, alone)[2:] == (1.0, 1)
    pairs = differences({"a": whole, "b": alone})
    assert not pairs[0].different


def test_an_interval_stays_in_the_metric_s_range():
    for means in ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.95, 1.0], [0.5, 0.9, 0.2]):
        found = estimate(folds_of(means))
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.low < found.high
    loss = FoldSamples(METRICS["log_loss"], folds_of([0.5, 0.6, 0.4]).results, 60.0)
    assert 0 < estimate(loss).low < estimate(loss).value < estimate(loss).high


def test_copies_are_told_apart_seldom_and_by_the_plain_test_too_often():
    """A small version of bench/coverage.py --folds; training sets matter, as the test is made for."""
    random, labels, told, plain = np.random.default_rng(3), np.arange(80) % 2, 0, 0
    for _ in range(250):
        both = []
        for _ in range(2):
            x = random.normal(0, 1, (80, 60))
            x[:, 0] += np.where(labels, 1, -1)
            numbers, results = fold_numbers(labels, None, 10, 0), []
            for number in range(10):
                t = numbers == number
                one, other = (x[~t & (labels == each)].mean(axis=0) for each in (1, 0))
                right = (x[t] @ (one - other) > (one - other) @ (one + other) / 2) == labels[t]
                results.append(FoldResult(Fold(number + 1, 10), right * 1.0, int((~t).sum())))
            both.append(FoldSamples(ACCURACY, results, 80.0))
        told += difference(*both)[2] < 0.05
        apart = both[0].means - both[1].means
        plain += bool(apart.std()) and stats.ttest_1samp(apart, 0).pvalue < 0.05
    assert told / 250 < 0.05
    assert plain / 250 > 0.07


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two architectures, a dataset of three speakers' sounds as it were, and `runs/`."""
    folder = tmp_path_factory.mktemp("folds")
    random = np.random.default_rng(0)
    y = np.arange(120) % 2
    x = random.integers(0, 256, (120, 8, 8), "uint8")
    x[y == 1, :4] //= 2
    np.savez(folder / "d.npz", x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    (folder / "tiny.py").write_text(TINY)
    (folder / "wide.py").write_text(TINY.replace("int = 4", "int = 6"))
    return folder


@pytest.fixture(scope="module")
def compared(place):
    """A comparison by two folds."""
    return zoo.compare(
        [place / "tiny.py", place / "wide.py"],
        place / "d.npz",
        folds=2,
        recipe="tutorial",
        recipe_changes={"epochs": 1},
        device="cpu",
        progress=False,
        runs_dir=place / "runs",
    )


def test_each_fold_is_an_ordinary_run_that_says_its_fold(compared, place, zoo_here):
    runs = zoo.load_runs(place / "runs")
    assert len(runs) == 4
    for name in ("tiny", "wide"):
        own = [run for run in runs if run.record.architecture.name == name]
        assert [run.fold for run in own] == [Fold(1, 2), Fold(2, 2)]
        assert [run.record.seed for run in own] == [0, 1]
        assert sum(run.record.dataset.sizes.test for run in own) == 90
        assert all(f"-f{run.fold.number}of2-" in run.name for run in own)
    one, other = (
        [run.read_predictions()[1] for run in runs if run.record.architecture.name == name]
        for name in ("tiny", "wide")
    )
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert runs[0].evaluate(trust_source=True).metrics["test_accuracy"] == pytest.approx(
        runs[0].test.accuracy
    )
    shown = zoo_here("runs", "--runs-dir", place / "runs")[1]
    assert "2 of 2" in shown
    told = zoo_here("runs", "show", runs[0].folder)[1]
    assert "fold 1 of 2 of the training set; the test set was not read" in told


def test_the_report_says_folds_and_variance(compared, place):
    report = compared.report
    assert (report.folds.folds, report.folds.repetitions, report.folds.tested) == (2, 1, (45, 45))
    assert report.ensembles == []
    (pair,) = report.pairs
    assert pair.test == "corrected resampled t (Nadeau and Bengio 2003)"
    for row in report.rows:
        assert row.folds == ["fold 1 of 2", "fold 2 of 2"]
        assert row.accuracy == pytest.approx(np.mean(row.accuracies))
        assert row.interval[0] <= row.accuracy <= row.interval[1]
    assert any("the test set was not read" in note for note in report.notes)
    page = compared.to_html(place / "page.html").read_text()
    assert "2-fold cross-validation of the training set" in page
    assert "Nadeau" in page
    assert report.to_dict()["folds"]["repetitions"] == 1


def test_finished_folds_are_cached_and_can_be_compared_elsewhere(compared, place, zoo_here):
    names = [place / "tiny.py", place / "wide.py"]
    given = {"recipe": "tutorial", "recipe_changes": {"epochs": 1}, "device": "cpu"}
    plan = zoo.plan_comparison(
        names, place / "d.npz", folds=2, runs_dir=place / "runs", progress=False, **given
    )
    assert [job.state for job in plan.jobs] == ["cached"] * 4
    again = zoo.compare_runs(place / "runs", folds=2, progress=False)
    assert [each.p for each in again.report.pairs] == [each.p for each in compared.report.pairs]
    by_f1 = zoo.compare_runs(place / "runs", folds=2, metric="macro_f1", progress=False).report
    assert all(r.metric_interval[0] <= r.metric_value <= r.metric_interval[1] for r in by_f1.rows)
    found = zoo_here("compare", "--from", place / "runs")
    assert_one_line_error(found, 2, "no run is of what was asked for")
    code, out, _ = zoo_here("compare", "--from", place / "runs", "--folds", 2, "--json")
    assert code == 0
    assert json.loads(out)["folds"]["folds"] == 2


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--folds", 1], ("--folds 1: use 2 to 100",)),
        (["--folds", 1000], ("--folds 1000: use 2 to 100",)),
        (["--folds", 3, "--together"], ("leave one out",)),
        (
            ["--folds", 3, "--tuned", "study"],
            ("the study was tuned on the samples", "Leave one out"),
        ),
        (["--folds", 3, "--seeds", 0], ("--seeds 0: use at least 1",)),
    ],
)
def test_bad_input(words, parts, zoo_here, tmp_path):
    found = zoo_here("compare", "cnn", "--dataset", "digits", "--backend", "tensorflow", *words)
    assert_one_line_error(found, 2, *parts)


def test_repetitions_have_splits_and_seeds_of_their_own():
    from zoo.training.request import replicates

    made = replicates(2, 3)
    assert [each.seed for each in made] == [0, 1, 2, 3, 4, 5]
    assert [each.fold for each in made] == [Fold(n, 3, s) for s in (0, 1) for n in (1, 2, 3)]
    assert [each.fold for each in replicates(2)] == [None, None]
