"""`.ts` files of the UCR and UEA archives: what is read, and what is refused with its line."""

import json
import re

import numpy as np
import pytest
from conftest import assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.datasets.catalog import own_dataset
from zoo.datasets.resample import resampled
from zoo.datasets.ts_file import read_ts
from zoo.errors import DataError

HEADER = """#A comment
@problemName Made
@timeStamps false
@univariate {univariate}
@classLabel true up down
@data
"""


def ts(path, lines, univariate="true"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER.format(univariate=univariate) + "".join(f"{line}\n" for line in lines))
    return path


def series(number, steps=6, sign=1):
    return ",".join(f"{sign * (step + number / 7):.6g}" for step in range(steps))


@pytest.fixture
def folder(tmp_path):
    """`Made_TRAIN.ts` and `Made_TEST.ts` of twelve and four series of six steps."""
    for part, count in (("TRAIN", 12), ("TEST", 4)):
        lines = [
            f"{series(i, sign=1 if i % 2 else -1)}:{'up' if i % 2 else 'down'}"
            for i in range(count)
        ]
        ts(tmp_path / "Made" / f"Made_{part}.ts", lines)
    return tmp_path / "Made"


def test_the_archives_files_are_read_exactly(folder):
    dataset = own_dataset(folder)
    arrays = dataset.load(None)
    assert (dataset.name, dataset.classes, dataset.shape) == ("made", ("up", "down"), (6, 1))
    assert arrays.x_train.shape == (12, 6, 1) and arrays.x_test.shape == (4, 6, 1)
    assert arrays.x_train.dtype == np.float32
    np.testing.assert_array_equal(
        arrays.x_train[3, :, 0], np.array([float(f"{s + 3 / 7:.6g}") for s in range(6)], "float32")
    )
    assert arrays.y_train.tolist() == [1, 0] * 6


def test_a_file_brings_its_partner(folder):
    one = own_dataset(folder / "Made_TRAIN.ts").load(None)
    assert one.checksums == own_dataset(folder).load(None).checksums


def test_a_file_alone_is_split(tmp_path):
    lines = [f"{series(i)}:{'up' if i % 2 else 'down'}" for i in range(20)]
    arrays = own_dataset(ts(tmp_path / "alone.ts", lines)).load(None)
    assert (len(arrays.y_train), len(arrays.y_test)) == (16, 4)


def test_channels_are_features(tmp_path):
    lines = ["1,2,3:10,20,30:up", "4,5,6:40,50,60:down"] * 6
    dataset = own_dataset(ts(tmp_path / "two.ts", lines, "false"))
    assert dataset.shape == (3, 2)
    assert dataset.load(None).x_train[0].tolist() in (
        [[1, 10], [2, 20], [3, 30]],
        [[4, 40], [5, 50], [6, 60]],
    )


LINES = [f"{series(i)}:{'up' if i % 2 else 'down'}" for i in range(12)]


@pytest.mark.parametrize(
    ("odd", "part"),
    [
        ("1,2,x,4,5,6:up", "line 19: 'x' is no number"),
        ("1,2,3,4,5,6:left", "line 19: the class 'left' is not in @classLabel (up, down)"),
        ("1,2,3,4,5,6", "line 19: the class '1,2,3,4,5,6' is not"),
        ("up", "line 19: has no class"),
        ("1,2,3,4,5,6:1,2,3:up", "line 19: its channels have 3 to 6 steps"),
        ("1,2,3,4,5,6:1,2,3,4,5,6:up", "line 19: has 2 channels"),
        ("1,2,inf,4,5,6:up", "infinite"),
        ("1,2,1e60,4,5,6:up", "too large for float32"),
    ],
)
def test_a_line_that_is_not_in_the_format_is_named(odd, part, tmp_path, zoo_here):
    path = ts(tmp_path / "own.ts", [*LINES, odd])
    assert_one_line_error(zoo_here("train", "gru", "--dataset", path), 1, "own.ts", part)


AB = "@classLabel true a b\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no @data"),
        ("1,2,3\n", "line 1: stands before @data"),
        ("@classLabel true a b\n@data\n", "has no series"),
        ("@classLabel false\n@data\n1,2:a\n", "lists no classes"),
        ("@timeStamps true\n@classLabel true a\n@data\n(1,2):a\n", "time stamp"),
        ("@targetLabel true\n@data\n1,2:3.4\n", "numbers to predict"),
        ("@classLabel true a b a\n@data\n1,2:a\n", "has 'a' twice"),
        ("@classLabel true a\n@data\n1,2:a\n", "one class only"),
        (f"{AB}@univariate true\n@data\n1,2:3,4:a\n1,2:3,4:b\n", "says @univariate true"),
        (f"{AB}@dimensions 3\n@data\n1,2:3,4:a\n1,2:3,4:b\n", "says @dimensions 3"),
        (f"{AB}@equalLength true\n@data\n1,2:a\n1,2,3:b\n", "says @equalLength true"),
        (f"{AB}@seriesLength 3\n@data\n1,2:a\n1,2:b\n", "says @seriesLength 3"),
        (f"{AB}@data\n1,2:A\n1,2:b\n", "the class 'A' is not in @classLabel"),
        (f"{AB}@data\n1,2_0:a\n1,2:b\n", "no number"),
        ("@classLabel true a\n" * 11_000, "no @data"),
    ],
)
def test_a_file_that_is_no_dataset_is_refused(text, part, tmp_path):
    path = tmp_path / "own.ts"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        own_dataset(path)
    assert part in str(caught.value) and "own.ts" in str(caught.value)


def test_classes_are_in_the_order_of_the_training_file(folder):
    header = HEADER.replace("up down", "down up").replace("@classLabel", "@classLabel\t")
    test = folder / "Made_TEST.ts"
    body = test.read_text().split("@data\n")[1]
    test.write_text("\ufeff" + header.format(univariate="true") + body)
    dataset = own_dataset(folder)
    assert dataset.classes == ("up", "down")
    assert dataset.load(None).y_test.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["1,2:3,4:up"], "Made_TEST.ts: has 2 channels, and Made_TRAIN.ts 1"),
        (["1,2:left"], "Made_TEST.ts: lists the classes up, left, and Made_TRAIN.ts up, down"),
    ],
)
def test_a_test_file_of_another_kind_is_refused(folder, lines, said):
    path = ts(folder / "Made_TEST.ts", lines, univariate="false")
    if "left" in lines[0]:
        path.write_text(path.read_text().replace("up down", "up left"))
    with pytest.raises(DataError, match=re.escape(said)):
        own_dataset(folder)


def test_the_archives_arff_is_refused_with_the_file_to_take(folder, zoo_here):
    path = folder / "Made_TRAIN.arff"
    path.write_text("@relation Made\n")
    assert_one_line_error(zoo_here("train", "gru", "--dataset", path), 2, "NAME_TRAIN.ts")


def test_a_title_has_what_was_chosen_alone(folder):
    dataset = own_dataset(folder)
    assert dataset.title == "made"
    assert dataset.configured({"unequal": "resample", "length": "9"}).title == (
        "made (unequal=resample, length=9)"
    )
    assert set(dataset.parameters) == {"unequal", "length", "missing", "resample"}


def test_several_datasets_in_a_folder_must_be_chosen_from(folder, zoo_here):
    ts(folder / "Other_TRAIN.ts", LINES)
    result = zoo_here("train", "gru", "--dataset", folder)
    assert_one_line_error(result, 2, "Made, Other", "give the folder or the file of one")
    assert own_dataset(folder / "Made_TRAIN.ts").name == "made"


def unequal(folder, missing=""):
    lines = [
        f"{missing if i == 3 else ''}{series(i, 3 + i % 4)}:{'up' if i % 2 else 'down'}"
        for i in range(12)
    ]
    return ts(folder / "uneven.ts", lines)


def test_unequal_lengths_are_refused_until_one_chooses(tmp_path, zoo_here):
    result = zoo_here("train", "gru", "--dataset", unequal(tmp_path))
    assert_one_line_error(result, 1, "3 to 6 steps", "--data-set unequal=resample, or pad")


def test_unequal_series_are_resampled_or_padded_as_chosen(tmp_path):
    dataset = own_dataset(unequal(tmp_path))
    resampled = dataset.configured({"unequal": "resample", "length": "5"})
    assert resampled.shape == (5, 1) and resampled.parameters["length"] == 5
    first = read_ts(tmp_path / "uneven.ts").series[0][:, 0]  # three steps
    x = np.concatenate([resampled.load(None).x_train, resampled.load(None).x_test])[..., 0]
    between = (first[:-1] + first[1:]) / 2
    wanted = [first[0], between[0], first[1], between[1], first[2]]
    assert any(np.allclose(each, wanted) for each in x)
    padded = dataset.configured({"unequal": "pad"})
    x = np.concatenate([padded.load(None).x_train, padded.load(None).x_test])[..., 0]
    gap = [np.nan] * 3
    assert any(np.array_equal(each, [*first, *gap], equal_nan=True) for each in x)
    assert padded.padded and not dataset.padded and not resampled.padded


def test_missing_values_are_refused_or_interpolated_as_chosen(tmp_path, zoo_here):
    lines = [*LINES, "?,2,?,4,5,?:up"]
    path = ts(tmp_path / "gaps.ts", lines)
    result = zoo_here("train", "gru", "--dataset", path)
    assert_one_line_error(result, 1, "3 values are missing", "--data-set missing=interpolate")
    arrays = own_dataset(path).configured({"missing": "interpolate"}).load(None)
    x = np.concatenate([arrays.x_train, arrays.x_test])[..., 0]
    assert any(np.array_equal(each, [2, 2, 3, 4, 5, 5]) for each in x)


def test_a_length_without_resampling_makes_no_sense(folder, zoo_here):
    result = zoo_here("train", "gru", "--dataset", folder, "--data-set", "length=9")
    assert_one_line_error(result, 2, "length is 9; it goes with unequal=resample")


VALUES = st.lists(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=4, max_size=4),
    min_size=10,
    max_size=10,
)


@settings(max_examples=25, deadline=None)
@given(values=VALUES)
def test_every_number_comes_back_bit_for_bit(values, tmp_path_factory):
    path = tmp_path_factory.mktemp("ts") / "any.ts"
    lines = [
        ",".join(map(repr, each)) + (":up" if i % 2 else ":down") for i, each in enumerate(values)
    ]
    read = read_ts(ts(path, lines))
    np.testing.assert_array_equal(np.stack(read.series)[..., 0], np.array(values, "float32"))


def test_a_training_on_time_series_and_its_parameters_are_recorded(tmp_path, zoo_here):
    path = unequal(tmp_path)
    chosen = ("--data-set", "unequal=resample")
    code, _, err = zoo_here(
        "train", "gru", "--dataset", path, *chosen, "--set", "units=4", "--epochs", 1,
        "--batch-size", 4, "--runs-dir", tmp_path / "runs",
    )  # fmt: skip
    assert code == 0, err
    code, out, _ = zoo_here("runs", "show", "last", "--runs-dir", tmp_path / "runs")
    assert "unequal=resample" in out


def test_a_budget_of_steps_is_trained_found_again_and_compared(folder, tmp_path, zoo_here):
    recipe = tmp_path / "ten.toml"
    recipe.write_text("steps = 10\nbatch_size = 4\nvalidation = 0.0\nlearning_rate = 0.01\n")
    asked = (
        "--dataset", folder, "--recipe", recipe, "--set", "units=4", "--runs-dir",
        tmp_path / "runs",
    )  # fmt: skip
    code, out, err = zoo_here("train", "gru", *asked, "--json")
    assert code == 0, err
    run = json.loads(out)
    assert (run["recipe"]["epochs"], run["recipe"]["steps"]) == (4, 10)  # three steps an epoch
    assert run["progress"] == {"epochs": 4, "steps": 0}
    code, _, err = zoo_here("train", "gru", *asked)
    assert "finished already" in err
    code, out, err = zoo_here(
        "compare", "gru", "--dataset", folder, "--recipe", recipe, "--set", "gru.units=4",
        "--seeds", 1, "--dry-run", "--json", "--runs-dir", tmp_path / "runs",
    )  # fmt: skip
    assert code == 0, err
    assert [each["state"] for each in json.loads(out)["jobs"]] == ["cached"]
    code, out, err = zoo_here("compare", "--from", tmp_path / "runs", "--json")
    assert code == 0, err
    assert json.loads(out)["mixed"] == []


def test_a_test_file_alone_is_no_dataset(folder, zoo_here):
    (folder / "Made_TRAIN.ts").unlink()
    result = zoo_here("train", "gru", "--dataset", folder / "Made_TEST.ts")
    assert_one_line_error(result, 2, "no Made_TRAIN.ts beside it")
    assert_one_line_error(zoo_here("train", "gru", "--dataset", folder), 2, "no Made_TRAIN.ts")


def test_a_class_without_series_cannot_be_learned(tmp_path):
    lines = [line.replace(":down", ":up") for line in LINES]
    with pytest.raises(DataError, match="no series of the class 'down'"):
        own_dataset(ts(tmp_path / "one.ts", lines))


def test_a_channel_without_a_value_is_never_made_up(tmp_path):
    path = ts(tmp_path / "gone.ts", [*LINES, "?,?,?,?,?,?:up"])
    dataset = own_dataset(path).configured({"missing": "interpolate"})
    with pytest.raises(DataError, match="channel without a value"):
        dataset.load(None)


def test_what_is_interpolated_is_said_only_where_it_is(tmp_path):
    dataset = own_dataset(ts(tmp_path / "gaps.ts", [*LINES, "?,2,3,4,5,6:up"]))
    assert not any("interpolated" in note for note in dataset.notes)
    chosen = dataset.configured({"missing": "interpolate"})
    assert "1 missing values are interpolated, linearly" in chosen.notes


def test_resamples_are_those_of_published_tables(folder, zoo_here):
    # What aeon 1.6.0's stratified_resample_data_indices gives for these labels and random_state=7.
    train, test = ["b", "a", "10", "2"] * 3, ["a", "b", "b", "2", "10", "10", "a"]
    drawn = [each.tolist() for each in resampled(train, test, 7)]
    assert drawn == [
        [2, 16, 10, 11, 7, 3, 12, 18, 9, 4, 13, 14],
        [6, 17, 15, 5, 1, 0, 8],
    ]
    default, other = (own_dataset(folder).configured(p) for p in ({}, {"resample": "3"}))
    assert "resample 3" in other.notes[-1]
    before, after = default.load(None), other.load(None)
    assert (len(after.y_train), len(after.y_test)) == (12, 4)
    assert np.array_equal(np.bincount(after.y_train), np.bincount(before.y_train))
    both = [np.concatenate([each.x_train, each.x_test]) for each in (before, after)]
    assert np.array_equal(*[np.sort(each, axis=0) for each in both])
    assert not np.array_equal(*both)
    alone = ts(folder.parent / "alone.ts", LINES)
    result = zoo_here("train", "gru", "--dataset", alone, "--data-set", "resample=1")
    assert_one_line_error(result, 2, "resample is 1", "no split to draw anew")


CONVERSIONS = {
    "cnn_lstm": "sequence to image: one channel",
    "conv3d": "sequence to frames: space_to_depth",
    "convlstm2d": "sequence to frames: space_to_depth",
    "lrcn": "sequence to frames: whole",
}


def test_architectures_of_images_and_frames_train_and_the_page_says_the_conversions(tmp_path):
    """Series of an odd number of steps, which cannot be cut into halves."""
    import zoo

    lines = [
        f"{series(i, 7, sign=1 if i % 2 else -1)}:{'up' if i % 2 else 'down'}" for i in range(20)
    ]
    path = ts(tmp_path / "odd.ts", lines)
    small = {
        "cnn_lstm": {"filters": (4, 4), "features": 4, "units": 4},
        "conv3d": {"filters": (4, 4, 4)},
        "convlstm2d": {"filters": 4, "stem": 4, "head": 4},
        "lrcn": {"filters": (4, 4), "features": 4, "units": 4},
    }
    for name, conversion in CONVERSIONS.items():
        run = zoo.train(
            name, path, recipe="quick", epochs=1, batch_size=4, runs_dir=tmp_path / "runs",
            hyperparameters=small.get(name, {}),
        )  # fmt: skip
        assert run.record.input.conversion == conversion
    page = tmp_path / "page.html"
    compared = zoo.compare_runs(tmp_path / "runs")
    compared.to_html(page)
    text = page.read_text()
    rows = [re.sub("<[^>]+>", " ", row) for row in text.split("<tr") if "sequence to " in row]
    said = {row.split(">", 1)[1].split()[0]: row for row in rows}
    assert said.keys() == CONVERSIONS.keys()
    for name, conversion in CONVERSIONS.items():
        assert conversion in said[name]
