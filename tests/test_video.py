"""A user's own clips: folders of images, read when they are asked for."""

import json
import shutil

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image

from zoo.datasets.catalog import find_dataset
from zoo.testing import DATASET_CHECKS


def picture(place, kind=0, size=(7, 6), mode="L"):
    """A grey picture of its own for each place, brighter for a later class."""
    pixels = np.full((*size[::-1], 3), (17 * place) % 100 + 100 * kind, "uint8")
    pixels[place % size[1], place % size[0]] = 250
    return Image.fromarray(pixels).convert(mode)


def write(root, classes=("jump", "run"), clips=8, frames=5, **options):
    for kind, name in enumerate(classes):
        for clip in range(clips):
            folder = root / name / f"clip{clip}"
            folder.mkdir(parents=True)
            for frame in range(frames):
                image = picture(5 * clip + frame, kind, **options)
                image.save(folder / f"{frame + 7}.png")
    return root


@pytest.fixture
def films(tmp_path):
    return write(tmp_path / "films")


def load(path, **settings):
    dataset = find_dataset(str(path), None, settings)
    return dataset, dataset.load(None)


def test_clips_are_read_in_the_order_of_numbers_and_split_by_class(films):
    (films / ".hidden").mkdir()
    dataset, arrays = load(films)
    assert (dataset.name, dataset.classes) == ("films", ("jump", "run"))
    assert (dataset.layout, dataset.shape) == ("frames", (5, 6, 7, 1))
    assert np.bincount(arrays.y_train).tolist() == [6, 7]
    assert np.bincount(arrays.y_test).tolist() == [2, 1]
    clip = np.asarray(arrays.x_train)[0]  # frames 7, 8, 9, 10, 11, not 10, 11, 7
    assert np.array_equal(clip[..., 0], [np.asarray(picture(each)) for each in range(5)])


def test_train_and_test_folders_are_taken_as_they_are(tmp_path):
    root = tmp_path / "set"
    write(root / "train", clips=3, mode="RGB")
    write(root / "test", clips=2, mode="RGB")
    dataset, arrays = load(root)
    assert dataset.shape == (5, 6, 7, 3)
    assert (len(arrays.x_train), len(arrays.x_test)) == (6, 4)
    assert arrays.y_test.tolist() == [0, 0, 1, 1]
    assert arrays.checksums["x_train"] != arrays.checksums["x_test"]


def test_frames_are_taken_evenly(films):
    dataset, arrays = load(films, frames="2")
    assert dataset.shape == (2, 6, 7, 1)
    whole = load(films)[1]
    assert np.array_equal(arrays.x_train[:], whole.x_train[:][:, [1, 3]])
    assert arrays.checksums["x_train"] != whole.checksums["x_train"]


@pytest.mark.parametrize("mode", ["P", "RGB"])
def test_a_frame_whose_colours_are_greys_is_grey(mode, films):
    before = load(films)[1]
    path = films / "run" / "clip3" / "9.png"
    picture = Image.open(path)
    picture.load()
    picture.convert("RGB").convert(mode, palette=Image.Palette.ADAPTIVE).save(path)
    assert Image.open(path).mode == mode
    dataset, arrays = load(films)
    assert dataset.shape == (5, 6, 7, 1)
    assert np.array_equal(arrays.x_train[:], before.x_train[:])
    assert np.array_equal(arrays.x_test[:], before.x_test[:])


def test_a_transparent_colour_that_no_pixel_has_is_no_transparency(films):
    path = films / "run" / "clip2" / "8.png"
    picture(1).save(path, transparency=255)
    assert Image.open(path).has_transparency_data
    load(films)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_frames_are_upright(suffix, tmp_path):
    turned = Image.Exif()
    turned[0x112] = 6  # to be turned by 90° to the right
    right = np.zeros((8, 16), "uint8")
    right[:, 8:] = 200
    for name in ("a", "b"):
        for clip in range(5):
            folder = tmp_path / "turned" / name / str(clip)
            folder.mkdir(parents=True)
            image = Image.fromarray(right)
            image.rotate(90, expand=True).save(folder / f"1.{suffix}", exif=turned, quality=95)
    dataset, arrays = load(tmp_path / "turned")
    assert dataset.shape == (1, 8, 16, 1)
    assert np.abs(arrays.x_train[0][0, ..., 0].astype(int) - right).max() < 4


def test_clips_of_other_lengths_need_a_number_of_frames(films, zoo_here):
    (films / "run" / "clip3" / "7.png").unlink()
    result = zoo_here("train", "cnn", "--dataset", films)
    assert_one_line_error(result, 1, "clip3: has 4 frames", "has 5", "--data-set frames=4")
    assert load(films, frames="4")[1].x_train[0].shape == (4, 6, 7, 1)
    result = zoo_here("train", "cnn", "--dataset", films, "--data-set", "frames=5")
    assert_one_line_error(result, 2, "use 1 to 4", "clip3 has 4")


def test_any_change_of_a_picture_changes_the_checksum(films):
    before = load(films)[1].checksums
    picture(77).save(films / "jump" / "clip0" / "9.png")
    after = load(films)[1].checksums
    assert before["x_train"] != after["x_train"]
    assert before["x_test"] == after["x_test"]


def one_class(films):
    shutil.rmtree(films / "run")
    return "there is only jump"


def no_class(films):
    shutil.rmtree(films / "run")
    shutil.rmtree(films / "jump")
    return "has no classes"


def class_without_clips(films):
    shutil.rmtree(films / "run")
    (films / "run").mkdir()
    return "run: holds no clip"


def empty_clip(films):
    for image in (films / "run" / "clip2").iterdir():
        image.unlink()
    return "clip2: is a clip without an image"


def a_film_among_the_clips(films):
    (films / "run" / "film.mp4").write_bytes(b"film")
    return "film.mp4: is a film"


def an_image_among_the_clips(films):
    picture(1).save(films / "run" / "1.png")
    return "1.png: is an image; a clip is a folder of images"


def no_image(films):
    (films / "run" / "clip2" / "8.png").write_text("not an image")
    return "clip2/8.png: is no image that can be read"


def truncated(films):
    path = films / "run" / "clip2" / "8.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (6, 7), "uint8")).save(path)
    path.write_bytes(path.read_bytes()[:-30])
    return "clip2/8.png: is damaged"


def other_size(films):
    picture(1, size=(9, 6)).save(films / "run" / "clip2" / "8.png")
    return "clip2/8.png: is 9×6 pixels and the first image 7×6"


def in_colour(films):
    Image.new("RGB", (7, 6), "red").save(films / "run" / "clip2" / "8.png")
    return "clip2/8.png: is in colour"


def see_through(films):
    picture(1, mode="RGBA").save(films / "run" / "clip2" / "8.png")
    return "clip2/8.png: is RGBA; save it as"


def see_through_colour(films):
    """A palette of greys, one of which is transparent."""
    grey = Image.new("L", (7, 6), 9).convert("P")
    grey.save(films / "run" / "clip2" / "8.png", transparency=9)
    return "clip2/8.png: is transparent in places"


def see_through_first(films):
    for each in films.glob("*/*/*.png"):
        Image.new("L", (7, 6), 9).save(each, transparency=9)
    return ".png: is transparent in places"


def no_train(films):
    (films / "test").mkdir()
    return "has test/ and no train/"


def other_classes(films):
    for name in ("train", "test"):
        write(films / name)
    shutil.rmtree(films / "test" / "run")
    return "only one of train and test has the class run"


FAULTS = (
    *(one_class, no_class, class_without_clips, empty_clip, a_film_among_the_clips, no_image),
    an_image_among_the_clips,
    *(truncated, other_size, in_colour, no_train, other_classes),
    *(see_through, see_through_colour, see_through_first),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_is_wrong_is_named(fault, films, zoo_here):
    part = fault(films)
    result = zoo_here("train", "cnn", "--dataset", films, "--quiet", "--batch-size", "2")
    assert_one_line_error(result, 1, part)


def test_what_is_no_folder(zoo_here):
    assert_one_line_error(
        zoo_here("train", "cnn", "--dataset", "./gone"), 2, "no such file or folder"
    )


def test_a_folder_is_trained_on_evaluated_and_checked(films, zoo):
    train = ("train", "lrcn", "--dataset", "./films", "--data-set", "frames=3", "--batch-size", "4")
    done = zoo(*train, "--epochs", "1", "--set", "filters=2,2", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["dataset"]["parameters"] == {"frames": 3}
    assert record["input"]["input_shape"] == [3, 6, 7, 1]
    again = zoo("evaluate", "last", "--json", cwd=films.parent)
    assert json.loads(again.stdout)["test_accuracy"] == record["metrics"]["test_accuracy"]
    checked = zoo("check", "./films", "--data-set", "frames=2")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(DATASET_CHECKS)} passed" in checked.stdout
