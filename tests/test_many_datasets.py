"""Comparisons over many datasets, through the command and the API: published results, laws, bad tables."""

import csv
import itertools
import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import zoo
from zoo.studies.rank_tests import groups, wilcoxon
from zoo.studies.signed_rank import signed_rank

AEON_RANKS = {
    "HC2": 1.9330357,
    "InceptionTime": 2.4776785,
    "WEASEL-2.0": 2.6473215,
    "FreshPRINCE": 2.9419644,
}
"""Of the default splits of 112 sets, by aeon 1.6's plot_critical_difference."""
BAYCOMP = {
    ("HC2", "InceptionTime"): (0.7775, 0.2225, 0.0),
    ("HC2", "WEASEL-2.0"): (0.7881, 0.2119, 0.0),
    ("HC2", "FreshPRINCE"): (1.0, 0.0, 0.0),
    ("InceptionTime", "WEASEL-2.0"): (0.1728, 0.68955, 0.13765),
    ("InceptionTime", "FreshPRINCE"): (0.99965, 0.0002, 0.00015),
    ("WEASEL-2.0", "FreshPRINCE"): (0.98605, 0.0137, 0.00025),
}
"""Of the means over resamples, by baycomp 1.0.3: SignedRankTest.probs(..., rope=1, nsamples=20000)."""


@pytest.fixture(scope="module")
def published(data_dir):
    found = sorted((data_dir / "timeseries" / "results").glob("*.csv"))
    if not found:
        pytest.skip("needs timeseries/results in ZOO_DATA_DIR")
    return found


@pytest.fixture(scope="module")
def compared(published):
    return {how: zoo.compare_tables(published, resamples=how) for how in ("mean", "first")}


def read(paths, first):
    """The scores of the sets that all files have, without any code of ours."""
    tables = {}
    for path in paths:
        rows = list(csv.reader(path.open()))[1:]
        cells = {row[0]: [float(cell) for cell in row[1:]] for row in rows}
        tables[path.stem.partition("_")[0]] = {
            name: each[0] if first else math.fsum(each) / len(each) for name, each in cells.items()
        }
    frame = pd.DataFrame(tables).dropna()
    return frame.round(10)


def test_mean_ranks_of_published_results_are_those_that_aeon_prints(compared):
    ranks = {row.name: row.mean_rank for row in compared["first"].report.rows}
    assert list(ranks) == list(AEON_RANKS)
    assert ranks == pytest.approx(AEON_RANKS, abs=1e-6)
    assert len(compared["first"].report.datasets) == 112


@pytest.mark.parametrize("how", ["mean", "first"])
def test_the_tests_of_published_results_are_those_of_scipy(how, compared, published):
    report, frame = compared[how].report, read(published, how == "first")
    overall = stats.friedmanchisquare(*(frame[name] for name in frame))
    assert report.friedman.statistic == pytest.approx(overall.statistic)
    assert report.friedman.p == pytest.approx(overall.pvalue)
    k, n = frame.shape[1], len(frame)
    f = (n - 1) * overall.statistic / (n * (k - 1) - overall.statistic)
    assert report.friedman.f == pytest.approx(f)
    assert report.friedman.f_p == pytest.approx(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
    for pair in report.pairs:
        apart = (frame[pair.first] - frame[pair.second]).round(10)
        assert pair.p == pytest.approx(stats.wilcoxon(apart).pvalue)
        assert (pair.wins, pair.losses) == ((apart > 0).sum(), (apart < 0).sum())


def test_the_groups_of_published_results_are_the_bars_that_aeon_draws(compared):
    assert compared["mean"].report.groups == [["InceptionTime", "WEASEL-2.0"]]
    assert compared["first"].report.groups[0] == ["InceptionTime", "WEASEL-2.0"]
    assert compared["mean"].verdict("HC2", "InceptionTime") == "HC2 is better"
    assert compared["mean"].verdict("WEASEL-2.0", "InceptionTime") == "cannot tell"


def test_bayesian_probabilities_of_published_results_are_those_of_baycomp(compared):
    for pair in compared["mean"].report.pairs:
        ours = (pair.bayes.first, pair.bayes.equivalent, pair.bayes.second)
        assert ours == pytest.approx(BAYCOMP[pair.first, pair.second], abs=0.02)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_wilcoxons_p_value_is_that_of_all_assignments_of_signs(values):
    """By its definition: of all signs of these ranks, how many are as extreme."""
    apart = np.array([each for each in values if each], float)
    if not len(apart):
        assert wilcoxon(np.array(values, float)) == 1.0
        return
    ranks = stats.rankdata(abs(apart))
    seen = abs((np.sign(apart) * ranks).sum())
    signs = itertools.product((-1, 1), repeat=len(apart))
    share = np.mean([abs(np.dot(each, ranks)) >= seen - 1e-9 for each in signs])
    assert wilcoxon(np.array(values, float)) == pytest.approx(share)


def test_the_bayesian_test_is_that_of_its_definition():
    """Drawn anew, pair by pair: w w' for every two datasets, the prior's one among them."""
    apart, rope, samples = np.array([0.03, 0.012, -0.004, 0.0, 0.02, -0.02]), 0.01, 4000
    random = np.random.default_rng(1)
    z, won = np.r_[0.0, apart], np.zeros(3)
    for weights in random.dirichlet(np.r_[0.5, np.ones(len(apart))], samples):
        both = np.outer(weights, weights)
        sums = np.round(np.add.outer(z, z), 10)
        above = both[sums > 2 * rope].sum() + both[sums == 2 * rope].sum() / 2
        below = both[sums < -2 * rope].sum() + both[sums == -2 * rope].sum() / 2
        won[np.argmax([above, 1 - above - below, below])] += 1
    found = signed_rank(apart[:, None], rope)[0]
    assert (found.first, found.equivalent, found.second) == pytest.approx(won / samples, abs=0.03)


def test_probabilities_are_turned_round_with_the_pair():
    apart = np.random.default_rng(0).normal(0.004, 0.02, (30, 1))
    one, other = signed_rank(apart, 0.01)[0], signed_rank(-apart, 0.01)[0]
    assert (one.first, one.second) == pytest.approx((other.second, other.first), abs=0.01)
    assert one.first + one.equivalent + one.second == pytest.approx(1)
    alone = signed_rank(apart, 0.0)[0]
    assert alone.equivalent == 0
    assert alone.first > one.first


def test_equal_classifiers_are_equivalent_and_not_told_apart():
    scores = {f"d{i}": 0.5 + i / 100 for i in range(20)}
    found = zoo.compare_tables({"a": scores, "b": dict(scores), "c": dict(scores)})
    assert found.report.friedman.p == 1
    assert found.verdict("a", "b") == "cannot tell"
    assert {pair.bayes.verdict for pair in found.report.pairs} == {"equivalent"}
    assert [row.mean_rank for row in found.report.rows] == [2, 2, 2]


class _Pair:
    def __init__(self, first, second, different):
        self.first, self.second, self.different = first, second, different


def test_a_bar_never_covers_two_that_are_told_apart():
    different = {("b", "d"), ("a", "d")}
    pairs = [_Pair(*each, each in different) for each in itertools.combinations("abcd", 2)]
    assert groups("abcd", pairs) == [["a", "b", "c"], ["c", "d"]]


def test_losses_are_better_when_lower():
    scores = {
        "low": {f"d{i}": 0.1 + i / 50 for i in range(12)},
        "high": {f"d{i}": 0.3 + i / 40 for i in range(12)},
    }
    found = zoo.compare_tables(scores, metric="log_loss", rope=0.05)
    assert [row.name for row in found.report.rows] == ["low", "high"]
    assert found.verdict("high", "low") == "low is better"
    assert found.report.pairs[0].mean_difference < 0
    assert found.report.pairs[0].bayes.verdict == "low is better"


def test_too_few_datasets_are_said_to_be_too_few():
    scores = {name: {f"d{i}": 0.5 + (name == "a") / 4 for i in range(5)} for name in "ab"}
    found = zoo.compare_tables(scores)
    assert found.report.least_datasets == 6
    assert "nobody can tell" in repr(found)
    assert found.verdict("a", "b") == "cannot tell"
    assert found.report.pairs[0].bayes.verdict == "cannot tell"


WIDE = "dataset,a,b\nx,0.9,0.8\ny,0.7,0.6\nz,0.5,0.55\n"


@pytest.mark.parametrize(
    "files",
    [
        {"wide.csv": WIDE},
        {"wide.csv": "\ufeff" + WIDE.replace(",", ";").replace("\n", "\r\n")},
        {"wide.tsv": WIDE.replace(",", "\t")},
        {"wide.csv": "dataset,a,b\nx,90,80\ny,70,60%\nz,50,55\n"},
        {"a_accuracy.csv": "dataset,accuracy\nx,0.9\ny,0.7\nz,0.5\n",
         "b.csv": "problem,acc\nz,0.55\ny,0.6\nx,0.8\nw,1\n"},
        {"a_accuracy.csv": "Resamples:,0,1\nx,0.8,1.0\ny,0.7,0.7\nz,0.4,0.6\n", "b.csv":
         "dataset,accuracy\nx,80\ny,60\nz,55\n"},
        {"long.csv": "dataset,classifier,accuracy\nx,a,.9\nx,b,.8\ny,a,.7\ny,b,.6\nz,a,.5\nz,b,.55\n"},
        {"long.csv": "model,dataset,seed,score\na,x,0,.9\nb,x,0,.8\na,y,0,.7\nb,y,0,.6\na,z,0,.5\nb,z,0,.55"},
    ],
)  # fmt: skip
def test_every_shape_of_table_is_read(files, tmp_path):
    paths = []
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        paths.append(tmp_path / name)
    found = zoo.compare_tables(paths)
    frame = found.scores.set_index("dataset")
    assert frame["a"].to_dict() == pytest.approx({"x": 0.9, "y": 0.7, "z": 0.5})
    assert frame["b"].to_dict() == pytest.approx({"x": 0.8, "y": 0.6, "z": 0.55})


def test_data_frames_and_mappings_are_read_as_files_are(tmp_path):
    frame = pd.DataFrame({"a": [0.9, 0.7, None], "b": [0.8, 0.6, 0.5]}, index=["x", "y", "z"])
    found = zoo.compare_tables(frame)
    assert found.report.datasets == ["x", "y"]
    assert "1 of 3 datasets are left out" in found.report.notes[0]
    again = zoo.compare_tables(frame.rename_axis("dataset").reset_index())
    assert again.report.pairs == found.report.pairs


BAD = {
    "missing": (None, "there is no such file"),
    "empty": ("", "has no scores"),
    "one column": ("dataset\nx\n", "has one column"),
    "one classifier": ("dataset,a\nx,0.5\ny,0.6\n", "there is one classifier, a"),
    "one dataset": ("dataset,a,b\nx,0.5,0.6\n", "there is one dataset, x"),
    "a dataset twice": ("dataset,a,b\nx,0.5,0.6\nx,0.5,0.6\n", "x is in lines 2 and 3"),
    "a column twice": ("dataset,a,a\nx,0.5,0.6\ny,1,1\n", "'a' is there twice"),
    "a word": ("dataset,a,b\nx,0.5,good\ny,1,1\n", "line 2, column 'b': 'good' is no score"),
    "a decimal comma": ("dataset;a;b\nx;0,5;0,6\ny;1;1\n", "Use decimal points"),
    "infinite": ("dataset,a,b\nx,0.5,inf\ny,1,1\n", "not finite"),
    "both units": ("dataset,a,b\nx,0.5,0.7\ny,97,0.8\n", "shares and per cent in one column"),
    "no accuracy": ("dataset,a,b\nx,0.5,0.7\ny,0.6,-0.1\n", "is no test accuracy"),
    "above 100": ("dataset,a,b\nx,50,70\ny,60,170\n", "is no test accuracy"),
    "a short row": ("dataset,a,b\nx,0.5\ny,0.6,0.7\n", "line 2 has 2 cells"),
    "nothing in common": ("dataset,a,b\nx,0.5,\ny,,0.7\n", "no dataset has a score of each"),
    "uneven": (
        "dataset,classifier,accuracy\nx,a,.9\nx,a,.8\nx,b,.8\ny,a,.9\ny,b,.9\n",
        "has 1 scores on",
    ),
    "two values": (
        "dataset,classifier,accuracy,score\nx,a,.9,.8\nx,b,.8,.8\n",
        "may be the column accuracy or score. Say which: --value accuracy",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_table_is_refused_in_a_line(what, tmp_path, zoo_here):
    text, message = BAD[what]
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text)
    code, out, err = zoo_here("compare", "--from-table", path)
    assert code in (1, 2)
    assert out == ""
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_a_table_of_another_encoding_is_refused(tmp_path, zoo_here):
    (tmp_path / "t.csv").write_bytes("dataset,a,b\nGröße,0.5,0.6\ny,1,1\n".encode("latin-1"))
    code, _, err = zoo_here("compare", "--from-table", tmp_path / "t.csv")
    assert code == 1
    assert "is not UTF-8" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "3"], "leave --seeds out"),
        (["--from", "runs"], "leave --from out"),
        (["--rope", "-1"], "--rope is -1: use 0 or more"),
        (["--rope", "100"], "less than 100"),
        (["nobody"], "unknown classifier 'nobody'"),
        (["a"], "there is one classifier"),
        (["--json", "--csv"], "give one of"),
    ],
)
def test_options_that_do_not_fit_tables_are_refused(options, message, tmp_path, zoo_here):
    (tmp_path / "t.csv").write_text(WIDE)
    code, _, err = zoo_here("compare", "--from-table", tmp_path / "t.csv", *options)
    assert code == 2
    assert message in err


@pytest.mark.parametrize("option", ["--value", "--resamples"])
def test_options_of_tables_alone_are_refused_elsewhere(option, zoo_here):
    code, _, err = zoo_here("compare", "cnn", option, "mean")
    assert code == 2
    assert f"{option} goes with --from-table" in err


def test_the_command_prints_ranks_diagram_and_verdict_and_writes_the_page(
    published, tmp_path, zoo_here
):
    page = tmp_path / "page.html"
    code, out, err = zoo_here("compare", "--from-table", *published, "--html", page)
    assert code == 0, err
    assert "Over 112 datasets HC2 is above every other, and told apart from each." in out
    assert re.search(r"\^ HC2 1\.76", out)
    assert re.search(r"=+ +cannot be told apart", out)
    assert "30 of 142 datasets are left out" in out
    text = page.read_text()
    assert text.count("<svg") > 1
    assert "Critical-difference diagram. Mean ranks: HC2 1.76" in text
    assert not re.search(r"(src|href|url)\W{1,2}https?:", text)


def test_csv_is_read_again_and_json_has_a_schema(tmp_path, zoo_here):
    (tmp_path / "t.csv").write_text(WIDE)
    _, out, _ = zoo_here("compare", "--from-table", tmp_path / "t.csv", "--csv")
    (tmp_path / "again.csv").write_text(out)
    _, first, _ = zoo_here("compare", "--from-table", tmp_path / "t.csv", "--json")
    _, second, _ = zoo_here("compare", "--from-table", tmp_path / "again.csv", "--json")
    assert json.loads(first)["pairs"] == json.loads(second)["pairs"]
    from zoo.studies.datasets_schema import DatasetsReport

    (tmp_path / "report.json").write_text(first)
    assert DatasetsReport.read(tmp_path / "report.json").to_dict() == json.loads(first)


def test_markdown_has_the_diagram(tmp_path, zoo_here):
    (tmp_path / "t.csv").write_text(WIDE)
    code, out, _ = zoo_here("compare", "a", "b", "--from-table", tmp_path / "t.csv", "--markdown")
    assert code == 0
    assert "| classifier | mean rank |" in out
    assert "nobody can tell" in out
