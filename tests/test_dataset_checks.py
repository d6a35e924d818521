"""The checks of datasets: each catches what fails it, and nothing else does."""

import json

import numpy as np
import pytest
import wrong_datasets as wrong
from conftest import assert_one_line_error

from zoo.datasets.catalog import BUILT_IN, find_dataset
from zoo.testing import CHECKS, DATASET_CHECKS, check_dataset, enforce
from zoo.testing.dataset_ref import DatasetRef

BY_NAME = {check.name: check for check in DATASET_CHECKS}
HERE = [check for check in DATASET_CHECKS if check.name != "same_in_new_process"]
"""The checks that need no new process."""

WRONG = {
    "wrong_shape": ({"shapes"}, "(30, 6, 6); (N, 6, 6, 1) is declared", "axis of 1"),
    "fewer_labels": ({"shapes"}, "15 samples and y_test shape (12,)", "argmax"),
    "wide": ({"dtypes"}, "x_train is float64", "uint8 or float32"),
    "long_labels": ({"dtypes"}, "y_train is int64", "int32"),
    "unlike": ({"dtypes"}, "x_train is uint8 and x_test float32", "one dtype"),
    # The checksum is that of the bytes, which must lie in one piece.
    "in_pieces": (
        {"dtypes", "reproducible_load"},
        "x_train is not contiguous",
        "ascontiguousarray",
    ),
    "not_a_number": ({"finite_values"}, "6 of 1,080 values of x_train are NaN", "remove those"),
    "brighter_in_the_test": (
        {"same_pixel_range"},
        "x_train has pixels from 0 to 1 and x_test",
        "in the same way",
    ),
    "from_one": ({"label_range"}, "y_train has labels from 0 to 3; 3 classes", "0 to 2"),
    "never_asked": ({"every_class"}, "y_test has no sample of 'striped'", "stratify"),
    "leaky": ({"disjoint"}, "2 of 15 test samples (13.3 %)", "split before"),
    "validation_of_other_shape": ({"shapes"}, "x_validation has shape (9, 6, 6)", "axis of 1"),
    "validation_without_labels": ({"shapes"}, "only one of x_validation and y", "give both"),
    "validation_in_long_labels": ({"dtypes"}, "y_validation is int64", "int32"),
    "validation_unlike": ({"dtypes"}, "x_train is uint8 and x_validation float32", "one dtype"),
    "validation_not_a_number": (
        {"finite_values"},
        "values of x_validation are NaN",
        "remove those",
    ),
    "validation_beyond_the_classes": (
        {"label_range"},
        "y_validation has labels from 1 to 3",
        "0 to 2",
    ),
    "shuffled": (
        {"reproducible_load"},
        "a second load gives other bytes in x_train",
        "sort file names",
    ),
}


def failures(verdicts) -> dict[str, tuple[str, str]]:
    return {v.check.name: (v.seen, v.change) for v in verdicts if v.state == "failed"}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_dataset_is_caught_by_its_check_alone(name):
    checks, seen, change = WRONG[name]
    found = failures(check_dataset(wrong.dataset(getattr(wrong, name)), HERE))
    assert set(found) == checks
    first = next(iter(found.values()))
    assert seen in first[0]
    assert change in first[1]


def test_a_declaration_that_contradicts_itself():
    found = failures(check_dataset(wrong.FLAT, HERE))
    assert set(found) == {"declared", "shapes"}  # what is declared is what is loaded
    assert "image samples have 3 axes" in found["declared"][0]
    found = failures(check_dataset(wrong.ONE_CLASS, HERE))
    assert set(found) == {"declared"}
    assert "each once" in found["declared"][1]


def test_a_dataset_that_another_process_loads_otherwise():
    found = failures(check_dataset(wrong.dataset(wrong.by_process)))
    assert set(found) == {"same_in_new_process"}
    assert "a load in a new process gives other bytes in x_train" in found["same_in_new_process"][0]


def test_the_right_one_passes_every_check():
    verdicts = list(check_dataset(wrong.dataset(wrong.right)))
    assert [(v.check.name, v.seen) for v in verdicts if v.state != "passed"] == []
    assert [v.check for v in verdicts] == list(DATASET_CHECKS)


def test_a_right_validation_set_passes():
    dataset = wrong.dataset(wrong.right_with_validation)
    verdicts = {v.check.name: v for v in check_dataset(dataset, HERE)}
    assert {v.state for v in verdicts.values()} == {"passed"}
    assert verdicts["shapes"].seen == "30 to train, 15 to test, 9 to validation"


def test_every_check_has_something_wrong_that_only_it_catches():
    alone = {"declared", "same_in_new_process"}
    for checks, *_ in WRONG.values():
        alone |= checks if len(checks) == 1 else set()
    assert alone == set(BY_NAME)
    assert not set(BY_NAME) & {check.name for check in CHECKS}


def test_what_load_raises_is_shown_with_its_frames():
    found = failures(check_dataset(wrong.dataset(wrong.raises), HERE))
    assert set(found) == set(BY_NAME) - {"declared", "same_in_new_process"}
    seen, _ = found["shapes"]
    assert "OSError: the disk has gone" in seen
    assert "wrong_datasets.py" in seen
    assert "zoo/testing" not in seen


def test_a_new_process_finds_what_a_hook_or_a_module_declares():
    for declared in (wrong.dataset(wrong.right), wrong.FLAT, *BUILT_IN.values()):
        ref = json.loads(json.dumps(DatasetRef.of(declared).as_json()))
        assert DatasetRef(**ref).find().name == declared.name
    lost = wrong.dataset(wrong.right, name="lost")
    (verdict,) = check_dataset(lost, [BY_NAME["same_in_new_process"]])
    assert "dataset lost cannot be found in a new process" in verdict.seen


def test_enforce_takes_datasets():
    enforce(BY_NAME["shapes"], wrong.dataset(wrong.right))
    with pytest.raises(AssertionError, match="wide fails the check dtypes"):
        enforce(BY_NAME["dtypes"], wrong.dataset(wrong.wide))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "digits", "spoken_digits"])
def test_a_built_in_dataset_passes(name, zoo, data_dir, request):
    if name == "spoken_digits":
        request.getfixturevalue("spoken_digits_archive")
    result = zoo("check", name, env={"ZOO_DATA_DIR": str(data_dir)})
    assert result.returncode == 0, result.stdout
    assert f"{name}  dataset from " in result.stdout
    assert f"{name}: {len(DATASET_CHECKS)} passed" in result.stdout


def test_a_file_is_a_dataset(zoo, tmp_path):
    given = wrong.right(None)
    path = tmp_path / "mine.npz"
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(path, **{name: getattr(given, name) for name in names})
    result = zoo("check", path, "--json")
    (row,) = json.loads(result.stdout)
    assert (row["kind"], row["passed"], row["failed"]) == ("dataset", len(DATASET_CHECKS), 0)
    assert find_dataset(str(path), None).name == "mine"


PLUGIN = """
import zoo

def load(locations):
    import numpy as np
    x = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 1), "uint8")
    y = np.arange(40, dtype="int32") % 2
    return zoo.Arrays(x[:30], y[:30], x[START:], y[START:], "made")

@zoo.hookimpl
def zoo_datasets():
    return [zoo.Dataset(name="specks", classes=("a", "b"), layout="image", shape=(4, 4, 1),
                        load=load, summary="random pixels")]
"""


def test_a_file_that_is_no_dataset_is_told_as_datasets_show_does(zoo_here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.npy").write_text("a,b")
    for name in ("a.npy", "./a.npy"):
        told = zoo_here("check", name)
        assert told == zoo_here("datasets", "show", name)
        assert_one_line_error(told, 2, "a.npy: is a .npy file", "numpy.savez")


def test_a_plugins_dataset_is_checked_by_its_name(distribution, zoo):
    distribution("zoo-specks", PLUGIN.replace("START", "30"))
    result = zoo("check", "specks")
    assert result.returncode == 0, result.stdout + result.stderr
    distribution("zoo-leaky", PLUGIN.replace("START", "20").replace("specks", "leaks"))
    result = zoo("check", "leaks")
    assert result.returncode == 1
    assert "10 of 20 test samples (50 %) are byte-identical to training samples" in result.stdout
    assert_one_line_error(zoo("check", "speks"), 2, "Did you mean specks")
    assert_one_line_error(zoo("check", "specks", "--only", "xla"), 2, "named (dataset)")


def test_pytest_runs_every_check_on_the_datasets_that_a_test_file_names(tmp_path):
    from test_checks import run_pytest

    (tmp_path / "specks.py").write_text(PLUGIN.replace("START", "30"))
    (tmp_path / "test_specks.py").write_text(
        "import specks, zoo.testing\n"
        "DATASETS = specks.zoo_datasets()\n"
        "def test_check(zoo_dataset, zoo_dataset_check):\n"
        "    zoo.testing.enforce(zoo_dataset_check, zoo_dataset)\n"
    )
    done = run_pytest("-q")
    assert f"{len(DATASET_CHECKS)} passed" in done.stdout, done.stdout
