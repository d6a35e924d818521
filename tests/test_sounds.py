"""Sound files as people have them: any format, rate and number of channels, read in one way."""

import sys
import unicodedata

import numpy as np
import pytest
from conftest import assert_one_line_error, assert_predictions_see_training
from PIL import Image

from zoo.datasets import sound_codecs, sound_file, sound_reading
from zoo.datasets.catalog import own_dataset
from zoo.datasets.sound_reading import SoundReading, resampled
from zoo.errors import DataError, UsageError

soundfile = pytest.importorskip("soundfile")

RATE = 16000


def tone(hertz=440, seconds=0.3, rate=RATE, seed=0):
    """A tone in a little noise, in steps of 16 bits."""
    t = np.arange(int(rate * seconds)) / rate
    noise = np.random.default_rng(seed).normal(size=len(t))
    return np.round((0.5 * np.sin(2 * np.pi * hertz * t) + 0.01 * noise) * 32767) / 32768


FORMATS = {
    "24-bit WAV": ("b.wav", "PCM_24"), "32-bit WAV": ("c.wav", "PCM_32"),
    "32-bit float WAV": ("d.wav", "FLOAT"), "64-bit float WAV": ("e.wav", "DOUBLE"),
    "FLAC": ("f.flac", "PCM_16"), "AIFF": ("g.aiff", "PCM_24"), "8-bit WAV": ("h.wav", "PCM_U8"),
    "ULAW WAV": ("i.wav", "ULAW"), "OGG Vorbis": ("j.ogg", "VORBIS"), "OGG Opus": ("k.opus", "OPUS"),
    "MP3": ("l.mp3", "MPEG_LAYER_III"),
}  # fmt: skip
EXACT = [name for name in FORMATS if "WAV" in name or name in ("FLAC", "AIFF")][:6]


def saved(path, sound, subtype="PCM_16", rate=RATE, kind=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = kind or {".opus": "OGG"}.get(path.suffix)
    soundfile.write(path, sound, rate, subtype=subtype, format=kind)
    return path


def mixed(root):
    """A folder with two classes, and every format in each; also of other rates and channels."""
    for kind, hertz in (("high", 2000), ("low", 400)):
        for number, (name, subtype) in enumerate(FORMATS.values()):
            saved(root / kind / name, tone(hertz, seed=number), subtype)
        saved(root / kind / "a.wav", tone(hertz, seed=30))
        saved(root / kind / "stereo.wav", np.stack([tone(hertz), tone(hertz) / 2], axis=1))
        saved(root / kind / "fast.flac", tone(hertz, 0.4, rate=44100), rate=44100)
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return mixed(tmp_path_factory.mktemp("sounds") / "beeps")


@pytest.mark.parametrize("name", FORMATS)
def test_formats_hold_one_sound(name, tmp_path):
    reading, done = SoundReading(RATE, 20), []
    plain = reading.read(saved(tmp_path / "a.wav", tone()))
    file, subtype = FORMATS[name]
    other = reading.read(saved(tmp_path / file, tone(), subtype), done)
    assert any(name in each for each in done)
    if name in EXACT:
        assert np.array_equal(other, plain)
    assert (other[2:16].argmax(axis=1) == plain[2:16].argmax(axis=1)).all()


def test_extensible_and_many_channels_are_read_without_a_library(tmp_path, monkeypatch):
    plain = saved(tmp_path / "a.wav", tone())
    six = np.repeat(tone()[:, None], 6, axis=1)
    extensible = saved(tmp_path / "b.wav", six, "PCM_24", kind="WAVEX")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    reading, done = SoundReading(RATE, 20), []
    assert np.array_equal(reading.read(extensible, done), reading.read(plain))
    assert done == ["read from 24-bit WAV", "6 channels mixed down"]


def test_a_mixed_folder_says_what_it_converts(folder):
    dataset = own_dataset(folder)
    said = " | ".join(dataset.notes)
    assert "MP3 (2), OGG Opus (2), OGG Vorbis (2)" in said
    assert "2 of 28 recordings have several channels; their mean is taken" in said
    assert "2 of 28 recordings are resampled from 44,100 to 16,000 samples/s" in said
    assert "recordings last 0.30 to 0.40 s" in said
    assert dataset.shape == (28, 40)
    arrays = dataset.load(None)
    loudest = np.asarray(arrays.x_train)[:, 8].argmax(axis=1)
    assert loudest[arrays.y_train == 1].max() < loudest[arrays.y_train == 0].min()


@pytest.mark.parametrize("settings", [{}, {"rate": "8000"}, {"rate": "22050", "seconds": "0.2"}])
def test_a_prediction_sees_what_training_saw(settings, folder):
    assert_predictions_see_training(own_dataset(folder).configured(settings))


def test_rates_and_lengths_are_chosen(folder):
    dataset = own_dataset(folder).configured({"rate": "8000", "seconds": "0.15"})
    assert dataset.shape == (12, 40)
    said = " | ".join(dataset.notes)
    assert (
        "to 8,000 samples/s" in said and "28 of 28 recordings are cut to their first 0.19 s" in said
    )
    for wrong in ({"rate": "3999"}, {"rate": "1000000"}, {"seconds": "0"}, {"seconds": "31"}):
        with pytest.raises(UsageError, match=f"{next(iter(wrong))} is .*use "):
            own_dataset(folder).configured(wrong)


def test_the_rate_is_the_most_frequent_of_training_files(tmp_path):
    for split, rates in (("train", [8000, 8000, 16000, 16000, 44100]), ("test", [44100] * 5)):
        for kind in ("a", "b"):
            for number, rate in enumerate(rates):
                saved(tmp_path / split / kind / f"{number}.wav", tone(rate=rate), rate=rate)
    dataset = own_dataset(tmp_path)
    assert dataset.reading.rate == 8000
    said = own_dataset(tmp_path).configured({"rate": "16000"}).notes
    assert any("4 recordings have fewer than 16,000 samples/s" in each for each in said)


def test_a_list_of_labels_with_groups(folder, tmp_path):
    root = mixed(tmp_path / "listed")
    files = sorted(path.relative_to(root) for path in root.glob("*/*"))
    rows = [f"{path},{path.parts[0]},{path.stem}" for path in files]
    (root / "labels.csv").write_text("\n".join(["path,label,group", *rows]))
    arrays = own_dataset(root).load(None)
    stems = [{path.stem for path in x.files} for x in (arrays.x_train, arrays.x_test)]
    assert not stems[0] & stems[1] and len(arrays.groups) == len(arrays.y_train)


def test_what_is_missing_is_named_with_what_to_type(tmp_path, monkeypatch, zoo_here):
    for kind in ("a", "b"):
        for number in range(6):
            saved(tmp_path / "own" / kind / f"{number}.wav", tone(300 + number))
    monkeypatch.setitem(sys.modules, "soundfile", None)
    before = own_dataset(tmp_path / "own").load(None).checksums
    monkeypatch.undo()
    assert own_dataset(tmp_path / "own").load(None).checksums == before
    saved(tmp_path / "own" / "a" / "x.flac", tone())
    monkeypatch.setitem(sys.modules, "soundfile", None)
    result = zoo_here("train", "cnn", "--dataset", tmp_path / "own")
    assert_one_line_error(result, 1, "x.flac: ", "pip install 'archzoo[audio]'")
    (tmp_path / "own" / "a" / "x.flac").unlink()
    monkeypatch.undo()
    saved(tmp_path / "own" / "a" / "x.wav", tone(), rate=22050)
    find = sys.modules["importlib.util"].find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "soxr" else find(name)
    )
    with pytest.raises(DataError, match=r"x.wav: has 22,050 .*16,000 needs soxr: pip install"):
        own_dataset(tmp_path / "own")


def cut(path, share=0.6):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def announcing_hours(path):
    """A FLAC whose header says 2 ** 35 samples."""
    content = bytearray(path.read_bytes())
    content[21] |= (
        0x08  # after fLaC, a block's header, 10 bytes of sizes, the rate: 36 bits of count
    )
    path.write_bytes(content)
    return path


def piped(path):
    """A FLAC whose header does not say how many samples there are."""
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    return path


def text(path):
    path.write_text("<!DOCTYPE html>" * 20)
    return path


REFUSED = {
    "cut FLAC": (lambda p: cut(saved(p / "x.flac", tone())), "is damaged"),
    "cut OGG": (lambda p: cut(saved(p / "x.ogg", tone(), "VORBIS")), "is damaged"),
    "cut MP3": (lambda p: cut(saved(p / "x.mp3", tone(seconds=2), "MPEG_LAYER_III")), "is truncated"),
    "cut AIFF": (lambda p: cut(saved(p / "x.aiff", tone())), "is truncated"),
    "cut WAV": (lambda p: cut(saved(p / "x.wav", tone(), "FLOAT")), "is truncated"),
    "no FLAC": (lambda p: text(p / "x.flac"), "is damaged, or no sound"),
    "no MP3": (lambda p: text(p / "x.mp3"), "no sound that is read (it has no MPEG audio)"),
    "no samples": (lambda p: saved(p / "x.flac", np.zeros(0)), "is empty"),
    "hours": (lambda p: announcing_hours(saved(p / "x.flac", tone())), "recordings last at most 30 s"),
    "piped": (lambda p: piped(saved(p / "x.flac", tone())), "does not say how long it is"),
    "opposite": (
        lambda p: saved(p / "x.wav", np.stack([tone(), -tone()], axis=1)), "cancel each other out",
    ),
    "NaN": (lambda p: saved(p / "x.wav", np.full(900, np.nan), "FLOAT"), "NaN, infinite or"),
    "huge": (lambda p: saved(p / "x.wav", np.full(900, 1e30), "FLOAT"), "NaN, infinite or"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "part"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_named(make, part, tmp_path):
    for kind in ("a", "b"):
        for number in range(6):
            saved(tmp_path / kind / f"{number}.wav", tone(300 + number))
    path = make(tmp_path / "a")
    with pytest.raises(DataError) as caught:
        arrays = own_dataset(tmp_path).load(None)
        _ = arrays.checksums
    assert str(caught.value).startswith(f"{path}: ") and part in str(caught.value)


def test_of_a_long_file_only_the_beginning_is_read(tmp_path):
    path = saved(tmp_path / "x.flac", tone(seconds=40))
    done: list[str] = []
    seen = SoundReading(RATE, 8).read(path, done)
    assert np.array_equal(
        seen, SoundReading(RATE, 8).read(saved(tmp_path / "y.wav", tone(seconds=40)))
    )
    assert done == ["read from FLAC", "cut to its first 0.13 of 40.00 s"]


def _read_and_whole(path, rate):
    """A file's spectrogram as it is read, and that of the whole file resampled."""
    noise = np.random.default_rng(0).uniform(-1, 1, 3 * rate)  # every step of it is another
    saved(path, noise, rate=rate)
    reading = SoundReading(RATE, 8)
    whole = resampled(sound_file.read(path, 3.0)[1], rate, RATE, path)
    return reading.read(path), reading.spectrogram(whole)


@pytest.mark.parametrize("rate", [400, 44100])
def test_of_a_long_file_that_is_resampled_the_last_step_is_that_of_the_whole(rate, tmp_path):
    assert np.array_equal(*_read_and_whole(tmp_path / "x.wav", rate))


def test_without_more_than_the_last_step_the_filter_ends_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sound_reading, "MORE", 0.0)
    read, whole = _read_and_whole(tmp_path / "x.wav", 400)
    assert not np.array_equal(read[-1], whole[-1])


@pytest.mark.parametrize(
    ("bound", "part"), [("MOST_BYTES", "at most 0 are read. Cut it"), ("MOST_VALUES", "2 channels")]
)
def test_too_much_is_refused_before_it_is_decoded(bound, part, tmp_path, monkeypatch):
    path = saved(tmp_path / "x.flac", np.stack([tone(), tone()], axis=1))
    monkeypatch.setattr(sound_codecs, bound, 100)
    with pytest.raises(DataError, match=part) as caught:
        SoundReading(RATE, 20).read(path)
    assert str(caught.value).startswith(f"{path}: has ")


def test_a_run_hears_any_file(folder, tiny_py, zoo_here):
    words = ("--epochs", "1", "--batch-size", "4", "--quiet")
    code, _, err = zoo_here("train", tiny_py, "--dataset", folder, *words)
    assert code == 0, err
    code, out, err = zoo_here(
        "predict", "last", folder / "low" / "l.mp3", folder / "low" / "stereo.wav"
    )
    assert code == 0, err
    assert "l.mp3: " in out
    assert "l.mp3: read from MP3" in err and "stereo.wav: 2 channels mixed down" in err
    assert_one_line_error(zoo_here("predict", "last", tiny_py), 1, str(tiny_py))
    assert zoo_here("predict", "last", folder / "low" / "a.wav", "--show", "seen.png")[0] == 0
    seen = np.asarray(Image.open("seen.png").convert("L"))[
        :110, :60
    ]  # time to the right, 0 Hz below
    assert seen[70:].mean() > seen[:40].mean()
    result = zoo_here("predict", "last", folder / "low" / "a.wav", "--invert")
    assert_one_line_error(result, 2, "--invert is for images")


def test_a_folder_is_one_dataset_however_its_system_writes_names(tmp_path):
    """Letters with marks are one character (Linux) or two (macOS)."""
    made = []
    for form in ("NFC", "NFD"):
        root = tmp_path / form / "own"
        for kind in ("zebra", "émeu"):
            for number in range(5):
                name = unicodedata.normalize(form, f"é{number}.wav")
                place = unicodedata.normalize(form, kind)
                saved(root / place / name, tone(300 + number * len(kind)))
        dataset = own_dataset(root)
        made.append((dataset.classes, dataset.load(None).checksums))
    assert made[0] == made[1] and made[0][0] == ("zebra", "émeu")
