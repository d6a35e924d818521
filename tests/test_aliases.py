"""Old names stay accepted; identities of runs made before still hold."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import aliases
from zoo.comparison.schema import ComparisonReport
from zoo.manifest import Manifest
from zoo.recipe import resolve
from zoo.runs.files import digest
from zoo.runs.run import Run

RECORDS = sorted((Path(__file__).parent / "records").glob("*.json"))
SHIPPED = Manifest.read()


def build(input_shape, num_classes):
    raise NotImplementedError


@pytest.fixture(params=RECORDS, ids=lambda path: path.stem)
def recorded(request, tmp_path) -> Run:
    """A run that was recorded under the old names."""
    shutil.copy(request.param, tmp_path / "run.json")
    return Run.open(tmp_path)


def test_a_record_is_read_under_todays_names_and_keeps_its_identity(recorded):
    record, written = (
        recorded.record.to_dict(),
        json.loads((recorded.folder / "run.json").read_text()),
    )
    assert record["identity"] == written["identity"]
    assert written["name"].endswith(digest(record["identity"]))
    assert recorded.recipe.causes() == written["identity"]["recipe"]
    assert recorded.recipe.digest == written["recipe"]["digest"]
    assert recorded.recipe.tta_shift == written["recipe"]["test_shift"]
    parts = ("architecture", "input", "contract", "recipe")
    text = json.dumps({key: record.get(key) for key in parts})
    for old in ('"rows"', '"phases"', "rows to", ": phases", "test_shift", '"name": "record"'):
        assert old not in text
    assert recorded.conversion == aliases.conversion(written["input"]["conversion"])


def test_the_recipe_that_was_called_record():
    (path,) = [path for path in RECORDS if "-record-" in path.name]
    written = json.loads(path.read_text())
    architecture = written["identity"]["architecture"]
    for name in ("long", "record"):
        recipe = resolve(SHIPPED, name, architecture)
        assert recipe.name == "long"
        assert recipe.causes() == written["identity"]["recipe"]
    assert "record" not in SHIPPED.recipes
    assert SHIPPED.recipes["long"]["identity_name"] == aliases.former(aliases.RECIPES, "long")


@pytest.mark.parametrize("name", ["long", "record"])
def test_a_file_of_that_name_is_no_renamed_recipe(name, tmp_path):
    path = tmp_path / f"{name}.toml"
    path.write_text("base = 'record'\ntest_shift = 1\n[overrides.cnn]\ntest_shift = 2\n")
    recipe = resolve(SHIPPED, str(path), "cnn")
    assert (recipe.name, recipe.causes()["name"]) == (name, name)
    assert (recipe.tta_shift, recipe.tta_copies) == (2, 25)
    assert aliases.recipe(recipe.as_dict())["name"] == name


def test_a_registry_with_the_old_name_keeps_it():
    manifest = replace(SHIPPED, recipes={"record": {"epochs": 7}})
    assert resolve(manifest, "record", "cnn").causes()["name"] == "record"


def test_a_key_of_a_recipe():
    assert zoo.load_recipe("quick", test_shift=1).tta_shift == 1
    assert replace(zoo.Recipe(test_shift=1), test_shift=2) == zoo.Recipe(tta_shift=2)
    assert zoo.Recipe(tta_shift=1).causes()["test_shift"] == 1


def test_an_architecture_and_a_dataset():
    old = zoo.Architecture("net", build, layout="rows", summary="s")
    assert old == zoo.Architecture("net", build, layout="sequence", summary="s")
    cut = zoo.Architecture("net", build, layout="frames", frames_from_image="phases", summary="s")
    assert cut.frames_from_image == "space_to_depth"
    data = zoo.Dataset("d", ("a", "b"), "rows", (3, 4), lambda _: None)
    assert data.layout == "sequence"
    with pytest.raises(ValueError, match="use one of image, sequence, frames"):
        zoo.Architecture("net", build, layout="row", summary="s")


def test_files(tmp_path):
    path = tmp_path / "net.py"
    path.write_text("layout = 'rows'\ndef build(input_shape, num_classes): ...\n")
    from zoo.single_file import architecture_from_file

    assert architecture_from_file(path)[0].layout == "sequence"
    x, y = np.zeros((20, 3, 4), "uint8"), np.arange(20) % 2
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, layout="rows")
    assert zoo.load_dataset(tmp_path / "d.npz").layout == "sequence"
    path = tmp_path / "registry.toml"
    entry = "package = 'p'\nlayout = 'rows'\nsummary = 's'\n"
    path.write_text(f"schema = 1\n[architectures.net]\n{entry}")
    assert Manifest.read(path).architectures["net"].layout == "sequence"


def test_options(zoo_here, tmp_path):
    given = ("train", "cnn", "--dataset", "digits", "--dry-run", "--json")
    old = zoo_here(*given, "--recipe", "record", "--test-shift", "1")
    new = zoo_here(*given, "--recipe", "long", "--tta-shift", "1")
    assert old[0] == new[0] == 0
    assert json.loads(old[1])["recipe"] == json.loads(new[1])["recipe"]
    assert "--test-shift" not in zoo_here("train", "--help")[1]
    folder = tmp_path / "plugin"
    code, _, err = zoo_here("new", "net", "--layout", "rows", "--yes", "--directory", folder)
    assert code == 0, err
    assert 'layout="sequence"' in (folder / "archzoo_net" / "__init__.py").read_text()


def test_conversions():
    old = "rows to frames: phases", "image to rows: a step for each row", "rows: as stored"
    assert [aliases.conversion(text) for text in old] == [
        "sequence to frames: space_to_depth",
        "image to sequence: a step for each row",
        "sequence: as stored",
    ]


def test_both_names_of_a_recipe_choose_the_same_runs(recorded, zoo_here):
    from zoo.comparison.results import Wanted

    chosen = [Wanted(recipe=name).takes(recorded) for name in ("long", "record")]
    assert chosen == [recorded.record.identity["recipe"]["name"] == "record"] * 2


@pytest.mark.parametrize("content", [{}, [], {"recipe": 3, "input": [], "contract": None}])
def test_what_is_no_record_is_left_to_the_reader(content):
    assert aliases.record(content) == content


def test_a_comparison():
    results = Path(__file__).parents[1] / "bench" / "results"
    report = ComparisonReport.read(results / "compare-mnist-record.json")
    assert report.recipe["name"] == "long"
    assert "tta_shift" in report.recipe
    assert {row.conversion for row in report.rows} == {
        "image: as stored",
        "image to frames: whole",
        "image to frames: space_to_depth",
    }


def test_checks_and_what_tests_of_plugins_import(zoo_here, tmp_path):
    from zoo import testing

    names = {check.name for check in (*testing.CHECKS, *testing.DATASET_CHECKS)}
    assert set(aliases.CHECKS.values()) <= names
    assert not set(aliases.CHECKS) & names
    assert (testing.LAWS, testing.DATASET_LAWS) == (testing.CHECKS, testing.DATASET_CHECKS)
    assert (testing.Law, testing.Broken) == (testing.Check, testing.CheckFailed)
    for option, name in (("--only", "overfits_small_batch"), ("--law", "learns_by_heart")):
        code, out, _ = zoo_here("check", "--list", "--json", option, name)
        assert code == 0
        assert [row["check"] for row in json.loads(out)] == ["overfits_small_batch"]


def test_arguments_of_tests_written_before(tmp_path):
    (tmp_path / "test_old.py").write_text(
        "import zoo.testing\n"
        "from zoo.registry import Registry\n"
        "ARCHITECTURES = [Registry.discover().architecture('cnn')[0]]\n"
        "def test_law(zoo_architecture, zoo_law):\n"
        "    zoo.testing.enforce(zoo_law, zoo_architecture)\n"
    )
    known = "archzoo" in {each.name for each in entry_points(group="pytest11")}
    plugin = [] if known else ["-p", "zoo.testing.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-q", *plugin, "-k", "documented", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout
