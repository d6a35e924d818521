"""Ranges, choices and files of search spaces: what is drawn, and what is refused with its place."""

import itertools
import statistics
from pathlib import Path
from typing import Annotated

import pytest
from conftest import assert_one_line_error

import zoo
from zoo import recipe as recipes
from zoo.manifest import Manifest
from zoo.parameters import Parameter
from zoo.range_rules import fault_of
from zoo.tuning.accounts import Account, next_of
from zoo.tuning.budget import Budget, seconds_of
from zoo.tuning.expected_best import expected_best
from zoo.tuning.rank_moves import default_ranks, tuned_ranks
from zoo.tuning.space_file import SpaceFile
from zoo.tuning.spaces import Dimension, check_recipe_key, check_recipe_space
from zoo.tuning.trials import Trial, best_of


def build(
    input_shape,
    num_classes,
    *,
    units: Annotated[int, "units", zoo.Range(16, 512, log=True)] = 64,
    filters: Annotated[tuple[int, int], zoo.Choice((8, 16), (16, 32)), "filters"] = (8, 16),
    rate: float = 0.1,
): ...


def test_annotations_hold_ranges_and_documentation_in_any_order():
    found = zoo.Architecture("net", build, "image", "").hyperparameters
    assert found["units"].space == zoo.Range(16, 512, log=True)
    assert found["filters"].space == zoo.Choice((8, 16), (16, 32))
    assert found["rate"].space is None
    assert (found["units"].doc, found["filters"].doc) == ("units", "filters")


@pytest.mark.parametrize(
    ("space", "kind", "fault"),
    [
        (zoo.Range(16, 512, log=True), int, ""),
        (zoo.Range(0, 1), float, ""),
        (zoo.Range(0.0, 0.5, step=0.1), float, ""),
        (zoo.Range(1, 8), int | None, ""),
        (zoo.Choice((1, 2), (2, 3)), tuple[int, int], ""),
        (zoo.Choice(True, False), bool, ""),
        (zoo.Choice("a", "b"), str, ""),
        (zoo.Range(16.0, 512), int, "16.0 is no int"),
        (zoo.Range(5, 5), int, "is one value"),
        (zoo.Range(5, 1), int, "is empty"),
        (zoo.Range(0, 1, log=True), float, "begins above 0"),
        (zoo.Range(1, 8, log=True, step=1), int, "not with log"),
        (zoo.Range(1, 8, step=9), int, "leaves one value"),
        (zoo.Range("a", 1), float, "not both numbers"),
        (zoo.Range(0, float("inf")), float, "not both numbers"),
        (zoo.Range(0, 1), tuple[int, ...], "0 is no tuple"),
        (zoo.Choice(), int, "no value"),
        (zoo.Choice(3), int, "is one value"),
        (zoo.Choice(3, 3), int, "is one value"),
        (zoo.Choice(3, 4, 3), int, "3 is there twice"),
        (zoo.Choice(3, "four"), int, "'four' is no int"),
        (zoo.Choice((1, 2), (1, 2, 3)), tuple[int, int], "is no tuple"),
    ],
)
def test_a_space_fits_its_parameter_or_the_fault_is_named(space, kind, fault):
    found = fault_of(space, Parameter("x", kind, None))
    assert fault in found
    assert bool(found) == bool(fault)


def test_the_shipped_ranges_fit_the_recipe_and_the_architectures():
    manifest, registry = Manifest.read(), zoo.Registry.discover()
    assert {"learning_rate", "weight_decay", "batch_size", "label_smoothing", "ema"} < {
        *manifest.space
    }
    for key, space in manifest.space.items():
        check_recipe_key(key, key)
        check_recipe_space(key, space, key)
    for name in manifest.architectures:
        hyperparameters = registry.architecture(name)[0].hyperparameters.values()
        searched = [each for each in hyperparameters if each.space is not None]
        assert searched, name
        for each in searched:
            assert not fault_of(each.space, each), (name, each.name)
            assert each.space.holds(each.default), (name, each.name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("learning_rate = 3", "space.learning_rate is 3; write { low"),
        ("learning_rate = { low = 1 }", "has no high"),
        ("learning_rate = { low = 1, hi = 2 }", "has the key 'hi'"),
        ("learning_rate = { low = 1, high = 2, log = 1 }", "log = 1; use true or false"),
    ],
)
def test_registry_toml_is_checked(tmp_path, text, said):
    path = tmp_path / "registry.toml"
    path.write_text(f"schema = 1\n\n[space]\n{text}\n")
    with pytest.raises(zoo.UsageError, match="line 4") as error:
        Manifest.read(path)
    assert said in str(error.value)


SPACES = [
    ("recipe = 3", "line 1: recipe must be a table"),
    ("defaults = 1", "line 1: defaults is true or false"),
    ("[recipes]\n", "unknown key of a space 'recipes'. Did you mean recipe"),
    ("[recipe]\nlearning_rate = 1", "line 2: learning_rate is 1; write"),
    ("[recipe]\nbatch_size = [16]", "line 2: batch_size: 16 is one value"),
    ("[recipe]\nbatch_size = [0, 16]", "line 2: batch_size: 0 is not allowed; use 1"),
    ("[recipe]\nlearning_rat = [1, 2]", "line 2: learning_rat: unknown recipe key"),
    ("[recipe]\nepochs = [1, 2]", "line 2: epochs: epochs is not searched: the length of a trial"),
    ("[recipe]\njitter = [0.1, 0.2]", "line 2: jitter: jitter does not augment images"),
    ("[hyperparameters.gru]\nunits = [1, 2]", "unknown architecture that is tuned 'gru'"),
    ("[hyperparameters.cnn]\nunits = [1, 2]", "line 2: units: unknown hyperparameter of cnn"),
    ("[hyperparameters.cnn]\ndropout = ['a', 'b']", "line 2: dropout: 'a' is no float"),
    ("[hyperparameters.cnn]\ndropout = {low = 1, high = 0}", "line 2: dropout: 1 to 0 is empty"),
    ("defaults = false", "the search space of cnn is empty"),
    ("nonsense", "is not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), SPACES)
def test_a_file_of_spaces_is_refused_by_line(zoo_here, text, said):
    Path("space.toml").write_text(text)
    command = ("tune", "cnn", "--dataset", "digits", "--trials", 2, "--space", "space.toml")
    assert_one_line_error(zoo_here(*command), 2, said)
    assert not Path("studies").exists() or not list(Path("studies").rglob("study.json"))


def test_a_file_of_spaces_replaces_adds_and_removes():
    file = SpaceFile.of(
        {"recipe": {"ema": False, "batch_size": [16, 32]}, "hyperparameters": {"cnn": {}}}
    )
    assert file.recipe == {"ema": None, "batch_size": zoo.Choice(16, 32)}
    assert file.defaults


REFUSED = [
    ((), "no architecture is given"),
    (("nonsense",), "unknown architecture 'nonsense'"),
    (("cnn",), "--trials, --budget or --budget-steps; none is given"),
    (("cnn", "--trials", 1, "--budget", "2h"), "several is given"),
    (("cnn", "--trials", 0), "--trials 0: use 1 to 10,000"),
    (("cnn", "--budget", "soon"), "write a duration such as 90s"),
    (
        ("cnn", "--budget-steps", 30),
        "--budget-steps 30 is smaller than one trial: one of cnn takes 820",
    ),
    (("cnn", "--trials", 1, "--study", "../x"), "use letters, digits"),
    (("cnn", "--trials", 1, "--validation", 0), "--validation 0: use a share above 0"),
    (("cnn", "--trials", 1, "--validation", 2), "--validation 2: use a share above 0"),
    (("cnn", "--trials", 1, "--set", "cnn.depth=3"), "unknown hyperparameter of cnn 'depth'"),
    (("cnn", "--trials", 1, "--dataset", "nowhere"), "unknown dataset 'nowhere'"),
    (("cnn", "--all", "--trials", 1), "not both"),
    (("--from", "nowhere"), "nowhere: is no study. studies has no study. Make one: zoo tune"),
    (("--from", "nowhere", "--trials", 3), "leave --trials out"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_cannot_be_tuned_is_refused(zoo_here, words, said):
    dataset = () if "--dataset" in words or "--from" in words else ("--dataset", "digits")
    assert_one_line_error(zoo_here("tune", *words, *dataset), 2, said)


def test_without_optuna_the_line_to_type_is_printed(zoo_here, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    result = zoo_here("tune", "cnn", "--dataset", "digits", "--trials", 2)
    assert_one_line_error(result, 2, "pip install 'archzoo[tune]'")


def test_importing_a_range_imports_nothing_heavy():
    import json
    import subprocess
    import sys

    probe = "import sys, json, zoo; zoo.Range(1, 2), zoo.Choice(1, 2); print(json.dumps([*sys.modules]))"
    found = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, check=True, text=True
    )
    assert not {"keras", "numpy", "optuna", "tensorflow"} & {*json.loads(found.stdout)}


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2h", 7200), ("1h30m", 5400), ("1.5 min", 90), (3, 3)]
)
def test_durations(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-3s", "2 fortnights", "h", "nan", "1e9h"])
def test_other_durations_are_refused(text):
    with pytest.raises(zoo.UsageError, match="write a duration"):
        seconds_of(text)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_expected_best_is_that_of_all_orders(sign):
    scores = [0.31, 0.92, 0.55, 0.55, 0.7]
    best = max if sign == 1 else min
    for point in expected_best(scores, sign):
        every = [best(order[: point.trials]) for order in itertools.permutations(scores)]
        assert point.mean == pytest.approx(statistics.mean(every))
        assert point.low == sorted(every)[round(0.025 * len(every))]
        assert point.high == sorted(every)[round(0.975 * len(every)) - 1]


def test_ranks_have_ranges_that_hold_them():
    scores = {"a": 0.9, "b": 0.89, "c": 0.5}
    few, many = (default_ranks(scores, 1, samples) for samples in (20, 100_000))
    assert [few[name].between for name in "ab"] == [(1, 2), (1, 2)]
    assert [many[name].between for name in "abc"] == [(1, 1), (2, 2), (3, 3)]
    assert default_ranks(scores, -1, None)["c"].rank == 1
    tuned = tuned_ranks({"a": [0.1, 0.9], "b": [0.8, 0.8]}, 1, None)
    assert (tuned["a"].rank, tuned["a"].between, tuned["b"].between) == (1, (1, 2), (1, 2))


def trial(number, state="complete", score=None, **facts):
    return Trial(number, state, {}, 1000 + number, score, **facts)


def test_architectures_take_turns_by_what_they_have_spent():
    budget = Budget("steps", 100)
    accounts = {
        "a": Account([trial(0, steps=50, score=0.5)], budget),
        "b": Account([trial(0, steps=30, score=0.5)], budget),
        "c": Account([trial(0, steps=80, score=0.5)], budget),
    }
    assert next_of(accounts) == "b"
    assert accounts["c"].done  # a whole trial would exceed the rest
    accounts["b"] = Account([trial(n, "failed") for n in range(3)], budget)
    assert accounts["b"].given_up
    assert next_of(accounts) == "a"
    assert next_of({"c": accounts["c"]}) is None


def test_of_equal_scores_the_lower_loss_is_better():
    trials = [trial(n, score=0.9, metrics={"val_loss": loss}) for n, loss in enumerate((3, 1, 2))]
    best = best_of([*trials, trial(3, "pruned"), trial(4, "running")], 1)
    assert best is not None
    assert best.number == 1
    assert best_of([trial(0, "failed")], 1) is None


def test_what_is_drawn_is_written_in_few_digits_and_stays_in_its_range():
    rate = Dimension("recipe", "learning_rate", zoo.Range(0.0003, 0.03, log=True), 0.004)
    assert rate.value(0.00123456) == 0.00123
    assert rate.value(0.02999) == 0.03
    units = Dimension("hyperparameters", "units", zoo.Range(16, 512), 64)
    assert units.value(17) == 17 and isinstance(units.value(17), int)
    filters = Dimension("hyperparameters", "filters", zoo.Choice((8, 16), (16, 32)), (8, 16))
    assert filters.value("16,32") == (16, 32)
    for each in (rate, units, filters):
        assert Dimension.of_record(each.as_record()) == each


def test_a_recipe_file_sets_hyperparameters_of_one_architecture(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'base = "quick"\n[overrides.cnn]\nbatch_size = 64\n[overrides.cnn.hyperparameters]\n'
        "filters = [8, 16, 32]\ndropout = 0.1\n"
    )
    plan = zoo.plan("cnn", "digits", recipe=path, hyperparameters={"dropout": 0.2})
    assert plan.hyperparameters["filters"] == (8, 16, 32)
    assert plan.hyperparameters["dropout"] == 0.2  # what is given comes last
    assert plan.recipe.batch_size == 64
    assert zoo.plan("gru", "digits", recipe=path).recipe.batch_size == 128
    assert recipes.hyperparameters(Manifest.read(), "quick", "cnn") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dropout = 'much'", "overrides of cnn: .*dropout is float"),
        ("depth = 3", "unknown hyperparameter"),
    ],
)
def test_wrong_hyperparameters_of_a_recipe_file_are_refused(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(f"[overrides.cnn.hyperparameters]\n{text}\n")
    with pytest.raises(zoo.UsageError, match=said):
        zoo.plan("cnn", "digits", recipe=path)
    path.write_text("[overrides.cnn]\nhyperparameters = 3\n")
    with pytest.raises(zoo.UsageError, match="line 2: hyperparameters must be a table"):
        zoo.plan("cnn", "digits", recipe=path)
