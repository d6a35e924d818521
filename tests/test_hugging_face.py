"""Hugging Face `datasets` objects, and lazy samples, as `zoo.train` takes them."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.datasets.samples import Samples
from zoo.errors import DataError, UsageError

datasets = pytest.importorskip("datasets")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.integers(0, 256, (60, 9, 8, 3), "uint8")
Y = (np.arange(60) % 3).tolist()
NAMES = ["emu", "cat", "dog"]


def png(image) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()


def pictures(images=X, labels=Y, **more):
    rows = {
        "image": [{"bytes": png(each), "path": None} for each in images],
        "label": labels,
        **more,
    }
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=NAMES)}
    )
    for name, values in more.items():
        kind = "string" if isinstance(values[0], str) else "int64"
        features[name] = datasets.Value(kind)
    return datasets.Dataset.from_dict(rows, features=features)


def loaded(given, **parameters):
    dataset = zoo.load_dataset(given, parameters=parameters)
    return dataset, dataset.load(None)


def test_images_with_class_labels_are_read_lazily_in_their_order():
    given = datasets.DatasetDict(
        train=pictures(X[:40], Y[:40]),
        validation=pictures(X[40:50], Y[40:50]),
        test=pictures(X[50:], Y[50:], id=["a"] * 10),
    )
    dataset, arrays = loaded(given)
    assert (dataset.classes, dataset.shape) == (("cat", "dog", "emu"), (9, 8, 3))
    assert isinstance(arrays.x_train, Samples)
    for x, y, part in (
        (arrays.x_train, arrays.y_train, slice(0, 40)),
        (arrays.x_validation, arrays.y_validation, slice(40, 50)),
        (arrays.x_test, arrays.y_test, slice(50, 60)),
    ):
        assert np.array_equal(np.asarray(x), X[part])
        assert [dataset.classes[each] for each in y] == [NAMES[each] for each in Y[part]]
    assert loaded(given)[0].origin == dataset.origin
    assert arrays.checksums == loaded(given)[1].checksums


def test_a_dataset_without_splits_is_trained_on(tiny_py):
    run = zoo.train(tiny_py, pictures(), epochs=1, batch_size=16, recipe="tutorial", progress=False)
    record = run.record.dataset
    assert record.classes == ("cat", "dog", "emu")
    assert "hugging_face" in record.origin


def test_images_of_several_sizes_need_a_size():
    given = pictures([*X[:59], X[59][:5]], Y)
    with pytest.raises(DataError, match=r"images of 2 sizes.*'size': 64"):
        loaded(given)
    assert loaded(given, size=12)[0].shape == (12, 12, 3)


def test_sounds_become_spectrograms(save_wav, tmp_path):
    paths = [
        str(save_wav(tmp_path / f"{n}.wav", np.sin(np.arange(2000) * 0.1 * (1 + n % 2))))
        for n in range(20)
    ]
    files = [{"path": None, "bytes": Path(each).read_bytes()} for each in paths]
    plain = datasets.Dataset.from_dict({"audio": files, "class": ["low", "high"] * 10})
    given = plain.cast_column("audio", datasets.Audio())
    dataset, arrays = loaded(given)
    assert (dataset.layout, dataset.classes) == ("sequence", ("high", "low"))
    assert len(arrays.x_train) + len(arrays.x_test) == 20


def test_lists_of_numbers_are_sequences():
    values = GENERATOR.random((60, 7)).astype("float32")
    given = datasets.Dataset.from_dict({"values": values.tolist(), "target": [n + 1 for n in Y]})
    dataset, arrays = loaded(given)
    assert (dataset.layout, dataset.shape, dataset.classes) == ("sequence", (7, 1), ("1", "2", "3"))
    known = {tuple(each): str(n + 1) for each, n in zip(values.tolist(), Y, strict=True)}
    for x, y in ((arrays.x_train, arrays.y_train), (arrays.x_test, arrays.y_test)):
        found = [known.pop(tuple(each)) for each in x[..., 0].tolist()]
        assert found == [dataset.classes[each] for each in y]
    assert not known
    assert loaded(given)[0].origin == dataset.origin


REFUSED = {
    "streamed": (
        lambda: pictures().to_iterable_dataset(),
        "has no length and no fixed order.*from_list",
    ),
    "no label": (
        lambda: pictures().remove_columns("label"),
        "which column.*image .Image.*select_columns",
    ),
    "two labels": (
        lambda: (
            pictures()
            .add_column("fine", [0] * 60)
            .cast_column("fine", datasets.ClassLabel(names=["a"]))
        ),
        "fine .ClassLabel.*select_columns",
    ),
    "a hidden label": (lambda: pictures(X, [-1, *Y[1:]]), "no label for sample 0 .1 in all"),
    "a split": (
        lambda: datasets.DatasetDict(train=pictures(), extra=pictures()),
        "has a split 'extra'",
    ),
    "no test": (
        lambda: datasets.DatasetDict(train=pictures(), validation=pictures()),
        "the splits train, validation; give",
    ),
    "other features": (
        lambda: datasets.DatasetDict(
            train=pictures(),
            test=pictures().cast_column("label", datasets.ClassLabel(names=["a", "b", "c"])),
        ),
        "column label is .* in test and .* in train; they must be alike",
    ),
    "words": (
        lambda: datasets.Dataset.from_dict({"v": [["a"], ["b"]], "label": ["a", "b"]}),
        "split train, holds what is no number",
    ),
    "empty": (
        lambda: datasets.DatasetDict(train=pictures(), test=pictures([], [])),
        "test is empty",
    ),
    "transform": (lambda: pictures().with_transform(lambda rows: rows), "reset_format"),
    "no image": (
        lambda: datasets.Dataset.from_dict(
            {"image": [None, *[{"bytes": png(X[0]), "path": None}] * 2], "label": ["a", "b", "a"]},
            features=datasets.Features(
                {"image": datasets.Image(), "label": datasets.Value("string")}
            ),
        ),
        "has no image in row 0",
    ),
    "unequal": (
        lambda: datasets.Dataset.from_dict({"v": [[1.0], [1.0, 2.0]], "label": ["a", "b"]}),
        "lists of 1 to 2 values",
    ),
    "no file": (
        lambda: datasets.Dataset.from_dict(
            {"image": [{"bytes": b"nothing", "path": None}] * 2, "label": ["a", "b"]},
            features=datasets.Features(
                {"image": datasets.Image(), "label": datasets.Value("string")}
            ),
        ),
        "a file of an unknown format .row 0",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_is_not_certain_is_said(case, tmp_path):
    make, said = case
    with pytest.raises((UsageError, DataError), match=said) as error:
        zoo.load_dataset(make())
    assert "\n" not in str(error.value)
    assert not list(tmp_path.rglob("*.partial"))


def test_the_package_is_not_imported_for_others():
    code = (
        "import sys, numpy, zoo; x = numpy.zeros((20, 8, 8), 'uint8'); y = numpy.arange(20) % 2;"
        "zoo.load_dataset((x, y)); print('datasets' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


class Ramp(Samples):
    shape, dtype, checksum = (60, 8, 8, 1), np.dtype("uint8"), "ramp"

    def __init__(self):
        self.most = 0

    def take(self, indices):
        self.most = max(self.most, len(indices))
        return np.broadcast_to(indices[:, None, None, None], (len(indices), 8, 8, 1)).astype(
            "uint8"
        )


def test_lazy_samples_are_written_block_by_block(monkeypatch):
    monkeypatch.setattr("zoo.datasets.samples.BLOCK_BYTES", 640)
    samples = Ramp()
    dataset, arrays = loaded((samples, Y, np.zeros((3, 8, 8, 1), "uint8"), [0, 1, 2]))
    assert np.array_equal(arrays.x_train, np.asarray(Ramp()))
    assert samples.most == 10
    assert (
        loaded((Ramp(), Y, np.zeros((3, 8, 8, 1), "uint8"), [0, 1, 2]))[0].origin == dataset.origin
    )
    with pytest.raises(UsageError, match="x_train is no array of numbers"):
        zoo.load_dataset(([[1], [2, 3]], [0, 1]))
