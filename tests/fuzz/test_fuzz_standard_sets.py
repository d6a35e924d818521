"""Files of standard datasets with any damage are read, or refused in a line."""

import gzip
import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged

BATCH = {b"data": np.zeros((10, 3072), "uint8"), b"labels": list(range(10)), b"batch_label": b"1"}
PICKLES = [pickle.dumps(BATCH, protocol) for protocol in (0, 2, 4)]
BINARY = bytes(10 * 3073)
IDX = gzip.compress(bytes((0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 4)) + bytes(80))


def archives() -> list[bytes]:
    packed, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/x.gz", IDX)
    with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
        member = tarfile.TarInfo("folder/x.gz")
        member.size = len(IDX)
        archive.addfile(member, io.BytesIO(IDX))
    return [packed.getvalue(), tarred.getvalue()]


ARCHIVES = archives()


@pytest.fixture
def attempt(asked):
    def read(content: bytes, what: str, *arguments: str):
        with asked.folder() as folder:
            (folder / "some").write_bytes(content)
            return asked.ask(what, folder, "./some", *arguments)

    return read


def test_the_undamaged_files_are_read(attempt):
    for content in PICKLES:
        assert attempt(content, "cifar", "pickled").out == "(10, 32, 32, 3) (10,)\n"
    assert attempt(BINARY, "cifar", "binary").code == 0
    for content in ARCHIVES:
        assert attempt(content, "packed").out == "(5, 4, 4)\n"


@inputs("damaged pickle", 40, 400)
def test_damaged_pickles(attempt, count):
    damage = st.tuples(st.sampled_from(PICKLES), SEVERAL)
    fuzz(damage, lambda case: attempt(damaged(*case), "cifar", "pickled"), count)


@inputs("odd pickle", 20, 200)
def test_pickles_of_anything(attempt, count):
    values = st.recursive(
        st.none() | st.integers() | st.binary(max_size=9) | st.text(max_size=9) | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.binary(max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )
    wrong = st.fixed_dictionaries({b"data": values, b"labels": values}) | values
    fuzz(wrong, lambda case: attempt(pickle.dumps(case, 2), "cifar", "pickled"), count)


@inputs("damaged archive of IDX files", 20, 200)
def test_damaged_archives(attempt, count):
    damage = st.tuples(st.sampled_from(ARCHIVES), SEVERAL)
    fuzz(damage, lambda case: attempt(damaged(*case), "packed"), count)


@inputs("damaged binary batch", 10, 100)
def test_damaged_binaries(attempt, count):
    fuzz(SEVERAL, lambda damage: attempt(damaged(BINARY, damage), "cifar", "binary"), count)
