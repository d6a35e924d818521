"""Files are in the order of their names, whatever the file system, its Unicode form and the threads do."""

import random
import threading
import time
import unicodedata
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_image_folders import listed, written

from zoo.datasets import parallel
from zoo.datasets.catalog import own_dataset
from zoo.datasets.folders import entries
from zoo.errors import DataError, UsageError

NAMES = ("Zebra", "apple", "café", "10", "9", "Ä", "日本", "e\u0301clair", "a b", "a\nb")


def shuffle_listings(monkeypatch, seed):
    rng = random.Random(seed)
    iterdir = Path.iterdir

    def shuffled(self):
        found = list(iterdir(self))
        rng.shuffle(found)
        return iter(found)

    monkeypatch.setattr(Path, "iterdir", shuffled)


def test_entries_are_in_the_order_of_code_points_of_nfc(tmp_path, monkeypatch):
    for name in NAMES:
        (tmp_path / name).mkdir()
    expected = sorted(unicodedata.normalize("NFC", name) for name in NAMES)
    for seed in range(5):
        shuffle_listings(monkeypatch, seed)
        found = [unicodedata.normalize("NFC", each.name) for each in entries(tmp_path)]
        assert found == expected


def test_two_names_that_are_one_are_refused(tmp_path):
    root = written(tmp_path / "halves")
    for form in ("NFC", "NFD"):
        (root / "left" / f"{unicodedata.normalize(form, 'é')}.png").write_bytes(b"x")
    with pytest.raises(DataError, match="same name in other bytes"):
        own_dataset(root)


def test_a_folder_in_another_unicode_form_and_another_place_is_the_same_data(tmp_path, monkeypatch):
    sums = []
    for form in ("NFC", "NFD"):
        root = written(tmp_path / form / "halves")
        (root / "left").rename(root / unicodedata.normalize(form, "gauché"))
        for file in (root / "upper").iterdir():
            file.rename(file.with_name(unicodedata.normalize(form, f"é{file.name}")))
        shuffle_listings(monkeypatch, len(sums))
        dataset = own_dataset(root)
        assert dataset.classes == (unicodedata.normalize("NFC", "gauché"), "upper")
        sums.append(dataset.load(None).checksums)
    assert sums[0] == sums[1]


def test_clips_and_recordings_are_in_the_same_order(tmp_path, monkeypatch):
    for name in ("b", "é"):
        for clip in ("c2", "c10", "ü", "e\u0301"):
            written_frames(tmp_path / "films" / name / clip)
            write_tone(tmp_path / "sounds" / name / f"{clip}.wav")
    for root in (tmp_path / "films", tmp_path / "sounds"):
        sums = []
        for seed in range(3):
            with monkeypatch.context() as patch:
                shuffle_listings(patch, seed)
                sums.append(own_dataset(root).load(None).checksums)
        assert sums[0] == sums[1] == sums[2]


def written_frames(folder):
    folder.mkdir(parents=True)
    for number in range(2):
        pixels = np.full((8, 8), sum(map(ord, folder.name)) % 200 + number, "uint8")
        Image.fromarray(pixels).save(folder / f"{number}.png")


def write_tone(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(1000) * (sum(map(ord, path.name)) % 50 + 10) / 100) * 9000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())


def test_splits_may_be_in_different_forms(tmp_path):
    for split, form in (("train", "NFC"), ("test", "NFD")):
        root = written(tmp_path / "halves" / split)
        (root / "left").rename(root / unicodedata.normalize(form, "gauché"))
    assert len(own_dataset(tmp_path / "halves").load(None).y_test) == 20


def test_a_table_names_files_in_either_form(tmp_path):
    rows = [f"é{i:02}.png,{'cat' if i % 2 else 'dog'}" for i in range(20)]
    root = listed(tmp_path / "pets", rows, "path,label")
    for file in list(root.glob("*.png")):
        file.rename(file.with_name(unicodedata.normalize("NFD", file.name)))
    assert len(own_dataset(root).load(None).y_train) == 16


def test_classes_that_differ_in_case_are_said(tmp_path):
    root = written(tmp_path / "halves")
    if (root / "LEFT").exists():
        pytest.skip("a file system without upper and lower case")
    (root / "upper").rename(root / "LEFT")
    assert any("LEFT and left differ in upper" in note for note in own_dataset(root).notes)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_keep_the_order_and_the_bits(threads, tmp_path, monkeypatch):
    root = written(tmp_path / "halves", sizes=((40, 60), (9, 9)), formats=("png", "jpg"))
    dataset = own_dataset(root).configured({"size": "8"})
    monkeypatch.setenv("ZOO_WORKERS", "1")
    one = dataset.load(None).x_train
    alone = np.stack([one.reader.read(file) for file in one.files])
    monkeypatch.setenv("ZOO_WORKERS", str(threads))
    order = np.random.default_rng(0).permutation(len(one))
    np.testing.assert_array_equal(one[order], alone[order])
    assert dataset.load(None).x_train.checksum == one.checksum


def test_the_first_error_in_order_is_raised_and_nothing_is_begun_after_it():
    begun = []

    def make(number):
        begun.append(number)
        time.sleep(0.02 if number == 3 else 0)
        if number in (3, 4):
            raise DataError(f"{number} is damaged")
        return number

    got = []
    with pytest.raises(DataError, match="3 is damaged"):
        got.extend(parallel.each_in_order(make, range(1000), 2))
    assert max(begun) <= 3 + parallel.AHEAD * 2
    assert not [each for each in threading.enumerate() if each.name.startswith("zoo-files")]


def test_items_are_taken_a_few_ahead():
    taken = iter(range(10**9))
    made = parallel.each_in_order(lambda item: item, taken, 2)
    assert [next(made) for _ in range(10)] == list(range(10))
    made.close()
    assert next(taken) <= 10 + parallel.AHEAD * 2


@pytest.mark.parametrize("given", ["0", "-1", "many"])
def test_a_number_of_workers_that_is_none(given, monkeypatch):
    monkeypatch.setenv("ZOO_WORKERS", given)
    with pytest.raises(UsageError, match=f"ZOO_WORKERS={given}: use a whole number"):
        parallel.workers()


def test_links_are_followed_and_loops_are_refused(tmp_path):
    root = written(tmp_path / "halves")
    outside = tmp_path / "outside.png"
    Image.new("RGB", (16, 12)).save(outside)
    (root / "left" / "zz.png").symlink_to(outside)
    assert len(own_dataset(root).load(None).y_train) == 17
    (root / "left" / "loop").symlink_to(root)
    with pytest.raises(DataError, match="is a folder within a class"):
        own_dataset(root)
