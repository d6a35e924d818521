"""`zoo study`, as people use it: a file, its plan, its lock, repeated and compared."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.studies.study_lock import StudyLock

NETS = {
    "wide": "layers.Dense(16, activation='relu'), layers.Dense(num_classes)",
    "blind": "layers.Dense(1), layers.Dense(num_classes)",
}
BUILD = """
def build(input_shape, num_classes):
    import keras
    from keras import layers

    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), {}])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with two architectures, two datasets, and the study of both."""
    folder, random = tmp_path_factory.mktemp("study"), np.random.default_rng(0)
    for name, layers in NETS.items():
        (folder / f"{name}.py").write_text(BUILD.format(layers))
    for name in ("first", "second"):
        y = np.arange(160) % 4
        x = random.integers(0, 60, (160, 6, 6)).astype("uint8")
        x[np.arange(160), y] += 150
        np.savez(folder / name, x_train=x[:120], y_train=y[:120], x_test=x[120:], y_test=y[120:])
    (folder / "mine.toml").write_text(
        f"architectures = ['{folder}/wide.py', '{folder}/blind.py']\n"
        f"datasets = ['{folder}/first.npz', '{folder}/second.npz']\n"
        "seeds = 1\nrecipe = 'small'\nrecipe_changes = {epochs = 1}\ndevice = 'cpu'\n"
    )
    return folder


@pytest.fixture(scope="module")
def studied(place):
    """The study, carried out: four runs."""
    return zoo.run_study(place / "mine.toml", runs_dir=place / "runs", progress=False)


def test_a_study_has_a_matrix_verdicts_and_says_that_two_datasets_are_too_few(studied, place):
    report = studied.report
    assert report.datasets == ["first", "second"]
    assert {row.name for row in report.rows} == {"wide", "blind"}
    assert "nobody can tell" in repr(studied)
    assert report.experiment["seeds"] == 1
    assert "on first" in report.experiment
    assert sorted(each.name for each in (place / "runs").glob("*-s0-*")) == sorted(
        each.run for data in StudyLock.read(place / "mine.lock").datasets
        for row in data.rows for each in row.runs
    )  # fmt: skip


def test_the_lock_has_everything(studied, place):
    lock = json.loads((place / "mine.lock").read_text())
    assert lock["experiment"]["recipe_changes"] == {"epochs": 1}
    assert set(lock["files"]) == {f"{place}/{name}.py" for name in NETS}
    for data in lock["datasets"]:
        assert set(data["checksums"]) == {"x_train", "y_train", "x_test", "y_test"}
        assert data["recipe"]["epochs"] == 1
        assert data["recipe"]["digest"]
        assert data["conditions"]["versions"]["keras"]
        assert [len(row["runs"]) for row in data["rows"]] == [1, 1]
    assert lock["report"]["rows"] == studied.report.to_dict()["rows"]


def test_a_study_that_is_given_again_trains_nothing_and_a_rerun_is_identical(
    studied, place, zoo_here
):
    code, out, err = zoo_here(
        "study", "rerun", place / "mine.lock", "--runs-dir", place / "runs", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["rows"] == studied.report.to_dict()["rows"]
    assert len(list((place / "runs").glob("*-s0-*"))) == 4
    code, out, _ = zoo_here("study", "diff", place / "mine.lock", place / "mine-rerun.lock")
    assert code == 0
    assert "All 4 results are identical." in out
    assert "nothing" in out


def test_a_rerun_with_other_data_or_another_file_is_refused_before_training(
    studied, place, tmp_path, zoo_here
):
    values = json.loads((place / "mine.lock").read_text())
    values["datasets"][0]["checksums"]["x_train"] = "0" * 64
    (tmp_path / "other.lock").write_text(json.dumps(values))
    code, _, err = zoo_here("study", "rerun", tmp_path / "other.lock", "--runs-dir", tmp_path / "r")
    assert code == 2
    assert "the data are not those of the study (x_train differ)" in err
    values = json.loads((place / "mine.lock").read_text())
    values["files"][f"{place}/wide.py"] += "# older\n"
    (tmp_path / "other.lock").write_text(json.dumps(values))
    code, _, err = zoo_here("study", "rerun", tmp_path / "other.lock", "--runs-dir", tmp_path / "r")
    assert code == 2
    assert "wide.py: is not the file that the study had" in err
    assert not (tmp_path / "r").exists() or not list((tmp_path / "r").glob("*-s0-*"))


def _changed(place, path, shift, seeds=5):
    """A lock as if more seeds had been trained, each result shifted."""
    values = copy.deepcopy(json.loads((place / "mine.lock").read_text()))
    random = np.random.default_rng(0)
    for data in values["datasets"]:
        data["sizes"]["test"] = 4000
        for row in data["rows"]:
            one = row["runs"][0]
            row["runs"] = [
                {**one, "seed": seed, "value": 0.8 + shift + random.normal(0, 0.003)}
                for seed in range(seeds)
            ]
    path.write_text(json.dumps(values))
    return values


def test_a_diff_tells_chance_from_more_and_names_what_changed(studied, place, tmp_path):
    _changed(place, tmp_path / "a.lock", 0.0)
    values = _changed(place, tmp_path / "b.lock", 0.03)
    assert zoo.diff_studies(tmp_path / "a.lock", tmp_path / "b.lock").differs
    values["datasets"][0]["recipe"]["epochs"] = 7
    values["datasets"][1]["conditions"]["versions"]["keras"] = "9.9"
    for data in values["datasets"]:
        for row in data["rows"]:
            row["runs"] = [{**run, "value": run["value"] - 0.0299} for run in row["runs"]]
    (tmp_path / "b.lock").write_text(json.dumps(values))
    found = zoo.diff_studies(tmp_path / "a.lock", tmp_path / "b.lock")
    assert not found.differs
    assert found.verdict == "None of 4 results differs by more than chance."
    assert any("first: recipe: epochs: 1 -> 7" in line for line in found.changes)
    assert any(line.endswith("-> 9.9") and "keras" in line for line in found.changes)
    one = zoo.diff_studies(place / "mine.lock", tmp_path / "b.lock")
    assert "one run" in one.verdict


@pytest.mark.slow
def test_a_plan_says_what_is_there_for_each_dataset(studied, place, zoo_here):
    code, out, err = zoo_here(
        "study", place / "mine.toml", "--runs-dir", place / "runs", "--dry-run", "--json"
    )
    assert code == 0, err
    jobs = json.loads(out)["jobs"]
    assert {(job["dataset"], job["state"]) for job in jobs} == {
        ("first.npz", "cached"),
        ("second.npz", "cached"),
    }


@pytest.mark.slow
def test_compare_with_several_datasets_is_a_study_without_a_file(studied, place, zoo_here):
    words = ["--recipe", "small", "--seeds", "1", "--device", "cpu", "--runs-dir", place / "runs"]
    datasets = ["--dataset", place / "first.npz", "--dataset", place / "second.npz"]
    code, out, err = zoo_here("compare", place / "wide.py", place / "blind.py", *datasets, *words,
                              "--dry-run", "--json")  # fmt: skip
    assert code == 0, err
    jobs = json.loads(out)["jobs"]
    assert len(jobs) == 4
    assert {job["state"] for job in jobs} == {"pending"}  # of all epochs
    code, _, err = zoo_here("compare", place / "wide.py", *datasets, "--tuned", "x")
    assert code == 2
    assert "--tuned does not go with several datasets" in err


BAD = {
    "no TOML": ("architectures = [", "is not valid TOML"),
    "no datasets": ("architectures = ['cnn']", "has no `datasets`"),
    "an unknown key": ("architectures = ['cnn']\ndatasets = ['digits']\nseed = 1", "Did you mean seeds?"),
    "a text for a number": ("architectures = ['cnn']\ndatasets = ['digits']\nseeds = 'x'", "seeds is 'x'"),
    "a dataset twice": ("architectures = ['cnn']\ndatasets = ['digits', 'digits']", "'digits' twice"),
    "an unknown architecture": ("architectures = ['cn']\ndatasets = ['digits']", "'cn'"),
    "an unknown dataset": ("architectures = ['cnn']\ndatasets = ['digit']", "digit"),
    "an unknown recipe": ("architectures = ['cnn']\ndatasets = ['digits']\nrecipe = 'quik'", "quik"),
    "an unknown metric": ("architectures = ['cnn']\ndatasets = ['digits']\nmetric = 'f1'", "f1"),
    "parameters of nothing": (
        "architectures = ['cnn']\ndatasets = ['digits']\n[data_parameters.motion]\nframes = 3",
        "data_parameters names 'motion'",
    ),
    "no seeds": ("architectures = ['cnn']\ndatasets = ['digits']\nseeds = 0", "use at least 1"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_study_is_refused_in_a_line(what, tmp_path, zoo_here):
    text, message = BAD[what]
    (tmp_path / "s.toml").write_text(text)
    code, out, err = zoo_here("study", "s.toml")
    assert code == 2, err
    assert message in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "s.lock").exists()


@pytest.mark.parametrize("text", ["", "{", '{"schema": 99}', '{"schema": 1}'])
def test_a_damaged_lock_is_refused_in_a_line(text, tmp_path, zoo_here):
    (tmp_path / "s.lock").write_text(text)
    for words in (["rerun", "s.lock"], ["diff", "s.lock", "s.lock"]):
        code, _, err = zoo_here("study", *words)
        assert code == 1
        assert len(err.strip().splitlines()) == 1


def test_a_study_without_a_file_says_what_to_type(zoo_here):
    code, _, err = zoo_here("study")
    assert code == 2
    assert "zoo study FILE.toml" in err


def test_a_missing_file_is_named(zoo_here):
    for words in (["nothing.toml"], ["rerun", "nothing.lock"], ["diff", "a.lock", "b.lock"]):
        code, _, err = zoo_here("study", *words)
        assert code == 2
        assert ".toml" in err or ".lock" in err
