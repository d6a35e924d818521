"""IDX files with any header and any damage are read, or refused in a line."""

import gzip
import struct

import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged

GOOD = bytes((0, 0, 8, 3)) + struct.pack(">3I", 5, 4, 4) + bytes(range(80))
SIZES = st.one_of(
    st.integers(0, 6), st.sampled_from([80, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 10**9])
)


@pytest.fixture
def attempt(asked):
    def read(content: bytes, name: str):
        with asked.folder() as folder:
            (folder / name).write_bytes(content)
            return asked.ask("idx", folder, f"./{name}", 3)

    return read


def test_the_undamaged_file_is_read(attempt):
    assert attempt(GOOD, "some-ubyte").out == "(5, 4, 4)\n"
    assert attempt(gzip.compress(GOOD), "some-ubyte.gz").code == 0


@inputs("damaged IDX", 20, 150)
def test_damaged_files(attempt, count):
    def write(case):
        damage, outer, packed = case
        content = damaged(GOOD, damage)
        if packed:
            content = damaged(gzip.compress(content), outer)
        attempt(content, "some-ubyte.gz" if packed else "some-ubyte")

    fuzz(st.tuples(SEVERAL, SEVERAL | st.just([]), st.booleans()), write, count)


@inputs("odd IDX", 20, 100)
def test_headers_of_any_sizes(attempt, count):
    def write(case):
        kind, sizes, length, packed = case
        content = bytes(kind) + struct.pack(f">{len(sizes)}I", *sizes) + bytes(length)
        name = "some-ubyte.gz" if packed else "some-ubyte"
        attempt(gzip.compress(content, 1) if packed else content, name)

    kinds = st.just([0, 0, 8, 3]) | st.lists(st.integers(0, 255), min_size=4, max_size=4)
    lengths = st.integers(0, 200) | st.sampled_from([2**24, 2**26])
    fuzz(
        st.tuples(kinds, st.lists(SIZES, min_size=2, max_size=4), lengths, st.booleans()),
        write,
        count,
    )
