"""What a run's record must hold, so that a stranger's folder neither breaks a list nor lies."""

import copy
import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import PROJECT, assert_one_line_error

from zoo import aliases
from zoo.runs.record import fault
from zoo.runs.run import Run

KEPT = sorted((PROJECT / "tests" / "records").glob("*.json"))
"""The run.json of runs that archzoos of several ages made."""
RECORD = aliases.record(json.loads(KEPT[0].read_text()))


def with_other(place: str, value) -> dict:
    record = copy.deepcopy(RECORD)
    *way, last = place.split("/")
    inner = record
    for name in way:
        inner = inner[int(name) if isinstance(inner, list) else name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return record


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.stem)
def test_records_of_all_ages_are_read(kept, tmp_path):
    shutil.copy(kept, tmp_path / "run.json")
    assert Run.open(tmp_path).finished


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("architecture", None),
        ("created", None),
        ("created", 3),
        ("status", "done"),
        ("flops_per_sample", ...),
        ("sessions", []),
        ("sessions/0/versions", {"keras": 3}),
        ("timings/compile", []),
        ("timings/epochs", ["1"]),
        ("timings/load", []),
        ("metrics", None),
        ("metrics/test_correct", [1]),
        ("metrics/test_accuracy", 1.5),
        ("metrics/test_accuracy_interval", [0.5]),
        ("metrics/test_examples", 10**400),
        ("metrics/epoch", True),
        ("architecture/hyperparameters", []),
        ("architecture/layout", "tiles"),
        ("identity/checksums", ...),
        ("dataset/classes", []),
        ("dataset/sizes/train", ...),
        ("dataset/parameters", {"a": {}}),
        ("input/shape", [28, -1]),
        ("recipe/epochs", "5"),
        ("recipe/epochs", ...),
        ("environment/git", True),
        ("environment/git/commit", 3),
        ("recipe/epochs", 2**62),
        ("recipe/new_key", 1),
        ("contract", {}),
        ("files", ...),
    ],
)
def test_what_no_archzoo_writes_is_named(place, value):
    found, place = fault(with_other(place, value)), place.replace("/", ".")
    assert found
    assert found.startswith(place) or place.startswith(found)


def test_fields_of_a_newer_archzoo_are_let_be(tmp_path):
    assert fault({**RECORD, "emissions": {"kg": 3}}) == ""


def test_one_damaged_run_leaves_the_others_listed(zoo_here):
    for name in ("first", "second"):
        Path("runs", name).mkdir(parents=True)
        shutil.copy(KEPT[0], Path("runs", name, "run.json"))
    Path("runs/first/run.json").write_text(json.dumps(with_other("created", None)))
    code, out, err = zoo_here("runs")
    assert code == 0
    assert "second" in out
    assert "first/run.json: is damaged (created is nothing that archzoo writes)" in err
    assert_one_line_error(zoo_here("runs", "show", "first"), 1, "(created is nothing")


@pytest.mark.parametrize("content", ["[" * 100_000, "9" * 5000, "\\", "[]"])
def test_a_record_that_is_none(zoo_here, content):
    Path("runs/odd").mkdir(parents=True)
    Path("runs/odd/run.json").write_text(content)
    assert_one_line_error(zoo_here("runs", "show", "odd"), 1, "run.json: is damaged")


def test_a_pipe_is_not_waited_for(zoo):
    Path("runs/odd").mkdir(parents=True)
    os.mkfifo("runs/odd/run.json")
    result = zoo("runs", timeout=30)
    assert result.returncode == 0
    assert "run.json is no file" in result.stderr


@pytest.mark.parametrize("content", [b"\xff", b"", b"epoch,loss\n1,x\n", b"a,b\n1,2\n"])
def test_a_damaged_history_is_named(zoo_here, content):
    Path("runs/one").mkdir(parents=True)
    shutil.copy(KEPT[0], "runs/one/run.json")
    Path("runs/one/history.csv").write_bytes(content)
    result = zoo_here("runs", "show", "one")
    if content:
        assert_one_line_error(result, 1, "history.csv: is damaged")
    else:
        assert result[0] == 0


@pytest.mark.parametrize("name", ["run.json", "history.csv"])
def test_a_huge_file_is_not_read(zoo, name):
    Path("runs/one").mkdir(parents=True)
    shutil.copy(KEPT[0], "runs/one/run.json")
    with Path("runs/one", name).open("ab") as file:
        file.truncate(2**33)  # takes no room on the disk
    result = zoo("runs", "show", "one", timeout=60)
    assert_one_line_error(result, 1, f"{name}: is damaged (it is larger than 16 MiB)")
