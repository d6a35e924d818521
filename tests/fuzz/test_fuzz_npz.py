"""npz files of any content and with any damage are read, or refused in a line."""

import warnings

import pytest
from archives import ANY, ONE_ODD, PLAUSIBLE, RIGHT, Archive
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged

GOOD = Archive(RIGHT).content()
PACKED = Archive(RIGHT, compressed=True).content()


@pytest.fixture
def attempt(asked):
    """Show the dataset in such a file."""

    def show(content: bytes, name: str = "some.npz"):
        with asked.folder() as folder:
            (folder / name).write_bytes(content)
            return asked.ask("zoo", folder, "datasets", "show", f"./{name}")

    return show


def test_the_undamaged_file_is_shown(attempt):
    for content in (GOOD, PACKED):
        assert attempt(content).code == 0


@inputs("damaged npz", 30, 300)
def test_damaged_files(attempt, count):
    damage = st.tuples(st.sampled_from([GOOD, PACKED]), SEVERAL)
    fuzz(damage, lambda case: attempt(damaged(*case)), count)


@inputs("odd npz", 40, 350)
def test_files_of_odd_arrays(attempt, count):
    def write(archive: Archive):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that are there twice
            content = archive.content()
        attempt(content)

    fuzz(st.one_of(ONE_ODD, PLAUSIBLE, ANY), write, count)
