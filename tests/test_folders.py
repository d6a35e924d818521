"""Folders of one's own data: which are splits, which are classes, and what systems leave in them."""

import shutil

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image

from zoo.datasets.catalog import own_dataset


@pytest.fixture(params=["sounds", "clips"])
def fill(request, save_wav, tmp_path):
    """Write samples, recordings or clips, of a class into a folder of `own/`, each unlike others."""
    count = iter(range(1000))

    def write(place, number=5):
        folder = tmp_path / "own" / place
        for index in range(number):
            mark = next(count)
            if request.param == "sounds":
                sound = np.sin(np.arange(1600) * (1 + mark) / 100)
                save_wav(folder / f"{index}.wav", sound)
            else:
                (folder / str(index)).mkdir(parents=True)
                for frame in range(2):
                    image = Image.fromarray(np.full((6, 7), mark + frame, "uint8"))
                    image.save(folder / str(index) / f"{frame}.png")
        return tmp_path / "own"

    write.kind = request.param
    return write


def refused(zoo_here, root, *parts):
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", root), 1, *parts)


@pytest.mark.parametrize(
    "names",
    [("train", "val", "test"), ("Training", "Valid", "TESTING"), ("train", "validation", "test")],
)
def test_three_splits(names, fill):
    for split, number in zip(names, (4, 3, 2), strict=True):
        fill(f"{split}/low", number)
        root = fill(f"{split}/high", number)
    dataset = own_dataset(root)
    arrays = dataset.load(None)
    assert dataset.classes == ("high", "low")
    for y, number in ((arrays.y_train, 4), (arrays.y_validation, 3), (arrays.y_test, 2)):
        assert (y.dtype, y.tolist()) == (np.int32, [0] * number + [1] * number)
    assert [len(x) for x in (arrays.x_train, arrays.x_validation, arrays.x_test)] == [8, 6, 4]
    assert len({*arrays.checksums.values()}) == 6
    assert dataset.notes == (
        f"{names[1]}/ is what is validated on; the recipe's share is not held out",
    )


SPLITS = {
    "train and val": (("train", "val"), "has train/ and val/ and no test/", "rename val/ to test/"),
    "train": (("train",), "has train/ and no test/"),
    "test": (("Test",), "has Test/ and no train/"),
    "test and val": (("test", "valid"), "has test/ and valid/ and no train/"),
    "val twice": (("train", "test", "val", "valid"), "val/ and valid/ are the same split"),
}


@pytest.mark.parametrize("case", SPLITS.values(), ids=SPLITS)
def test_splits_that_are_not_enough(case, fill, zoo_here):
    names, *parts = case
    for split in names:
        fill(f"{split}/low")
        root = fill(f"{split}/high")
    refused(zoo_here, root, *parts)


def test_splits_never_become_classes(fill, zoo_here):
    fill("train")
    if fill.kind == "clips":
        # train/NAME/IMAGE is an image of the class NAME, as most people have them.
        assert own_dataset(fill("test")).layout == "image"
        return
    refused(zoo_here, fill("test"), "test/, train/ would be classes", "train/CLASS")


def test_a_class_called_train_is_said(fill):
    fill("train")
    dataset = own_dataset(fill("ship"))
    assert dataset.classes == ("ship", "train")
    assert dataset.notes == ("train/ is taken as a class, as it holds samples itself",)


def test_splits_one_level_off(fill, zoo_here):
    for split in ("train", "test"):
        fill(f"mydata/{split}/low")
        root = fill(f"mydata/{split}/high")
    (root / ".git").mkdir()
    refused(zoo_here, root, "mydata: has the splits", f"--dataset {root}/mydata")
    shutil.rmtree(root)
    for split in ("train", "test"):
        fill(f"low/{split}")
        fill(f"high/{split}")
    refused(zoo_here, root, "has splits within a class", "own/train/high/...")


def test_classes_in_one_split_only(fill, zoo_here):
    for split in ("train", "test", "val"):
        fill(f"{split}/low")
        root = fill(f"{split}/high")
    shutil.rmtree(root / "val" / "high")
    refused(zoo_here, root, "val", "high")


def test_a_folder_beside_the_splits_is_said(fill):
    for split in ("train", "test", "more"):
        fill(f"{split}/low")
        root = fill(f"{split}/high")
    assert own_dataset(root).notes == ("not used, as it is in no split: more/",)


@pytest.mark.parametrize("number", [1, 2])
def test_a_class_of_too_few_is_named(number, fill, tmp_path, zoo_here):
    fill("low", 20)
    root = fill("rare", number)
    result = zoo_here("train", "cnn", "--dataset", root, "--quiet", "--batch-size", "4")
    assert_one_line_error(result, 1, "class 'rare' has too few", f"({number})", "train", "test")


def test_what_systems_leave_behind_is_skipped(fill):
    fill("low")
    root = fill("high")
    before = own_dataset(root).load(None).checksums
    places = [root, *(each for each in root.rglob("*") if each.is_dir())]
    for place in places:
        for name in ("._1.png", "._0.wav", ".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini"):
            (place / name).write_bytes(b"left behind")
        for name in ("__MACOSX", "@eaDir", ".ipynb_checkpoints"):
            (place / name / "low").mkdir(parents=True)
            (place / name / "low" / "._0.wav").write_bytes(b"left behind")
    dataset = own_dataset(root)
    assert dataset.classes == ("high", "low")
    assert dataset.load(None).checksums == before


# Sounds alone


def test_recordings_beside_a_table(save_wav, tmp_path, zoo_here):
    for index in range(5):
        save_wav(tmp_path / "own" / "audio" / f"{index}.wav", np.zeros(800))
    (tmp_path / "own" / "meta").mkdir()
    (tmp_path / "own" / "meta" / "all.csv").write_text("filename,category\n0.wav,dog\n")
    parts = ("recordings are in audio/ alone, none in meta/", "CLASS/*.wav", "meta/all.csv names")
    refused(zoo_here, tmp_path / "own", *parts)
    shutil.move(tmp_path / "own" / "meta" / "all.csv", tmp_path / "own")
    (tmp_path / "own" / "meta").rmdir()
    refused(zoo_here, tmp_path / "own", "has one class only, audio", "own/all.csv names")


# Files that are no dataset


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("mine.xlsx", "is a .xlsx file"),
        ("mine.h5", "is a .h5 file"),
        ("mine.npy", "is a .npy file"),
        ("mine.zip", "is packed; unpack it"),
        ("mine", "is no .npz file and no folder"),
    ],
)
def test_a_file_of_another_kind(name, part, tmp_path, zoo_here):
    (tmp_path / name).write_bytes(b"1,2")
    for given in (name, f"./{name}", tmp_path / name):
        result = zoo_here("train", "cnn", "--dataset", given)
        assert_one_line_error(result, 2, f"--dataset {tmp_path.__class__(given)}: {part}", "npz")
