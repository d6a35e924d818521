"""Names from outside are shown as text: on a terminal, in tables of spreadsheets, in what is handed on."""

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = "=n\x1b[2J\x1b[8m\x07\x9b31m\u202eame\nzoo: all is well"
SHOWN = r"=n\x1b[2J\x1b[8m\x07\x9b31m\u202eame"
OURS = re.compile(r"\x1b\[(?:0|1|3[1-3])m")


def on_a_terminal(*arguments, **environment) -> str:
    """What the command writes to a terminal, standard error included."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "zoo", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "COLUMNS": "2000", "TERM": "xterm", **environment},
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        parts.append(part)
    process.wait(timeout=60)
    os.close(leader)
    return b"".join(parts).decode()


def assert_harmless(text: str) -> None:
    text = OURS.sub("", text).replace("\r\n", "\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), repr(
        text
    )
    assert not any(line.startswith("zoo: all") for line in text.splitlines())


@pytest.fixture
def run(tiny_run, tmp_path) -> Path:
    """A run whose record has hostile names."""
    folder = Path(shutil.copytree(tiny_run, tmp_path / "runs" / "foreign"))
    record = json.loads((folder / "run.json").read_text())
    record["architecture"]["name"] = record["identity"]["architecture"] = HOSTILE
    record["dataset"]["name"] = record["identity"]["dataset"] = HOSTILE
    record["dataset"]["source"] = record["device"]["name"] = HOSTILE
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["runs", "--runs-dir", "runs"],
        ["runs", "show", "runs/foreign"],
        ["compare", "--from", "runs"],
        ["compare", "--from", "runs", "--csv"],
        ["compare", "--from", "runs", "--markdown"],
        ["compare", "--from", "runs", "--json"],
    ],
    ids=lambda words: " ".join(words),
)
def test_a_record_says_nothing_to_the_terminal(command, run):
    assert_harmless(on_a_terminal(*command))


def test_the_name_is_spelled_and_json_has_it_exactly(run, zoo_here):
    code, out, err = zoo_here("runs", "show", run)
    assert code == 0, err
    assert SHOWN in out
    _, out, _ = zoo_here("runs", "show", run, "--json")
    assert json.loads(out)["architecture"]["name"] == HOSTILE


def test_a_plugin_says_nothing_to_the_terminal(distribution):
    distribution(
        "stranger",
        f"""
        from zoo import Architecture, Dataset, hookimpl

        def build(input_shape, num_classes, *, width: int = 1):
            raise ValueError({HOSTILE!r})

        @hookimpl
        def zoo_architectures():
            return [Architecture(name="stranger", build=build, layout="sequence", summary={HOSTILE!r})]
        """,
    )
    for command in (["list"], ["plugins", "--verbose"], ["list", "strange"]):
        text = on_a_terminal(*command, PYTHONPATH=os.environ["PYTHONPATH"])
        assert "stranger" in text
        assert_harmless(text)


def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay_numbers(run, zoo_here):
    code, out, err = zoo_here("compare", "--from", run.parent, "--csv")
    assert code == 0, err
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["architecture"].startswith("'=n")
    assert 0 <= float(row["test_accuracy"]) <= 1
    for cell in row.values():
        assert not cell.startswith(("=", "+", "-", "@"))


def test_what_is_handed_on_names_no_folder_of_this_machine(tiny_run, zoo_here, tmp_path):
    for form in ("--json", "--csv", "--markdown"):
        code, out, err = zoo_here("compare", "--from", tiny_run, form)
        assert code == 0, err
        assert str(tiny_run.parent) not in out
        assert str(tmp_path.parent) not in out
    _, out, _ = zoo_here("compare", "--from", tiny_run, "--json")
    assert json.loads(out)["dataset"]["origin"] == "small.npz"


def test_every_command_prints_by_the_door_that_is_safe():
    import zoo

    for path in Path(zoo.__file__).parent.rglob("*.py"):
        if path.name not in ("terminal.py", "completion.py", "__main__.py"):
            assert not re.search(r"click\.(s?echo|style)\(", path.read_text()), path.name
