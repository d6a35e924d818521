"""Films as people have them: any container and codec, turned or not, at any rate; and damaged."""

import io
import shutil
import sys
from fractions import Fraction

import numpy as np
import pytest
from conftest import assert_one_line_error, assert_predictions_see_training
from PIL import Image

from zoo.datasets import animation, film_clips, film_codec
from zoo.datasets.catalog import own_dataset
from zoo.datasets.film_opening import opened
from zoo.datasets.film_reading import FilmReading
from zoo.errors import DataError, UsageError

av = pytest.importorskip("av")

CODECS = {
    "a.mp4": ("mpeg4", "yuv420p"), "b.webm": ("libvpx", "yuv420p"), "c.avi": ("mjpeg", "yuvj444p"),
    "d.mkv": ("ffv1", "yuv444p10le"), "e.mov": ("libx264", "yuv444p"), "f.mkv": ("ffv1", "gray"),
    "g.avi": ("ffv1", "bgra"),
}  # fmt: skip
ANIMATED = {"h.gif": "GIF", "i.webp": "WEBP", "j.png": "PNG", "k.apng": "PNG"}
LEVEL = 25
"""Frame k is of the grey level k * LEVEL; its upper left quarter is lighter."""


def picture(number, size=(34, 22)):
    pixels = np.full((*size[::-1], 3), number % 9 * LEVEL, "uint8")
    pixels[: size[1] // 2, : size[0] // 2] += 24
    return Image.fromarray(pixels)


def filmed(path, times=range(8), size=(34, 22), rate=10, ratio=None):
    """A film of a frame at each of `times`, in `rate`-ths of a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name in ANIMATED or path.suffix == ".gif":
        first, *others = [picture(number, size) for number, _ in enumerate(times)]
        gaps = [1000 * int(gap) // rate for gap in np.diff([*times, times[-1] + 1])]
        kind = ANIMATED.get(path.name, "GIF")
        lossless = {"lossless": True} if kind == "WEBP" else {}
        first.save(path, kind, save_all=True, append_images=others, duration=gaps, **lossless)
        return path
    other = ("libvpx" if path.suffix == ".webm" else "mpeg4", "yuv420p")
    codec, pixels = CODECS.get(path.name, other)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, rate)
        stream.bit_rate = 2_000_000
        if ratio:
            stream.codec_context.sample_aspect_ratio = ratio
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_image(picture(number, size)).reformat(format=pixels)
            frame.pts, frame.time_base = time, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def films(root, count=5, name="a.mp4", **options):
    for kind, length in (("long", 8), ("short", 6)):
        for number in range(count):
            path = root / kind / f"{number}{name[1:]}"
            filmed(path, times=range(length + number % 2), **options)
    return root


def levels(path, frames=4, **chosen):
    """Which of the film's frames are in its clip."""
    clip = FilmReading((frames, 22, 34, 3), **chosen).read(path)
    return np.round(clip[:, 14:, 20:].mean(axis=(1, 2, 3)) / LEVEL, 1).round().tolist()


@pytest.mark.parametrize("name", [*CODECS, *ANIMATED])
def test_frames_are_taken_evenly(name, tmp_path):
    path = filmed(tmp_path / name)
    assert levels(path) == [1, 3, 5, 7]
    assert levels(path, 2) == [2, 6]
    with opened(path) as film:
        assert film.seconds == pytest.approx(0.8, abs=0.02)
        assert (film.form.height, film.form.width) == (22, 34)
        assert film.form.grey == (name == "f.mkv" or name in ANIMATED)
        assert film.form.bits == (10 if name == "d.mkv" else 8)


@pytest.mark.parametrize("name", ["b.webm", "a.mp4", "h.gif"])
def test_time_counts_not_the_number_of_frames(name, tmp_path):
    path = filmed(tmp_path / name, times=[0, 1, 2, 3, 10, 20, 30, 39])
    assert levels(path) == [3, 4, 5, 6]
    assert levels(path, 4, fps=2.5) == [2, 3, 4, 4]
    assert levels(path, 6, fps=1.0)[-2:] == [7, 7]


@pytest.mark.parametrize("name", ["a.mp4", "e.mov"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_film_is_turned_upright(name, turns, tmp_path):
    path = filmed(tmp_path / name)
    upright = FilmReading((2, 22, 34, 3)).read(path)
    cosine, sine = ((0, 1), (-1, 0), (0, -1))[turns - 1]
    one, matrix = 0x10000, (cosine, sine, 0, -sine, cosine, 0, 0, 0, 0x4000)
    packed = [(each * one) % 2**32 for each in matrix]
    identity = [one, 0, 0, 0, one, 0, 0, 0, 0x40000000]
    content = path.read_bytes()
    head, track = content.split(b"tkhd", 1)
    known, wanted = (b"".join(each.to_bytes(4, "big") for each in m) for m in (identity, packed))
    path.write_bytes(head + b"tkhd" + track.replace(known, wanted, 1))
    shape = (2, 22, 34, 3) if turns == 2 else (2, 34, 22, 3)
    done: list[str] = []
    turned = FilmReading(shape).read(path, done)
    assert "turned upright" in done
    assert np.array_equal(turned, np.rot90(upright, -turns, axes=(1, 2)))


def test_a_folder_of_films_is_a_dataset(tmp_path):
    root = films(tmp_path / "waves", 4)
    films(root, 1, "h.gif")
    dataset = own_dataset(root)
    assert (dataset.layout, dataset.shape) == ("frames", (16, 22, 34, 3))
    said = " | ".join(dataset.notes)
    assert "films are read from GIF (2), mpeg4 (8)" in said
    assert "have fewer than 16 frames; some are repeated" in said
    chosen = dataset.configured({"frames": "3", "size": "8", "colour": "grey", "resize": "crop"})
    arrays = chosen.load(None)
    assert arrays.x_train.shape[1:] == (3, 8, 8, 1)
    assert any("in colour are read as grey" in each for each in chosen.notes)
    whole = np.asarray(arrays.x_train)
    order = np.random.default_rng(0).permutation(len(whole))
    assert np.array_equal(arrays.x_train[order], whole[order])
    other = dataset.configured({"frames": "3", "size": "8", "colour": "grey"}).load(None)
    assert arrays.checksums["x_train"] != other.checksums["x_train"]
    before = arrays.checksums
    filmed(root / "long" / "0.mp4", times=range(5))
    filmed(root / "long" / "1.mp4", times=range(5))
    assert chosen.load(None).checksums["x_train"] != before["x_train"]


def test_fps_takes_as_many_as_the_shortest_has(tmp_path):
    dataset = own_dataset(films(tmp_path / "waves")).configured({"fps": "5", "size": "8"})
    assert dataset.shape == (3, 8, 8, 3)
    assert "3 frames are taken of each film, 5 a second from its beginning" in dataset.notes


@pytest.mark.parametrize(
    "settings",
    [{"size": "8"}, {"size": "8", "resize": "crop", "fps": "7", "frames": "5"}, {"colour": "grey"}],
)
def test_a_prediction_sees_what_training_saw(settings, tmp_path):
    root = films(tmp_path / "waves", 3, "b.webm")
    films(root, 2, "h.gif")
    assert_predictions_see_training(own_dataset(root).configured(settings))


def test_partial_frames_and_transparency(tmp_path):
    """A GIF whose later frames are small, and one that is transparent."""
    frames = [Image.new("RGB", (34, 22), "black") for _ in range(4)]
    for number, frame in enumerate(frames):
        frame.paste("white", (8 * number, 4, 8 * number + 6, 10))
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    clip = FilmReading((4, 22, 34, 3)).read(tmp_path / "a.gif")
    for frame, seen in zip(frames, clip, strict=True):
        assert np.abs(np.asarray(frame).astype(int) - seen).max() < 2
    clear = [Image.new("RGBA", (34, 22), (255, 0, 0, 255)) for _ in range(2)]
    for number, each in enumerate(clear):
        each.paste((0, 0, 0, 0), (0, 0, 10 + number, 10))
    clear[0].save(
        tmp_path / "b.gif", save_all=True, append_images=clear[1:], duration=100, disposal=2
    )
    with pytest.raises(DataError, match=r"transparent in places. Choose what lies behind"):
        FilmReading((2, 22, 34, 3)).read(tmp_path / "b.gif")
    clip = FilmReading((2, 22, 34, 3), background="white").read(tmp_path / "b.gif")
    assert (clip[0, 2, 2] == 255).all() and clip[0, 20, 20].tolist() == [255, 0, 0]


def test_animations_need_no_library_and_still_pictures_stay_images(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    root = films(tmp_path / "waves", 5, "h.gif")
    assert own_dataset(root).load(None).x_train[0].shape == (16, 22, 34, 1)
    filmed(root / "long" / "x.mp4")
    with pytest.raises(DataError, match=r"x.mp4: .*pip install 'archzoo\[video\]'"):
        own_dataset(root)
    (root / "long" / "x.mp4").unlink()
    picture(3).save(root / "long" / "still.gif")
    assert own_dataset(root).layout == "image"


def test_a_list_of_labels(tmp_path):
    root = films(tmp_path / "waves", 4)
    files = sorted(path.relative_to(root) for path in root.glob("*/*"))
    rows = [f"{each},{each.parts[0]},{'test' if each.stem == '3' else 'train'}" for each in files]
    (root / "labels.csv").write_text("\n".join(["path,label,split", *rows]))
    dataset = own_dataset(root)
    assert (
        dataset.layout == "frames" and "films and classes are those of labels.csv" in dataset.notes
    )
    assert [len(each) for each in (dataset.load(None).y_train, dataset.load(None).y_test)] == [6, 2]


def sound_alone(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), "float32"), "fltp", "mono")
        frame.rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def cut(path, name="a.mp4", share=0.5):
    filmed(path.with_name("whole" + name[1:]), times=range(60))
    content = path.with_name("whole" + name[1:]).read_bytes()
    path.with_name("whole" + name[1:]).unlink()
    path.write_bytes(content[: int(len(content) * share)])


FAULTS = {
    "audio.mp4": (sound_alone, "has no video, only audio"),
    "empty.mp4": (lambda path: path.touch(), "is empty"),
    "text.mp4": (lambda path: path.write_text("#EXTM3U\nhttp://x/y.ts\n"), "is no MP4, MOV"),
    "cut.mp4": (cut, "is damaged"),
    "cut.mkv": (lambda path: cut(path, "d.mkv"), "is truncated: its header announces 6.0 s"),
    "cut.avi": (lambda path: cut(path, "c.avi"), "is truncated: its header announces 60 frames"),
    "cut.gif": (lambda path: cut(path, "h.gif", 0.3), "is damaged"),
    "still.png": (lambda path: picture(1).save(path), "does not move"),
    "deeper": (
        lambda path: shutil.copytree(path.parent.parent / "short", path),
        "is a folder within",
    ),
    "note.txt": (lambda path: path.touch(), "is no film that is read"),
    "odd.mp4": (lambda path: filmed(path, size=(40, 24)), "films of 2 sizes"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_named(name, tmp_path):
    fault, part = FAULTS[name]
    root = films(tmp_path / "waves")
    fault(root / "long" / name)
    with pytest.raises(DataError) as caught:
        np.asarray(own_dataset(root).load(None).x_train)
        np.asarray(own_dataset(root).load(None).x_test)
    assert part in str(caught.value)
    assert name.startswith("odd") or str(caught.value).startswith(f"{root / 'long' / name}: ")


def test_wrong_choices_are_refused(tmp_path):
    dataset = own_dataset(films(tmp_path / "waves", 2))
    for wrong in (
        {"frames": "0"},
        {"fps": "0"},
        {"size": "2"},
        {"resize": "fit"},
        {"frames": "9999"},
    ):
        with pytest.raises(UsageError, match=f"{next(iter(wrong))} is "):
            dataset.configured(wrong)


def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(tmp_path):
    path = filmed(tmp_path / "a.mp4", ratio=Fraction(2, 1))
    with opened(path) as film:
        assert (film.form.height, film.form.width) == (22, 68)
    done: list[str] = []
    FilmReading((2, 22, 68, 3)).read(path, done)
    assert not any("from" in each for each in done)
    with opened(filmed(tmp_path / "odd" / "a.mp4", ratio=Fraction(20, 1))) as film:
        assert film.form.width == 34


def test_frames_without_a_time_are_shown_as_long_as_in_browsers(tmp_path):
    frames = [picture(number) for number in range(4)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=0)
    with opened(tmp_path / "a.gif") as film:
        assert film.seconds == pytest.approx(0.4)


def test_huge_films_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path, moving = filmed(tmp_path / "a.mp4"), filmed(tmp_path / "h.gif")
    monkeypatch.setattr(film_codec, "MOST_PIXELS", 500)
    with pytest.raises(DataError, match="has frames of 34×22; at most"):
        levels(path)
    monkeypatch.undo()
    monkeypatch.setattr(film_codec, "MOST_DECODED", 3000)
    with pytest.raises(DataError, match=r"has more than 4 frames of 34×22 pixels. Cut it"):
        levels(path)
    monkeypatch.setattr(animation, "MOST_PIXELS", 3000)
    with pytest.raises(DataError, match="has 8 frames of 34×22 pixels; at most"):
        levels(moving)


def test_a_run_watches_any_film(tmp_path, tiny_py, zoo_here):
    root = films(tmp_path / "waves")
    words = ("--data-set", "frames=3", "--data-set", "size=8", "--quiet")
    train = ("train", tiny_py, "--dataset", root, *words, "--epochs", "1", "--batch-size", "4")
    code, _, err = zoo_here(*train)
    assert code == 0, err
    shutil.copy(filmed(tmp_path / "h.gif", size=(50, 40)), tmp_path / "call.gif")
    code, out, err = zoo_here("predict", "last", "call.gif", "--show", "seen.png")
    assert code == 0, err
    assert (
        "call.gif: " in out
        and "note: call.gif: 3 frames, evenly over 0.80 s, fitted, from 50×40" in err
    )
    assert Image.open(io.BytesIO((tmp_path / "seen.png").read_bytes())).width == 112
    (tmp_path / "x.mp4").write_bytes(b"film")
    assert_one_line_error(zoo_here("predict", "last", "x.mp4"), 1, "x.mp4: is no MP4, MOV")


def test_a_film_that_begins_grey_is_in_colour(tmp_path):
    root = films(tmp_path / "waves", 5, "h.gif")
    frames = [Image.new("RGB", (34, 22), "black"), Image.new("RGB", (34, 22), "red")]
    frames[0].save(root / "long" / "red.gif", save_all=True, append_images=frames[1:])
    assert own_dataset(root).shape[-1] == 3


def test_decoded_clips_are_kept_as_far_as_there_is_room(tmp_path, monkeypatch):
    x = own_dataset(films(tmp_path / "waves")).configured({"size": "8"}).load(None).x_train
    monkeypatch.setattr(film_clips, "KEPT_BYTES", 3 * 16 * 8 * 8 * 3)
    whole = np.asarray(x)
    for file in x.files:
        file.unlink()
    assert np.array_equal(x[np.array([2, 0, 1])], whole[[2, 0, 1]])
    with pytest.raises(DataError, match="there is no such file"):
        x[3]
