"""Sequences of unequal length: padding changes no answer, in training and in inference."""

import os
import subprocess
import sys
from importlib.util import find_spec

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
    model, alone = (
        build(name, SHORT),
        build(name, 13, value=None, **SETTINGS.get(name, {}).get(SHORT, {})),
    )
    disturbed(alone)
    give_weights(alone, model)
    x = padded(SHORT, MASK_VALUE)[2:3]
    wanted = ops.convert_to_numpy(alone(x[:, :13], training=False))
    given = ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)


def stored(lengths, longest, channels=2, seed=0):
    """Sequences as a dataset stores them: NaN at their ends."""
    x = np.random.default_rng(seed).normal(3, 2, (len(lengths), longest, channels))
    for number, length in enumerate(lengths):
        x[number, length:] = np.nan
    return x.astype("float32")


def pipeline(unequal, shape, scale=1.0, per_series=True):
    from zoo.training.pipeline import Pipeline

    return Pipeline("sequence", "sequence", shape, "whole", scale, 0.5, per_series, unequal)


@pytest.mark.parametrize("per_series", [True, False])
@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("unequal", ["masked", "resampled"])
def test_preprocessing_counts_real_steps_only(unequal, per_series, augmented):
    from zoo.training.sequence_augmentation import PIECES

    x, channels = stored(LENGTHS, SHORT), 2
    numbers = None
    if augmented:  # all but jitter, whose noise is one's own for each step
        numbers = np.random.default_rng(2).normal(0, 0.01, (len(x), PIECES + 1 + channels))
        numbers = numbers.astype("float32")
    given = ops.convert_to_numpy(pipeline(unequal, (SHORT, 2), 2.0, per_series)(x, numbers))
    assert np.isfinite(given).all()
    for number, length in enumerate(LENGTHS):
        alone = pipeline(None, (length, 2), 2.0, per_series)
        mine = None if numbers is None else numbers[number : number + 1]
        wanted = ops.convert_to_numpy(alone(x[number : number + 1, :length], mine))[0]
        if unequal == "masked":
            np.testing.assert_allclose(given[number, :length], wanted, rtol=1e-4, atol=1e-4)
            assert (given[number, length:] == MASK_VALUE).all()
        elif not augmented:
            new, old = np.linspace(0, length - 1, SHORT), np.arange(length)
            for channel in range(channels):
                resampled = np.interp(new, old, wanted[:, channel])
                np.testing.assert_allclose(given[number, :, channel], resampled, atol=1e-4)


@pytest.mark.parametrize("normalization", ["unit", "standard", "channel"])
def test_scaling_is_fitted_to_real_steps_only(normalization):
    from zoo.training.normalization import scaling

    x = stored(LENGTHS, LONG)
    real = x[~np.isnan(x)].reshape(1, -1, 2)
    for given, wanted in zip(scaling(x, normalization), scaling(real, normalization), strict=True):
        assert given == pytest.approx(wanted)


@pytest.mark.slow  # two minutes: nothing is compiled
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_padding_changes_no_answer_on_another_backend(backend):
    if not find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    asked = f"{__file__}::test_padding_changes_no_answer"
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", asked]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    assert "9 passed" in result.stdout


@pytest.mark.parametrize("name", [each for each in MASKED if each != "transformer"])
def test_a_saved_masked_model_has_layers_of_keras_alone(build, name):
    """`transformer` has a layer of its own, for positions; no other needs archzoo to be loaded."""
    text = build(name, 8).to_json()
    assert '"module": "keras' in text
    assert "zoo.layers" not in text and '"module": "archzoo' not in text
    assert '"registered_name": "archzoo' not in text


HEADER = (
    "@problemName Uneven\n@timeStamps false\n@univariate true\n@classLabel true up down\n@data\n"
)


def series_file(path, lengths, seed):
    rng = np.random.default_rng(seed)
    lines = []
    for number, length in enumerate(lengths):
        values = (1 if number % 2 else -1) * np.arange(length) + rng.normal(size=length)
        text = ",".join(f"{each:.4g}" for each in values)
        lines.append(f"{text}:{'up' if number % 2 else 'down'}\n")
    path.write_text(HEADER + "".join(lines))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A masked and a resampled run on series of 4 to 12 steps, and where the series are."""
    import zoo

    folder = tmp_path_factory.mktemp("uneven")
    for name, longest in (("a", 12), ("b", 9)):
        (folder / name).mkdir()
        for part, count in (("TRAIN", 16), ("TEST", 6)):
            lengths = [4 + i % (longest - 3) for i in range(count)]
            series_file(folder / name / f"Uneven_{part}.ts", lengths, count)

    def train(name, **settings):
        return zoo.train(
            name, folder / "a", epochs=2, batch_size=4, data_parameters={"unequal": "pad"},
            hyperparameters=settings, runs_dir=folder / "runs",
        )  # fmt: skip

    return train("gru", units=4), train("cnn"), folder


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_answers_a_sequence_alike_however_it_is_padded(runs, number):
    import zoo

    run, folder = runs[number], runs[2]
    whole = zoo.load_dataset(folder / "a", parameters={"unequal": "pad"})
    x = whole.load(None).x_test
    wanted = run.predict(x).probabilities
    alone = [each[~np.isnan(each[:, 0])] for each in x]
    assert len({len(each) for each in alone}) > 2
    np.testing.assert_array_equal(run.predict(alone).probabilities, wanted)
    longer = np.concatenate([x, np.full((len(x), 5, 1), np.nan, "float32")], axis=1)
    np.testing.assert_array_equal(run.predict(longer).probabilities, wanted)
    one = run.predict(alone[0]).probabilities
    np.testing.assert_allclose(one, wanted[:1], rtol=1e-4, atol=1e-5)
    with pytest.raises(zoo.UsageError, match="sequence 1 has 13 steps; the run reads 1 to 12"):
        run.predict([alone[0], np.zeros((13, 1))])
    with pytest.raises(zoo.UsageError, match=r"sequences \(steps, 1\) of at most 12 steps"):
        run.predict([np.zeros((4, 2))])


def test_a_run_is_evaluated_on_series_of_other_lengths(runs):
    run, _, folder = runs
    found = run.evaluate(folder / "b", data_parameters={"unequal": "pad"})
    assert 0 <= found.metrics["test_accuracy"] <= 1


def test_how_unequal_lengths_were_given_is_recorded(runs):
    masked, resampled, _ = runs
    assert masked.record.input.unequal == "masked"
    assert masked.record.input.conversion == "sequence: as stored, padding masked"
    assert resampled.record.input.unequal == "resampled"
    assert resampled.record.input.conversion == (
        "sequence to image: one channel, resampled to one length"
    )
    assert masked.record.contract.padded and masked.record.contract.seen.maximum < 20


def test_the_page_of_a_comparison_shows_real_steps_and_says_how_each_was_given(runs, tmp_path):
    import zoo

    page = tmp_path / "page.html"
    zoo.compare_runs(runs[2] / "runs").to_html(page)
    text = page.read_text()
    assert "padding masked" in text and "resampled to one length" in text


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_padded_sequence_is_drawn_without_its_padding():
    from zoo.comparison.diagnostics import _png

    x = stored((3,), 6)[0]
    assert (
        _png(x, "sequence")
        == _png(x[:3], "sequence")
        != _png(np.zeros((3, 2), "uint8"), "sequence")
    )


def test_only_whole_steps_at_the_end_may_be_missing():
    from zoo.datasets.dataset import Arrays, Dataset
    from zoo.datasets.unequal import check_padding
    from zoo.errors import DataError

    x, y = stored((3, 5, 4, 5), 5), np.arange(4, dtype="int32") % 2
    arrays = Arrays(x, y, x, y, source="here")
    dataset = Dataset("mine", ("a", "b"), "sequence", (5, 2), lambda _: arrays, padded=True)
    check_padding(dataset, arrays)
    for place, message in (
        ((1, 2, 1), r"x_train\[1\] has NaN at step 2"),
        (2, "x_train.2. has no"),
    ):
        wrong = x.copy()
        wrong[place] = np.nan
        with pytest.raises(DataError, match=message):
            check_padding(dataset, Arrays(wrong, y, x, y, source="here"))
