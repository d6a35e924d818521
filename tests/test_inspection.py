"""`zoo datasets inspect` says what is there, what is wrong, and what to type next; it stops at nothing."""

import json
import re
import shutil

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image
from test_image_folders import drawn, listed, written

import zoo
from zoo.inspecting.advice import are_unequal
from zoo.metrics import misleads


@pytest.fixture(scope="module")
def mess(tmp_path_factory):
    """A folder with everything that goes wrong."""
    root = written(tmp_path_factory.mktemp("data") / "mess", sizes=((30, 40), (50, 20)), count=12)
    left, upper = root / "left", root / "upper"
    (left / "cut.png").write_bytes((left / "00.png").read_bytes()[:300])
    (left / "empty.jpg").write_bytes(b"")
    (left / "notes.txt").write_text("hello")
    (left / "Thumbs.db").write_text("x")
    (upper / "deep").mkdir()
    Image.new("RGB", (20, 20), "red").save(upper / "red.png")
    shutil.copy(left / "01.png", left / "copy.png")
    Image.open(left / "02.png").save(left / "same_pixels.bmp")
    shutil.copy(left / "03.png", upper / "other_label.png")
    (root / "readme.md").write_text("x")
    return root


def test_everything_wrong_is_found_and_nothing_stops_it(mess, tmp_path):
    found = zoo.inspect_dataset(mess, out=tmp_path)
    assert found.kind == "images in folders CLASS/IMAGE"
    assert found.classes == ("left", "upper")
    assert found.counts == {"all": {"left": 16, "upper": 14}}
    assert {each.path.rpartition("/")[2] for each in found.unreadable} == {"cut.png", "empty.jpg"}
    ignored = {each.path.rpartition("/")[2] for each in found.ignored}
    assert ignored == {"notes.txt", "Thumbs.db", "deep", "readme.md"}
    assert found.uniform == (str(mess / "upper" / "red.png"),)
    assert found.copies.within == {"all": 3} and found.copies.other_label == 1
    assert (found.sizes.smallest, found.sizes.count) == ((20, 20), 3)
    assert found.sizes.commonest[0][:2] in ((40, 30), (20, 50))
    assert found.formats == {"PNG": 27, "BMP": 1}
    assert "notes.txt: is no image that is read" in found.refusal
    with Image.open(found.contact_sheet) as sheet:
        assert sheet.size[0] == 8 * 112


@pytest.mark.parametrize("sample", [None, 1])
def test_a_truncated_image_alone_stops_nothing(sample, tmp_path):
    root = written(tmp_path / "halves")
    cut = root / "left" / "03.png"
    cut.write_bytes(cut.read_bytes()[:-30])
    found = zoo.inspect_dataset(root, sample=sample)
    assert found.layout == "image" and found.classes == ("left", "upper")
    if sample is None:
        assert [each.path for each in found.unreadable] == [str(cut)]
        assert "1 files cannot be read" in found.refusal
    else:
        assert found.refusal.startswith(f"{cut}: is damaged")


def test_a_truncated_sound_is_the_refusal(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    noise = np.random.default_rng(0).normal(size=(12, 4000)) / 9
    for number, sound in enumerate(noise):
        path = tmp_path / "own" / "ab"[number % 2] / f"{number}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound, 8000)
    path.write_bytes(path.read_bytes()[:-2000])
    found = zoo.inspect_dataset(path.parent.parent)
    assert found.layout == "sequence" and found.refusal.startswith(f"{path}: is damaged")


def test_the_command_says_it(mess, tmp_path, zoo_here):
    code, out, err = zoo_here("datasets", "inspect", mess, "--out", tmp_path)
    assert code == 0, err
    for part in ("unreadable: 2", "not used: 4", "copies: 3", "1 of them have another label"):
        assert part in out
    assert "Mend that, and run zoo datasets inspect again" in out
    assert "size=16 --data-set resize=fit" in out


def test_what_it_proposes_trains(tmp_path, zoo_here):
    root = written(tmp_path / "halves", sizes=((30, 40), (50, 20)), count=12)
    code, out, err = zoo_here("datasets", "inspect", root, "--out", tmp_path)
    assert code == 0, err
    assert "not trainable as it is" in out and "2 sizes" in out
    (line,) = re.findall(r"^  zoo (train .*)$", out, re.MULTILINE)
    more = ("--epochs", "1", "--set", "filters=2,4,4", "--runs-dir", tmp_path / "runs", "--quiet")
    code, _, err = zoo_here(*line.split(), *more)
    assert code == 0, err


def test_leakage_is_said_by_inspect_and_before_training(tmp_path, zoo_here):
    root = tmp_path / "halves"
    written(root / "train", count=10)
    written(root / "test", count=4)  # the same pictures
    found = zoo.inspect_dataset(root)
    assert found.copies.leaked == {"test": 8}
    assert found.copies.examples[0][0].endswith("test/left/00.png")
    code, out, _ = zoo_here("datasets", "inspect", root, "--out", tmp_path)
    assert code == 0 and "LEAKAGE: 8 of 8 test samples" in out
    code, out, _ = zoo_here("datasets", "show", root)
    assert code == 0 and "8 of 8 test samples are training samples, byte for byte" in out


def test_a_held_out_test_set_can_leak_too(tmp_path):
    root = written(tmp_path / "halves", count=20)
    for file in list((root / "left").iterdir()):
        shutil.copy(file, file.with_name(f"again{file.name}"))
    found = zoo.inspect_dataset(root)
    assert found.copies.leaked["test"] > 0
    assert sum(found.copies.leaked.values()) + sum(found.copies.within.values()) >= 20


def test_a_table_and_what_it_does_not_list(tmp_path):
    rows = [f"{i:02}.png,{'cat' if i % 2 else 'dog'}" for i in range(20)]
    root = listed(tmp_path / "pets", rows, "path,label")
    drawn("left", 8, 8).save(root / "extra.png")
    found = zoo.inspect_dataset(root)
    assert found.kind == "images that labels.csv lists"
    assert [each.reason for each in found.ignored] == ["is not in labels.csv"]
    assert {split: sum(each.values()) for split, each in found.counts.items()} == {
        "train": 16, "test": 4,
    }  # fmt: skip
    (root / "labels.csv").write_text("path,label\n00.png,cat\nnone.png,dog\n")
    assert "line 3: there is no file none.png" in zoo.inspect_dataset(root).refusal


def test_unequal_classes_are_said_and_compared_by_another_metric(tmp_path, zoo_here):
    root = written(tmp_path / "halves", count=60)
    for file in sorted((root / "left").iterdir())[8:]:
        file.unlink()
    code, out, err = zoo_here("datasets", "inspect", root, "--out", tmp_path)
    assert code == 0, err
    assert "the largest class, upper, has 88.2 %" in out and "Accuracy misleads" in out
    assert "--metric balanced_accuracy --html comparison.html" in out


@pytest.mark.parametrize(("rest", "is_said"), [(35, False), (20, True)])
def test_accuracy_misleads_by_the_rule_of_metrics(rest, is_said, tmp_path, zoo_here):
    """Of two classes from 62.5 %."""
    root = written(tmp_path / "halves", count=40)
    for file in sorted((root / "left").iterdir())[rest:]:
        file.unlink()
    assert misleads(40 / (40 + rest), 2) == is_said
    code, out, err = zoo_here("datasets", "inspect", root, "--out", tmp_path)
    assert code == 0, err
    assert ("Accuracy misleads" in out) == is_said


def test_the_rule_of_many_classes_is_not_half_more_than_an_equal_share():
    counts = {str(number): 90 for number in range(9)} | {"large": 190}  # 19 % of ten classes
    assert not are_unequal(counts)
    assert are_unequal(counts | {"large": 500})


def test_transparency_and_a_large_size_are_answered(tmp_path):
    def holed(image, _):
        image.putalpha(Image.new("L", image.size, 100))
        return image

    found = zoo.inspect_dataset(written(tmp_path / "halves", sizes=((200, 150),), change=holed))
    assert found.parameters == {"size": 64, "background": "white"}
    assert found.shape == (64, 64, 3) and "transparent" in found.refusal
    assert "'size': 64" in found.commands[0]


def test_some_of_many_are_opened(tmp_path):
    root = written(tmp_path / "halves", count=30)
    seen = []
    found = zoo.inspect_dataset(root, sample=7, progress=lambda *each: seen.append(each))
    assert (found.looked_at, found.files, seen[-1]) == (7, 60, (7, 7))
    assert sum(sum(each.values()) for each in found.counts.values()) == 60


def test_one_class_alone_and_no_folder_at_all(tmp_path):
    root = written(tmp_path / "halves")
    shutil.rmtree(root / "upper")
    assert "only left/" in zoo.inspect_dataset(root).refusal
    assert "no classes" in zoo.inspect_dataset(root / "left").refusal


def test_arrays_clips_and_series(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.random((60, 20, 20)).astype("float32"), np.arange(60) % 3
    x[1] = 0.5
    x[50:55] = x[:5]
    np.savez(tmp_path / "mine.npz", x_train=x[:45], y_train=y[:45], x_test=x[45:], y_test=y[45:])
    found = zoo.inspect_dataset(tmp_path / "mine.npz", out=tmp_path / "looks")
    assert (found.layout, found.copies.leaked, found.uniform_count) == ("image", {"test": 5}, 2)
    assert found.contact_sheet.is_file()
    for name in "ab":
        for clip in range(10):
            folder = tmp_path / "films" / name / str(clip)
            folder.mkdir(parents=True)
            for frame in range(3 + clip % 2):
                drawn("left", 8, 8, clip * 10 + frame).save(folder / f"{frame}.png")
    found = zoo.inspect_dataset(tmp_path / "films", out=tmp_path / "looks")
    assert (found.layout, found.parameters) == ("frames", {"frames": 3})
    assert "has 3 frames" in found.refusal
    assert "data_parameters={'frames': 3}" in found.commands[0]
    series = {"x_train": rng.normal(size=(60, 12, 2)).astype("float32"), "y_train": y}
    np.savez(tmp_path / "series.npz", layout="sequence", **series)
    found = zoo.inspect_dataset(tmp_path / "series.npz", out=tmp_path / "looks")
    assert found.layout == "sequence" and found.contact_sheet.is_file()
    assert found.commands[0].startswith("zoo.train('fcn'")


def test_json_has_the_commands_as_they_are_typed(mess, tmp_path, zoo_here):
    code, out, err = zoo_here("datasets", "inspect", mess, "--out", tmp_path, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["unreadable_count"] == 2
    assert found["commands"][0].startswith("zoo train cnn --dataset ")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("./nothing",), "no such file or folder"),
        (("digits", "--sample", "0"), "--sample 0: use 1 or more"),
        (("digits", "--data-set", "size=8"), "digits has no parameters"),
    ],
)
def test_what_is_no_data(words, part, zoo_here):
    assert_one_line_error(zoo_here("datasets", "inspect", *words), 2, part)


def test_a_sheet_that_cannot_be_written(mess, tmp_path, zoo_here):
    (tmp_path / "file").write_text("")
    result = zoo_here("datasets", "inspect", mess, "--out", tmp_path / "file" / "in")
    assert_one_line_error(result, 1, "cannot be written")


def test_show_lists_the_parameters_of_data_that_need_a_choice(tmp_path, zoo_here):
    root = written(tmp_path / "halves", sizes=((30, 40), (50, 20)))
    code, out, err = zoo_here("datasets", "show", root)
    assert code == 0, err
    assert "not trainable as it is" in out and "--data-set size=64" in out
    assert "pixels of each side" in out
