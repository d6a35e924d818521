"""Parameters of datasets: read from the signature of `make`, set by --data-set, kept by the run."""

import json
from typing import Annotated

import pytest
from conftest import assert_one_line_error

from zoo import Dataset
from zoo.errors import UsageError

PLUGIN = """
from typing import Annotated

import zoo


def make(
    *,
    count: Annotated[int, "training samples"] = 96,
    sides: Annotated[tuple[int, int], "height and width"] = (6, 6),
    bright: Annotated[float, "how much one class is brighter"] = 90.0,
):
    if count < 12:
        raise zoo.UsageError(f"--data-set count={count}: use at least 12.")

    def load(locations):
        import numpy as np

        def some(number, seed):
            y = np.arange(number, dtype="int32") % 2
            x = np.random.default_rng(seed).integers(0, 100, (number, *sides, 1))
            return (x + bright * y[:, None, None, None]).astype("uint8"), y

        return zoo.Arrays(*some(count, 0), *some(40, 1), "made")

    return zoo.Dataset(
        name="glow",
        classes=("dim", "bright"),
        layout="image",
        shape=(*sides, 1),
        load=load,
        summary="specks",
        make=make,
        parameters={"count": count, "sides": sides, "bright": bright},
    )


GLOW = make()


@zoo.hookimpl
def zoo_datasets():
    return [GLOW]
""".replace("zoo.UsageError", "UsageError").replace(
    "import zoo\n\n\ndef make", "import zoo\nfrom zoo.errors import UsageError\n\n\ndef make"
)


@pytest.fixture(autouse=True)
def glow(distribution, monkeypatch):
    """A plugin's dataset with parameters; found by this process, too."""
    site = distribution("zoo-glow", PLUGIN)
    monkeypatch.syspath_prepend(str(site))


def test_a_dataset_shows_its_parameters(zoo_here):
    code, out, _ = zoo_here("datasets", "show", "glow", "--data-set", "sides=4,8", "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["shape"] == "4×8×1"
    assert [(each["name"], each["type"]) for each in shown["parameters"]] == [
        ("count", "int"),
        ("sides", "tuple[int, int]"),
        ("bright", "float"),
    ]
    assert shown["parameters"][1]["default"] == [6, 6]
    assert shown["parameters"][1]["value"] == [4, 8]
    text = zoo_here("datasets", "show", "glow")[1]
    assert "--data-set" in text
    assert "how much one class is brighter" in text
    assert "no parameters" in zoo_here("datasets", "show", "digits")[1]


@pytest.mark.parametrize(
    ("pair", "parts"),
    [
        ("coutn=3", ["--data-set", "'coutn'", "Did you mean count", "zoo datasets show glow"]),
        ("count=many", ["--data-set count=many", "count is int", "default 96"]),
        ("sides=6", ["--data-set sides=6", "tuple[int, int]"]),
        ("count=3", ["--data-set count=3: use at least 12"]),
        ("count", ["--data-set count: write KEY=VALUE"]),
    ],
)
def test_what_cannot_be_set_is_one_line(pair, parts, zoo_here, tiny_py):
    for command in (["train", tiny_py], ["compare", tiny_py, "--seeds", "1"], ["bench", tiny_py]):
        result = zoo_here(*command, "--dataset", "glow", "--data-set", pair)
        assert_one_line_error(result, 2, *parts)
    assert_one_line_error(zoo_here("check", "glow", "--data-set", pair), 2, *parts)


def test_a_dataset_without_parameters_says_so(zoo_here, tiny_py, small_npz):
    for data in ("digits", small_npz):
        result = zoo_here("train", tiny_py, "--dataset", data, "--data-set", "count=3")
        assert_one_line_error(result, 2, "--data-set count=3", "has no parameters")


def test_a_run_keeps_them_and_what_follows_has_them_again(zoo, zoo_here, tiny_py, tmp_path):
    train = ["train", tiny_py, "--dataset", "glow", "--recipe", "tutorial", "--epochs", "1"]
    chosen = ["--data-set", "sides=8,8", "--data-set", "count=64"]
    done = zoo(*train, *chosen)
    assert done.returncode == 0, done.stderr
    assert "glow (count=64, sides=8,8, bright=90.0)" in done.stderr
    assert "--data-set sides=8,8 --data-set count=64" in done.stdout  # the same with another seed
    assert "bright" not in done.stdout
    (record,) = (tmp_path / "runs").glob("*/run.json")
    kept = json.loads(record.read_text())
    wanted = {"count": 64, "sides": [8, 8], "bright": 90.0}
    assert kept["dataset"]["parameters"] == kept["identity"]["data_parameters"] == wanted
    assert kept["dataset"]["sizes"]["train"] == 59
    assert kept["input"]["shape"] == [8, 8, 1]

    again = zoo("evaluate", "last", "--json")
    assert again.returncode == 0, again.stderr
    answer = json.loads(again.stdout)
    assert answer["test_accuracy"] == kept["metrics"]["test_accuracy"]
    assert answer["parameters"] == wanted
    harder = zoo("evaluate", "last", "--json", "--data-set", "bright=0")
    assert json.loads(harder.stdout)["parameters"] == {**wanted, "bright": 0.0}
    assert json.loads(harder.stdout)["test_loss"] != answer["test_loss"]
    assert_one_line_error(zoo_here("evaluate", "last", "--data-set", "sides=6,6"), 2, "(6, 6, 1)")

    assert "is finished already" in zoo("train", "--resume", "last").stderr
    result = zoo_here("train", "--resume", "last", "--data-set", "count=64")
    assert_one_line_error(result, 2, "--resume takes everything from the run; leave --data-set")
    assert "count=64" in zoo_here("runs", "show", "last")[1]


def test_other_parameters_are_another_run_and_never_mixed(zoo, zoo_here, tiny_py, tmp_path):
    compare = ["compare", tiny_py, "--dataset", "glow", "--recipe", "tutorial", "--seeds", "1"]
    sizes = {}
    for count in (64, 96):
        done = zoo(*compare, "--costs", "none", "--json", "--data-set", f"count={count}")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        sizes[count] = document["dataset"]["sizes"]["train"]
        assert document["dataset"]["parameters"]["count"] == count
        assert f"--data-set count={count}" in document["command"]
    assert sizes == {64: 59, 96: 88}
    assert len(list((tmp_path / "runs").glob("*/run.json"))) == 2

    both = zoo_here("compare", "--from", "runs")
    assert_one_line_error(
        both, 2, "must not be mixed", "data parameter count: 64 (tiny (count=64))"
    )
    chosen = ["--dataset", "glow", "--data-set", "count=96"]
    code, out, err = zoo_here("compare", "--from", "runs", *chosen, "--json")
    assert code == 0, err
    assert json.loads(out)["dataset"]["sizes"]["train"] == 88
    mixed = zoo_here("compare", "--from", "runs", "--allow-mixed", "--json")[1]
    assert {row["name"] for row in json.loads(mixed)["rows"]} == {
        "tiny (count=64)",
        "tiny (count=96)",
    }
    nameless = zoo_here("compare", "--from", "runs", "--data-set", "count=96")
    assert_one_line_error(nameless, 2, "name it with --dataset")


def test_other_test_samples_are_refused_by_parameter(zoo, zoo_here, tiny_py):
    for bright in (50, 90):
        done = zoo(
            *("train", tiny_py, "--dataset", "glow", "--recipe", "tutorial", "--epochs", "1"),
            *("--data-set", f"bright={bright}", "--quiet"),
        )
        assert done.returncode == 0, done.stderr
    result = zoo_here("compare", "--from", "runs", "--allow-mixed")
    assert_one_line_error(result, 2, "not tested on the same images", "data parameter bright: 50.0")


def test_the_checks_hold_for_the_parameters_that_are_given(zoo):
    done = zoo("check", "glow", "--data-set", "sides=3,5", "--data-set", "count=20", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)
    seen = {each["check"]: each["seen"] for each in row["checks"]}
    assert "(3, 5, 1)" in seen["declared"]
    assert seen["shapes"].startswith("20 to train")


def test_the_recipe_that_a_dataset_names_is_taken_and_must_exist(distribution, zoo_here, tiny_py):
    for name, recipe in (("glare", "tutorial"), ("gleam", "qick")):
        source = PLUGIN.replace('"glow"', f'"{name}"')
        source = source.replace('summary="specks"', f'summary="specks", recipe="{recipe}"')
        distribution(f"zoo-{name}", source)
    train = ("train", tiny_py, "--dry-run", "--json", "--dataset")
    code, out, err = zoo_here(*train, "glare", "--data-set", "count=64")
    assert code == 0, err
    assert json.loads(out)["recipe"]["name"] == "tutorial"
    result = zoo_here(*train, "gleam")
    assert_one_line_error(result, 2, "recipe of gleam 'qick'", "Did you mean quick", "--recipe")
    assert zoo_here(*train, "gleam", "--recipe", "quick")[0] == 0


def declared(**changes) -> Dataset:
    facts = {"name": "d", "classes": ("a", "b"), "layout": "image", "shape": (2, 2, 1)}
    return Dataset(**facts, load=lambda _: None, **changes)


def no_default(*, size: int): ...
def by_position(size: int = 3): ...
def nameless(**anything): ...
def one(*, size: Annotated[int, "of all"] = 3): ...


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"make": no_default}, "parameter size of make needs a default"),
        ({"make": by_position}, "takes size by position"),
        ({"make": nameless}, "takes **anything"),
        ({"make": 3}, "make is int"),
        ({"make": one}, "parameters has nothing; make takes size"),
        ({"parameters": {"size": 3}}, "make takes nothing"),
    ],
)
def test_a_make_that_cannot_be_read_is_refused(changes, part):
    with pytest.raises(ValueError, match="d: ") as caught:
        declared(**changes)
    assert part in str(caught.value)


def test_a_run_of_a_parameter_that_is_gone_is_told():
    with pytest.raises(UsageError, match="unknown parameter of d 'depth'"):
        declared(make=one, parameters={"size": 3}).made_with({"depth": 2})
