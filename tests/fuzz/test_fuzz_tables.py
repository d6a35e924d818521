"""CSV, TSV, Parquet and `.ts` files with any damage are read, or refused in a line."""

import io

import numpy as np
import pandas as pd
import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged

X = np.arange(48.0).reshape(12, 4) * 1.25 - 20
LABELS = np.array(["up", "down"] * 6)
WIDE = pd.DataFrame(X, columns=["t0", "t1", "t2", "t3"]).assign(label=LABELS)
LONG = pd.DataFrame(
    {
        "id": np.repeat(np.arange(12), 4),
        "time": pd.date_range("2026-01-31", periods=4, freq="h").tolist() * 12,
        "x": X.reshape(-1),
        "split": np.repeat(["train", "test"], 24),
        "label": LABELS.repeat(4),
    }
)
TS = "@problemName Made\n@timeStamps false\n@univariate true\n@classLabel true up down\n@data\n"


def parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


GOOD = {
    "wide.csv": WIDE.to_csv(index=False).encode(),
    "index.csv": WIDE.to_csv(quoting=1).encode(),
    "decimal.csv": WIDE.to_csv(index=False, sep=";", decimal=",").encode("utf-16"),
    "bare.txt": WIDE.assign(label=np.arange(12) % 2).to_csv(index=False, header=False, sep=" ").encode(),
    "long.tsv": LONG.to_csv(index=False, sep="\t", lineterminator="\r\n").encode(),
    "wide.parquet": parquet(WIDE),
    "long.parquet": parquet(LONG.set_index(["id", "time"])),
    "lists.parquet": parquet(pd.DataFrame({"x": X.tolist(), "y": X.tolist(), "label": LABELS == "up"})),
    "made.ts": (
        TS + "".join(",".join(map(str, row)) + f":{y}\n" for row, y in zip(X, LABELS, strict=True))
    ).encode(),
}  # fmt: skip
WORDS = [
    "1", "-2.5", "1e400", "1,5", "1.234,5", "inf", "nan", "?", "", "up", "\"", "#", "2026-01-31", "31.1.2026",
    "9" * 25, "id", "time", "label", "split", "t0", "\u0661", "{x}", "\x1b[31m", " ", "True", "path",
]  # fmt: skip
TABLES = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), max_size=8)


@pytest.fixture
def attempt(asked):
    """Read all samples of such a file."""

    def show(content: bytes, name: str):
        with asked.folder() as folder:
            (folder / name).write_bytes(content)
            return asked.ask("samples", folder, f"./{name}")

    return show


def test_the_undamaged_files_are_read(attempt):
    for name, content in GOOD.items():
        assert attempt(content, name).code == 0, name


@inputs("damaged tables", 60, 900)
def test_damaged_files(attempt, count):
    damage = st.tuples(st.sampled_from(sorted(GOOD)), SEVERAL)
    fuzz(damage, lambda case: attempt(damaged(GOOD[case[0]], case[1]), case[0]), count)


@inputs("odd tables", 60, 600)
def test_tables_of_odd_words(attempt, count):
    def write(case):
        rows, separator, name = case
        attempt("\n".join(map(separator.join, rows)).encode(), name)

    names = st.sampled_from(["a.csv", "a.tsv", "a.txt", "a_TRAIN.txt"])
    fuzz(st.tuples(TABLES, st.sampled_from([",", ";", "\t", " "]), names), write, count)
