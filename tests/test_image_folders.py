"""Folders of images as people have them: any format, size and mode, and one way of reading them."""

import shutil

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image

from zoo.contract import InputContract
from zoo.datasets.catalog import own_dataset
from zoo.datasets.samples import Subset
from zoo.errors import DataError
from zoo.pictures import PictureReader
from zoo.recipe import Recipe
from zoo.training.examples import Examples

FORMATS = {
    "png": "PNG", "jpg": "JPEG", "bmp": "BMP", "webp": "WEBP", "tif": "TIFF", "gif": "GIF",
    "ppm": "PPM",
}  # fmt: skip


def drawn(kind, height, width, seed=0):
    """A colour picture of one of two kinds: a bright left half, or a bright upper half."""
    pixels = np.random.default_rng(seed).integers(0, 90, (height, width, 3), "uint8")
    if kind == "left":
        pixels[:, : width // 2] += 150
    else:
        pixels[: height // 2] += 150
    return Image.fromarray(pixels)


def written(root, sizes=((12, 16),), count=10, formats=("png",), change=lambda image, _: image):
    for kind in ("left", "upper"):
        (root / kind).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            ending = formats[number % len(formats)]
            image = change(drawn(kind, *sizes[number % len(sizes)], number), number)
            image.save(root / kind / f"{number:02}.{ending}", FORMATS[ending])
    return root


def test_a_folder_for_each_class_is_a_dataset(tmp_path):
    dataset = own_dataset(written(tmp_path / "halves"))
    arrays = dataset.load(None)
    assert (dataset.layout, dataset.shape) == ("image", (12, 16, 3))
    assert dataset.classes == ("left", "upper")
    assert (len(arrays.y_train), len(arrays.y_test)) == (16, 4)
    first = np.asarray(Image.open(tmp_path / "halves" / "left" / "00.png"))
    everything = np.concatenate([np.asarray(arrays.x_train), np.asarray(arrays.x_test)])
    assert any(np.array_equal(first, each) for each in everything)


def test_every_format_is_read(tmp_path):
    root = written(tmp_path / "all", count=14, formats=tuple(FORMATS))
    arrays = own_dataset(root).load(None)
    assert arrays.x_train.dtype == np.uint8 and np.asarray(arrays.x_train).std() > 40


def test_splits_are_taken_as_they_are(tmp_path):
    root = tmp_path / "halves"
    for split, count in (("train", 8), ("val", 4), ("test", 6)):
        written(root / split, count=count)
    arrays = own_dataset(root).load(None)
    assert [len(y) for y in (arrays.y_train, arrays.y_validation, arrays.y_test)] == [16, 8, 12]


def test_unequal_sizes_are_refused_with_what_to_type(tmp_path, zoo_here):
    root = written(tmp_path / "halves", sizes=((12, 16), (20, 10)))
    result = zoo_here("train", "cnn", "--dataset", root)
    assert_one_line_error(
        result, 1, "2 sizes", "10×20", "16×12", "--data-set size=64 --data-set resize=fit"
    )


@pytest.mark.parametrize("resize", ["fit", "crop", "stretch"])
def test_sizes_become_one_as_chosen_and_a_prediction_sees_the_same_pixels(resize, tmp_path):
    root = written(tmp_path / "halves", sizes=((12, 16), (20, 10)), formats=("png", "jpg"))
    dataset = own_dataset(root).configured({"size": "8", "resize": resize})
    arrays = dataset.load(None)
    assert dataset.shape == (8, 8, 3) and dataset.parameters["resize"] == resize
    contract = InputContract.of(dataset, arrays.x_train)
    assert contract.resize == resize
    reader = PictureReader(contract)
    x = arrays.x_train
    for file, sample in zip(x.files, np.asarray(x), strict=True):
        np.testing.assert_array_equal(reader.read(file).sample, sample)


def test_three_ways_to_a_size_differ(tmp_path):
    root = written(tmp_path / "halves", sizes=((12, 24),))
    made = {
        how: np.asarray(
            own_dataset(root).configured({"size": "8", "resize": how}).load(None).x_test
        )
        for how in ("fit", "crop", "stretch")
    }
    assert not np.array_equal(made["fit"], made["crop"])
    assert not np.array_equal(made["crop"], made["stretch"])


def test_orientation_is_obeyed(tmp_path):
    """Each second file lies on its side and says so; upright all are alike."""

    def turned(image, number):
        if number % 2:
            image = image.transpose(Image.Transpose.ROTATE_90)
            image.getexif()[0x0112] = 6
        return image

    root = tmp_path / "halves"
    for kind in ("left", "upper"):
        (root / kind).mkdir(parents=True)
        for number in range(10):
            image = turned(drawn(kind, 12, 16, number), number)
            image.save(root / kind / f"{number}.png", exif=image.getexif())
    dataset = own_dataset(root)
    x = np.concatenate(
        [np.asarray(part) for part in (dataset.load(None).x_train, dataset.load(None).x_test)]
    )
    assert x.shape == (20, 12, 16, 3)


@pytest.mark.parametrize(
    ("mode", "shape", "note"),
    [
        ("L", (12, 16, 1), None),
        ("P", (12, 16, 3), None),
        ("CMYK", (12, 16, 3), "CMYK images are read as 8-bit RGB"),
        ("I;16", (12, 16, 1), "16-bit images are read as 8-bit grey"),
    ],
)
def test_modes(mode, shape, note, tmp_path):
    def change(image, _):
        if mode == "I;16":
            return Image.fromarray(np.asarray(image.convert("L")).astype("uint16") * 257)
        return image.convert(mode)

    root = written(tmp_path / "halves", formats=("tif",), change=change)
    dataset = own_dataset(root)
    assert dataset.shape == shape
    assert (note is None) or any(note in each for each in dataset.notes)
    assert np.asarray(dataset.load(None).x_train).std() > 30


def test_16_bits_become_8_exactly(tmp_path):
    grey = np.arange(192, dtype="uint16").reshape(12, 16)
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        for number in range(5):
            Image.fromarray(grey * 257).save(tmp_path / kind / f"{number}.png")
    x = own_dataset(tmp_path).load(None).x_train
    np.testing.assert_array_equal(x[0][..., 0], grey.astype("uint8"))


def test_grey_among_colour_is_read_as_colour(tmp_path):
    root = written(tmp_path / "halves", change=lambda i, n: i.convert("L") if n % 2 else i)
    dataset = own_dataset(root)
    assert dataset.shape == (12, 16, 3)
    assert any("10 grey images are read as RGB" in each for each in dataset.notes)
    assert own_dataset(root).configured({"colour": "grey"}).shape == (12, 16, 1)


def test_transparency_needs_a_background(tmp_path, zoo_here):
    def holed(image, _):
        image.putalpha(Image.new("L", image.size, 0))
        return image

    root = written(tmp_path / "halves", change=holed)
    assert_one_line_error(
        zoo_here("train", "cnn", "--dataset", root), 1, "transparent", "--data-set background=white"
    )
    white = own_dataset(root).configured({"background": "white"}).load(None)
    assert np.asarray(white.x_train).min() == 255


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("left/notes.txt", b"hello", "no image that is read"),
        ("left/broken.png", b"\x89PNG\r\n\x1a\nrubbish", "broken.png"),
        ("left/deep/00.png", b"", "is a folder within a class"),
    ],
)
def test_what_cannot_be_read_is_named(name, content, part, tmp_path, zoo_here):
    root = written(tmp_path / "halves")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes(content)
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", root), 1, part)


@pytest.mark.parametrize(
    ("pair", "part"),
    [
        ("size=2", "use 4 to 1024"),
        ("resize=fit", "goes with a size"),
        ("colour=blue", "colour"),
    ],
)
def test_values_that_make_no_sense(pair, part, tmp_path, zoo_here):
    root = written(tmp_path / "halves")
    result = zoo_here("train", "cnn", "--dataset", root, "--data-set", pair)
    assert_one_line_error(result, 2, part)


def test_a_class_without_images_and_one_class_alone(tmp_path):
    root = written(tmp_path / "halves")
    (root / "empty").mkdir()
    with pytest.raises(DataError, match="no image"):
        own_dataset(root)
    shutil.rmtree(root / "empty")
    shutil.rmtree(root / "upper")
    with pytest.raises(DataError, match="at least two; there is only left/"):
        own_dataset(root)


def test_the_same_folder_elsewhere_is_the_same_data(tmp_path):
    here = own_dataset(written(tmp_path / "one" / "halves")).load(None).checksums
    assert own_dataset(written(tmp_path / "two" / "halves")).load(None).checksums == here


def test_from_files_of_unequal_sizes_to_a_prediction(tmp_path, zoo_here):
    root = written(tmp_path / "halves", sizes=((12, 16), (20, 10)), count=40)
    runs = ("--runs-dir", tmp_path / "runs")
    code, out, err = zoo_here(
        "train", "cnn", "--dataset", root, "--data-set", "size=12", "--data-set", "resize=stretch",
        "--recipe", "small",
        "--epochs", 30, "--set", "filters=4,8,8", *runs,
    )  # fmt: skip
    assert code == 0, err
    files = [root / "left" / "00.png", root / "upper" / "01.png"]
    code, out, err = zoo_here("predict", "last", *files, *runs)
    assert code == 0, err
    assert "00.png: left" in out and "01.png: upper" in out


# labels.csv


def listed(root, rows, header="path,label,split,group"):
    root.mkdir(exist_ok=True)
    for row in rows:
        file = root / row.split(",")[0]
        if not file.exists():
            drawn("left", 8, 8, len(row)).save(file)
    (root / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
    return root


def test_a_table_names_the_classes(tmp_path):
    rows = [f"{i:02}.png,{'cat' if i % 2 else 'dog'}" for i in range(20)]
    dataset = own_dataset(listed(tmp_path / "pets", rows, "path,label"))
    arrays = dataset.load(None)
    assert dataset.classes == ("cat", "dog")
    assert (len(arrays.y_train), len(arrays.y_test)) == (16, 4)


def test_a_table_names_the_splits(tmp_path):
    rows = [
        f"{i:02}.png,{'cat' if i % 2 else 'dog'},{('train', 'Train', 'val', 'test')[i // 2 % 4]},"
        for i in range(24)
    ]
    arrays = own_dataset(listed(tmp_path / "pets", rows)).load(None)
    assert [len(y) for y in (arrays.y_train, arrays.y_validation, arrays.y_test)] == [12, 6, 6]


def test_a_group_stays_in_one_split(tmp_path):
    rows = [f"{i:03}.png,{'cat' if i % 2 else 'dog'},,person{i // 6}" for i in range(120)]
    dataset = own_dataset(listed(tmp_path / "pets", rows))
    arrays = dataset.load(None)
    examples = Examples.split(arrays, Recipe(batch_size=8, validation=0.25))

    def people(x):
        return {int(file.stem) // 6 for file in _files(x)}

    parts = [people(x) for x in (examples.x_train, examples.x_validation, examples.x_test)]
    assert sum(map(len, parts)) == 20 == len(set.union(*parts))
    assert len(examples.y_test) == 24 and len(examples.y_validation) == 24


def _files(x):
    if isinstance(x, Subset):
        return [_files(x._whole)[index] for index in x._indices]
    return x.files


@pytest.mark.parametrize(
    ("rows", "header", "part"),
    [
        (["a.png,cat"], "file,label", "needs a first line path,label"),
        (["a.png,cat", "b.png,cat"], "path,label", "one label only"),
        (["a.png,cat", "a.png,dog"], "path,label", "line 3: a.png is in line 2, too"),
        (["a.png,cat", "b.png,"], "path,label", "line 3: lacks a label"),
        (["a.png,cat,train,", "b.png,dog,holdout,"], None, "line 3: split is 'holdout'"),
        (
            ["a.png,cat,train,x", "c.png,dog,train,", "b.png,dog,test,x"],
            None,
            "the group 'x' is in train and in test",
        ),
        (["a.png,cat,test,", "b.png,dog,test,"], None, "no row is of the split train"),
        (["a.png,cat,train,", "b.png,dog,val,"], None, "none of test"),
    ],
)
def test_a_table_that_is_wrong_is_named_with_its_line(rows, header, part, tmp_path):
    root = listed(tmp_path / "pets", rows, header or "path,label,split,group")
    with pytest.raises(DataError, match=r"labels\.csv") as caught:
        own_dataset(root)
    assert part in str(caught.value)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "missing.png"])
def test_a_table_leads_nowhere_else(path, tmp_path):
    root = listed(tmp_path / "pets", ["a.png,cat", "b.png,dog"], "path,label")
    (tmp_path / "secret.png").write_bytes((root / "a.png").read_bytes())
    with (root / "labels.csv").open("a") as file:
        file.write(f"{path},dog\n")
    with pytest.raises(DataError, match="line 4"):
        own_dataset(root)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"path,label\n", "lists no image"),
        (b"path,label\n\xff.png,cat\n", "no CSV file in UTF-8"),
        (b'path,label\n"a.png,cat\n', "no CSV file in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read(content, part, tmp_path):
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match="labels") as caught:
        own_dataset(tmp_path)
    assert part in str(caught.value)
