"""A folder of one's own recordings: what is read, when, and what unusable ones are told."""

import hashlib
import json

import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo.datasets import wav
from zoo.datasets.catalog import own_dataset
from zoo.datasets.location import Locations
from zoo.datasets.recordings import Spectrograms
from zoo.datasets.sound_reading import SoundReading
from zoo.datasets.spectrogram import LogMel
from zoo.errors import DataError


@pytest.fixture
def tones(save_wav, tmp_path):
    """Write `number` recordings of a tone: `tones("birds/low", 300, 10)`."""

    def write(place, hertz, number, rate=8000, seconds=0.2):
        draw = np.random.default_rng(int(hertz))
        t = np.arange(int(rate * seconds)) / rate
        for index in range(number):
            sound = 0.5 * np.sin(2 * np.pi * hertz * (1 + draw.uniform(0, 0.1)) * t)
            sound += 0.01 * draw.normal(size=len(t))
            save_wav(tmp_path / place / f"{index}.wav", sound, rate)

    return write


@pytest.fixture
def birds(tones, tmp_path):
    """Ten recordings of each of two classes."""
    tones("birds/low", 300, 10)
    tones("birds/high", 2000, 10)
    return tmp_path / "birds"


def load(folder):
    return own_dataset(folder).load(Locations.of_user())


def test_a_folder_of_classes(birds):
    (birds / "README.txt").touch()
    (birds / ".git").mkdir()
    (birds / "low" / "notes.txt").touch()
    dataset = own_dataset(birds)
    assert (dataset.name, dataset.layout) == ("birds", "sequence")
    assert dataset.classes == ("high", "low")
    assert dataset.shape == (16, 40)  # 0.2 s are 13 steps, and four divide 16
    arrays = dataset.load(Locations.of_user())
    assert (arrays.x_train.shape, arrays.x_test.shape) == ((16, 16, 40), (4, 16, 40))
    assert np.bincount(arrays.y_train).tolist() == [8, 8]
    assert np.bincount(arrays.y_test).tolist() == [2, 2]
    loudest = np.asarray(arrays.x_train)[:, 5].argmax(axis=1)
    assert loudest[arrays.y_train == 1].max() < 12 < loudest[arrays.y_train == 0].min()


def test_folders_of_train_and_test(tones, tmp_path):
    for part, number in (("train", 3), ("test", 2)):
        tones(f"own/{part}/low", 300, number, rate=16000)
        tones(f"own/{part}/high", 2000, number, rate=16000, seconds=0.5)
    arrays = load(tmp_path / "own")
    assert (arrays.y_train.tolist(), arrays.y_test.tolist()) == ([0] * 3 + [1] * 3, [0, 0, 1, 1])
    assert arrays.x_train.shape == (6, 32, 40)
    path = tmp_path / "own" / "test" / "low" / "1.wav"
    assert np.array_equal(arrays.x_test[3], LogMel(16000, 32)(wav.read(path, "")[1]))


def test_a_class_may_be_called_train(tones, tmp_path):
    tones("sounds/train", 300, 5)
    tones("sounds/ship", 200, 5)
    assert own_dataset(tmp_path / "sounds").classes == ("ship", "train")


def test_it_is_trained_on_found_again_and_checked(birds, tiny_py, zoo, zoo_here):
    train = ("train", tiny_py, "--dataset", "birds", "--epochs", "2", "--batch-size", "4")
    result = zoo(*train, "--json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["dataset"]["name"] == "birds"
    assert record["dataset"]["source"] == str(birds)
    code, out, err = zoo_here("evaluate", "last")
    assert code == 0, err
    assert "on birds" in out
    checked = zoo("check", f"./{birds.name}", "--json")
    (row,) = json.loads(checked.stdout)
    assert (row["kind"], row["failed"]) == ("dataset", 0), checked.stdout


def test_recordings_that_lie_elsewhere_are_named(tones, birds, zoo_here):
    assert own_dataset(birds).notes == ()
    tones("birds/low/speaker1", 300, 3)
    tones("birds/low/speaker2/again", 300, 2)
    tones("birds", 300, 1)
    _, out, _ = zoo_here("datasets", "show", birds)
    told = " ".join(out.split())
    assert "not in CLASS/ itself: ./ has 1, low/speaker1/ has 3, low/speaker2/ has 2;" in told
    assert len(own_dataset(birds).load(Locations.of_user()).x_train) == 16


def test_samples_are_read_when_asked_for(birds):
    files = sorted(birds.glob("*/*.wav"))
    spectrograms = Spectrograms(files, SoundReading(8000, 16))
    every = spectrograms[:]
    assert (spectrograms.shape, spectrograms.dtype) == ((20, 16, 40), every.dtype)
    assert (len(spectrograms), every.shape) == (20, spectrograms.shape)
    chosen = np.array([7, 3, 3])
    assert np.array_equal(spectrograms[chosen], every[chosen])
    assert np.array_equal(spectrograms[-1], every[-1])
    assert np.array_equal(spectrograms[2:9:3], every[2:9:3])
    assert np.array_equal(spectrograms.subset(chosen)[1:], every[[3, 3]])
    assert spectrograms.checksum == hashlib.sha256(every.data).hexdigest()
    files[0].unlink()
    assert np.array_equal(spectrograms[1:], every[1:])
    with pytest.raises(DataError, match=r"high/0\.wav: there is no such file"):
        spectrograms[0]


def cut(birds, _):
    path = birds / "low" / "3.wav"
    path.write_bytes(path.read_bytes()[:-7])


UNUSABLE = {
    "truncated": (cut, "low/3.wav: is truncated: its header announces 1,600 samples"),
    "empty": (lambda birds, _: (birds / "low" / "3.wav").write_bytes(b""), "low/3.wav: is empty"),
    "html": (lambda birds, _: (birds / "low" / "3.wav").write_text("<html>"), "low/3.wav: is"),
    "long": (
        lambda birds, save: save(birds / "low" / "3.wav", np.zeros(8000 * 31)),
        "low/3.wav: lasts 31.0 s; recordings last at most 30 s. Cut it, or take the beginning",
    ),
    "folder": (lambda birds, _: (birds / "mute").mkdir(), "mute: this class has no .wav file"),
    "mp3": (lambda birds, _: (birds / "low" / "a.mp3").touch(), "low/a.mp3: is empty"),
    "m4a": (
        lambda birds, _: (birds / "low" / "a.m4a").touch(),
        "low/a.m4a: is no sound that is read",
    ),
    "film": (
        lambda birds, _: (birds / "low" / "a.mp4").touch(),
        "low/a.mp4: is no sound that is read",
    ),
    "few": (
        lambda birds, save: save(birds / "rare" / "1.wav", np.zeros(800)),
        "class 'rare' has too few recordings (1) to leave one in the test set",
    ),
    "half": (
        lambda birds, save: save(birds / "train" / "rare" / "1.wav", np.zeros(800)),
        "birds: has train/ and no test/",
    ),
}


@pytest.mark.parametrize(("damage", "part"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_folder_that_cannot_be_trained_on(damage, part, birds, save_wav, zoo_here):
    damage(birds, save_wav)
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", birds), 1, part)


def test_folders_without_what_is_needed(tones, tmp_path, zoo_here):
    def told(folder):
        return zoo_here("train", "cnn", "--dataset", folder)

    assert_one_line_error(told("./gone"), 2, "gone: no such file or folder")
    assert_one_line_error(told("gone"), 2, "FOLDER")
    (tmp_path / "void").mkdir()
    assert_one_line_error(told("void"), 1, "void: has no classes", "CLASS/*.wav")
    tones("alone/low", 300, 10)
    assert_one_line_error(told("alone"), 1, "alone: has one class only, low")
    tones("slow/low", 300, 5, rate=2000)
    tones("slow/high", 600, 5, rate=2000)
    assert_one_line_error(told("slow"), 1, "has 2,000 samples/s", "4,000")
    for place in ("odd/train/low", "odd/train/high", "odd/test/low"):
        tones(place, 300, 2)
    assert_one_line_error(told("odd"), 1, "odd: high is not in both train/ and test/")
