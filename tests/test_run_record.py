"""What a run's record must hold, so that a stranger's folder neither breaks a list nor lies."""

import copy
import json
import math
import os
import shutil
from pathlib import Path

import pytest
from conftest import PROJECT, assert_one_line_error

from zoo import aliases
from zoo.runs.codec import BadRecord, decode, encode, from_dict
from zoo.runs.files import digest
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


WRONG = [
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
    ("progress", "x"),
    ("seed", 0.5),
    ("input/scale", "1"),
    ("input/how", "slices"),
    ("engine", []),
    ("sessions/0/together", -1),
    ("identity/hyperparameters/dropout", {"a": 1}),
    ("identity/layout", ["frames"]),
    ("contract", {"layout": "image"}),
    ("peak_memory/host_bytes", 1e9),
    ("schema", ...),
]
"""Fields, and values that no archzoo writes into them; ...: the field is missing."""


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.stem)
def test_records_of_all_ages_are_read_and_written_back(kept, tmp_path):
    written = json.loads(kept.read_text())
    before = aliases.record(written)
    shutil.copy(kept, tmp_path / "run.json")
    run = Run.open(tmp_path)
    assert run.finished
    assert run.record.to_dict() == before
    run.save()
    after = json.loads((tmp_path / "run.json").read_text())
    assert list(after.items()) == list(before.items())
    assert f"-{digest(after['identity'])}" in before["name"]
    assert json.dumps(after["identity"]) == json.dumps(written["identity"])


def as_named(place: str) -> str:
    return place.replace("/", ".")


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_what_no_archzoo_writes_is_named(place, value):
    with pytest.raises(BadRecord) as raised:
        from_dict(with_other(place, value))
    assert raised.value.place.startswith(as_named(place))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("metrics/test_loss", "low", "metrics.test_loss: expected float | null, received str"),
        ("sessions/0/versions/keras", 3, "sessions.0.versions.keras: expected str | null"),
        ("identity/hyperparameters/dropout", {}, "identity.hyperparameters.dropout: expected"),
        ("input/shape", [28, -1], "input.shape.1: expected int >= 1"),
        ("recipe/epochs", 0, "recipe.epochs: recipe quick: epochs is 0; use 1 to 100,000"),
        ("files/model.keras", ..., "files.model.keras: it is missing from a finished run"),
        ("identity/newer", [[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]], "identity: it is nested"),
    ],
)
def test_the_message_says_what_was_received_and_what_is_allowed(place, value, message):
    with pytest.raises(BadRecord) as raised:
        from_dict(with_other(place, value))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("place", ["status", "input/how", "architecture/name", "\ud800"])
def test_half_a_character_breaks_nothing(place, zoo_here):
    """JSON can hold half of a UTF-16 pair, which no encoding writes."""
    Path("runs/odd").mkdir(parents=True)
    Path("runs/odd/run.json").write_text(json.dumps(with_other(place, "\ud800")))
    code, out, err = zoo_here("runs")
    assert code == 0
    assert ("is damaged" in err) != ("finished" in out)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_read_and_written(loss):
    text = json.dumps(with_other("metrics/test_loss", loss))
    record = decode(text)
    assert repr(record.metrics.test_loss) == repr(loss)
    assert repr(json.loads(encode(record))["metrics"]) == repr(json.loads(text)["metrics"])


def test_fields_of_a_newer_archzoo_are_kept(tmp_path):
    newer = {**RECORD, "emissions": {"kg": 3}}
    newer["sessions"] = [{**RECORD["sessions"][0], "host": "one"}]
    newer["metrics"] = {**RECORD["metrics"], "test_top_5": [0.5]}
    newer["dataset"] = {**RECORD["dataset"], "sizes": {**RECORD["dataset"]["sizes"], "extra": 7}}
    (tmp_path / "run.json").write_text(json.dumps(newer))
    run = Run.open(tmp_path)
    run.update(status="interrupted")
    assert json.loads((tmp_path / "run.json").read_text()) == {**newer, "status": "interrupted"}


def test_what_a_newer_archzoo_has_may_not_be_nested_without_end():
    nested = value = []
    for _ in range(100):
        value.append([])
        value = value[0]
    with pytest.raises(BadRecord) as raised:
        from_dict(with_other("device/more", nested))
    assert raised.value.place == "device.more"


@pytest.fixture
def damaged(tiny_run) -> list[str]:
    """A sound run in `runs`, and one for each wrong field; the fields' names."""
    shutil.copytree(tiny_run, "runs/sound")
    for number, (place, value) in enumerate(WRONG):
        folder = Path("runs", f"wrong{number:02}")
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(with_other(place, value)))
    return [as_named(place) for place, _ in WRONG]


def names_each(text: str, damaged: list[str]) -> bool:
    """Whether there is one line for each damaged run, with its file and its field."""
    lines = [line for line in text.splitlines() if "is damaged" in line]
    named = zip(lines, damaged, strict=True)
    return all(
        f"wrong{number:02}/run.json: is damaged ({field}" in line
        for number, (line, field) in enumerate(named)
    )


def test_damaged_runs_are_skipped_in_the_list(damaged, zoo_here):
    code, out, err = zoo_here("runs")
    assert code == 0
    assert "sound" in out
    assert names_each(err, damaged)
    code, out, _ = zoo_here("runs", "--json")
    assert [Path(each["folder"]).name for each in json.loads(out)] == ["sound"]


def test_damaged_runs_are_left_out_of_a_comparison(damaged, zoo_here):
    code, out, err = zoo_here("compare", "--from", "runs", "--json")
    assert code == 0, err
    assert len(json.loads(out)["rows"]) == 1
    assert names_each(err, damaged)


@pytest.mark.parametrize("command", [["runs", "show"], ["train", "--resume"], ["predict"]])
def test_a_damaged_run_is_refused_with_its_field(command, damaged, zoo_here):
    for number, field in enumerate(damaged):
        run = Path("runs", f"wrong{number:02}")
        words = [*command, run, *(["picture.png"] if command == ["predict"] else [])]
        assert_one_line_error(zoo_here(*words), 1, f"{run}/run.json: is damaged ({field}")


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
    assert "run.json is not a file" in result.stderr


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
