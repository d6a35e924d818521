"""Checkpoints of any content go on as the run would have, or are refused and cost nothing."""

import io
import json
import shutil

import numpy as np
import pytest
from asking import contents, fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged
from values import changed, changes

STATE = "checkpoint/state.npz"


@pytest.fixture
def resume(engine, trained):
    """Resume a copy of the run, which was interrupted before its results were written."""
    (run,) = (trained / "runs").iterdir()
    record = json.loads((run / "run.json").read_text())

    def go_on(state: bytes):
        with engine.folder() as folder:
            shutil.copytree(run, folder / "run")
            interrupted = record | {"status": "interrupted"}
            (folder / "run/run.json").write_text(json.dumps(interrupted))
            (folder / "run" / STATE).write_bytes(state)
            before = contents(folder)
            found = engine.ask("zoo", folder, "train", "--resume", "./run", "--quiet", changes=True)
            after = json.loads((folder / "run/run.json").read_text())
            if found.code:
                assert contents(folder) == before, "files were changed"
            else:
                assert after["metrics"] == record["metrics"]
            return found

    return go_on


@pytest.fixture
def state(trained) -> bytes:
    (run,) = (trained / "runs").iterdir()
    return (run / STATE).read_bytes()


def test_the_undamaged_one_goes_on(resume, state):
    assert resume(state).code == 0


@inputs("damaged checkpoints", 8, 80)
def test_damaged_checkpoints(resume, state, count):
    fuzz(SEVERAL, lambda damage: resume(damaged(state, damage)), count)


@inputs("forged checkpoints", 10, 100)
def test_checkpoints_of_any_progress(resume, state, count):
    with np.load(io.BytesIO(state)) as archive:
        arrays = dict(archive)
    meta = json.loads(arrays.pop("meta").tobytes())

    def attempt(made):
        text = json.dumps(changed(meta, made)).encode()
        file = io.BytesIO()
        np.savez(file, meta=np.frombuffer(text, np.uint8), **arrays)
        resume(file.getvalue())

    fuzz(changes(meta), attempt, count)


@inputs("odd arrays in checkpoints", 8, 60)
def test_checkpoints_of_any_arrays(resume, state, count):
    with np.load(io.BytesIO(state)) as archive:
        arrays = dict(archive)

    def attempt(made):
        odd = dict(arrays)
        for name, dtype, shape in made:
            odd[name] = np.zeros(shape, dtype)
        file = io.BytesIO()
        np.savez(file, **odd)
        resume(file.getvalue())

    names = st.sampled_from([*arrays, "best/0", "model/999", "model/x", "other", "model"])
    dtypes = st.sampled_from(["f8", "f2", "i8", "u1", "?", "U3", "c8", "M8[s]"])
    shapes = st.lists(st.integers(0, 5), max_size=4)
    fuzz(st.lists(st.tuples(names, dtypes, shapes), min_size=1, max_size=3), attempt, count)
