"""The architectures that time series are compared with, against their papers."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo import Registry

SHAPE = (300, 1)


@pytest.fixture(scope="module")
def build():
    registry = Registry.discover()

    def make(name, shape=SHAPE, classes=2, **hyperparameters):
        architecture, _ = registry.architecture(name)
        assert architecture.layout == "sequence"
        return architecture.build(shape, classes, **hyperparameters)

    return make


def conv(kernel, channels, filters, bias=True):
    return kernel * channels * filters + bias * filters


def trainable(model):
    return sum(int(np.prod(each.shape)) for each in model.trainable_variables)


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def fcn_parameters(channels):
    """Three convolutions of 128, 256, 128 filters and 8, 5, 3 steps; two numbers of each channel."""
    layers = [(8, channels, 128), (5, 128, 256), (3, 256, 128)]
    return sum(conv(*each) + 2 * each[2] for each in layers)


@pytest.mark.parametrize("channels", [1, 6])
def test_fcn_is_that_of_wang_yan_and_oates(build, channels):
    model = build("fcn", (300, channels), 4)
    assert trainable(model) == fcn_parameters(channels) + 128 * 4 + 4
    assert len(of_kind(model, keras.layers.Conv1D)) == 3


@pytest.mark.parametrize("channels", [1, 6])
def test_resnet1d_is_that_of_wang_yan_and_oates(build, channels):
    """Nine convolutions, and one of each block that changes its channels: 64, 128, 128."""
    model = build("resnet1d", (300, channels), 4)
    total, before = 128 * 4 + 4, channels
    for filters in (64, 128, 128):
        inside = [(8, before), (5, filters), (3, filters)]
        total += sum(conv(kernel, read, filters) + 2 * filters for kernel, read in inside)
        total += 2 * filters + (conv(1, before, filters) if before != filters else 0)
        before = filters
    assert trainable(model) == total
    assert len(of_kind(model, keras.layers.Conv1D)) == 9 + 2


@pytest.mark.parametrize("channels", [1, 6])
def test_inception_time_is_that_of_fawaz(build, channels):
    """Six modules of 32 filters and 40, 20, 10 steps; a bottleneck of 32 where there are channels."""
    model = build("inception_time", (300, channels), 4)
    total, before = 128 * 4 + 4, channels
    for _ in range(6):
        few = 32 if before > 1 else before
        total += conv(1, before, 32, bias=False) if before > 1 else 0
        total += sum(conv(kernel, few, 32, bias=False) for kernel in (40, 20, 10))
        total += conv(1, before, 32, bias=False) + 2 * 128
        before = 128
    for read in (channels, 128):
        total += conv(1, read, 128, bias=False) + 2 * 128
    assert trainable(model) == total


def test_lstm_fcn_is_that_of_karim(build):
    """The convolutions of `fcn`, and an LSTM of 8 units to which a channel is a step."""
    model = build("lstm_fcn", (300, 1), 4)
    lstm = 4 * (300 * 8 + 8 * 8 + 8)
    assert trainable(model) == fcn_parameters(1) + lstm + (128 + 8) * 4 + 4


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, 4 * (1 * 100 + 100 * 100 + 100)),
        ({"depth": 2}, 4 * (1 * 100 + 100 * 100 + 100) + 4 * (100 * 100 + 100 * 100 + 100)),
        ({"bidirectional": True}, 2 * 4 * (1 * 100 + 100 * 100 + 100)),
    ],
)
def test_lstm_is_plain_stacked_or_bidirectional(build, options, wanted):
    features = 200 if options.get("bidirectional") else 100
    assert trainable(build("lstm", **options)) == wanted + features * 2 + 2


def test_how_deep_they_are(build):
    """Layers of each kind that the papers count."""
    convolutions = {"inception_time": 6 * 5 - 1 + 2, "fcn": 3, "lstm_fcn": 3, "resnet1d": 9 + 2}
    for name, count in convolutions.items():
        assert len(of_kind(build(name), keras.layers.Conv1D)) == count, name
    assert len(of_kind(build("lstm_fcn"), keras.layers.LSTM)) == 1
    assert [len(of_kind(build("lstm", depth=n), keras.layers.LSTM)) for n in (1, 2, 3)] == [1, 2, 3]
    both = build("lstm", depth=2, bidirectional=True)
    assert len(of_kind(both, keras.layers.Bidirectional)) == 2


@pytest.mark.parametrize("channels", [1, 6])
def test_convlstm1d_is_that_of_shi(build, channels):
    """Four gates, each a convolution of the input and of the state; the mean and maximum of the state."""
    gates = 4 * (5 * (channels + 64) * 64 + 64)
    model = build("convlstm1d", (300, channels), 4)
    assert trainable(model) == gates + 2 * 64 * 4 + 4
    reshaped = of_kind(model, keras.layers.Reshape)[0].output
    assert reshaped.shape == (None, 8, 38, channels)


@pytest.mark.parametrize(
    ("name", "field"), [("lstm_fcn", 14), ("fcn", 14), ("resnet1d", 40), ("inception_time", 235)]
)
def test_how_far_a_feature_sees(build, name, field):
    """One more than the sum of all kernels less one; Inception's maxima lie within it."""
    model = build(name)
    pooled = of_kind(model, keras.layers.GlobalAveragePooling1D)[0]
    features = keras.Model(model.input, pooled.input)
    middle = SHAPE[0] // 2
    rng = np.random.default_rng(0)
    still = rng.normal(size=(1, *SHAPE)).astype("float32")
    moved = np.repeat(still, SHAPE[0], axis=0)
    moved[np.arange(SHAPE[0]), np.arange(SHAPE[0])] += 1000
    answers = ops.convert_to_numpy(features(np.concatenate([still, moved]), training=False))
    changed = np.abs(answers[1:, middle] - answers[0, middle]).max(axis=-1) > 0
    assert changed.sum() <= field
    seen = np.flatnonzero(changed)
    assert seen[-1] - seen[0] + 1 == field


@pytest.mark.parametrize(
    "name", ["fcn", "resnet1d", "inception_time", "lstm", "convlstm1d", "lstm_fcn"]
)
@pytest.mark.parametrize("shape", [(8, 1), (24, 1), (100, 6), (29, 12), (427, 1)])
def test_any_length_and_number_of_channels(build, name, shape):
    model = build(name, shape, 5)
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    logits = ops.convert_to_numpy(model(x, training=False))
    assert logits.shape == (2, 5) and np.isfinite(logits).all()


def test_windows_cover_the_sequence(build):
    """A step anywhere changes what convlstm1d answers."""
    model = build("convlstm1d", (29, 2))
    x = np.random.default_rng(0).normal(size=(30, 29, 2)).astype("float32")
    x[:] = x[0]
    x[1 + np.arange(29), np.arange(29)] += 5
    logits = ops.convert_to_numpy(model(x, training=False))
    assert (np.abs(logits[1:] - logits[0]).max(axis=1) > 0).all()
