"""Log-mel spectrograms, beside other libraries' and by what they must not change with."""

import numpy as np
import pytest
from scipy import signal

from zoo.datasets.spectrogram import BANDS, HOP, LOWEST, WINDOW, LogMel, steps_of

RATE = 8000


def sound(rate):
    """A second of noise that grows, under a tone that falls."""
    t = np.arange(rate) / rate
    return 0.1 * t * np.random.default_rng(0).normal(size=rate) + signal.chirp(t, 3000, 1, 200) / 3


@pytest.fixture
def noise():
    return sound(RATE)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_it_is_what_scipy_and_tensorflow_compute(rate):
    import tensorflow as tf

    noise, hop, window = sound(rate), round(HOP * rate), round(WINDOW * rate)
    stft = signal.ShortTimeFFT(
        signal.windows.hann(window, sym=False), hop, rate, mfft=2 * window, scale_to=None
    )
    # Its slice p is centred on sample p * hop; step 0 of ours on the middle of the first hop.
    spectra = np.abs(stft.stft(np.pad(noise, (hop // 2, window)), p0=1, p1=40)).T ** 2
    weights = tf.signal.linear_to_mel_weight_matrix(
        BANDS, window + 1, rate, LOWEST, rate / 2, tf.float64
    ).numpy()
    power = spectra @ weights
    heard = LogMel(rate, 39)(noise[: 39 * hop])
    level = 10 * np.log10(power / power.max())
    expected = np.clip(255 * (1 + level / 80), 0, 255)
    assert heard.shape == (39, BANDS)
    inner = slice(1, 37)  # the last windows hear beyond the cut
    assert np.abs(heard[inner] - expected[inner]).max() < 1


def test_a_tone_is_loudest_in_its_band():
    t = np.arange(RATE // 2) / RATE
    low, high = (LogMel(RATE, 40)(0.5 * np.sin(2 * np.pi * f * t)) for f in (300, 2000))
    mels = np.linspace(np.log1p(LOWEST / 700), np.log1p(RATE / 2 / 700), BANDS + 2)[1:-1]
    for spectrogram, frequency in ((low, 300), (high, 2000)):
        nearest = np.abs(mels - np.log1p(frequency / 700)).argmin()
        assert spectrogram[5].argmax() == nearest
        assert spectrogram[5, nearest] >= 253
        assert spectrogram[5, (nearest + 20) % BANDS] < 60


def test_loudness_and_length_leave_no_trace(noise):
    spectrogram = LogMel(RATE, 64)
    short = noise[: RATE // 2]
    assert np.array_equal(spectrogram(short), spectrogram(short / 8))
    assert np.array_equal(spectrogram(short), spectrogram(np.pad(short, (0, 5000))))
    assert not spectrogram(short)[steps_of(len(short), RATE) + 1 :].any()
    assert spectrogram(short).max() == 255


def test_silence_is_the_floor():
    assert not LogMel(RATE, 8)(np.zeros(500)).any()


def test_a_step_later_is_a_row_lower(noise):
    spectrogram, hop = LogMel(RATE, 70), round(HOP * RATE)
    later = spectrogram(np.pad(noise, (3 * hop, 0)))
    assert np.array_equal(later[3:], spectrogram(noise)[:-3])


def test_the_rest_of_a_long_recording_is_cut_off(noise):
    # Half as loud afterwards, so that the loudest is the same.
    longer = np.concatenate([noise, noise / 2])
    steps = steps_of(len(noise), RATE)
    assert np.array_equal(LogMel(RATE, steps)(longer)[:-1], LogMel(RATE, steps)(noise)[:-1])
    assert LogMel(RATE, 5)(noise).shape == (5, BANDS)
    assert steps_of(129, RATE) == 2


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 22050, 44100, 48000])
def test_every_band_hears_something(rate):
    assert (LogMel(rate, 1).bands.sum(axis=0) > 0.5).all()
