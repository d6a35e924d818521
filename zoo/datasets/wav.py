"""Reading WAV files: mono, 16-bit PCM, any rate; and saying what is wrong with others."""

import contextlib
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.errors import DataError

WIDTH = 2
"""Bytes a sample."""
FULL_SCALE = 32768.0
CONVERT = "Convert it, for example: ffmpeg -i IN -ac 1 -c:a pcm_s16le OUT.wav."


def rate_and_length(source: Path | BinaryIO, name: str) -> tuple[int, int]:
    """Samples per second and number of samples, from the header; its end is looked at, too.

    Raises:
        DataError: as `read`.
    """
    with _opened(source, name) as wav:
        count = wav.getnframes()
        wav.setpos(count - 1)
        _frames(wav, 1, name)
        return wav.getframerate(), count


def read(source: Path | BinaryIO, name: str) -> tuple[int, np.ndarray]:
    """Samples per second and the samples, `(N,)` float64 from -1 up to 1, by the library's `wave`.

    `name` is what errors call the file.

    Raises:
        DataError: it is no WAV file, truncated, empty, not mono or not of 16 bits.
    """
    with _opened(source, name) as wav:
        content = _frames(wav, wav.getnframes(), name)
        return wav.getframerate(), np.frombuffer(content, np.int16) / FULL_SCALE


@contextlib.contextmanager
def _opened(source: Path | BinaryIO, name: str) -> Iterator[wave.Wave_read]:
    try:
        with wave.open(str(source) if isinstance(source, Path) else source) as wav:
            _check(wav, name)
            yield wav
    except EOFError as error:
        raise DataError(f"{name}: is empty, or truncated within its header.") from error
    except wave.Error as error:
        raise DataError(f"{name}: is no WAV file of PCM samples ({error}). {CONVERT}") from error
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error}).") from error


def _check(wav: wave.Wave_read, name: str) -> None:
    if (channels := wav.getnchannels()) != 1:
        kind = "stereo" if channels == 2 else f"of {channels} channels"
        raise DataError(f"{name}: is {kind}; recordings are mono. {CONVERT}")
    if (width := wav.getsampwidth()) != WIDTH:
        raise DataError(f"{name}: has samples of {8 * width} bits; they must have 16. {CONVERT}")
    if wav.getframerate() < 1:
        raise DataError(f"{name}: is damaged: its header says {wav.getframerate()} samples/s.")
    if wav.getnframes() == 0:
        raise DataError(f"{name}: is empty: it has a header and no samples.")


def _frames(wav: wave.Wave_read, count: int, name: str) -> bytes:
    content = wav.readframes(count)
    if len(content) < WIDTH * count:
        raise DataError(
            f"{name}: is truncated: its header announces {wav.getnframes():,} samples, and it "
            "ends before the last of them."
        )
    return content
