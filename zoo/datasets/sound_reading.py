"""From a sound file to a log-mel spectrogram: one way for training and prediction."""

import importlib.util
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets.extras import AUDIO
from zoo.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.sound_file import SoundForm
    from zoo.datasets.spectrogram import LogMel

QUALITY = "HQ"
"""Of soxr's resampling: 20 bits, as for music."""
MORE = 0.25
"""Seconds beyond the last step that are resampled, too, so that the filter does not end in it."""


@dataclass(frozen=True)
class SoundReading:
    """Reads sound files as spectrograms `(steps, bands)`.

    Attributes:
        rate: samples per second; files of other rates are resampled.
        steps: of 16 ms; longer files are cut, shorter ones are followed by silence.
    """

    rate: int
    steps: int

    @cached_property
    def spectrogram(self) -> "LogMel":
        from zoo.datasets.spectrogram import LogMel

        return LogMel(self.rate, self.steps)

    @property
    def shape(self) -> tuple[int, int]:
        return self.spectrogram.shape

    @property
    def settings(self) -> dict[str, Any]:
        return {"kind": "audio", "rate": self.rate}

    def read(self, path: Path, done: list[str] | None = None) -> "np.ndarray":
        """The spectrogram of a file, `shape` uint8.

        Args:
            done: what is done to the sound is appended, in words.

        Raises:
            DataError: as `zoo.datasets.sound_file.read`.
        """
        from zoo.datasets import sound_file

        transform = self.spectrogram
        seconds = (self.steps * transform.hop + transform.window) / self.rate + MORE
        form, heard = sound_file.read(path, seconds)
        if done is not None:
            done += self._said(form)
        if form.rate != self.rate:
            heard = resampled(heard, form.rate, self.rate, path)
        return transform(heard)

    def _said(self, form: "SoundForm") -> list[str]:
        said = [] if form.name == "WAV" else [f"read from {form.name}"]
        if form.channels > 1:
            said.append(f"{form.channels} channels mixed down")
        if form.rate != self.rate:
            said.append(f"resampled from {form.rate:,} to {self.rate:,} samples/s")
        length, most = form.count / form.rate, self.steps * self.spectrogram.hop / self.rate
        if length > most:
            said.append(f"cut to its first {most:.2f} of {length:.2f} s")
        return said


def resampled(samples: "np.ndarray", given: int, wanted: int, path: Path) -> "np.ndarray":
    """Samples `(N,)` of `given` per second as float64 of `wanted` per second, by soxr.

    Raises:
        DataError: soxr is not installed.
    """
    check_resampling(path, given, wanted)
    import soxr

    return soxr.resample(samples, given, wanted, QUALITY)


def check_resampling(path: Path, given: int, wanted: int) -> None:
    """
    Raises:
        DataError: soxr is not installed.
    """
    if importlib.util.find_spec("soxr") is None:
        raise DataError(
            f"{path}: has {given:,} samples/s; resampling it to {wanted:,} needs soxr: {AUDIO}. Or "
            f"convert it: ffmpeg -i IN.wav -ar {wanted} OUT.wav."
        )
