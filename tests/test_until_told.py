"""As few seeds as needed: the levels of the stages, who is given more seeds, and what is reported."""

import dataclasses
import json

import numpy as np
import pytest
from made_runs import make_run
from scipy import stats

import zoo
from zoo.comparison import table
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.entries import Entry
from zoo.comparison.jobs import PENDING, Job, Outcome, RunPlan
from zoo.comparison.report import ReportInfo, make_report
from zoo.comparison.sequential import SequentialDesign, carry_out, levels, stages
from zoo.comparison.significance import differences
from zoo.comparison.until_told import Stages
from zoo.comparison.verdict import of_pair, verdict
from zoo.runs.run import Run
from zoo.scoring import ACCURACY
from zoo.training.request import Request


def test_the_levels_are_the_published_ones():
    # Pocock-like spending, five equal stages, 5 % two-sided: z values as tables of Lan and DeMets' method.
    published = [2.438, 2.427, 2.410, 2.397, 2.386]
    z = stats.norm.isf(np.array(levels((1, 2, 3, 4, 5), 0.05)) / 2)
    assert z == pytest.approx(published, abs=0.001)
    assert levels((5,), 0.05) == pytest.approx((0.05,))


@pytest.mark.parametrize(("most", "alpha"), [(20, 0.05), (10, 0.01), (60, 0.05)])
def test_a_motion_without_drift_is_stopped_as_often_as_promised(most, alpha):
    counts = np.array(stages(most))
    steps = np.sqrt(np.diff(counts / most, prepend=0.0))
    random = np.random.default_rng(0)
    motion = np.cumsum(random.normal(size=(200_000, len(counts))) * steps, axis=1)
    p = 2 * stats.norm.sf(abs(motion) / np.sqrt(counts / most))
    stopped = (p < np.array(levels(tuple(counts), alpha))).any(axis=1).mean()
    assert stopped == pytest.approx(alpha, rel=0.08)


@pytest.mark.parametrize("most", [3, 4, 5, 8, 20, 200])
def test_stages_grow_to_the_most(most):
    found = stages(most)
    assert found[0] == 3
    assert found[-1] == most
    assert found == sorted(set(found))


def _answers(random, hard, rate, seeds=20):
    return (hard + random.normal(0, 0.02, (seeds, len(hard))) < rate).astype(float)


def _carried_out(rates, rope=None, fails=()):
    random = np.random.default_rng(0)
    hard = random.random(1000)
    every = {name: _answers(random, hard, rate) for name, rate in rates.items()}
    design, asked = SequentialDesign(list(rates)), []

    def train(names, count):
        asked.append((list(names), count))
        return {name: count - (name in fails) for name in rates}

    def test(names):
        count = asked[-1][1]
        return differences({name: every[name][:count] for name in names}, rope=rope)

    carry_out(design, train, test)
    return design, asked


def test_seeds_are_added_only_where_pairs_are_undecided():
    design, asked = _carried_out({"far": 0.5, "one": 0.9, "two": 0.9})
    assert asked[0] == (["far", "one", "two"], 3)
    assert all("far" not in names for names, _ in asked[2:])
    assert asked[-1] == (["one", "two"], 20)
    assert design.decisions[frozenset(("far", "one"))].seeds < 20
    assert not design.decisions[frozenset(("one", "two"))].told


def test_a_margin_ends_the_search_for_a_difference():
    design, asked = _carried_out({"one": 0.9, "two": 0.9}, rope=0.05)
    assert asked[-1][1] < 20
    found = design.decisions[frozenset(("one", "two"))]
    assert found.told
    assert found.p > 0.05
    assert found.p_equivalent < 0.05


def test_an_architecture_that_fails_gets_no_more_seeds():
    design, asked = _carried_out({"one": 0.9, "two": 0.9, "broken": 0.9}, fails=["broken"])
    assert [names for names, _ in asked if "broken" in names] == [["one", "two", "broken"]]
    assert set(design.decisions) == {frozenset(("one", "two"))}


def test_one_architecture_is_not_trained_at_all_stages():
    _, asked = _carried_out({"alone": 0.9})
    assert asked == []


class _Finds:
    """A runner that finds made-up runs where one would be trained."""

    def __init__(self, folders):
        self._folders, self.outcomes, self.trained = folders, [], []

    def train(self, run_plan):
        self.outcomes = [
            Outcome(job, "finished", Run.open(self._folders[job.entry.name, job.request.seed]))
            for job in run_plan.jobs
        ]
        self.trained += [(job.entry.name, job.request.seed) for job in run_plan.jobs]


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A comparison in stages of three: two alike, one far below; its report and what was trained."""
    folder, random = tmp_path_factory.mktemp("made"), np.random.default_rng(0)
    hard = random.random(1500)
    rates = {"far": 0.6, "one": 0.9, "two": 0.9}
    folders = {
        (name, seed): make_run(folder, name, seed, hard + random.normal(0, 0.01, 1500) < rate)
        for name, rate in rates.items()
        for seed in range(8)
    }
    jobs = [
        Job(Entry(name, name), dataclasses.replace(Request(name), seed=seed), PENDING)
        for seed in range(8)
        for name in rates
    ]
    runner, design = _Finds(folders), SequentialDesign(list(rates), 8)
    callback = ComparisonCallback()
    found = Stages(runner, RunPlan(tuple(jobs), None), design, ACCURACY, 3.0, callback).run()
    info = ReportInfo("zoo compare ...", 0.99, rope=3.0, design=design)
    return make_report(found, None, info, callback), runner


def test_the_report_says_what_each_stage_took(reported):
    report, runner = reported
    found = report.sequential
    assert found.stages == [3, 4, 6, 8]
    assert found.seeds == {row.name: len(row.seeds) for row in report.rows}
    assert found.runs == len(runner.trained) == len(set(runner.trained)) < found.most == 24
    assert found.undecided == 0
    assert "runs" in next(line for line in table.foot(report) if line.startswith("stages: "))
    assert any(line.startswith("sequential: Seeds are added") for line in table.foot(report))
    assert "Holm" not in report.methods["difference"] + report.methods["equivalence"]


def test_the_verdicts_of_the_report_are_those_of_the_stages(reported):
    report, _ = reported
    told = {frozenset((p.first, p.second)): of_pair(p) for p in report.pairs}
    assert told[frozenset(("one", "two"))] == "equivalent"
    assert told[frozenset(("one", "far"))] == "one is better"
    assert all(pair.decided <= pair.seeds for pair in report.pairs)
    assert "Equivalent within ±3 points" in verdict(report)
    again = type(report).from_dict(json.loads(json.dumps(report.to_dict())))
    assert again.sequential == report.sequential
    assert again.pairs == report.pairs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--until-told", "--seeds", "3"], "leave --seeds out"),
        (["--until-told", "--folds", "3"], "leave --folds out"),
        (["--until-told", "--together", "--backend", "jax"], "leave --together out"),
        (["--until-told", "--max-seeds", "2"], "--max-seeds 2: use 3 to 200"),
        (["--until-told", "--max-seeds", "201"], "use 3 to 200"),
        (["--max-seeds", "5"], "--max-seeds goes with --until-told"),
        (["--until-told", "--rope", "0"], "above 0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message, zoo_here):
    code, out, err = zoo_here("compare", "cnn", "gru", "--dataset", "digits", *options)
    assert code == 2
    assert message in err
    assert out == ""


def test_finished_runs_have_no_stages(zoo_here):
    code, _, err = zoo_here("compare", "--from", "runs", "--until-told")
    assert code == 2
    assert "leave --until-told out" in err


@pytest.mark.slow
def test_a_comparison_ends_as_soon_as_all_are_told(tmp_path, small_npz):
    for name, layers in (
        ("wide", "layers.Dense(32, activation='relu'), layers.Dense(num_classes)"),
        ("blind", "layers.Dense(1), layers.Dense(num_classes)"),
    ):
        (tmp_path / f"{name}.py").write_text(
            "def build(input_shape, num_classes):\n    import keras\n    from keras import layers\n\n"
            f"    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), {layers}])\n"
        )
    found = zoo.compare(
        [tmp_path / "wide.py", tmp_path / "blind.py"], small_npz, recipe="quick", until_told=True,
        max_seeds=8, device="cpu", runs_dir=tmp_path / "runs", progress=False,
    )  # fmt: skip
    assert found.verdict("wide", "blind") == "wide is better"
    assert found.report.sequential.runs < 16
