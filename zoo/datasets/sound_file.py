"""Sound files of any kind: plain WAV is read here, all others through `soundfile`."""

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.datasets import sound_codecs, wav

WAVES = (".wav", ".wave")
SUFFIXES = (*WAVES, ".aif", ".aifc", ".aiff", ".flac", ".mp3", ".oga", ".ogg", ".opus")


@dataclass(frozen=True)
class SoundForm:
    """What a file's header says.

    Attributes:
        rate: samples per second.
        count: samples of each channel.
        name: of the format: `24-bit WAV`, `MP3`.
        channels: how many there are.
    """

    rate: int
    count: int
    name: str
    channels: int


def form_of(path: Path) -> SoundForm:
    """Read a file's header.

    Raises:
        DataError: as `read`.
    """
    if path.suffix.lower() in WAVES:
        with contextlib.suppress(wav.OtherFormat):
            return _of_wav(path)
    return SoundForm(*sound_codecs.form_of(path))


def _of_wav(path: Path) -> SoundForm:
    form = wav.form_of(path, str(path))
    return SoundForm(form.rate, form.count, form.name, form.channels)


def read(path: Path, seconds: float) -> tuple[SoundForm, np.ndarray]:
    """The first `seconds` of a file: its form, and `(N,)` float64, channels averaged.

    Raises:
        DataError: it is missing, damaged, truncated, empty or no sound, or needs a library that is
            not installed; the message says which.
    """
    if path.suffix.lower() in WAVES:
        with contextlib.suppress(wav.OtherFormat):
            form = _of_wav(path)
            return form, wav.read(path, str(path), math.ceil(seconds * form.rate))[1]
    told, samples = sound_codecs.read(path, seconds)
    return SoundForm(*told), samples
