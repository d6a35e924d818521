"""Datasets: where they are found, what damaged and unusable ones get, the user's own."""

import gzip
import hashlib
import json
import shutil
import struct
import time

import numpy as np
import pytest
from conftest import assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.datasets.catalog import BUILT_IN
from zoo.datasets.location import Locations
from zoo.datasets.split import stratified
from zoo.errors import DataError, DataMissing

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@pytest.fixture
def idx_folder(data_dir, tmp_path):
    """A folder of MNIST's four files that a test may damage."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for name in FILES:
        shutil.copy(data_dir / "mnist" / name, folder)
        (folder / name).chmod(0o644)
    return folder


def load(name="mnist", data_dir=None):
    return BUILT_IN[name].load(Locations.of_user(str(data_dir) if data_dir else None))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_genuine_files_are_read(name, data_dir):
    arrays = load(name, data_dir)
    assert arrays.x_train.shape == (60000, 28, 28, 1)
    assert arrays.x_test.shape == (10000, 28, 28, 1)
    first = {"mnist": [5, 0, 4, 1, 9, 2, 1, 3], "fashion_mnist": [9, 0, 0, 3, 0, 2, 7, 2]}
    assert arrays.y_train[:8].tolist() == first[name]
    assert np.bincount(arrays.y_test).sum() == 10000


def test_every_place_is_tried_in_order(data_dir, idx_folder, mnist_arrays, tmp_path, monkeypatch):
    with pytest.raises(DataMissing, match=r"Looked in: .*cache.*keras"):
        load()
    torchvision = tmp_path / "data" / "MNIST" / "raw"
    torchvision.mkdir(parents=True)
    for name in FILES:  # torchvision keeps them unpacked
        packed = gzip.decompress((idx_folder / name).read_bytes())
        (torchvision / name.removesuffix(".gz")).write_bytes(packed)
    assert load().source.endswith("data/MNIST/raw")
    keras = tmp_path / "keras" / "datasets" / "mnist.npz"
    keras.parent.mkdir(parents=True)
    np.savez(keras, **mnist_arrays)
    assert load().source == str(keras)
    cache = tmp_path / "cache" / "datasets" / "mnist"
    cache.parent.mkdir(parents=True)
    shutil.copytree(idx_folder, cache)
    assert load().source == str(cache)
    assert load(data_dir=idx_folder).source == str(idx_folder)
    monkeypatch.setenv("ZOO_DATA_DIR", str(data_dir))
    assert load().source == str(data_dir / "mnist")


def truncate(path):
    path.write_bytes(path.read_bytes()[:5000])


def flip_a_bit_of_the_gzip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def flip_a_pixel(path):
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5000] ^= 1
    path.write_bytes(gzip.compress(content, 1))


def wrong_magic(path):
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(b"\x00\x00\x0d\x03" + content[4:], 1))


def wrong_count(path):
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:4] + struct.pack(">I", 59999) + content[8:], 1))


def endless(path):
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content + bytes(2**27), 1))


def enormous(path):
    content = gzip.decompress(path.read_bytes())
    sizes = struct.pack(">III", 2**32 - 1, 2**32 - 1, 2**32 - 1)
    path.write_bytes(gzip.compress(content[:4] + sizes, 1))


def only_a_header(path):
    path.write_bytes(gzip.compress(b"\x00\x00\x08\x03\x00\x00"))


def emptied(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (truncate, "truncated or damaged"),
        (flip_a_bit_of_the_gzip, "damaged"),
        (flip_a_pixel, "checksum differs"),
        (wrong_magic, "begins with 00 00 0d 03"),
        (wrong_count, "59999 × 28 × 28 elements announced"),
        (endless, "60000 × 28 × 28 elements announced, more found"),
        (only_a_header, "ends within its header"),
        (emptied, "begins with nothing"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_damaged_file_is_named(damage, part, idx_folder, zoo_here):
    damage(idx_folder / FILES[0])
    result = zoo_here("train", "cnn", "--dataset", "mnist", "--data-dir", idx_folder, "--quiet")
    assert_one_line_error(result, 1, str(idx_folder), part, "zoo datasets fetch")


def test_a_file_that_announces_more_than_memory_is_not_unpacked(idx_folder, zoo_here):
    enormous(idx_folder / FILES[0])
    result = zoo_here("train", "cnn", "--dataset", "mnist", "--data-dir", idx_folder, "--quiet")
    assert_one_line_error(result, 1, FILES[0], "at most 4,096 are read")


def test_a_keras_npz_of_something_else(tmp_path, monkeypatch):
    keras = tmp_path / "keras" / "datasets" / "mnist.npz"
    keras.parent.mkdir(parents=True)
    np.savez(keras, x_train=np.zeros(3))
    with pytest.raises(DataError, match="lacks x_test, y_test, y_train"):
        load()


def test_an_explicit_dataset_that_is_missing_is_an_error(zoo_here, tmp_path):
    result = zoo_here("train", "cnn", "--dataset", "mnist")
    assert_one_line_error(result, 1, "mnist is not on this machine", "Looked in", "--data-dir")
    assert not (tmp_path / "runs" / "cnn").exists()
    result = zoo_here("train", "cnn", "--dataset", "mnist", "--data-dir", "gone")
    assert_one_line_error(result, 2, "--data-dir gone")


def test_unknown_dataset(zoo_here):
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", "minst"), 2, "Did you mean mnist")
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", "gone.npz"), 2, "gone.npz")


def test_without_mnist_and_internet_it_says_so_loudly_and_soon_and_trains_on_digits(zoo, tmp_path):
    # A proxy nobody listens on: every request fails, as on a machine without internet.
    env = {
        "ZOO_OFFLINE": "",
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    started = time.monotonic()
    dry = zoo("datasets", "fetch", "mnist", env=env)
    assert time.monotonic() - started < 10
    assert_one_line_error(dry, 1, "no mirror of mnist answers")
    result = zoo("train", "convlstm2d", "--epochs", "1", "--json", env=env)
    assert result.returncode == 0
    assert "NOT MNIST" in result.stderr
    assert json.loads(result.stdout)["dataset"]["name"] == "digits"


@pytest.fixture
def mirror(idx_folder, tmp_path, serve):
    """A mirror on this machine, which serves `<root>/mnist/`."""
    root = tmp_path / "mirror"
    root.mkdir()
    idx_folder.rename(root / "mnist")
    return root / "mnist", serve(root)


def test_download_with_checksums(mirror, zoo_here, monkeypatch, tmp_path):
    folder, address = mirror
    monkeypatch.setenv("ZOO_MIRROR", address)
    monkeypatch.setattr("zoo.datasets.mnist._Source.mirrors", (), raising=False)
    code, out, _ = zoo_here("datasets", "fetch", "mnist")
    assert code == 0
    cache = tmp_path / "cache" / "datasets" / "mnist"
    assert str(cache) in out
    for name in FILES:
        digest = hashlib.sha256((cache / name).read_bytes()).hexdigest()
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert load().source == str(cache)


def test_a_wrong_download_is_refused_and_leaves_nothing(mirror, zoo, tmp_path):
    folder, address = mirror
    flip_a_pixel(folder / FILES[0])
    env = {"ZOO_MIRROR": address, "https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1"}
    result = zoo("datasets", "fetch", "mnist", env=env)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "train-images-idx3-ubyte.gz could not be fetched" in result.stderr
    cache = tmp_path / "cache" / "datasets" / "mnist"
    assert not list(cache.glob("train-images*"))


X, Y = np.zeros((40, 8, 8), "uint8"), np.arange(40) % 4


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"x_train": X}, "lacks y_train; it holds x_train"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "only one of x_test and y_test"),
        ({"x_train": np.array([{}] * 40, object), "y_train": Y}, "Python objects"),
        ({"x_train": np.where(X == 0, np.nan, 0.0), "y_train": Y}, "2560 values that are NaN"),
        ({"x_train": X[:, 0, 0], "y_train": Y}, "x_train has shape (40,)"),
        ({"x_train": X[:, :, :0], "y_train": Y}, "(40, 8, 0), which is no image"),
        (
            {"x_train": X, "y_train": Y + 0.25},
            "y_train has real numbers, 0.25 for one; archzoo trains classifiers",
        ),
        ({"x_train": X, "y_train": Y - 1}, "labels from -1 to 2"),
        ({"x_train": X, "y_train": Y * 0}, "one class only, 0"),
        ({"x_train": X, "y_train": Y[:-1]}, "40 samples and y_train 39 labels"),
        ({"x_train": X[:0], "y_train": Y[:0]}, "the train split is empty"),
        ({"x_train": X, "y_train": Y, "x_test": X[:0], "y_test": Y[:0]}, "the test split is empty"),
        (
            {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1},
            "y_test has the label 4, which no training sample has",
        ),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :7], "y_test": Y},
            "(8, 8, 1) a sample and x_test uint8 (7, 8, 1)",
        ),
        ({"x_train": X, "y_train": Y, "layout": np.array("cube")}, "layout is 'cube'"),
        ({"x_train": X[:2], "y_train": Y[:2]}, "too few to hold out"),
    ],
)
def test_an_npz_that_cannot_be_trained_on(arrays, part, tmp_path, zoo_here):
    np.savez(tmp_path / "own.npz", **arrays)
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", "own.npz"), 1, "own.npz", part)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"hello"])
def test_an_npz_that_is_none(content, tmp_path, zoo_here):
    (tmp_path / "own.npz").write_bytes(content)
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", "own.npz"), 1, "own.npz")


def test_an_npz_that_is_a_single_array(tmp_path, zoo_here):
    with (tmp_path / "own.npz").open("wb") as file:
        np.save(file, X)
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", "own.npz"), 1, "holds one array")


def test_batch_larger_than_the_data(zoo_here, small_npz):
    result = zoo_here("train", "cnn", "--dataset", small_npz, "--batch-size", "1101", "--quiet")
    assert_one_line_error(result, 2, "--batch-size 1101", "1100 training examples", "at most 1100")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=4, max_size=200),
    st.floats(0, 0.9),
    st.integers(0, 2**31 - 1),
)
def test_a_stratified_split_is_exact_fair_and_repeatable(labels, share, seed):
    labels = np.array(labels)
    held_out = round(share * len(labels))
    kept, held = stratified(labels, held_out, seed)
    assert len(held) == held_out
    assert np.array_equal(np.sort(np.concatenate([kept, held])), np.arange(len(labels)))
    for label in np.unique(labels):
        exact = held_out * (labels == label).mean()
        assert abs((labels[held] == label).sum() - exact) < 1
    again = stratified(labels, held_out, seed)
    assert np.array_equal(held, again[1])


def test_mnist_is_split_as_the_design_says(data_dir):
    labels = load(data_dir=data_dir).y_train
    kept, held = stratified(labels, 5000, 0)
    assert (len(kept), len(held)) == (55000, 5000)
    # Pinned: a split that changes makes old and new runs incomparable without anyone noticing.
    assert hashlib.sha256(held.astype("<i8").tobytes()).hexdigest()[:16] == PINNED


PINNED = "ddbaf02dd10107ec"
