"""A user's own `.npz` file: what is recognised, what is refused, and that nothing in it does harm."""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo.datasets.catalog import own_dataset

X = np.random.default_rng(0).integers(0, 256, (60, 8, 9), "uint8")
Y = np.arange(60) % 3


@pytest.fixture
def own(tmp_path):
    """Write `own.npz`: what is given, over images and labels that can be trained on."""

    def write(**arrays):
        path = tmp_path / "own.npz"
        np.savez(path, **({"x_train": X, "y_train": Y} | arrays))
        return path

    return write


def loaded(path):
    dataset = own_dataset(path)
    return dataset, dataset.load(None)


def npy(array=None, *, header=None) -> bytes:
    """An array's bytes as NumPy writes them; `header`: what it announces instead."""
    content = io.BytesIO()
    if header:
        np.lib.format.write_array_header_1_0(content, header)
    else:
        np.save(content, array)
    return content.getvalue()


def zipped(path, *members, compression=zipfile.ZIP_DEFLATED):
    """An archive of `(name, bytes)`, and labels."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in (*members, ("y_train.npy", npy(Y))):
            archive.writestr(name, content)
    return path


# What it is


def test_x_val_is_what_is_validated_on_and_a_part_of_the_identity(own):
    path = own(x_val=X[:12] ^ 1, y_val=Y[:12])
    dataset, arrays = loaded(path)
    assert np.array_equal(arrays.x_validation[..., 0], X[:12] ^ 1)
    assert arrays.y_validation.tolist() == Y[:12].tolist()
    assert len(arrays.x_train) == 48
    assert "x_val is what is validated on" in dataset.notes[0]
    assert set(arrays.checksums) - set(loaded(own())[1].checksums) == {
        "x_validation",
        "y_validation",
    }


@pytest.mark.parametrize("share", [0.1, 0])
def test_nothing_is_held_out_beside_x_val(share, own, tiny_py, zoo):
    path = own(y_train=Y + 1, x_val=X[:12], y_val=Y[:12] + 1, x_test=X, y_test=Y + 1)
    (path.parent / "mine.toml").write_text(f'base = "tutorial"\nvalidation = {share}\n')
    train = ("train", tiny_py, "--dataset", path, "--epochs", "1", "--batch-size", "20", "--json")
    done = zoo(*train, "--recipe", "mine.toml")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["dataset"]["sizes"] == {"train": 60, "validation": 12, "test": 60}
    assert record["dataset"]["notes"][0] == "labels 1 to 3 are taken as the classes"


CHANNELS_FIRST = [
    ((1, 8, 9), (8, 9, 1), "image"),
    ((3, 8, 9), (8, 9, 3), "image"),
    ((5, 3, 8, 9), (5, 8, 9, 3), "frames"),
    ((1, 5, 8, 9), (5, 8, 9, 1), "frames"),
]


@pytest.mark.parametrize(("given", "shape", "layout"), CHANNELS_FIRST)
def test_channels_first_is_transposed_and_said(given, shape, layout, own):
    x = np.random.default_rng(0).integers(0, 256, (60, *given), "uint8")
    dataset, arrays = loaded(own(x_train=x))
    assert (dataset.layout, dataset.shape) == (layout, shape)
    first = given.index(1) if 1 in given else given.index(3)
    assert arrays.checksums == loaded(own(x_train=np.moveaxis(x, first + 1, -1)))[1].checksums
    assert "channels first" in dataset.notes[0]


@pytest.mark.parametrize("shape", [(8, 16, 16), (4, 16, 16), (5, 6, 7, 8), (1, 3, 6, 8)])
def test_axes_that_could_be_several_things_are_asked_for(shape, own, zoo_here):
    path = own(x_train=np.zeros((60, *shape), "uint8"))
    result = zoo_here("train", "cnn", "--dataset", path)
    assert_one_line_error(result, 1, "which axis is the channels?", "layout='frames'", "moveaxis")


def test_a_layout_in_the_file_says_what_the_axes_are(own):
    x = np.zeros((60, 8, 16, 18), "uint8")
    assert loaded(own(x_train=x, layout="frames"))[0].shape == (8, 16, 18, 1)
    assert loaded(own(x_train=x, layout="image"))[0].shape == (8, 16, 18)
    assert loaded(own(x_train=X, layout="sequence"))[0].shape == (8, 9)
    dataset, _ = loaded(own(x_train=x[..., None], layout="frames"))
    assert (dataset.layout, dataset.shape) == ("frames", (8, 16, 18, 1))
    assert dataset.notes == ()


LABELS = {
    "whole floats": Y.astype(float),
    "a column": Y[:, None],
    "booleans": Y == 1,
    "unsigned": Y.astype("uint64"),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_of_any_whole_type(labels, own):
    dataset, arrays = loaded(own(y_train=labels))
    assert dataset.classes == tuple("012")[: len(np.unique(labels))]
    both = np.concatenate([arrays.y_train, arrays.y_test])
    assert (both.dtype, len(both)) == (np.int32, 60)
    assert np.bincount(both).tolist() == np.bincount(np.ravel(labels).astype(int)).tolist()


@pytest.mark.parametrize("kind", ["U3", "S3"])
def test_text_labels_are_classes(kind, own):
    names = np.array(["dog", "cat", "emu"], kind)
    dataset, arrays = loaded(own(y_train=names[Y], x_test=X, y_test=names[Y]))
    assert dataset.classes == ("cat", "dog", "emu")
    assert arrays.y_train[:3].tolist() == arrays.y_test[:3].tolist() == [1, 0, 2]
    assert "'cat', 'dog', 'emu'" in dataset.notes[0]
    dataset, arrays = loaded(own(y_train=names[Y], classes=np.array(["emu", "dog", "cat"])))
    assert dataset.classes == ("emu", "dog", "cat")
    assert arrays.y_train[:3].tolist() == [1, 2, 0]


def test_uint16_images_are_scaled_and_said(own):
    x = X.astype("uint16") * 257
    dataset, arrays = loaded(own(x_train=x))
    assert arrays.x_train.dtype == np.float32
    assert arrays.x_train.max() == 1
    assert np.allclose(arrays.x_train, loaded(own())[1].x_train / 255)
    assert "x / 65535" in dataset.notes[0]


VALUES = {
    "int64": (X.astype("int64"), None, X, "int64 from 0 to 255; they are taken as pixels"),
    "uint16 of bytes": (X.astype("uint16"), None, X, "uint16 from 0 to 255"),
    "bool": (X > 99, None, (X > 99) * 255, "white and black"),
    "0 and 1": ((X > 99).astype("uint8"), None, (X > 99) * 255, "of 0 and 1 only"),
    "few levels": (X.astype("int16") // 16, None, X // 16, "as numbers, float32, and no pixels"),
    "twelve bits": (X.astype("int32") * 9, None, X * 9.0, "as numbers, float32"),
    "numbers in a sequence": (X.astype("int16"), "sequence", X, "read as float32"),
    "uint16 in a sequence": (X.astype("uint16"), "sequence", X, "read as float32"),
    "bool in a sequence": (X > 99, "sequence", X > 99, "as 1 and 0"),
    "perhaps a sequence": (X / 100 - 1, None, X / 100 - 1, "give layout='sequence'"),
}


@pytest.mark.parametrize("case", VALUES.values(), ids=VALUES)
def test_values_of_any_type_are_read_and_said(case, own):
    x, layout, wanted, said = case
    dataset, arrays = loaded(own(x_train=x, **({"layout": layout} if layout else {})))
    both = np.concatenate([arrays.x_train, arrays.x_test]).reshape(60, 8, 9)
    assert said in " | ".join(dataset.notes)
    pixels = "float32" if "float32" in said or "1 and 0" in said or "sequence" in said else "uint8"
    assert both.dtype == pixels
    found = {sample.tobytes() for sample in both}
    assert found == {sample.tobytes() for sample in wanted.astype(both.dtype)}


def test_an_array_that_is_not_used_is_said_and_not_read(own):
    dataset, _ = loaded(own(extra=np.array([{}, None], object), ids=Y))
    assert dataset.notes == ("not used: extra, ids",)


# What it is not

REFUSED = {
    "two axes": ({"x_train": X[:, :, 0]}, "x_train has shape (60, 8)"),
    "uint16 and uint8": ({"x_train": X.astype("uint16"), "x_test": X, "y_test": Y}, "be alike"),
    "beyond float32's integers": ({"x_train": X.astype("int64") << 40}, "has no integers beyond"),
    "true and floats": ({"x_train": X > 9, "x_test": X / 9, "y_test": Y}, "must be alike"),
    "beyond float32": ({"x_train": X * 1e300}, "values too large for float32"),
    "complex": ({"x_train": X * 1j}, "x_train is complex128"),
    "ragged": ({"x_train": np.array([[1], [2, 3]] * 30, object)}, "x_train is an array of Python"),
    "text objects": ({"y_train": np.array(["a", "b"] * 30, object)}, "y_train.astype(str)"),
    "dates": ({"y_train": Y.astype("M8[s]")}, "y_train is datetime64[s]; labels are whole numbers"),
    "durations": ({"y_train": Y.astype("m8[s]")}, "y_train is timedelta64[s]; labels are"),
    "imaginary": ({"y_train": Y * 1j}, "y_train is complex128; labels are"),
    "records": ({"y_train": np.zeros(60, [("a", int)])}, "y_train is [('a', '<i8')]; labels are"),
    "no number": ({"y_train": np.where(Y == 1, np.nan, Y)}, "20 labels that are NaN"),
    "targets": ({"y_train": Y / 2}, "0.5 for one; archzoo trains classifiers"),
    "several targets": ({"y_train": np.random.default_rng(0).random((60, 2))}, "several numbers"),
    "several labels": ({"y_train": np.ones((60, 3), int)}, "several labels a sample"),
    "masks": ({"y_train": X}, "y_train has shape (60, 8, 9); give one label for each sample"),
    "unknown text": (
        {"y_train": np.array(["a", "b"])[Y % 2], "x_test": X, "y_test": np.full(60, "c")},
        "y_test has the label 'c'",
    ),
    "text and numbers": (
        {"y_train": np.array(["0", "1"])[Y % 2], "x_test": X, "y_test": Y},
        "y_test is numbers and the training labels are text",
    ),
    "names twice": ({"classes": np.array(["a", "b", "a"])}, "classes has 'a' twice"),
    "no name": ({"classes": np.array(["a", "b", ""])}, "classes has an empty name"),
    "a table of names": (
        {"classes": np.array([["a", "b", "c"]])},
        "classes is <U1 of shape (1, 3)",
    ),
    "one name": ({"classes": np.array("abc")}, "classes is <U3 of shape ()"),
    "real names": ({"classes": np.array([0.5, 1, 2])}, "classes is float64"),
    "too few names": ({"classes": np.array(["a", "b"])}, "labels run from 0 to 2; with 2 classes"),
    "too many names": ({"classes": np.array(list("abcd"))}, "no sample of 'd'"),
    "two layouts": ({"layout": np.array(["rows", "rows"])}, "layout is <U4 of shape (2,)"),
    "x_val alone": ({"x_val": X}, "only one of x_val and y_val"),
    "other x_val": ({"x_val": X[:, :7], "y_val": Y}, "x_val uint8 (7, 9, 1)"),
    "one of a class": (
        {"y_train": np.where(np.arange(60) == 7, 3, Y)},
        "class '3'",
        "(1)",
        "x_test",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_on_is_said(case, own, zoo_here):
    arrays, *parts = case
    result = zoo_here("train", "cnn", "--dataset", own(**arrays))
    assert_one_line_error(result, 1, "own.npz: ", *parts)


def test_a_class_that_validation_would_take_whole_is_refused(own, tiny_py, zoo_here):
    labels = np.where(np.arange(60) < 30, 0, np.arange(60) - 29)  # one sample of each but the first
    path = own(y_train=labels, x_test=X, y_test=labels)
    (path.parent / "half.toml").write_text('base = "tutorial"\nvalidation = 0.6\n')
    result = zoo_here("train", tiny_py, "--dataset", path, "--recipe", "half.toml", "--quiet",
                      "--batch-size", "4")  # fmt: skip
    assert_one_line_error(result, 1, "too few training examples (1)", "validation 0.6")


# What does no harm


def lie(path, announced: int):
    """An archive whose directory announces another unpacked size of its first member."""
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(mark) + offset, announced)
    path.write_bytes(content)


def huge_shape(path):
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**12, 8, 8)}
    zipped(path, ("x_train.npy", npy(header=header)))
    return "x_train is damaged: its header says"


def elements_of_nothing(path):
    header = {"descr": "<U0", "fortran_order": False, "shape": (10**12,)}
    members = [("x_train.npy", npy(X)), ("classes.npy", npy(header=header))]
    zipped(path, *members)
    return "classes is damaged"


def bomb(path):
    header = npy(header={"descr": "|u1", "fortran_order": False, "shape": (1, 2**27)})
    zipped(path, ("x_train.npy", header + bytes(2**27)))
    return "x_train: ", "more than 200 times", "numpy.savez"


def lying_directory(path):
    zipped(path, ("x_train.npy", npy(X)))
    lie(path, 2**32 - 2)
    return "x_train is damaged: its header says"


def wrong_sum(path):
    zipped(path, ("x_train.npy", npy(X)), compression=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    return "x_train is damaged (Bad CRC-32"


def encrypted(path):
    zipped(path, ("x_train.npy", npy(X)))
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    return "x_train is encrypted"


def other_compression(path):
    zipped(path, ("x_train.npy", npy(X)), compression=zipfile.ZIP_LZMA)
    return "x_train is compressed as NumPy does not"


def twice(path):
    zipped(path, ("x_train.npy", npy(X)), ("x_train.npy", npy(X)))
    return "x_train is in it 2 times"


def overlapping(path):
    zipped(path, ("x_train.npy", npy(X)), compression=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    struct.pack_into("<I", content, second + 42, 0)  # where it begins: where the first does
    path.write_bytes(content)
    return "y_train.npy overlaps another"


def nested(path):
    zipped(path, ("data/x_train.npy", npy(X)))
    return "lacks x_train; it holds data/x_train"


def no_array(path):
    zipped(path, ("x_train.npy", b"cat, dog"))
    return "x_train is damaged"


def strange_header(path):
    text = b"(" * 60
    zipped(path, ("x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text))
    return "x_train is damaged"


def truncated(path):
    np.savez(path, x_train=X, y_train=Y)
    path.write_bytes(path.read_bytes()[:-99])
    return "is no npz file or is damaged"


HOSTILE = (
    *(huge_shape, elements_of_nothing, bomb, lying_directory, wrong_sum, encrypted),
    *(other_compression, twice, overlapping, nested, no_array, strange_header, truncated),
)


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_file_is_refused_in_a_line(make, tmp_path, zoo_here):
    parts = make(tmp_path / "own.npz")
    parts = (parts,) if isinstance(parts, str) else parts
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = zoo_here("train", "cnn", "--dataset", "own.npz")
    assert_one_line_error(result, 1, "own.npz", *parts)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_pipe_is_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "own.npz")
    command = [sys.executable, "-m", "zoo", "train", "cnn", "--dataset", "own.npz"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert_one_line_error(result, 1, "own.npz: is a pipe or a device")


def test_a_folder_is_no_npz(tmp_path, zoo_here):
    (tmp_path / "own.npz").mkdir()
    result = zoo_here("train", "cnn", "--dataset", "own.npz")
    assert_one_line_error(result, 1, "own.npz: is a folder")


def test_a_stated_limit(own, zoo_here, monkeypatch):
    path = own(x_train=np.zeros((60, 2**9, 2**9), "uint8"))
    monkeypatch.setenv("ZOO_MAX_DATA_MIB", "9")
    result = zoo_here("train", "cnn", "--dataset", path)
    assert_one_line_error(result, 1, "takes 16 MiB in memory", "at most 9", "ZOO_MAX_DATA_MIB=16")
    monkeypatch.setenv("ZOO_MAX_DATA_MIB", "16")
    assert own_dataset(path).shape == (512, 512, 1)


def test_a_limit_that_is_none(own, zoo_here, monkeypatch):
    monkeypatch.setenv("ZOO_MAX_DATA_MIB", "much")
    result = zoo_here("train", "cnn", "--dataset", own())
    assert_one_line_error(result, 2, "ZOO_MAX_DATA_MIB=much: use a whole number")
