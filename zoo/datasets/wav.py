"""Reading WAV files without any library: PCM of 8, 16, 24 or 32 bits, and floating point."""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.datasets.bounds import check_regular
from zoo.datasets.mixing import mixed_down
from zoo.errors import DataError

CONVERT = "Convert it, for example: ffmpeg -i IN -c:a pcm_s16le OUT.wav."
HIGHEST_RATE = 768_000
"""Samples a second; no recorder takes more."""
MOST_CHANNELS = 64
BLOCK = 2**16
"""Frames (a sample of each channel) that are decoded at a time."""

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}
_CODES = {6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3"}
_OTHER_KINDS = (b"RIFX", b"RF64")
"""How WAV files begin that are big-endian, or larger than 4 GiB."""
_GUID = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format's code where it is extensible."""
_UNKNOWN = 0x7FFF0000
"""Sizes from here on are what programs write that cannot seek back, into a pipe; so is 0."""
_MOST_CHUNKS = 1000


class OtherFormat(DataError):
    """A WAV file of a format that is not read here; a library may."""


@dataclass(frozen=True)
class Form:
    """How the samples are stored.

    Attributes:
        rate: samples per second, of each channel.
        code: 1 for PCM, 3 for floating point.
        start: the place of the first byte of samples.
        count: how many samples there are, of each channel.
    """

    rate: int
    channels: int
    code: int
    bits: int
    start: int = 0
    count: int = 0

    @property
    def frame(self) -> int:
        """Bytes of a sample of all channels."""
        return self.channels * ((self.bits + 7) // 8)

    @property
    def name(self) -> str:
        """What to call the format; plain WAV has 16 bits."""
        if self.code == _FLOAT:
            return f"{self.bits}-bit float WAV"
        return "WAV" if self.bits == 16 else f"{self.bits}-bit WAV"


def form_of(source: Path | BinaryIO, name: str) -> Form:
    """How a file's samples are stored, from its header and size.

    Raises:
        DataError: as `read`.
    """
    with _opened(source, name) as (_, form):
        return form


def read(source: Path | BinaryIO, name: str, most: int | None = None) -> tuple[int, np.ndarray]:
    """Samples per second and the samples, `(N,)` float64 from -1 up to 1; channels are averaged.

    A file that was written to a pipe does not know its size: what is there is read.

    Args:
        name: what errors call the file.
        most: how many samples are read at most; None: all.

    Raises:
        OtherFormat: it is neither PCM nor floating point.
        DataError: it is no WAV file, truncated, empty or has values that are no sound.
    """
    with _opened(source, name) as (file, form):
        file.seek(form.start)
        count = form.count if most is None else min(form.count, most)
        return form.rate, mixed_down(_decoded(file, form, count), count, name)


def _decoded(file: BinaryIO, form: Form, count: int) -> Iterator[np.ndarray]:
    """Blocks of samples `(n, channels)`, float64."""
    for start in range(0, count, BLOCK):
        content = file.read(form.frame * min(BLOCK, count - start))
        yield _values(content, form).reshape(-1, form.channels)


def _values(content: bytes, form: Form) -> np.ndarray:
    if form.code == _FLOAT:
        return np.frombuffer(content, f"<f{form.bits // 8}").astype("float64")
    if form.bits == 8:  # alone without a sign
        return (np.frombuffer(content, "u1") - 128.0) / 128.0
    if form.bits == 24:
        wide = np.zeros((len(content) // 3, 4), "u1")
        wide[:, 1:] = np.frombuffer(content, "u1").reshape(-1, 3)
        return wide.view("<i4")[:, 0] / 2.0**31
    return np.frombuffer(content, f"<i{form.bits // 8}") / 2.0 ** (form.bits - 1)


@contextlib.contextmanager
def _opened(source: Path | BinaryIO, name: str) -> Iterator[tuple[BinaryIO, Form]]:
    if isinstance(source, Path):
        check_regular(source)
    try:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
            yield file, _form(file, name)
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error}).") from error


def _form(file: BinaryIO, name: str) -> Form:
    """Find the samples and their format in the RIFF chunks."""
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12:
        raise DataError(f"{name}: is empty, or truncated within its header.")
    if head[:4] in _OTHER_KINDS and head[8:] == b"WAVE":
        raise OtherFormat(f"{name}: is a WAV file of the kind {head[:4].decode()}. {CONVERT}")
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise DataError(f"{name}: is no WAV file (it begins with {head[:4]!r}). {CONVERT}")
    whole = struct.unpack("<I", head[4:8])[0] == end - 8
    form = None
    for kind, start, size in _chunks(file, end):
        if kind == b"fmt ":
            form = _format(file.read(min(size, 40)), name)
        if kind == b"data":
            if form is None:
                raise DataError(f"{name}: is damaged: its samples come before their format.")
            return _complete(form, start, size, end - start, whole, name)
    raise DataError(f"{name}: is empty, or truncated within its header.")


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's type, the offset of its content and its declared size."""
    place = 12
    for _ in range(_MOST_CHUNKS):
        if place + 8 > end:
            return
        file.seek(place)
        kind, size = struct.unpack("<4sI", file.read(8))
        yield kind, place + 8, size
        place += 8 + size + size % 2


def _format(given: bytes, name: str) -> Form:
    """The format without its samples; raises DataError for values that make no sense."""
    if len(given) < 16:
        raise DataError(f"{name}: is empty, or truncated within its header.")
    code, channels, rate, _, block, bits = struct.unpack("<HHIIHH", given[:16])
    if code == _EXTENSIBLE and given[26:40] == _GUID:
        code = struct.unpack("<H", given[24:26])[0]
    if not 1 <= channels <= MOST_CHANNELS:
        raise DataError(f"{name}: is of {channels} channels; 1 to {MOST_CHANNELS} are read.")
    if not 1 <= rate <= HIGHEST_RATE:
        raise DataError(f"{name}: is damaged: its header says {rate:,} samples/s.")
    form = Form(rate, channels, code, bits)
    plain = (code, channels, bits) == (_PCM, 1, 16)
    if code in _BITS and not plain and (bits not in _BITS[code] or block != form.frame):
        raise DataError(
            f"{name}: is damaged: its header says {bits} bits a sample, and {block} bytes for "
            f"{channels} of them. {CONVERT}"
        )
    return form


def _complete(form: Form, start: int, size: int, there: int, whole: bool, name: str) -> Form:
    """The format of samples in a chunk that announces `size` bytes, where `there` are at most.

    Args:
        whole: the file's own size is in its header, which is to be trusted then.
    """
    if (size == 0 and not whole) or (size > there and size >= _UNKNOWN):
        size = there
    frame = form.frame if form.code in _BITS else 1
    if size > there:
        raise DataError(
            f"{name}: is truncated: its header announces {size // frame:,} samples, and it "
            "ends before the last of them."
        )
    if size < frame:
        raise DataError(f"{name}: is empty: it has a header and no samples.")
    if form.code not in _BITS:
        what = _CODES.get(form.code, f"format {form.code}")
        raise OtherFormat(f"{name}: is no WAV file of PCM samples ({what}). {CONVERT}")
    return Form(form.rate, form.channels, form.code, form.bits, start, size // frame)
