"""Recipes: named ones, files, overrides, the command line, and what is wrong with them."""

import json
from pathlib import Path

import pytest
from conftest import assert_one_line_error

from zoo.errors import UsageError
from zoo.manifest import Manifest
from zoo.recipe import Recipe, resolve

SHIPPED = Manifest.read()


def manifest(tmp_path: Path, text: str) -> Manifest:
    path = tmp_path / "registry.toml"
    path.write_text(text)
    return Manifest.read(path)


@pytest.mark.parametrize(
    ("dataset", "recipe"),
    [("mnist", "standard"), ("spoken_digits", "small"), ("motion", "clips")],
)
def test_a_dataset_names_the_recipe_that_is_taken_unless_another_is_asked_for(
    dataset, recipe, zoo_here
):
    train = ("train", "cnn", "--dataset", dataset, "--dry-run", "--json")
    for asked, taken in (((), recipe), (("--recipe", "quick"), "quick")):
        code, out, err = zoo_here(*train, *asked)
        assert code == 0, err
        assert json.loads(out)["recipe"]["name"] == taken
    assert f"recipe {recipe}" in zoo_here("datasets", "show", dataset)[1]


def test_what_ships_is_what_the_documentation_says():
    assert (
        " ".join(SHIPPED.recipes) == "quick standard long tutorial small timeseries clips speedrun"
    )
    assert resolve(SHIPPED, "standard", "cnn").epochs == 5
    speedrun = resolve(SHIPPED, "speedrun", "cnn")
    assert (speedrun.epochs, speedrun.validation, speedrun.augments) == (1, 0, False)
    tutorial = resolve(SHIPPED, "tutorial", "lrcn")
    assert (tutorial.optimizer, tutorial.batch_size, tutorial.epochs) == ("adam", 32, 5)
    assert (tutorial.schedule, tutorial.normalization, tutorial.augments) == (
        "constant",
        "unit",
        False,
    )


def test_from_weakest_to_strongest(tmp_path):
    shipped = manifest(
        tmp_path,
        "schema = 1\n[recipes.base]\nepochs = 3\nbatch_size = 64\nlearning_rate = 0.1\n"
        "[recipes.base.overrides.net]\nbatch_size = 16\n",
    )
    file = tmp_path / "mine.toml"
    file.write_text('base = "base"\nlearning_rate = 0.2\n[overrides.net]\nzoom = 0.1\n')
    recipe = resolve(shipped, str(file), "net", {"epochs": 9, "learning_rate": None})
    assert (recipe.name, recipe.epochs, recipe.batch_size) == ("mine", 9, 16)
    assert (recipe.learning_rate, recipe.zoom) == (0.2, 0.1)
    other = resolve(shipped, str(file), "other")
    assert (other.batch_size, other.zoom) == (64, 0.0)


def test_the_digest_changes_with_the_training_and_not_with_the_name():
    assert Recipe(name="a", summary="b").digest == Recipe().digest
    assert Recipe(epochs=6).digest != Recipe().digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = 5\nepoch = 3\n", r"line 2: unknown recipe key 'epoch'. Did you mean epochs"),
        ("epochs = 0\n", r"line 1: .*epochs is 0; use 1 to 100,000"),
        ("epochs = -4\n", r"line 1"),
        ('# comment\nepochs = "five"\n', r"line 2: epochs must be a whole number, received 'five'"),
        ("epochs = 2.5\n", r"line 1: epochs must be a whole number"),
        ("epochs = true\n", r"line 1: epochs must be a whole number"),
        ('optimizer = "adamm"\n', r"line 1: .*use one of adam, adamw, sgd"),
        ("learning_rate = nan\n", r"line 1: .*positive rate"),
        ('validation = 0.0\nselect = "best"\n', r"line 2"),
        ("[overrides.cnn]\n\nzooom = 1\n", r"line 3: unknown recipe key 'zooom'"),
        ("epochs = \n", r"line 1"),
        ('base = "standrad"\n', r"line 1: unknown recipe 'standrad'. Did you mean standard"),
        ("overrides = 3\n", r"overrides must be a table"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path, text, message):
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        resolve(SHIPPED, str(file), "lrcn")
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = 2\n", "schema is 2; this archzoo reads schema 1"),
        ("schema = 1\n[architecture.x]\n", "line 2: unknown key 'architecture'"),
        (
            "schema = 1\n[architectures.x]\npackage = 3\nlayout='image'\nsummary='s'\n",
            "line 3: .*must be text",
        ),
        ("schema = 1\n[architectures.x]\npackage = 'x'\n", "layout must be text, received None"),
        ("schema = 1\n[recipes]\nquick = 3\n", "line 3: recipes.quick must be a table"),
        ("schema = 1\n[recipes.quick\n", "line 2"),
    ],
)
def test_a_malformed_registry_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        manifest(tmp_path, text)


def test_the_command_says_it_too(zoo_here, tmp_path, monkeypatch):
    from conftest import assert_one_line_error

    (tmp_path / "r.toml").write_text("schema = 1\n[recipes.quick]\nepoch = 3\n")
    monkeypatch.setenv("ZOO_REGISTRY", "r.toml")
    assert_one_line_error(
        zoo_here("train", "cnn", "--recipe", "quick"), 2, "r.toml line 3", "epochs"
    )
    monkeypatch.setenv("ZOO_REGISTRY", "nowhere.toml")
    assert_one_line_error(zoo_here("list"), 2, "nowhere.toml", "cannot be read")


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--recipe", "quik"], ["unknown recipe 'quik'", "Did you mean quick"]),
        (["--recipe", "gone.toml"], ["gone.toml", "cannot be read"]),
        (["--epochs", "0"], ["--epochs 0", "1 to 100,000"]),
        (["--epochs", "-3"], ["--epochs -3"]),
        (["--batch-size", "0"], ["--batch-size 0"]),
        (["--learning-rate", "-1"], ["--learning-rate -1"]),
        (["--epochs", "many"], ["'many' is not a valid integer"]),
        (["--seed", "-1"], ["--seed -1", "from 0"]),
        (["--set", "filters"], ["--set filters", "KEY=VALUE"]),
        (["--set", "filters=a"], ["filters is tuple[int, int, int]", "'a'"]),
        (["--backend", "theano"], ["theano"]),
        (["--precision", "float8"], ["float8"]),
        (["--bogus"], ["No such option", "zoo train --help"]),
    ],
    ids=lambda value: " ".join(value[:2]),
)
def test_wrong_options_are_refused_in_one_line(zoo_here, options, parts):
    from conftest import assert_one_line_error

    assert_one_line_error(zoo_here("train", "cnn", "--dataset", "digits", *options), 2, *parts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base = [1, 2]", "unknown recipe '[1, 2]'"),
        ("base = {}", "unknown recipe '{}'"),
        ("epochs = " + "[" * 20_000, "nested too deeply"),
        ("epochs = 1000000000", "use 1 to 100,000"),
        ("learning_rate = nan", "learning_rate is nan"),
        ("#" * 2**21, "at most 32 KiB"),
        ("epochs = " + "9" * 5000, "is not valid TOML"),
    ],
)
def test_odd_files_are_refused_in_a_line(zoo_here, tmp_path, text, said):
    (tmp_path / "odd.toml").write_text(text)
    result = zoo_here("train", "cnn", "--dataset", "digits", "--recipe", "odd.toml", "--dry-run")
    assert_one_line_error(result, 2, said)


def test_steps_make_as_many_epochs_as_the_examples_need(tmp_path):
    own = manifest(tmp_path, "schema = 1\n[recipes.r]\nsteps = 100\nbatch_size = 16\n")
    recipe = resolve(own, "r", "cnn")
    assert recipe.steps == 100
    assert [recipe.for_examples(count).epochs for count in (16, 50, 160, 1600, 16_000)] == [
        100,
        34,
        10,
        1,
        1,
    ]


def test_epochs_alone_replace_steps(tmp_path):
    own = manifest(tmp_path, "schema = 1\n[recipes.r]\nsteps = 100\n")
    assert resolve(own, "r", "cnn", {"epochs": 3}).steps == 0
    with pytest.raises(UsageError, match=r"`epochs=3` and `steps=9`.* Use one of them"):
        resolve(own, "r", "cnn", {"epochs": 3, "steps": 9})
    (tmp_path / "mine.toml").write_text('base = "r"\nepochs = 2\n')
    assert resolve(own, str(tmp_path / "mine.toml"), "cnn").for_examples(10_000).epochs == 2


def test_recipes_without_steps_keep_their_digest():
    assert not {"steps", "min_steps", "sampling", "jitter"} & set(Recipe().causes())
    assert Recipe().digest != Recipe(steps=1).digest
