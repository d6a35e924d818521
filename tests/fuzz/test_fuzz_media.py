"""Folders of sounds and of films with any files in them are read, or refused in a line."""

import io
import math
import struct
from fractions import Fraction

import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged
from PIL import Image

SOUNDS = {"a.flac": "PCM_16", "b.ogg": "VORBIS", "c.mp3": "MPEG_LAYER_III", "d.aiff": "PCM_24",
          "e.wav": "FLOAT", "f.wav": "PCM_24", "g.wav": "ALAW"}  # fmt: skip
FILMS = {"a.mp4": "mpeg4", "b.webm": "libvpx", "c.avi": "mjpeg", "d.mkv": "ffv1", "e.mov": "mpeg4"}
SIZE = (16, 12)


def sounds() -> dict[str, bytes]:
    """A short tone in each format."""
    import soundfile

    tone = [[0.5 * math.sin(i / 5), 0.4 * math.sin(i / 5)] for i in range(1200)]
    made = {}
    for name, subtype in SOUNDS.items():
        file = io.BytesIO()
        kind = name.rpartition(".")[2].upper()
        soundfile.write(file, tone, 8000, subtype=subtype, format=kind)
        made[name] = file.getvalue()
    return made


def pictures() -> list[Image.Image]:
    return [Image.new("RGB", SIZE, (20 * number, 90, 60)) for number in range(6)]


def films() -> dict[str, bytes]:
    """A few frames in each format."""
    import av

    made = {}
    for name, codec in FILMS.items():
        file = io.BytesIO()
        kind = {"mkv": "matroska"}.get(name.rpartition(".")[2], name.rpartition(".")[2])
        with av.open(file, "w", format=kind) as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.time_base = Fraction(1, 10)
            for number, picture in enumerate(pictures()):
                frame = av.VideoFrame.from_image(picture)
                frame.pts, frame.time_base = number, Fraction(1, 10)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        made[name] = file.getvalue()
    for name, kind in (("f.gif", "GIF"), ("g.webp", "WEBP"), ("h.png", "PNG")):
        file = io.BytesIO()
        first, *others = pictures()
        first.save(file, kind, save_all=True, append_images=others, duration=100)
        made[name] = file.getvalue()
    return made


@pytest.fixture(scope="module")
def genuine():
    pytest.importorskip("soundfile")
    pytest.importorskip("av")
    return {**sounds(), **films()}


@pytest.fixture
def attempt(asked, genuine):
    """Show a folder of ten good files and this one, then read all that is in it."""

    def show(name: str, content: bytes):
        good, kind = ("f.wav", "sound") if name in SOUNDS else ("a.mp4", "film")
        if name in ("f.gif", "g.webp", "h.png"):
            good = name
        suffix = good.rpartition(".")[2]
        names = [f"data/{label}/{number}.{suffix}" for label in "ab" for number in range(5)]
        files = dict.fromkeys(names, genuine[good]) | {f"data/a/x{name}": content}
        with asked.folder(files) as folder:
            shown = asked.ask("zoo", folder, "datasets", "show", "./data")
            read = asked.ask("samples", folder, "./data")
            assert read.code == shown.code or read.code == 1, (kind, shown, read)
            return read

    return show


def test_undamaged_media_are_read(attempt, genuine):
    for name, content in genuine.items():
        assert attempt(name, content).code == 0, name


def damages(names):
    return st.tuples(st.sampled_from(sorted(names)), SEVERAL)


@inputs("damaged sounds", 25, 250)
def test_damaged_sounds(attempt, genuine, count):
    cases = damages(SOUNDS)
    fuzz(cases, lambda case: attempt(case[0], damaged(genuine[case[0]], case[1])), count)


@inputs("damaged films", 25, 250)
def test_damaged_films(attempt, genuine, count):
    cases = damages([*FILMS, "f.gif", "g.webp", "h.png"])
    fuzz(cases, lambda case: attempt(case[0], damaged(genuine[case[0]], case[1])), count)


@inputs("lying headers", 10, 80)
def test_headers_that_announce_far_too_much(attempt, genuine, count):
    """Numbers of a header become very large ones: sizes, counts, rates, durations."""
    large = st.sampled_from([2**31 - 1, 2**32 - 1, 2**16, 2**24, 0])
    places = st.lists(st.tuples(st.integers(0, 400), large, st.sampled_from("<>")), max_size=3)

    def lie(case):
        name, numbers = case
        content = bytearray(genuine[name])
        for place, value, order in numbers:
            at = min(place, len(content) - 4)
            content[at : at + 4] = struct.pack(f"{order}I", value)
        attempt(name, bytes(content))

    fuzz(st.tuples(st.sampled_from(sorted(genuine)), places), lie, count)
