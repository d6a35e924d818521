"""Equivalence as a verdict: of comparisons of made-up runs, by the command and the API, and by simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_runs import make_run
from scipy import stats

import zoo
from zoo.comparison.cross_validation import FoldResult, FoldSamples
from zoo.comparison.cross_validation import differences as of_folds
from zoo.comparison.significance import differences
from zoo.datasets.fold import Fold
from zoo.scoring import ACCURACY

IMAGES = 4000


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Two that are alike, and one that is two points better; eight seeds each."""
    folder, random = tmp_path_factory.mktemp("made") / "runs", np.random.default_rng(0)
    hard = random.random(IMAGES)
    for name, rate in (("one", 0.95), ("two", 0.95), ("best", 0.97)):
        for seed in range(8):
            make_run(folder, name, seed, hard + random.normal(0, 0.002, IMAGES) < rate)
    return folder


def test_two_that_are_alike_are_equivalent_and_another_is_better(runs):
    found = zoo.compare_runs(runs, rope=1.0)
    assert found.verdict("one", "two") == "equivalent"
    assert found.verdict("best", "one") == "best is better"
    assert "Equivalent within ±1 points: " in repr(found)
    assert found.report.rope == 0.01
    frame = found.differences
    assert (frame["p_equivalence"] < 0.05).sum() == 1


def test_a_small_but_certain_difference_is_both(runs):
    found = zoo.compare_runs(runs, rope=5.0)
    assert found.verdict("best", "one") == "best is better, but equivalent"
    assert "All are equivalent within ±5 points." in repr(found)


def test_without_a_margin_nothing_is_said_of_equivalence(runs):
    found = zoo.compare_runs(runs)
    assert found.verdict("one", "two") == "cannot tell"
    assert "p_equivalence" not in found.differences
    report = found.report.to_dict()
    assert "rope" not in report
    assert "equivalence" not in report["pairs"][0]


def test_one_seed_is_never_enough(runs, tmp_path):
    for path in runs.glob("*-s0-*"):
        (tmp_path / path.name).symlink_to(path)
    found = zoo.compare_runs(tmp_path, rope=50.0)
    assert found.verdict("one", "two") == "cannot tell: one seed"
    assert "No two were shown to be equivalent within ±50 points." in repr(found)


def test_the_command_states_the_margin_in_tables_json_and_page(runs, tmp_path, zoo_here):
    page = tmp_path / "page.html"
    code, out, err = zoo_here("compare", "--from", runs, "--rope", "0.75", "--html", page)
    assert code == 0, err
    assert "p, equivalence" in out
    assert "equivalence: Equivalent within ±0.75 points: two one-sided tests" in out
    assert "band: equivalent in practice, ±0.75 points" in page.read_text().lower()
    _, text, _ = zoo_here("compare", "--from", runs, "--rope", "0.75", "--json")
    report = json.loads(text)
    assert report["rope"] == 0.0075
    assert report["command"].endswith("--rope 0.75")
    told = {
        frozenset((p["first"], p["second"])): p["equivalence"]["equivalent"]
        for p in report["pairs"]
    }
    assert told[frozenset(("one", "two"))]
    assert sum(told.values()) == 1


@pytest.mark.parametrize("rope", ["0", "-1", "nan", "100"])
def test_a_margin_that_is_none_is_refused(rope, runs, zoo_here):
    code, _, err = zoo_here("compare", "--from", runs, "--rope", rope)
    assert code == 2
    assert "--rope" in err


def test_the_p_value_is_that_of_two_one_sided_tests():
    """On folds, where the difference is an ordinary mean: scipy's one-sided t tests, with the same error."""
    random = np.random.default_rng(3)
    samples = {}
    for name in "ab":
        results = [
            FoldResult(Fold(k + 1, 10, 0), (random.random(200) < 0.9).astype(float), 1800)
            for k in range(10)
        ]
        samples[name] = FoldSamples(ACCURACY, results, 2000.0)
    pair = of_folds(samples, rope=0.05)[0]
    error = (pair.high - pair.value) / stats.t.ppf(0.975, 9)
    above = stats.t.sf((pair.value + 0.05) / error, 9)
    below = stats.t.cdf((pair.value - 0.05) / error, 9)
    assert pair.p_equivalent == pytest.approx(max(above, below))


def test_architectures_at_the_margin_are_called_equivalent_at_most_as_often_as_promised():
    """By simulation: the true difference is the margin, which is where errors are most frequent."""
    random, wrong, times = np.random.default_rng(7), 0, 400
    for _ in range(times):
        hard = random.random(600)
        values = {
            name: (hard + random.normal(0, 0.02, (4, 600)) < rate).astype(float)
            for name, rate in (("a", 0.90), ("b", 0.88))
        }
        wrong += differences(values, rope=0.02)[0].equivalent
    assert wrong / times < 0.08
