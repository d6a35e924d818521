"""Folders of images with any files and any labels.csv are read, or refused in a line."""

import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged
from pictures import CHUNKS, genuine

FILES = genuine()
GOOD = FILES["l.png"]


@pytest.fixture
def attempt(asked):
    """Show and inspect a folder of these files, then read all that is in it."""

    def show(files: dict[str, bytes]):
        with asked.folder({f"data/{name}": content for name, content in files.items()}) as folder:
            shown = asked.ask("zoo", folder, "datasets", "show", "./data")
            read = asked.ask("samples", folder, "./data")
            assert shown.code == 0 or read.code, (shown, read)
            looked = asked.ask(
                "zoo", folder, "datasets", "inspect", "./data", "--out", "./sheet", changes=True
            )
            assert looked.code == 0 or read.code, (looked, read)
            return read

    return show


def pets(content: bytes, name: str, good: bytes = GOOD) -> dict[str, bytes]:
    names = [f"{label}/{number}.png" for label in "ab" for number in range(5)]
    return dict.fromkeys(names, good) | {f"a/{name}": content}


def test_undamaged_folders_are_read(attempt):
    assert attempt(pets(GOOD, "0.png")).code == 0


@inputs("images in folders", 15, 120)
def test_folders_of_any_images(attempt, count):
    some = st.builds(
        lambda name, damage: damaged(FILES[name], damage),
        st.sampled_from(sorted(FILES)),
        SEVERAL | st.just([]),
    )
    names = st.sampled_from(["0.png", "0.JPG", "1.webp", "x.gif", "9.tiff", "x.txt", "e\u0301.png"])
    goods = st.sampled_from([FILES["l.png"], FILES["rgb.png"], FILES["a.jpg"]])
    cases = st.tuples(some | CHUNKS, names, goods)
    fuzz(cases, lambda case: attempt(pets(*case)), count)


CELLS = st.sampled_from([
    "0.png", "1.png", "a/0.png", "../x.png", "/etc/passwd", "", "cat", "dog", "train", "test", "val",
    "é", "e\u0301", '"', "x" * 300, "\0", "\x1b[31m", " 0.png ", ".", "a", "=1+1",
])  # fmt: skip
ROWS = st.lists(
    st.lists(CELLS, min_size=1, max_size=5).map(",".join)
    | st.sampled_from([f"{n}.png,{'cat' if n % 2 else 'dog'}" for n in range(10)]),
    max_size=14,
)
HEADERS = st.sampled_from([
    "path,label", "path,label,split", "path,label,split,group", "label,path", "path;label", "",
    "\ufeffpath,label", "path,path,label",
])  # fmt: skip


@inputs("labels.csv", 20, 150)
def test_tables_of_any_rows(attempt, count):
    pictures = {f"{number}.png": GOOD for number in range(10)}

    def listed(case):
        header, rows, damage, end = case
        text = end.join([header, *rows]).encode("utf-8", "surrogatepass")
        attempt(pictures | {"labels.csv": damaged(text, damage)})

    cases = st.tuples(HEADERS, ROWS, SEVERAL | st.just([]), st.sampled_from(["\n", "\r\n", "\r"]))
    fuzz(cases, listed, count)
