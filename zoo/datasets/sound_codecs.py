"""Reading FLAC, OGG, MP3, AIFF and rare WAV files, through `soundfile` (libsndfile)."""

import contextlib
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo.datasets.bounds import check_regular
from zoo.datasets.extras import AUDIO
from zoo.datasets.mixing import mixed_down
from zoo.datasets.wav import HIGHEST_RATE, MOST_CHANNELS
from zoo.errors import DataError

MOST_BYTES = 2**28
"""Larger compressed files are refused: MP3 is scanned from end to end to learn its length."""
MOST_VALUES = 2**25
"""Samples of all channels together: 256 MiB."""
UNKNOWN = 2**40
"""Counts from here on mean that a header does not know how many samples there are."""
LOST = {"MP3": 2304}
"""So many samples may be missing at the end: two MP3 frames of delay that not every encoder tells."""
_NAMES = {"MPEG_LAYER_III": "MP3", "VORBIS": "OGG Vorbis", "OPUS": "OGG Opus"}


Form = tuple[int, int, str, int]
"""Samples per second, how many there are, the format's name and the number of channels."""


def form_of(path: Path) -> Form:
    """What a file's header says.

    Raises:
        DataError: as `read`.
    """
    with _opened(path) as file:
        return _form(file)


def _form(file: Any) -> Form:
    name = _NAMES.get(file.subtype, file.format)
    if file.format.startswith(("WAV", "RF64")):
        name = f"{file.subtype} WAV"
    return int(file.samplerate), int(file.frames), name, int(file.channels)


def read(path: Path, seconds: float) -> tuple[Form, np.ndarray]:
    """The form, and the first `seconds`, `(N,)` float64; channels are averaged.

    Raises:
        DataError: soundfile is not installed, or cannot read the file; it is truncated or empty.
    """
    with _opened(path) as file:
        form = _form(file)
        rate, announced, _, _ = form
        count = min(announced, math.ceil(seconds * rate))
        if count * file.channels > MOST_VALUES:
            raise DataError(
                f"{path}: has {file.channels} channels of {file.samplerate:,} samples/s, which is more "
                "than is read. Convert it: ffmpeg -i IN -ac 1 -ar 48000 OUT.wav."
            )
        # At once: between two reads soundfile seeks, after which MP3 is decoded anew.
        block = file.read(count, dtype="float64", always_2d=True)
        mixed = mixed_down([block], count, str(path))
        lost = LOST.get(str(file.format), 0)
    if len(mixed) < count - lost:
        raise DataError(
            f"{path}: is truncated or damaged: its header announces {announced:,} samples, and "
            f"{len(mixed):,} can be read."
        )
    return form, mixed


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: of libsndfile, where a system lacks it
        raise DataError(
            f"{path}: reading this kind of file needs soundfile: {AUDIO}, or convert it: "
            "ffmpeg -i IN -c:a pcm_s16le OUT.wav."
        ) from error
    _check(path)
    try:
        with soundfile.SoundFile(str(path)) as file:
            if not 1 <= file.samplerate <= HIGHEST_RATE or file.channels > MOST_CHANNELS:
                raise DataError(
                    f"{path}: is damaged: its header says {file.samplerate:,} samples/s of "
                    f"{file.channels} channels."
                )
            _check_count(path, file.frames)
            yield file
    except (soundfile.SoundFileError, RuntimeError, ValueError, OSError) as error:
        reason = getattr(error, "error_string", None) or error
        if "not a regular file" in str(reason):  # what libsndfile says of MP3 without a frame
            reason = "it has no MPEG audio"
        raise DataError(f"{path}: is damaged, or no sound that is read ({reason}).") from error


def _check_count(path: Path, count: int) -> None:
    if count <= 0:
        raise DataError(f"{path}: is empty: it has a header and no samples.")
    if count >= UNKNOWN:  # FLAC that was written to a pipe; libsndfile loses its end
        raise DataError(
            f"{path}: does not say how long it is. Convert it: ffmpeg -i IN -c:a flac OUT.flac."
        )


def _check(path: Path) -> None:
    """Refuse what is no file, huge, or a truncated AIFF, which libsndfile reads without a word."""
    check_regular(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
    if size > MOST_BYTES:
        raise DataError(
            f"{path}: has {size // 2**20:,} MiB; at most {MOST_BYTES // 2**20} are read. Cut it."
        )
    if not head:
        raise DataError(f"{path}: is empty.")
    if head[:4] == b"FORM" and len(head) == 12 and struct.unpack(">I", head[4:8])[0] > size - 8:
        raise DataError(f"{path}: is truncated: its header announces more bytes than there are.")
