"""Standard datasets in their publishers' files: found, checked, read; small files in the exact format."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo.datasets import idx_sets
from zoo.datasets.catalog import BUILT_IN
from zoo.datasets.cifar import CIFAR10_FILES, CIFAR100_FILES
from zoo.datasets.location import Locations
from zoo.datasets.speech_commands import dataset_of
from zoo.datasets.speech_files import COMMANDS, LISTS, NOISE, OTHERS, Source
from zoo.errors import DataError, DataMissing

GENERATOR = np.random.default_rng(0)


def places(data_dir=None, download=False):
    given = {**os.environ, "ZOO_OFFLINE": ""}
    return Locations.of_user(str(data_dir) if data_dir else None, download=download, environ=given)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def tar(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return md5(path.read_bytes())


def written(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# CIFAR


def as_python_2(values: dict) -> bytes:
    """A batch as CIFAR's are pickled: by Python 2, with byte strings as keys."""
    return pickle.dumps(values, protocol=2)


@pytest.fixture(params=[CIFAR10_FILES, CIFAR100_FILES], ids=lambda source: source.name)
def cifar(request):
    """A source of 50 and 10 images, its files in both forms, and what is in them."""
    source = request.param
    classes = len(source.classes)
    x = GENERATOR.integers(0, 256, (60, 3, 32, 32), "uint8")
    y = GENERATOR.permutation(np.arange(60) % classes)
    pickled, binary = {}, {}
    start = 0
    for batch, raw in zip(source.pickled.names, source.binary.names, strict=True):
        count = 50 // len(source.pickled.train) if batch != source.pickled.test else 10
        part = slice(start, start + count)
        start += count
        labels = y[part].tolist()
        pickled[batch] = as_python_2(
            {
                b"batch_label": b"some",
                source.key.encode(): labels,
                b"coarse_labels": [0] * count,
                b"data": x[part].reshape(count, -1),
                b"filenames": [b"a.png"] * count,
            }
        )
        table = np.zeros((count, source.label_bytes + 3072), "uint8")
        table[:, source.label_bytes - 1] = labels
        table[:, source.label_bytes :] = x[part].reshape(count, -1)
        binary[raw] = table.tobytes()
    form = replace(source.pickled, md5s={name: md5(content) for name, content in pickled.items()})
    small = replace(source, pickled=form, sizes=(50, 10))
    return small, pickled, binary, np.moveaxis(x, 1, -1), y


def test_cifar_in_each_of_its_places_and_forms_is_the_same(cifar, tmp_path, monkeypatch):
    source, pickled, binary, x, y = cifar
    inside = {f"{source.pickled.folder}/{name}": each for name, each in pickled.items()}
    bins = {f"{source.binary.folder}/{name}": each for name, each in binary.items()}
    packed, packed_bins = (
        tmp_path / "a" / source.pickled.archive,
        tmp_path / "b" / source.binary.archive,
    )
    sums = tar(packed, inside), tar(packed_bins, bins)
    source = replace(
        source,
        pickled=replace(source.pickled, md5=sums[0]),
        binary=replace(source.binary, md5=sums[1]),
    )
    written(tmp_path / "c" / source.pickled.folder, pickled)
    written(tmp_path / "d" / source.name / source.binary.folder, binary)
    keras = written(tmp_path / "keras" / "datasets" / source.pickled.folder, pickled)
    for data_dir in (packed.parent, packed_bins.parent, tmp_path / "c", tmp_path / "d", None):
        arrays = source.load(places(data_dir))
        assert np.array_equal(arrays.x_train, x[:50])
        assert np.array_equal(arrays.x_test, x[50:])
        assert np.concatenate([arrays.y_train, arrays.y_test]).tolist() == y.tolist()
        assert arrays.y_train.dtype == np.int32
    assert arrays.source == str(keras)


def test_a_changed_batch_is_refused(cifar, tmp_path):
    source, pickled, _, _, _ = cifar
    name = source.pickled.test
    changed = {**pickled, name: pickled[name].replace(b"some", b"none")}
    written(tmp_path / source.pickled.folder, changed)
    with pytest.raises(
        DataError, match=f"{name}: its checksum differs .*zoo datasets fetch {source.name}"
    ):
        source.load(places(tmp_path))


class Evil:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps({"data": Evil()}), "asks for builtins.print"),
        (pickle.dumps({b"data": np.array([None]), b"labels": []}), "not of bytes"),
        (as_python_2({b"labels": [1] * 10}), "lacks data or labels"),
        (as_python_2({b"data": np.zeros((9, 3072), "u1"), b"labels": [1] * 10}), "has shape"),
        (as_python_2({b"data": np.zeros((10, 3072), "u1"), b"labels": [1] * 9}), "and 9 labels"),
        (as_python_2({b"data": np.zeros((10, 3072), "u1"), b"labels": [10] * 10}), "from 10 to 10"),
        (
            as_python_2({b"data": np.zeros((10, 3072), "u1"), b"labels": [0.5] * 10}),
            "no whole number",
        ),
        (b"\x80\x02" + b"r\xff\xff\xff\x7f" + b".", "is damaged"),
        (b"", "is damaged"),
    ],
)
def test_nothing_in_a_pickle_is_run(content, said, capfd):
    with pytest.raises(DataError, match=said):
        CIFAR10_FILES.read_pickled(content, 10, "a batch")
    assert capfd.readouterr().out == ""


def test_pickles_of_python_3_are_read():
    data = {"data": np.full((10, 3072), 7, "u1"), "labels": list(range(10))}
    for protocol in range(5):
        x, y = CIFAR10_FILES.read_pickled(pickle.dumps(data, protocol), 10, "a batch")
        assert (x.min(), x.shape, y.tolist()) == (7, (10, 32, 32, 3), list(range(10)))


def test_cifar_is_downloaded(cifar, tmp_path, serve, monkeypatch):
    source, pickled, _, x, _ = cifar
    root = tmp_path / "mirror"
    archive = root / source.name / source.pickled.archive
    packed = tar(
        archive, {f"{source.pickled.folder}/{name}": each for name, each in pickled.items()}
    )
    monkeypatch.setenv("ZOO_MIRROR", serve(root))
    monkeypatch.setattr("zoo.datasets.cifar.MIRROR", "http://127.0.0.1:9/")
    with pytest.raises(DataError, match="checksum differs"):
        source.load(places(download=True))
    assert not list((tmp_path / "cache").rglob("*.gz"))
    source = replace(source, pickled=replace(source.pickled, md5=packed))
    arrays = source.load(places(download=True))
    assert np.array_equal(arrays.x_test, x[50:])
    assert "cache" in arrays.source
    with pytest.raises(DataMissing, match=r"Looked in: .*more places"):
        replace(source, name="other").load(places(tmp_path / "mirror"))


# KMNIST and EMNIST


def idx(array) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.tobytes()


def idx_files(source, sizes=(60, 52)):
    """The set in few samples: its files, gzipped, and the images as a person sees them."""
    found, seen = {}, {}
    for split, size in zip(("train", "test"), sizes, strict=True):
        x = GENERATOR.integers(0, 256, (size, 28, 28), "uint8")
        y = (np.arange(size) % len(source.classes) + source.first).astype("uint8")
        stored = x.transpose(0, 2, 1) if source.transposed else x
        found[f"{source.stems[f'x_{split}']}.gz"] = gzip.compress(
            idx(np.ascontiguousarray(stored)), 1
        )
        found[f"{source.stems[f'y_{split}']}.gz"] = gzip.compress(idx(y), 1)
        seen[split] = x, y - source.first
    return found, seen


def test_kmnist_is_found_checked_and_never_taken_for_another(tmp_path):
    source = replace(idx_sets.KMNIST_FILES, sizes=(60, 52))
    files, seen = idx_files(source)
    good = replace(source, md5s={name: md5(content) for name, content in files.items()})
    for folder in ("kmnist", "KMNIST/raw", "."):
        where = tmp_path / folder.replace("/", "_").replace(".", "root")
        written(where / folder, files)
        arrays = good.load(places(where))
        assert np.array_equal(arrays.x_train[..., 0], seen["train"][0])
        assert arrays.y_test.tolist() == seen["test"][1].tolist()
    with pytest.raises(DataError, match=r"train-images.*checksum differs.*fetch kmnist"):
        source.load(places(where))
    plain = written(
        tmp_path / "plain" / "kmnist",
        {name.removesuffix(".gz"): gzip.decompress(content) for name, content in files.items()},
    )
    assert np.array_equal(source.load(places(plain.parent)).x_test[..., 0], seen["test"][0])
    digest = hashlib.sha256(seen["train"][0].tobytes()).hexdigest()
    with pytest.raises(DataError, match="is that of mnist, not of kmnist"):
        replace(source, others={digest: "mnist"}).load(places(plain.parent))


@pytest.mark.parametrize("other", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("split", ["train", "t10k"])
def test_another_set_unpacked_where_kmnist_is_expected(other, split, data_dir, tmp_path):
    """One file of it is enough: the images of the other split are changed."""
    folder = tmp_path / "kmnist"
    folder.mkdir()
    for path in (data_dir / other.replace("_", "-")).glob("*-ubyte.gz"):
        content = gzip.decompress(path.read_bytes())
        if "images" in path.name and split not in path.name:
            content = content[:16] + bytes(len(content) - 16)
        (folder / path.stem).write_bytes(content)
    with pytest.raises(DataError, match=f"{split}-images.* is that of {other}, not of kmnist"):
        BUILT_IN["kmnist"].load(places(tmp_path))


@pytest.mark.parametrize("name", ["BALANCED", "LETTERS"])
def test_emnist_is_put_upright_and_letters_count_from_0(name, tmp_path, serve, monkeypatch):
    source = replace(getattr(idx_sets, f"EMNIST_{name}_FILES"), sizes=(60, 52))
    files, seen = idx_files(source)
    archive = tmp_path / "mirror" / "emnist" / "gzip.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        for each, content in files.items():
            packed.writestr(f"gzip/{each}", content)
    monkeypatch.setenv("ZOO_MIRROR", serve(tmp_path / "mirror"))
    source = replace(source, archive_md5=md5(archive.read_bytes()), mirror="http://127.0.0.1:9/")
    torchvision = written(tmp_path / "t" / "EMNIST" / "raw", files)
    for where in (
        places(download=True),
        places(tmp_path / "mirror"),
        places(torchvision.parents[1]),
    ):
        arrays = source.load(where)
        assert np.array_equal(arrays.x_train[..., 0], seen["train"][0])
        assert (arrays.y_train.min(), arrays.y_train.dtype) == (0, np.int32)
        assert arrays.y_test.tolist() == seen["test"][1].tolist()
    assert arrays.source == str(torchvision)
    wrong = replace(source, first=source.first + 1)
    with pytest.raises(DataError, match="labels from"):
        wrong.load(places(tmp_path / "mirror"))
    with pytest.raises(DataError, match=r"has shape \(60, 28, 28\); that of emnist"):
        replace(source, sizes=(61, 52)).load(places(tmp_path / "mirror"))


def test_what_is_known_of_the_sets():
    shapes = {
        name: (each.shape, len(each.classes), len(set(each.classes)))
        for name, each in BUILT_IN.items()
    }
    assert shapes["cifar10"] == ((32, 32, 3), 10, 10)
    assert shapes["cifar100"] == ((32, 32, 3), 100, 100)
    assert shapes["emnist_balanced"] == ((28, 28, 1), 47, 47)
    assert shapes["emnist_letters"] == ((28, 28, 1), 26, 26)
    assert shapes["speech_commands"] == ((64, 40), 35, 35)
    assert all(each.licence and each.origin for each in BUILT_IN.values())


# Speech Commands


@pytest.fixture
def speech(tmp_path, save_wav):
    """Three recordings of each word, one a split, and two of noise."""
    folder = tmp_path / "speech_commands_v0.02"
    lists = {name: [] for name in LISTS}
    for number, word in enumerate((*COMMANDS, *OTHERS)):
        for split in ("train", "validation", "test"):
            path = f"{word}/{split}_nohash_0.wav"
            time = np.arange(16_000) / 16_000
            save_wav(folder / path, np.sin(2 * np.pi * (200 + 40 * number) * time) * 0.5, 16_000)
            if split in lists:
                lists[split].append(path)
    for split, name in LISTS.items():
        (folder / name).write_text("\n".join(lists[split]) + "\n")
    noise = np.random.default_rng(0).uniform(-1, 1, 16_000 * 12)
    for name in ("pink.wav", "white.wav"):
        save_wav(folder / NOISE / name, noise, 16_000)
    return folder


def test_speech_commands_of_35_and_of_12_classes(speech, tmp_path, save_wav):
    dataset = dataset_of(Source(count=105), "35")
    arrays = dataset.load(places(tmp_path))
    assert [len(each) for each in (arrays.x_train, arrays.x_validation, arrays.x_test)] == [35] * 3
    assert arrays.x_train[0].shape == dataset.shape
    assert arrays.y_train.tolist() == list(range(35))
    assert dataset.classes[0] == "backward"
    twelve = dataset.made_with({"classes": "12"})
    assert twelve.classes[-2:] == ("unknown", "silence")
    arrays = twelve.load(places(speech))
    assert arrays.y_train.tolist() == list(range(12))
    starts = [x.heard[-1].start for x in (arrays.x_train, arrays.x_validation, arrays.x_test)]
    assert starts[0] + 16_000 <= starts[1] and starts[1] + 16_000 <= starts[2]
    again = twelve.load(places(speech))
    assert arrays.checksums == again.checksums
    assert np.array_equal(arrays.x_test[np.arange(12)], again.x_test[np.arange(12)])
    with pytest.raises(DataError, match="has 105 recordings of 35 words; those published"):
        BUILT_IN["speech_commands"].load(places(tmp_path))
    save_wav(speech / NOISE / "pink.wav", np.zeros(16_000 * 5), 16_000)
    with pytest.raises(DataError, match=r"pink\.wav: is too short: 5\.0 s"):
        twelve.load(places(speech))
    for path in (speech / NOISE).iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"has no \.wav files; the class silence"):
        twelve.load(places(speech))
    save_wav(speech / "yes" / "train_nohash_0.wav", np.zeros(8_000), 8_000)
    with pytest.raises(DataError, match="has 8,000 samples/s"):
        np.asarray(dataset.load(places(speech)).x_train)
    (speech / "yes" / "test_nohash_0.wav").unlink()
    with pytest.raises(DataError, match=r"lacks yes/test_nohash_0\.wav"):
        dataset.load(places(tmp_path))


def test_speech_commands_are_downloaded_and_unpacked(speech, tmp_path, serve, monkeypatch):
    archive = tmp_path / "mirror" / "speech_commands" / "speech_commands_v0.02.tar.gz"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(speech, ".")
    monkeypatch.setenv("ZOO_MIRROR", serve(tmp_path / "mirror"))
    monkeypatch.setattr("zoo.datasets.speech_files.MIRRORS", ())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    dataset = dataset_of(Source(105, digest), "12")
    arrays = dataset.load(places(download=True))
    assert arrays.source.endswith("cache/datasets/speech_commands/speech_commands_v0.02")
    assert dataset.load(places()).source == arrays.source
    with pytest.raises(DataError, match="checksum differs"):
        BUILT_IN["speech_commands"].load(places(archive.parent))
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "other"))
    for _ in range(2):  # unpacked, then found unpacked
        assert dataset.load(places(archive.parent)).source == str(
            tmp_path / "other" / "datasets" / "speech_commands" / "speech_commands_v0.02"
        )


# ucr:NAME

TS = "@problemName Coffee\n@timeStamps false\n@classLabel true 0 1\n@data\n1,2,3:0\n3,2,1:1\n"


def test_a_set_of_the_archive_is_found(data_dir, zoo_here):
    code, out, _ = zoo_here("datasets", "show", "ucr:gunpoint", "--data-dir", data_dir)
    assert code == 0
    assert str(data_dir / "timeseries" / "GunPoint") in out
    result = zoo_here("datasets", "show", "ucr:GunPiont")
    assert_one_line_error(result, 2, "Did you mean ucr:GunPoint", "158")
    result = zoo_here("train", "gru", "--dataset", "GunPoint")
    assert_one_line_error(result, 2, "Of the UCR and UEA archives: --dataset ucr:GunPoint")
    result = zoo_here("train", "gru", "--dataset", "ucr:Yoga", "--data-dir", data_dir)
    assert_one_line_error(
        result, 1, "ucr:Yoga is not on this machine", "Yoga_TRAIN.ts", "--data-dir"
    )


def test_a_set_of_the_archive_is_downloaded(tmp_path, serve, monkeypatch, zoo_here):
    root = tmp_path / "mirror"
    (root / "ucr").mkdir(parents=True)
    monkeypatch.setenv("ZOO_MIRROR", serve(root))
    monkeypatch.setenv("ZOO_OFFLINE", "0")
    monkeypatch.setattr("zoo.datasets.ucr.MIRROR", "http://127.0.0.1:9/")
    with zipfile.ZipFile(root / "ucr" / "Coffee.zip", "w") as packed:
        for part in ("TRAIN", "TEST"):
            packed.writestr(f"Coffee_{part}.ts", TS)
            packed.writestr(f"Coffee_{part}.arff", "no")
        packed.writestr("../evil.ts", "no")
    (root / "ucr" / "Beef.zip").write_bytes(b"PK\x03\x04")
    code, out, err = zoo_here("datasets", "fetch", "ucr:coffee")
    assert code == 0, err
    assert "timeseries/Coffee" in out
    code, out, err = zoo_here("datasets", "show", "ucr:Coffee")
    assert code == 0, err
    assert "shape 3×1" in out
    folder = tmp_path / "cache" / "datasets" / "timeseries" / "Coffee"
    assert sorted(path.name for path in folder.iterdir()) == ["Coffee_TEST.ts", "Coffee_TRAIN.ts"]
    assert not list(tmp_path.rglob("evil.ts"))
    assert_one_line_error(
        zoo_here("datasets", "show", "ucr:Beef"), 1, "Beef.zip could not be fetched"
    )
