"""Spoken digits: the published recordings, their splits, and what damaged ones are told."""

import hashlib
import io
import json
import os
import shutil
import tarfile

import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo.contract import InputContract
from zoo.datasets import wav
from zoo.datasets.location import Locations
from zoo.datasets.spectrogram import LogMel
from zoo.datasets.spoken_digits import SPOKEN_DIGITS, published, spoken_digits
from zoo.errors import DataError, DataMissing
from zoo.reading_records import reading_of

FIRST = "0_george_0.wav"
ARCHIVE = "v1.0.10.tar.gz"


@pytest.fixture(scope="session")
def contents(spoken_digits_archive) -> dict[str, bytes]:
    """The recordings, read without any code of ours."""
    with tarfile.open(spoken_digits_archive) as tar:
        files = [member for member in tar if member.isfile()]
        return {each.name.rpartition("/")[2]: tar.extractfile(each).read() for each in files}


@pytest.fixture(scope="session")
def unpacked(contents, tmp_path_factory):
    """The folder `recordings` of a clone of the repository."""
    folder = tmp_path_factory.mktemp("clone") / "free-spoken-digit-dataset" / "recordings"
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def folder(unpacked, tmp_path):
    """A folder of all recordings, of which a test may replace some."""
    return shutil.copytree(unpacked, tmp_path / "recordings", copy_function=os.link)


def replace(path, content: bytes):
    path.unlink()  # a link: the other one stays as it is
    path.write_bytes(content)


def pack(path, contents):
    """An archive as GitHub makes one of a tag."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"free-spoken-digit-dataset-1.0.10/recordings/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def load(data_dir=None, **parameters):
    where = Locations.of_user(str(data_dir) if data_dir else None)
    return spoken_digits(**parameters).load(where)


def test_the_official_split_has_the_first_five_recordings_of_each_speaker_and_digit(
    spoken_digits_archive, contents
):
    arrays = load(spoken_digits_archive.parents[1])
    assert (arrays.x_train.shape, arrays.x_test.shape) == ((2700, 64, 40), (300, 64, 40))
    assert np.bincount(arrays.y_test).tolist() == [30] * 10
    assert np.bincount(arrays.y_train).tolist() == [270] * 10
    test = {sample.tobytes() for sample in arrays.x_test}
    spectrogram = LogMel(8000, 64)
    for name in ("3_theo_0.wav", "3_theo_4.wav", "3_theo_5.wav", "3_theo_40.wav"):
        sample = spectrogram(wav.read(io.BytesIO(contents[name]), name)[1])
        assert (sample.tobytes() in test) == (name in ("3_theo_0.wav", "3_theo_4.wav"))
    # Pinned: features that change make old and new runs incomparable without anyone noticing.
    assert hashlib.sha256(arrays.x_test.data).hexdigest()[:16] == PINNED


def test_a_speaker_can_be_held_out(unpacked, contents):
    arrays = load(unpacked, split="lucas")
    assert (len(arrays.y_train), len(arrays.y_test)) == (2500, 500)
    assert np.bincount(arrays.y_test).tolist() == [50] * 10
    train = {sample.tobytes() for sample in arrays.x_train}
    test = {sample.tobytes() for sample in arrays.x_test}
    spectrogram = LogMel(8000, 64)
    for name in ("0_lucas_0.wav", "9_lucas_49.wav", "9_theo_2.wav", "0_yweweler_44.wav"):
        sample = spectrogram(wav.read(io.BytesIO(contents[name]), name)[1]).tobytes()
        assert (sample in test, sample in train) == ("lucas" in name, "lucas" not in name)


def test_every_place_is_tried_in_order(spoken_digits_archive, unpacked, tmp_path):
    find = spoken_digits().find
    assert find(Locations.of_user()) is None
    with pytest.raises(DataMissing, match=r"ZOO_OFFLINE.*Looked in: .*Put recordings.tar.xz"):
        load()
    in_cache = tmp_path / "cache" / "datasets" / "spoken_digits" / ARCHIVE
    in_cache.parent.mkdir(parents=True)
    in_cache.touch()
    own = tmp_path / "own"
    (own / "recordings").mkdir(parents=True)
    (own / "recordings" / "whistling.wav").touch()  # somebody's recordings, but not these
    for given, found in {
        None: in_cache,
        own: in_cache,
        unpacked: unpacked,
        unpacked.parent: unpacked,
        unpacked.parents[1]: unpacked,
        spoken_digits_archive: spoken_digits_archive,
        spoken_digits_archive.parent: spoken_digits_archive,
        spoken_digits_archive.parents[1]: spoken_digits_archive,
    }.items():
        assert find(Locations.of_user(str(given) if given else None)) == found


def test_it_is_listed(zoo_here, spoken_digits_archive):
    code, out, _ = zoo_here("datasets", "--json", "--data-dir", spoken_digits_archive.parents[1])
    assert code == 0
    assert f'"here": "{spoken_digits_archive}"' in out
    shapes = {row["name"]: row["shape"] for row in json.loads(out)}
    assert shapes["spoken_digits"] == "64×40"


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (lambda file, _: replace(file, file.read_bytes()[:3000]), "is truncated: its header"),
        (lambda file, _: replace(file, file.read_bytes()[:20]), "truncated within its header"),
        (lambda file, _: replace(file, b""), "is empty"),
        (lambda file, _: replace(file, b"<!DOCTYPE html>" * 9), "is no WAV file"),
        (lambda file, save: save(file, []), "is empty: it has a header and no samples"),
        (lambda file, save: save(file, np.zeros(800), channels=2), "checksum differs"),
        (lambda file, save: save(file, np.zeros(800), bits=8), "checksum differs"),
        (lambda file, save: save(file, np.zeros(800), rate=16000), "has 16,000 samples/s"),
        (lambda file, save: save(file, np.zeros(800)), "checksum differs"),
        (lambda file, _: file.unlink(), f"lacks {FIRST}. Delete"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_a_damaged_recording_is_named(damage, part, folder, save_wav, zoo_here):
    file = folder / FIRST
    replace(file, file.read_bytes())  # no longer a link
    damage(file, save_wav)
    result = zoo_here("train", "cnn", "--dataset", "spoken_digits", "--data-dir", folder, "--quiet")
    assert_one_line_error(result, 1, str(folder), FIRST, part, "zoo datasets fetch spoken_digits")


def test_a_damaged_archive_is_named(spoken_digits_archive, tmp_path):
    place = tmp_path / "recordings.tar.xz"
    content = spoken_digits_archive.read_bytes()
    for damaged in (content[:200_000], content[:5000] + b"?" + content[5001:], b"", b"hello"):
        place.write_bytes(damaged)
        with pytest.raises(DataError, match=r"recordings.tar.xz: is truncated or damaged"):
            load(tmp_path)
    pack(tmp_path / "recordings.tar.gz", {FIRST: b""})
    place.unlink()
    with pytest.raises(DataError, match=r"recordings.tar.gz: lacks .* and 2,998 more"):
        load(tmp_path)


def test_download_checks_every_recording(contents, tmp_path, serve, zoo_here, monkeypatch):
    mirrored = tmp_path / "mirror" / "spoken_digits" / ARCHIVE
    monkeypatch.setenv("ZOO_MIRROR", serve(tmp_path / "mirror"))
    monkeypatch.setattr("zoo.datasets.spoken_digits.MIRRORS", ())
    cache = tmp_path / "cache" / "datasets" / "spoken_digits"
    fetch = ("datasets", "fetch", "spoken_digits")

    altered = contents[FIRST][:-1] + bytes([contents[FIRST][-1] ^ 1])
    pack(mirrored, {**contents, FIRST: altered})
    refused = (ARCHIVE, FIRST, "checksum differs")
    assert_one_line_error(zoo_here(*fetch), 1, *refused)
    assert not list(cache.iterdir())

    cache.joinpath(ARCHIVE).write_bytes(b"cut off by something else")
    pack(mirrored, contents)
    code, out, _ = zoo_here(*fetch)
    assert (code, str(cache) in out) == (0, True)
    assert load().source == str(cache / ARCHIVE)

    mirrored.write_bytes(b"gone bad since")  # what is here and right is not fetched again
    assert zoo_here(*fetch)[0] == 0


PINNED = "a9611fb283fb32e1"


def test_a_prediction_hears_what_training_heard(contents, tmp_path):
    """Through what run.json keeps of the run, a file is the very sample that it was in training."""
    names = [each.name for each in published()[::300]]
    x = np.stack([LogMel(8000, 64)(wav.read(io.BytesIO(contents[n]), n)[1]) for n in names])
    record = InputContract.of(SPOKEN_DIGITS, x).as_record()
    read = reading_of(record.reading, record.shape).read
    for name, sample in zip(names, x, strict=True):
        (tmp_path / name).write_bytes(contents[name])
        assert np.array_equal(read(tmp_path / name), sample)
