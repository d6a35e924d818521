"""Log-mel spectrograms: the loudness of a recording over time in mel frequency bands."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

WINDOW = 0.032
"""Seconds of sound, under a Hann window, that a step looks at."""
HOP = 0.016
"""Seconds from a step to the next."""
BANDS = 40
LOWEST_RATE = 4000
"""Samples per second; with fewer, the lowest bands would fall between two frequencies."""
LOWEST = 60.0
"""Hz, where the first band begins; below it there is hum, no voice."""
HIGHEST = 8000.0
"""Hz, where the last band ends; half the rate, if that is less."""
RANGE = 80.0
"""dB from the loudest value of a recording, which is 255, down to the floor, which is 0."""


def mel(hertz: ArrayLike) -> np.ndarray:
    """The mel scale, 1127 ln(1 + f / 700) (O'Shaughnessy, Speech Communication, 1987)."""
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)


@dataclass(frozen=True)
class LogMel:
    """Makes spectrograms of recordings of one rate.

    Attributes:
        rate: samples per second.
        steps: how many steps every spectrogram has.

    A step is `HOP` seconds; its power spectrum is that of the `WINDOW` centred on it, with silence
    beyond the recording's ends. `BANDS` triangles, equally wide on the mel scale and overlapping
    by half, sum it up (Davis and Mermelstein, IEEE Transactions on Acoustics, Speech, and Signal
    Processing, 1980, doi 10.1109/TASSP.1980.1163420). Levels are in dB below the recording's
    loudest, which makes the speaker's distance to the microphone vanish, down to a floor of
    -`RANGE` dB, and stored in 256 levels of 0.31 dB: nothing is left of the last digits of a
    Fourier transform, in which machines differ.

    A recording begins at step 0. A shorter one than `steps` is followed by silence, the floor; of
    a longer one the rest is cut off.
    """

    rate: int
    steps: int

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """The spectrogram of `samples` `(N,)`: `(steps, BANDS)` uint8."""
        power = np.ascontiguousarray((self._summed @ self._spectra(samples).T).T)
        loudest = power.max()
        if loudest <= 0:
            return np.zeros((self.steps, BANDS), np.uint8)
        level = 10 * np.log10(np.maximum(power / loudest, 10 ** (-RANGE / 10)))
        return np.round(255 * (1 + level / RANGE)).astype(np.uint8)

    @property
    def shape(self) -> tuple[int, int]:
        return (self.steps, BANDS)

    @property
    def window(self) -> int:
        """The window, in samples."""
        return max(1, round(WINDOW * self.rate))

    @property
    def hop(self) -> int:
        """A step, in samples."""
        return max(1, round(HOP * self.rate))

    @property
    def transform(self) -> int:
        """The Fourier transform's size: a power of two, at least twice the window, so that the
        narrowest band holds some of its frequencies."""
        return 2 ** math.ceil(math.log2(2 * self.window))

    @cached_property
    def bands(self) -> np.ndarray:
        """Each band's weight of each frequency, `(transform / 2 + 1, BANDS)`, from 0 to 1."""
        frequencies = mel(np.arange(self.transform // 2 + 1) * self.rate / self.transform)
        highest = min(HIGHEST, self.rate / 2)
        edges = np.linspace(mel(LOWEST), mel(highest), BANDS + 2)
        distance = np.abs(frequencies[:, None] - edges[1:-1]) / (edges[1] - edges[0])
        return np.maximum(0.0, 1.0 - distance)

    @cached_property
    def _summed(self) -> sparse.csr_array:
        # Sparse: most weights are nought; and a dense product of this size waits for threads.
        return sparse.csr_array(self.bands.T)

    def _spectra(self, samples: np.ndarray) -> np.ndarray:
        """The power of each frequency in each step, `(steps, transform / 2 + 1)`."""
        before = (self.window - self.hop) // 2
        silence = np.zeros((self.steps - 1) * self.hop + self.window)
        heard = samples[: len(silence) - before]
        silence[before : before + len(heard)] = heard
        windows = np.lib.stride_tricks.sliding_window_view(silence, self.window)[:: self.hop]
        # Hann, periodic: as for any short-time spectrum, not as for the design of a filter.
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        return np.abs(np.fft.rfft(windows * hann, self.transform)) ** 2


def steps_of(count: int, rate: int) -> int:
    """How many steps hold `count` samples."""
    return math.ceil(count / LogMel(rate, 1).hop)
