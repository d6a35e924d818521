"""Sequences of unequal length: padding changes no answer, in training and in inference."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo import Registry
from zoo.architecture import MASK_VALUE

pytestmark = pytest.mark.filterwarnings("error:Layer .* does not support masking")

MASKED = (
    "convlstm1d", "fcn", "gru", "inception_time", "lstm", "lstm_fcn", "resnet1d", "tcn", "transformer",
)  # fmt: skip
SHORT, LONG, CHANNELS, CLASSES = 29, 60, 3, 4
LENGTHS = (7, 29, 13, 20)
SETTINGS = {
    # Depends on the longest sequence: given, so that both models are the same.
    "convlstm1d": {SHORT: {"windows": 8}, LONG: {"windows": 15}},
    "tcn": {SHORT: {"depth": 3}, LONG: {"depth": 3}},
}


def padded(steps, value, seed=0):
    x = np.random.default_rng(seed).normal(size=(len(LENGTHS), LONG, CHANNELS)).astype("float32")
    for number, length in enumerate(LENGTHS):
        x[number, length:] = value
    return x[:, :steps]


@pytest.fixture(scope="module")
def architecture():
    registry = Registry.discover()
    return lambda name: registry.architecture(name)[0]


@pytest.fixture(scope="module")
def build(architecture):
    def make(name, steps, value=MASK_VALUE, **settings):
        found = architecture(name)
        given = {**found.defaults(), **SETTINGS.get(name, {}).get(steps, {}), **settings}
        if "dropout" in given:
            given["dropout"] = 0.0
        keras.utils.set_random_seed(0)
        return found.build((steps, CHANNELS), CLASSES, mask_value=value, **given)

    return make


def give_weights(source, target):
    """The weights of a model for shorter sequences; what is a step's own has no more there."""
    assert len(source.weights) == len(target.weights)
    for a, b in zip(source.weights, target.weights, strict=True):
        value = ops.convert_to_numpy(a)
        if a.shape != b.shape:
            whole = np.array(ops.convert_to_numpy(b))
            whole[tuple(slice(0, size) for size in value.shape)] = value
            value = whole
        b.assign(value)


def disturbed(model):
    """Random weights everywhere, so that nothing is at rest: biases are not zero, nor deviations one."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        value = ops.convert_to_numpy(weight)
        if value.dtype.kind == "f":
            noise = rng.uniform(-0.1, 0.2, value.shape).astype(value.dtype)
            weight.assign(value + noise)


def values(model):
    return [np.array(ops.convert_to_numpy(each)) for each in model.non_trainable_variables]


@pytest.mark.parametrize("name", MASKED)
def test_padding_changes_no_answer(build, name):
    short, long = build(name, SHORT), build(name, LONG)
    disturbed(short)
    give_weights(short, long)
    x = padded(SHORT, MASK_VALUE)
    wanted = ops.convert_to_numpy(short(x, training=False))
    given = ops.convert_to_numpy(long(padded(LONG, MASK_VALUE), training=False))
    assert np.abs(wanted - wanted[0]).max() > 1e-3
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)
    other = build(name, SHORT, value=7.0)
    give_weights(short, other)
    again = ops.convert_to_numpy(other(padded(SHORT, 7.0), training=False))
    np.testing.assert_allclose(again, wanted, rtol=1e-4, atol=1e-4)
    alone = ops.convert_to_numpy(short(x[:1], training=False))
    np.testing.assert_allclose(alone, wanted[:1], rtol=1e-4, atol=1e-4)
    # Statistics of batches, and what is learned from: padding counts nowhere.
    one = ops.convert_to_numpy(short(x, training=True))
    two = ops.convert_to_numpy(long(padded(LONG, MASK_VALUE), training=True))
    np.testing.assert_allclose(two, one, rtol=1e-3, atol=1e-3)
    for mine, theirs in zip(values(short), values(long), strict=True):
        if mine.dtype.kind == "f" and mine.shape == theirs.shape:
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [each for each in MASKED if each not in ("convlstm1d",)])
def test_a_padded_sequence_is_answered_as_the_sequence_alone(build, name):
    model, alone = build(name, SHORT), build(name, 13, value=None, **SETTINGS.get(name, {}).get(SHORT, {}))
    disturbed(alone)
    give_weights(alone, model)
    x = padded(SHORT, MASK_VALUE)[2:3]
    wanted = ops.convert_to_numpy(alone(x[:, :13], training=False))
    given = ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)
