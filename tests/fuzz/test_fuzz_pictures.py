"""Picture files of any content and with any damage are read as training's were, or refused in a line."""

import json

import pytest
from asking import PROJECT, fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged
from pictures import CHUNKS, genuine

GENUINE = genuine()
SEEN = {
    "minimum": 0.0,
    "maximum": 255.0,
    "mean": 126.0,
    "deviation": 75.0,
    "means": [100.0, 150.0],
    "deviations": [60.0, 90.0],
    "polarity": None,
    "background": None,
}


GENUINE_RUN = min((PROJECT / "tests/records").glob("*-mnist-*.json"))


def record(shape, dtype="uint8", ends=(0.0, 255.0), **more) -> dict:
    """That of a run with another contract."""
    contract = {
        "layout": "image",
        "shape": list(shape),
        "dtype": dtype,
        "pixel_range": list(ends),
        "polarity": None,
        "centred": False,
        "other_sizes": "fitted",
        "seen": SEEN,
    }
    return {**json.loads(GENUINE_RUN.read_text()), "contract": contract | more}


RUNS = {
    "grey": record((8, 8, 1)),
    "drawn": record((28, 28, 1), polarity="light on dark", centred=True),
    "one side": record((9, 11, 1), seen=SEEN | {"polarity": "dark on light", "background": 255.0}),
    "colour": record((8, 8, 3), "float32", (-1.0, 1.0)),
    "transparent": record((8, 8, 4), "float32", (0.0, 1.0), seen=None),
}


@pytest.fixture
def attempt(asked):
    def read(content: bytes, name: str, run: str = "grey"):
        with asked.folder() as folder:
            (folder / "run").mkdir()
            (folder / "run/run.json").write_text(json.dumps(RUNS[run]))
            (folder / name).write_bytes(content)
            return asked.ask("picture", folder, "./run", f"./{name}")

    return read


@pytest.mark.parametrize("run", ["grey", "colour", "transparent"])
def test_undamaged_files_are_read(attempt, run):
    for name, content in GENUINE.items():
        found = attempt(content, name, run)
        assert found.code == 0 or "transparent" in found.err or "32-bit" in found.err


@inputs("damaged pictures", 30, 300)
def test_damaged_files(attempt, count):
    cases = st.tuples(st.sampled_from(sorted(GENUINE)), SEVERAL, st.sampled_from(sorted(RUNS)))
    fuzz(cases, lambda case: attempt(damaged(GENUINE[case[0]], case[1]), case[0], case[2]), count)


@inputs("odd PNGs", 30, 250)
def test_chunks_of_any_kind(attempt, count):
    cases = st.tuples(CHUNKS, st.sampled_from(sorted(RUNS)))
    fuzz(cases, lambda case: attempt(case[0], "some.png", case[1]), count)
