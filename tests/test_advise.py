"""`zoo advise`: limits by measurement, a search by validation data, finalists tested once; resumable."""

import json
import re
from types import SimpleNamespace

import pytest
from conftest import assert_one_line_error

import zoo as package
from zoo.advising import advisor, decision, schedule
from zoo.advising.advice_record import Candidate, Trial
from zoo.advising.candidates import check_limits, refuse_none
from zoo.advising.limits import Limits, limits_of
from zoo.comparison.row_schema import Statistic

NET = '''
"""A network with a size."""

sizes = {"large": {"units": 64}}


def build(input_shape, num_classes, *, units: int = 8):
    """`units` of the hidden layer."""
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input(input_shape), layers.Flatten(), layers.Dense(units, activation="relu"),
        layers.Dense(num_classes),
    ])
'''
USUAL = ("--dataset", "digits", "--recipe", "quick", "--runtime", "keras", "--device", "cpu")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (("5ms", "200MB", "2M"), Limits(0.005, 200_000_000, 2_000_000)),
        (("0.005s", "1GiB", "500000"), Limits(0.005, 2**30, 500_000)),
        (("500 us", "1.5 GB", "500k"), Limits(0.0005, 1_500_000_000, 500_000)),
        ((0.25, 1000, 10), Limits(0.25, 1000, 10)),
        ((None, None, None), Limits()),
    ],
)
def test_limits_are_read_with_their_units(given, wanted):
    found = limits_of(*given)
    assert found.latency == pytest.approx(wanted.latency)
    assert (found.memory, found.parameters) == (wanted.memory, wanted.parameters)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--latency", "5", "--latency 5: use a number above 0 with its unit, as in 5ms or 0.005s."),
        ("--latency", "5 min", "as in 5ms"),
        ("--latency", "0ms", "above 0"),
        ("--latency", "-5ms", "above 0"),
        ("--latency", "nan", "above 0"),
        ("--memory", "200", "with its unit, as in 200MB or 1GiB"),
        ("--memory", "200ms", "200MB"),
        ("--parameters", "2MB", "500k or 2M"),
        ("--minutes", "0", "--minutes 0: use a number above 0, such as 30."),
        ("--minutes", "nan", "above 0"),
        ("--seeds", "0", "use at least 1"),
        ("--dataset", "digit", "digits"),
        ("--recipe", "quik", "quick"),
        ("--architectures", "cn", "unknown architecture 'cn'"),
        ("--architectures", "cnn@smal", "Did you mean small?"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_measured(
    option, value, said, zoo, tmp_path
):
    words = ("advise", *USUAL, "--architectures", "cnn", option, value)
    assert_one_line_error(zoo(*words), 2, said)
    assert not (tmp_path / "advice").exists()


def candidate(name, latency=0.001, memory=100, parameters=10, noise=1.0):
    spread = Statistic(median=latency, q1=0.9 * latency, q3=1.1 * latency, n=4)
    return Candidate(
        name=name, latency=spread, memory=memory, parameters=parameters, noise=noise, epoch=1.0
    )


def test_the_nearest_is_named_if_nobody_keeps_to_the_limits():
    found = [candidate("slow", 0.004), candidate("near", 0.002, 150), candidate("fat", 0.001, 900)]
    limits = Limits(0.0018, 100)
    check_limits(found, limits)
    with pytest.raises(package.UsageError) as raised:
        refuse_none(found, limits)
    assert "none of the 3 candidates" in str(raised.value)
    assert "Nearest: near with 2 ms, above 1.8 ms" in str(raised.value)
    check_limits(found, Limits(0.0018, 1000))
    assert [each.name for each in found if each.eligible] == ["fat"]


def test_halving_takes_the_best_by_accuracy_then_loss():
    trials = [
        Trial(name="a", val_accuracy=0.9, val_loss=0.3),
        Trial(name="b", val_accuracy=0.9, val_loss=0.2),
        Trial(name="c", val_accuracy=0.95, val_loss=0.9),
        Trial(name="d", problem="diverged"),
    ]
    assert schedule.best(trials, 2) == ["c", "b"]
    assert schedule.best(trials, 9) == ["c", "b", "a"]


def test_the_whole_search_fits_into_its_time():
    """For many times and candidates: what is planned is never longer than what is left."""
    for epochs in (1, 2, 5, 20, 40):
        for budget in (10.0, 60.0, 600.0):
            names = [f"n{number}" for number in range(12)]
            each = {name: 0.5 + number for number, name in enumerate(names)}
            left, going = budget, names
            steps = schedule.levels(epochs)
            assert steps == sorted(set(steps)) and steps[-1] <= max(1, epochs)
            for number, level in enumerate(steps):
                costs = {name: level * each[name] for name in going}
                taken, left_out = schedule.affordable(costs, left / (len(steps) + 1 - number))
                assert sorted(taken + left_out) == sorted(going)
                left -= sum(costs[name] for name in taken)
                going = taken[: schedule.kept(len(taken))]
            costs = {name: epochs * each[name] for name in going}
            finalists, seeds = schedule.final(going, costs, left, 5)
            assert not finalists or seeds * sum(costs[n] for n in finalists) <= left


def pair(first, second, *, different):
    return SimpleNamespace(first=first, second=second, different=different)


def report(names, pairs, seeds=3):
    rows = [SimpleNamespace(name=name, judged=0.9, seeds=list(range(seeds))) for name in names]
    return SimpleNamespace(rows=rows, pairs=pairs, fronts=[])


def test_the_recommendation_says_when_nobody_can_tell():
    known = {name: candidate(name, ms / 1000) for name, ms in (("a", 3), ("b", 1), ("c", 2))}
    told = [pair("a", "b", different=True), pair("a", "c", different=True)]
    found = decision.recommend(report("abc", told), known)
    assert (found.name, found.told, found.alternatives) == ("a", True, [])
    assert found.text == "Take a: it is told to be better than b and c."
    unsure = [pair("a", "b", different=False), pair("a", "c", different=False)]
    found = decision.recommend(report("abc", unsure), known)
    assert (found.told, found.alternatives) == (False, ["b", "c"])
    assert "nobody can tell it from b or c (with 3 seeds each). b answers faster" in found.text
    found = decision.recommend(report("abc", unsure, seeds=1), known)
    assert "with one seed nobody ever can" in found.text
    assert "compared with nobody" in decision.recommend(report("a", []), known).text


def test_the_front_goes_by_the_measured_latency():
    known = {"a": candidate("a", 0.001), "b": candidate("b", 0.01)}
    made = report("ab", [pair("a", "b", different=True)])
    decision.add_latency(made, known)
    [front] = made.fronts
    assert {each.name: each.state for each in front.entries} == {"a": "front", "b": "dominated"}
    known["b"].noise = known["a"].noise = 200.0
    decision.add_latency(made, known)
    assert made.fronts[0].entries[1].state == "cannot tell"


@pytest.fixture(scope="module")
def advised(tmp_path_factory):
    """An advice on a file's two sizes, from its beginning to its end; what a slow test measures is given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(advisor, "measure_group", lambda group, *_, **__: [*map(measured, group)])
        yield made(tmp_path_factory.mktemp("advice"))


def measured(entry):
    return candidate(entry.name, 0.002 if "large" in entry.name else 0.001, 10**8, 100)


def made(folder):
    (folder / "net.py").write_text(NET)
    options = {
        "architectures": [str(folder / "net.py")], "recipe": "quick", "device": "cpu", "minutes": 30,
        "latency": "1s", "seeds": 1, "runtime": "keras",
        "advice_dir": folder / "advice", "runs_dir": folder / "runs", "progress": False,
    }  # fmt: skip
    return package.advise("digits", **options), folder, options


def test_an_advice_has_measured_searched_and_tested(advised):
    advice, _, _ = advised
    record = advice.record
    assert {each.name for each in record.candidates} == {"net", "net@large"}
    assert [rung.epochs for rung in record.rungs] == [1]
    assert set(record.finalists) == {"net", "net@large"} and record.final_seeds == 1
    assert advice.name == record.report.rows[0].name
    means = {row.name: row.accuracy for row in record.report.rows}
    assert means[advice.name] == max(means.values())
    assert not advice.told and len(record.recommendation.alternatives) == 1  # one seed
    assert "with one seed nobody ever can" in advice.text
    assert {each.cost for each in record.report.fronts} >= {"latency", "flops", "memory"}


def test_the_search_leaves_the_test_set_untouched(advised):
    advice, folder, _ = advised
    searched = package.load_runs(folder / "advice" / "runs")
    assert {each.name for each in searched} == {
        trial.run for rung in advice.record.rungs for trial in rung.trials
    }
    assert not any("test_accuracy" in each.metrics for each in searched)
    tested = package.load_runs(folder / "runs")
    assert len(tested) == 2 and all("test_accuracy" in each.metrics for each in tested)


def test_the_same_call_shows_it_again_and_other_limits_use_what_was_measured(advised, monkeypatch):
    advice, _, options = advised
    again = package.advise("digits", **options)
    assert again.to_dict() == advice.to_dict()

    monkeypatch.setattr(advisor, "measure_group", None)  # nothing may be measured again
    with pytest.raises(package.UsageError, match=r"Nearest: net.* above 0\.001 ms"):
        package.advise("digits", **{**options, "latency": "1us"})
    with pytest.raises(package.UsageError, match=r"too few for one training\. net.*, the fastest"):
        package.advise("digits", **{**options, "latency": "2s", "minutes": 0.001})


def test_an_interrupted_advice_goes_on(advised, monkeypatch, tmp_path):
    """Ctrl-C in the search, at its second training; the first one stays."""
    _, _, options = advised
    begun, real = [], advisor.train

    def stopped(plan, *arguments, **more):
        begun.append(plan.hyperparameters["units"])
        if len(begun) == 2:
            raise KeyboardInterrupt
        return real(plan, *arguments, **more)

    own = {**options, "latency": "3s"}
    monkeypatch.setattr(advisor, "train", stopped)
    with pytest.raises(package.Interrupted, match="Give the same command"):
        package.advise("digits", **own)
    advice = package.advise("digits", **own)
    assert len(begun) == 3 and begun[1] == begun[2] != begun[0]
    assert advice.record.complete


def test_tables_and_page(advised, tmp_path):
    advice, _, _ = advised
    frame = advice.to_frame()
    assert frame["candidate"][0] == advice.name and frame["outcome"][0] == "recommended"
    assert all(seconds > 0 for seconds in frame["train_seconds"])
    text = advice.to_html(tmp_path / "page.html").read_text()
    assert advice.text.split(":")[0] in text and text.count("<svg") == 1
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    assert text == advice.render()
    assert "net@large" in repr(advice) or "net" in repr(advice)
    assert json.dumps(advice.to_dict())


@pytest.mark.slow  # minutes of trainings and benchmarks
@pytest.mark.parametrize("runtime", ["keras", "onnx"])
def test_the_command_measures_searches_and_tests(runtime, zoo, tmp_path):
    if runtime == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")
    (tmp_path / "net.py").write_text(NET)
    words = ("advise", "--dataset", "digits", "--recipe", "quick", "--architectures", "./net.py",
             "--memory", "4GB", "--seeds", "2", "--runtime", runtime, "--device", "cpu")  # fmt: skip
    result = zoo(*words, "--json", "--html", "page.html")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    small = 4e8 if runtime == "onnx" else 4e9
    for each in found["candidates"]:
        assert 2e7 < each["memory"] < small and 0 < each["latency"]["median"] < 1
        assert each["latency"]["n"] >= 2 and each["noise"] > 0 and each["epoch"] > 0
    assert found["recommendation"]["name"] == found["report"]["rows"][0]["name"]
    assert (tmp_path / "page.html").is_file()
    shown = zoo(*words)
    assert shown.returncode == 0 and "recommended" in shown.stdout
