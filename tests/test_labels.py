"""Labels as people have them: what is taken for which class, what is said, and what is refused."""

import unicodedata

import numpy as np
import pandas
import pytest
from conftest import assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo as archzoo
from zoo.datasets.labels import class_numbers
from zoo.errors import DataError

X = np.random.default_rng(0).integers(0, 256, (60, 8, 8), "uint8")
Y = np.arange(60) % 3
NAMES = np.array(["dog", "cat", "emu"])

SAID = {
    "from 1": (Y + 1, "123", "labels 1 to 3 are taken as the classes"),
    "gaps": (np.array([0, 4, 9])[Y], "049", "labels 0, 4, 9 are taken as the classes"),
    "-1 and 1": (np.array([-1, 1])[Y % 2], ("-1", "1"), "labels -1, 1 are taken as the classes"),
    "large": (np.array([0, 1, 2**40])[Y], ("0", "1", str(2**40)), "labels 0, 1, 1099511627776"),
    "one-hot": (np.eye(3)[Y], "012", "one-hot labels are taken as the class of the 1"),
    "one-hot from 1": (np.eye(4, dtype=int)[Y + 1], "123", "labels 1 to 3 are taken"),
    "one-hot bool": (np.eye(3, dtype=bool)[Y].tolist(), "012", "one-hot labels"),
    "true and false": (Y == 1, "01", "class 0 is false"),
    "floats": (Y.astype("float32"), "012", "taken as whole numbers"),
    "text": (NAMES[Y], ("cat", "dog", "emu"), "the classes are, sorted: 'cat', 'dog', 'emu'"),
    "bytes": (NAMES[Y].astype("S"), ("cat", "dog", "emu"), "sorted: 'cat'"),
    "objects": (NAMES[Y].astype(object), ("cat", "dog", "emu"), "sorted: 'cat'"),
    "a list": (NAMES[Y].tolist(), ("cat", "dog", "emu"), "sorted: 'cat'"),
    "objects of numbers": ((Y + 1).astype(object), "123", "labels 1 to 3"),
    "Categorical": (pandas.Categorical(NAMES[Y], ["emu", "dog", "cat", "fox"]), None, "sorted"),
    "Series": (pandas.Series(NAMES[Y], dtype="string"), ("cat", "dog", "emu"), "sorted: 'cat'"),
    "Int64": (pandas.Series(Y + 1, dtype="Int64"), "123", "labels 1 to 3"),
    "capitals": (np.array(["a", "A", "b"])[Y], ("A", "a", "b"), "differ in spaces or capitals"),
    "nan as text": (np.array(["nan", "A", "b"])[Y], ("A", "b", "nan"), "a missing label"),
}


@pytest.mark.parametrize("case", SAID.values(), ids=SAID)
def test_what_is_not_plainly_from_0_is_mapped_and_said(case):
    labels, classes, said = case
    y, found, notes = class_numbers({"train": labels})
    assert found == tuple(classes or ("cat", "dog", "emu"))
    assert said in " | ".join(notes)
    assert (y["train"].dtype, y["train"].shape) == (np.int32, (60,))
    assert len(np.unique(y["train"][Y == 1])) == 1


def test_what_is_plain_is_not_talked_about():
    y, classes, notes = class_numbers({"train": Y.astype("uint8"), "test": [2, 0]})
    assert (classes, notes, y["test"].tolist()) == (("0", "1", "2"), (), [2, 0])


def test_classes_named_by_the_file():
    for labels, names, codes, said in [
        (Y, ["c", "b", "a"], [0, 1, 2], ""),
        (
            Y + 1,
            ["c", "b", "a"],
            [0, 1, 2],
            "labels 1 to 3 are taken as the 3 classes in the order",
        ),
        (np.eye(3)[Y], ["c", "b", "a"], [0, 1, 2], "one-hot"),
        (np.array([7, 5, 9])[Y], ["9", "7", "5"], [1, 2, 0], "names in classes"),
        (NAMES[Y], ["emu", "dog", "cat"], [1, 2, 0], ""),
    ]:
        y, classes, notes = class_numbers({"train": labels}, np.array(names))
        assert (classes, y["train"][:3].tolist()) == (tuple(names), codes)
        assert (notes == ()) if not said else (said in notes[0])


REFUSED = {
    "fractions": ([0.5, 1, 0.5, 1], "real numbers, 0.5 for one"),
    "unknown": (
        [-1, 0, 1, 2],
        "from -1 to 2; a negative number beside others may stand for unknown",
    ),
    "one class": (["a"] * 4, "has one class only, a"),
    "none": ([], "has no labels"),
    "soft": ([[0.9, 0.1], [0.2, 0.8]], "(soft labels)"),
    "several": ([[1, 1], [0, 1]], "several labels a sample, or none"),
    "no class": ([[0, 0], [0, 1]], "several labels a sample, or none"),
    "row of NaN": ([[np.nan, 1], [0, 1]], "1 rows with NaN"),
    "NaN": (np.array([0, 1, np.nan]), "1 labels that are NaN"),
    "NaN in text": (["a", "b", np.nan], "has no label for sample 2"),
    "None": (np.array(["a", None, "b"], object), "has no label for sample 1"),
    "NA": (pandas.Series([1, None, 2], dtype="Int64"), "1 labels that are NaN"),
    "missing category": (pandas.Categorical(["a", "b", None]), "has no label for sample 2"),
    "empty": (["a", " ", "b"], "an empty label, sample 1"),
    "types": (["a", 1, "b"], "text ('a', sample 0) and whole numbers (1, sample 1)"),
    "true and 2": ([True, 2, 1], "true and false (True, sample 0)"),
    "objects": ([{}, {}], "objects of type dict"),
    "huge": ([2**70, 1], "more than 64 bits"),
    "huge unsigned": (np.array([2**63, 1], "uint64"), "which is too large"),
    "ragged": ([[1], [2, 3]], "no array can be made of it"),
    "identifiers": ([f"clip{i}" for i in range(40)], "40 different labels among 40 samples"),
    "quantities": (np.arange(40) * 7 + np.arange(40) % 3, "identifiers or quantities"),
    "one number": (5, "give one label for each sample"),
    "Latin 1": (np.array([b"\xe9", b"b"]), "no text in UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_labels_that_are_no_classes_are_refused(case):
    labels, said = case
    with pytest.raises(DataError) as error:
        class_numbers({"train": labels}, path="t.csv", called="column 'label'")
    assert str(error.value).startswith("t.csv: column 'label'")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("test", "names", "said"),
    [
        ([0], None, "y_test has the label 0, which no training sample has"),
        ([1, 7], None, "y_test has the label 7"),
        (["1"], None, "y_test is text and the training labels are numbers"),
        (np.eye(4)[[1, 2]], None, "y_test is one-hot rows"),
        ([0], ["a", "b", "c"], "labels run from 0 to 3; with 3 classes"),
        ([1], ["1", "2"], "labels run from 1 to 3"),
        ([1], ["1", "2", "1"], "classes has '1' twice"),
        ([1], ["a", "b", "c", "d"], "no sample of 'a', which classes lists"),
    ],
)
def test_splits_and_names_that_do_not_fit(test, names, said):
    with pytest.raises(DataError, match=said):
        class_numbers({"train": Y + 1, "test": test}, names)


def test_names_that_could_be_read_in_two_ways():
    with pytest.raises(DataError, match="could be places in it or its names"):
        class_numbers({"train": Y}, ["2", "1", "0"])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=9, unique=True),
    st.integers(0, 2**31),
)
def test_any_way_to_write_the_same_numbers_is_the_same(values, seed):
    generator = np.random.default_rng(seed)
    values = sorted(map(abs, values))
    values = list(dict.fromkeys(values)) if len(set(values)) > 1 else [0, 1]
    places = generator.permutation(np.arange(30) % len(values))
    labels = np.array(values)[places]
    ways = [
        labels,
        labels.tolist(),
        labels[:, None],
        labels.astype(object),
        labels.astype("float64"),
        pandas.Series(labels, dtype="Int64"),
        pandas.Categorical(labels, generator.permutation(values)),
    ]
    for way in ways:
        y, classes, _ = class_numbers({"train": way})
        assert classes == tuple(map(str, values))
        assert y["train"].tolist() == places.tolist()
    y, classes, _ = class_numbers({"train": np.eye(len(values))[places]})
    assert (y["train"].tolist(), len(classes)) == (places.tolist(), len(values))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text("aeé가́Å 1_", min_size=1, max_size=5).filter(str.strip), min_size=2, max_size=9
    ),
    st.integers(0, 2**31),
)
def test_any_way_to_write_the_same_names_is_the_same(names, seed):
    generator = np.random.default_rng(seed)
    known = sorted({unicodedata.normalize("NFC", each) for each in [*names, "zzz", "yyy"]})
    places = generator.permutation(np.arange(30) % len(known))
    labels = np.array(known)[places]
    ways = [
        labels,
        labels.tolist(),
        labels.astype(object),
        np.char.encode(labels, "utf-8"),
        [unicodedata.normalize("NFD", each) for each in labels],
        pandas.Categorical(labels, generator.permutation(known)),
        pandas.Series(labels),
    ]
    for way in ways:
        y, classes, _ = class_numbers({"train": way})
        assert classes == tuple(known)
        assert y["train"].tolist() == places.tolist()
    shuffled = generator.permutation(30)
    y, classes, _ = class_numbers({"train": labels[shuffled]})
    assert (classes, y["train"].tolist()) == (tuple(known), places[shuffled].tolist())


def test_how_labels_were_read_is_shown(zoo_here):
    np.savez("own.npz", x_train=X, y_train=Y + 1)
    _, out, _ = zoo_here("datasets", "show", "own.npz")
    assert "note: labels 1 to 3 are taken as the classes" in out


def test_python_takes_labels_of_any_kind():
    for labels in (NAMES[Y].tolist(), NAMES[Y].astype(object), pandas.Categorical(NAMES[Y])):
        found = archzoo.load_dataset((X, labels))
        assert found.classes == ("cat", "dog", "emu")
    with pytest.raises(DataError, match="y_train has no label for sample 0"):
        archzoo.load_dataset((X, [None, *NAMES[Y][1:]]))


def test_a_class_that_only_the_test_set_has(zoo_here):
    np.savez("own.npz", x_train=X, y_train=NAMES[Y], x_test=X[:2], y_test=["cat", "fox"])
    result = zoo_here("train", "cnn", "--dataset", "own.npz")
    assert_one_line_error(
        result, 1, "own.npz: y_test has the label 'fox', which no training sample"
    )
