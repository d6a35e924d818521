"""WAV files as programs write them: to a pipe, extensible, with chunks of odd sizes; and damaged."""

import io
import os
import struct

import numpy as np
import pytest

from zoo.datasets import wav
from zoo.errors import DataError

SAMPLES = np.arange(-400, 400, dtype="<i2")
FORM = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
GUID = bytes.fromhex("0100000000001000800000aa00389b71")


def chunk(kind, content, size=None):
    return kind + struct.pack("<I", len(content) if size is None else size) + content


def riff(*chunks, size=None):
    content = b"WAVE" + b"".join(chunks)
    return chunk(b"RIFF", content, size)


def extensible(guid=GUID):
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 16000, 2, 16)
    return chunk(b"fmt ", form + struct.pack("<HHI", 22, 16, 4) + guid)


DATA = SAMPLES.tobytes()
READ = {
    "as usual": riff(chunk(b"fmt ", FORM), chunk(b"data", DATA)),
    "ffmpeg into a pipe": riff(
        chunk(b"fmt ", FORM), chunk(b"data", DATA, 0xFFFFFFFF), size=0xFFFFFFFF
    ),
    "sox into a pipe": riff(
        chunk(b"fmt ", FORM), chunk(b"data", DATA, 0x7FFFF000), size=0x7FFFF024
    ),
    "arecord into a pipe": riff(
        chunk(b"fmt ", FORM), chunk(b"data", DATA, 0x80000000), size=0x80000024
    ),
    "sizes of 0": riff(chunk(b"fmt ", FORM), chunk(b"data", DATA, 0), size=0),
    "extensible": riff(extensible(), chunk(b"data", DATA)),
    "odd chunks": riff(chunk(b"LIST", b"abc") + b"\0", chunk(b"fmt ", FORM), chunk(b"data", DATA)),
    "half a sample more": riff(chunk(b"fmt ", FORM), chunk(b"data", DATA + b"\1")),
    "chunks behind": riff(chunk(b"fmt ", FORM), chunk(b"data", DATA), chunk(b"LIST", b"abcd")),
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_what_is_there_is_read(content, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    for source in (path, io.BytesIO(content)):
        form = wav.form_of(source, "a.wav")
        assert (form.rate, form.count) == (8000, 800)
        rate, samples = wav.read(source, "a.wav")
        assert (rate, samples.dtype) == (8000, np.float64)
        assert np.array_equal(samples * 32768, SAMPLES)


def form(*fields):
    return chunk(b"fmt ", struct.pack("<HHIIHH", *fields))


REFUSED = {
    "truncated": (riff(chunk(b"fmt ", FORM), chunk(b"data", DATA, 10**6)), "announces 500,000"),
    "no samples": (riff(chunk(b"fmt ", FORM), chunk(b"data", b"")), "a header and no samples"),
    "nothing in a pipe": (riff(chunk(b"fmt ", FORM), chunk(b"data", b"", 0), size=0), "no samples"),
    "no data": (riff(chunk(b"fmt ", FORM)), "truncated within its header"),
    "no format": (riff(chunk(b"data", DATA)), "samples come before their format"),
    "half a format": (riff(chunk(b"fmt ", FORM[:9])), "truncated within its header"),
    "A-law": (riff(form(6, 1, 8000, 8000, 1, 8), chunk(b"data", DATA)), "of PCM samples (A-law)"),
    "extensible nonsense": (riff(extensible(bytes(16)), chunk(b"data", DATA)), "(format 65534)"),
    "floats of 16 bits": (riff(extensible(b"\3" + GUID[1:])), "says 16 bits a sample"),
    "bytes of other samples": (riff(form(1, 2, 8000, 0, 2, 16)), "and 2 bytes for 2 of them"),
    "big-endian": (chunk(b"RIFX", b"WAVE" + bytes(40)), "of the kind RIFX"),
    "no rate": (riff(form(1, 1, 0, 0, 2, 16)), "says 0 samples/s"),
    "a rate of radar": (riff(form(1, 1, 2**32 - 1, 0, 2, 16)), "says 4,294,967,295 samples/s"),
    "no channel": (riff(form(1, 0, 8000, 0, 2, 16)), "of 0 channels"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(40), "is no WAV file"),
    "empty chunks for ever": (riff(*[chunk(b"abcd", b"")] * 5000), "truncated within its header"),
}


@pytest.mark.parametrize(("content", "part"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_named(content, part):
    with pytest.raises(DataError) as caught:
        wav.form_of(io.BytesIO(content), "a.wav")
    assert str(caught.value).startswith("a.wav: ")
    assert part in str(caught.value)


def test_a_pipe_itself_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(DataError, match="is a pipe or a device"):
        wav.read(tmp_path / "a.wav", "a.wav")
