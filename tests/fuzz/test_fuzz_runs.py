"""Run folders of any content, as from a stranger, are listed, shown and compared, or refused in a line."""

import json
import shutil

import pytest
from asking import Zoo, fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged
from values import changed, changes, places

FILES = ["run.json", "history.csv", "predictions.npz", "source/tiny.py", "model.keras"]
ASKED = {
    "runs": ("runs", "--runs-dir", "runs"),
    "runs as JSON": ("runs", "--runs-dir", "runs", "--json"),
    "show": ("runs", "show", "strange", "--runs-dir", "runs"),
    "show as JSON": ("runs", "show", "strange", "--runs-dir", "runs", "--json"),
    "compare": ("compare", "--from", "runs"),
    "compare as JSON": ("compare", "--from", "runs", "--json"),
}


@pytest.fixture
def stranger(asked, trained):
    """Ask about a folder of two runs, one of them with these files in the place of its own."""
    (run,) = (trained / "runs").iterdir()

    def ask(files: dict[str, bytes], which: str):
        with asked.folder() as folder:
            shutil.copytree(run, folder / "runs/genuine")
            shutil.copytree(run, folder / "runs/strange")
            for name, content in files.items():
                (folder / "runs/strange" / name).write_bytes(content)
            return asked.ask("zoo", folder, *ASKED[which])

    return ask


@pytest.fixture
def record(trained) -> dict:
    (run,) = (trained / "runs").iterdir()
    return json.loads((run / "run.json").read_text())


def test_a_genuine_run_is_listed(stranger):
    for which in ASKED:
        found = stranger({}, which)
        assert found.code == 0 or which.startswith("compare"), found.err


@inputs("records", 60, 500)
def test_records_of_any_values(stranger, record, count):
    cases = st.tuples(changes(record), st.sampled_from(sorted(ASKED)))

    def attempt(case):
        stranger({"run.json": altered(record, case[0])}, case[1])

    fuzz(cases, attempt, count)


def altered(record: dict, made: list) -> bytes:
    return json.dumps(changed(record, made)).encode()


@inputs("damaged runs", 30, 200)
def test_damaged_files(stranger, trained, count):
    (run,) = (trained / "runs").iterdir()
    genuine = {name: (run / name).read_bytes() for name in FILES}
    cases = st.tuples(st.sampled_from(FILES), SEVERAL, st.sampled_from(sorted(ASKED)))

    def attempt(case):
        name, damage, which = case
        stranger({name: damaged(genuine[name], damage)}, which)

    fuzz(cases, attempt, count)


def test_every_place_of_a_record_is_reached(record):
    assert len(list(places(record))) > 150


@pytest.fixture
def copied(engine, trained):
    """Ask the engine about a copy of the finished run, changed; a failure leaves it as it was."""
    (run,) = (trained / "runs").iterdir()

    def ask(files: dict[str, bytes], *words: str, process: Zoo = engine):
        with process.folder() as folder:
            shutil.copytree(run, folder / "run")
            for name, content in files.items():
                (folder / "run" / name).write_bytes(content)
            (folder / "d.npz").write_bytes((trained / "d.npz").read_bytes())
            return process.ask("zoo", folder, *words)

    return ask


@inputs("answers of changed records", 12, 100)
def test_a_changed_record_is_evaluated_or_refused(copied, record, count):
    def attempt(made):
        copied({"run.json": altered(record, made)}, "evaluate", "./run", "--dataset", "./d.npz")

    fuzz(changes(record), attempt, count)


@inputs("damaged models", 6, 60)
def test_a_damaged_model_is_refused(copied, trained, count):
    (run,) = (trained / "runs").iterdir()
    model = (run / "model.keras").read_bytes()

    def attempt(damage):
        content = damaged(model, damage)
        found = copied({"model.keras": content}, "evaluate", "./run", "--dataset", "./d.npz")
        assert found.code == 1 or content == model

    fuzz(SEVERAL, attempt, count)
