"""Reading WAV files: mono, 16-bit PCM, any sampling rate."""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.datasets.bounds import check_regular
from zoo.errors import DataError

WIDTH = 2
"""Bytes a sample."""
FULL_SCALE = 32768.0
CONVERT = "Convert it, for example: ffmpeg -i IN -ac 1 -c:a pcm_s16le OUT.wav."
HIGHEST_RATE = 768_000
"""Samples a second; no recorder takes more."""

_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_CODES = {3: "floating point", 6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3"}
_GUID = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format's code where it is extensible."""
_UNKNOWN = 0x7FFF0000
"""Sizes from here on are what programs write that cannot seek back, into a pipe; so is 0."""
_MOST_CHUNKS = 1000


def rate_and_length(source: Path | BinaryIO, name: str) -> tuple[int, int]:
    """Samples per second and number of samples, from the header and the file's size.

    Raises:
        DataError: as `read`.
    """
    with _opened(source, name) as (_, form):
        return form.rate, form.count


def read(source: Path | BinaryIO, name: str) -> tuple[int, np.ndarray]:
    """Samples per second and the samples, `(N,)` float64 from -1 up to 1.

    A file that was written to a pipe does not know its size: what is there is read.

    Args:
        name: what errors call the file.

    Raises:
        DataError: it is no WAV file, truncated, empty, not mono or not of 16 bits.
    """
    with _opened(source, name) as (file, form):
        file.seek(form.start)
        content = file.read(WIDTH * form.count)
        return form.rate, np.frombuffer(content, "<i2") / FULL_SCALE


@dataclass(frozen=True)
class _Form:
    """Find the samples and the sampling rate in the RIFF chunks."""

    rate: int
    start: int
    count: int


@contextlib.contextmanager
def _opened(source: Path | BinaryIO, name: str) -> Iterator[tuple[BinaryIO, _Form]]:
    if isinstance(source, Path):
        check_regular(source)
    try:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
            yield file, _form(file, name)
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error}).") from error


def _form(file: BinaryIO, name: str) -> _Form:
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12:
        raise DataError(f"{name}: is empty, or truncated within its header.")
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise DataError(f"{name}: is no WAV file (it begins with {head[:4]!r}). {CONVERT}")
    whole = struct.unpack("<I", head[4:8])[0] == end - 8
    rate = None
    for kind, start, size in _chunks(file, end):
        if kind == b"fmt ":
            rate = _rate(file.read(min(size, 40)), name)
        if kind == b"data":
            if rate is None:
                raise DataError(f"{name}: is damaged: its samples come before their format.")
            return _Form(rate, start, _count(size, end - start, whole, name))
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


def _rate(form: bytes, name: str) -> int:
    """The sampling rate; raises DataError for unsupported formats."""
    if len(form) < 16:
        raise DataError(f"{name}: is empty, or truncated within its header.")
    code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if code == _EXTENSIBLE and form[26:40] == _GUID:
        code = struct.unpack("<H", form[24:26])[0]
    if code != _PCM:
        what = _CODES.get(code, f"format {code}")
        raise DataError(f"{name}: is no WAV file of PCM samples ({what}). {CONVERT}")
    if channels != 1:
        kind = "stereo" if channels == 2 else f"of {channels} channels"
        raise DataError(f"{name}: is {kind}; recordings are mono. {CONVERT}")
    if (bits + 7) // 8 != WIDTH:
        raise DataError(f"{name}: has samples of {bits} bits; they must have 16. {CONVERT}")
    if not 1 <= rate <= HIGHEST_RATE:
        raise DataError(f"{name}: is damaged: its header says {rate:,} samples/s.")
    return rate


def _count(size: int, there: int, whole: bool, name: str) -> int:
    """The number of samples in a chunk that announces `size` bytes, where `there` are at most.

    Args:
        whole: the file's own size is in its header, which is to be trusted then.
    """
    if (size == 0 and not whole) or (size > there and size >= _UNKNOWN):
        size = there
    if size > there:
        raise DataError(
            f"{name}: is truncated: its header announces {size // WIDTH:,} samples, and it "
            "ends before the last of them."
        )
    if size < WIDTH:
        raise DataError(f"{name}: is empty: it has a header and no samples.")
    return size // WIDTH
