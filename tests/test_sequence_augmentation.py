"""Sequences: each normalized by itself, and augmented by numbers that come from elsewhere."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st
from test_training import assert_same_results

import zoo
from zoo.errors import UsageError, ZooError
from zoo.recipe import Recipe
from zoo.runs.run import Run
from zoo.training import sequence_augmentation as augmentation
from zoo.training.normalization import by_series, scaling
from zoo.training.sequence_augmentation import PIECES, SequenceMaps, augment, displacements

EVERYTHING = Recipe(
    jitter=0.1, scaling=0.2, time_warp=0.3, window_slice=0.8, epochs=3, clean_epochs=1
)


def numbers(x):
    from keras import ops

    return ops.convert_to_numpy(x)


def maps(recipe=EVERYTHING, seed=0, epoch=1, length=30, channels=2, steps=4, batch_size=5):
    return SequenceMaps(recipe, seed, epoch, length, channels, steps, batch_size)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    steps=st.integers(1, 40),
    offset=st.sampled_from([0.0, 1.0, -1e6, 3e38]),
    scale=st.sampled_from([1.0, 1e-30, 1e6, 3e37]),
)
def test_each_channel_of_each_series_has_mean_0_and_deviation_1(seed, steps, offset, scale):
    x = np.random.default_rng(seed).normal(size=(3, steps, 2)) * scale + offset
    x = np.clip(x, -3.4e38, 3.4e38).astype("float32")
    got = numbers(by_series(x))
    wide = x.astype("float64")
    varies = np.ptp(wide, axis=1, keepdims=True) > 1e-35
    wanted = (wide - wide.mean(1, keepdims=True)) / np.where(varies, wide.std(1, keepdims=True), 1)
    np.testing.assert_allclose(got, np.where(varies, wanted, 0), atol=1e-4)


def test_a_constant_series_becomes_zeros():
    for value in (0.0, 0.1, -1e30, 1e-40):
        assert not numbers(by_series(np.full((1, 7, 1), value, "float32"))).any()


def test_a_channel_is_scaled_by_its_own_training_examples():
    x = np.random.default_rng(0).normal([0, 5], [1, 2], (50, 20, 2)).astype("float32")
    scale, offset = scaling(x, "channel")
    changed = x * scale + offset
    np.testing.assert_allclose(changed.mean((0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(changed.std((0, 1)), 1, atol=1e-5)
    assert scaling(x, "series") == (1.0, 0.0)


def test_numbers_are_a_function_of_seed_epoch_and_step():
    one = maps()
    assert one[:].shape == one.shape == (4, 5, PIECES + 1 + 2 + 60)
    assert np.array_equal(one[:], maps()[:])
    # The rest of an epoch, as a resumed run draws it, and single steps, as a CPU takes them.
    assert np.array_equal(one.from_step(1)[1:], one[2:])
    assert np.array_equal(one.from_step(3)[0], one[3])
    assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one[0], maps(seed=1)[0])
    assert not np.array_equal(one[0], maps(epoch=2)[0])


@pytest.mark.parametrize("lengths", [None, np.array([[30.0], [1], [12], [29], [2]], "float32")])
def test_clean_epochs_leave_sequences_exactly_as_they_are(lengths):
    x = np.random.default_rng(0).normal(size=(5, 30, 2)).astype("float32")
    if lengths is not None:
        x *= np.arange(30)[None, :, None] < lengths[..., None]
    assert np.array_equal(numbers(augment(x, maps(epoch=3)[0], lengths)), x)
    changed = numbers(augment(x, maps(epoch=2)[0], lengths))
    assert not np.array_equal(changed, x)
    if lengths is not None:  # padding stays zeros
        assert not changed[np.broadcast_to(np.arange(30)[None] >= lengths, (5, 30))].any()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    length=st.integers(1, 60),
    warp=st.sampled_from([0.0, 0.2, 1.0]),
    share=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
)
def test_moving_in_time_gives_the_numbers_of_numpy(seed, length, warp, share):
    recipe = Recipe(time_warp=warp, window_slice=share)
    moved = displacements(recipe, np.random.default_rng(seed), 3)
    places = moved + np.linspace(0, 1, PIECES + 1)
    assert (np.diff(places) > 0).all()  # time never runs back
    np.testing.assert_allclose(places[:, -1] - places[:, 0], share or 1.0)
    assert places.min() >= -1e-9 and places.max() <= 1 + 1e-9
    drawn = np.zeros((3, PIECES + 1 + 1), "float32")
    drawn[:, : PIECES + 1] = moved
    x = np.random.default_rng(seed).normal(size=(3, length, 1)).astype("float32")
    time = np.linspace(0, 1, length) if length > 1 else np.zeros(1)
    for got, one, own in zip(numbers(augment(x, drawn)), x, places, strict=True):
        source = np.interp(time, np.linspace(0, 1, PIECES + 1), own) * (length - 1)
        wanted = np.interp(source, np.arange(length), one[:, 0])
        np.testing.assert_allclose(got[:, 0], wanted, atol=2e-3)


def test_noise_and_factors_have_the_deviations_that_are_asked_for():
    x = np.random.default_rng(0).normal(size=(400, 50, 2)).astype("float32") * [3.0, 0.2]
    x = x.astype("float32")
    jitter = maps(Recipe(jitter=0.1), length=50, batch_size=400)[0]
    noise = numbers(augment(x, jitter)) - x
    assert (noise / x.std(1, keepdims=True)).std((0, 1)) == pytest.approx(0.1, rel=0.02)
    factors = numbers(augment(x, maps(Recipe(scaling=0.2), length=50, batch_size=400)[0])) / x
    assert factors[:, 0].std() == pytest.approx(0.2, rel=0.1)
    np.testing.assert_allclose(factors, np.broadcast_to(factors[:, :1], factors.shape), rtol=1e-4)


NET = """
layout = "sequence"

def build(input_shape, num_classes):
    import keras
    from keras import layers
    return keras.Sequential([
        keras.Input(input_shape), layers.Conv1D(4, 3), layers.GlobalAveragePooling1D(),
        layers.Dense(num_classes)])
"""


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    """40 sequences of two channels, with large offsets of their own."""
    random = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = np.sin(np.linspace(0, 6, 24)[None] * (1 + y[:, None]))[..., None] * [1, 100]
    x = x + random.normal(0, 0.1, x.shape) + random.normal(0, 50, (60, 1, 2))
    path = tmp_path_factory.mktemp("waves") / "waves.npz"
    x = x.astype("float32")
    np.savez(
        path, x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:],
        layout=np.array("sequence"),
    )  # fmt: skip
    (path.parent / "net.py").write_text(NET)
    return path


ON_ANOTHER_BACKEND = """
import sys, numpy as np, keras
from zoo.training.normalization import by_series
from zoo.training.sequence_augmentation import augment
given = np.load(sys.argv[1])
x = by_series(given["x"])
got = augment(x, given["maps"], given["lengths"])
np.testing.assert_allclose(keras.ops.convert_to_numpy(got), given["wanted"], rtol=1e-4, atol=1e-5)

import zoo
changes = {
    "jitter": 0.05, "scaling": 0.1, "time_warp": 0.1, "window_slice": 0.9,
    "normalization": "series", "batch_size": 8, "class_weight": "balanced", "validation": 0.0,
}
def train(runs, **more):
    return zoo.train(
        sys.argv[2], sys.argv[3], recipe="tutorial", steps=6, recipe_changes=changes,
        runs_dir=runs, progress=False, device="cpu", test=False, **more)
alone = train("alone")
assert alone.finished and alone.record.augmented
if keras.backend.backend() == "jax":  # many steps in a call, of several seeds
    first, second = train("both", seeds=2, together=True)
    rows = [run.read_history()[-1]["loss"] for run in (alone, first, second)]
    assert abs(rows[0] - rows[1]) < 1e-4 < abs(rows[0] - rows[2]), rows
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_all_backends_give_the_same_sequences(backend, waves, tmp_path):
    pytest.importorskip(backend)
    x = np.random.default_rng(0).normal(2, 3, (5, 30, 2)).astype("float32")
    lengths = np.array([[30.0], [1], [12], [29], [2]], "float32")
    drawn = maps()[1]
    wanted = numbers(augment(by_series(x), drawn, lengths))
    np.savez(tmp_path / "g.npz", x=x, maps=drawn, lengths=lengths, wanted=wanted)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ON_ANOTHER_BACKEND,
            str(tmp_path / "g.npz"),
            str(waves.parent / "net.py"),
            str(waves),
        ],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


CHANGES = {
    "jitter": 0.05, "scaling": 0.1, "time_warp": 0.1, "window_slice": 0.9, "clean_epochs": 1,
    "normalization": "series", "batch_size": 8, "validation": 0.2,
}  # fmt: skip


class Killed(zoo.Callback):
    def on_epoch_begin(self, epoch):
        if epoch == 3:
            raise ZooError("killed")


def test_what_is_recorded_is_what_predict_and_evaluate_see(waves, tmp_path):
    def train(runs, **more):
        changes = {**CHANGES, **more.pop("changes", {})}
        return zoo.train(
            str(waves.parent / "net.py"), str(waves), recipe="tutorial", epochs=4,
            recipe_changes=changes, runs_dir=tmp_path / runs, progress=False, **more,
        )  # fmt: skip

    run = train("runs")
    assert run.record.augmented and run.record.input.per_series is True
    x = np.load(waves)["x_test"]
    before = run.predict(x).probabilities
    # Neither offset nor size of a channel matters to a series that is normalized by itself.
    moved = run.predict((x * [0.5, 3] + [1, -9]).astype("float32")).probabilities
    np.testing.assert_allclose(moved, before, atol=1e-3)
    assert run.evaluate(str(waves)).metrics == {
        **run.evaluate(str(waves)).metrics, "test_accuracy": run.test.accuracy,
    }  # fmt: skip
    # Killed and gone on with, it is the same run bit for bit.
    with pytest.raises(ZooError, match="killed"):
        train("killed", callbacks=[Killed()])
    assert_same_results(Run.open(run.folder), Run.open(train("killed").folder))
    # Records of before read as before.
    assert dataclasses.asdict(run.recipe)["normalization"] == "series"
    plain = train("plain", changes={"normalization": "channel"})
    assert plain.record.input.per_series is None
    assert "per_series" not in plain.record.to_dict()["input"]
    assert len(plain.record.input.scale) == 2


def test_keys_that_do_nothing_are_refused_or_said(waves, zoo_here, tmp_path):
    net = waves.parent / "net.py"
    with pytest.raises(UsageError, match=r"`shift=2` augments images, and .* has sequences"):
        zoo.plan(str(net), str(waves), recipe_changes={"shift": 2})
    with pytest.raises(UsageError, match=r"`jitter=0.1` augments sequences, and digits has images"):
        zoo.plan("cnn", "digits", recipe_changes={"jitter": 0.1})
    (tmp_path / "own.toml").write_text('base = "small"\nnormalization = "series"\n')
    assert_one_line_error(
        zoo_here("train", "cnn", "--dataset", "digits", "--recipe", "own.toml", "--dry-run"),
        2,
        "recipe own has normalization = series, which is over time; digits has images",
    )
    code, _, err = zoo_here(
        "train", net, "--dataset", waves, "--recipe", "standard", "--steps", 1, "--batch-size", 8,
        "--runs-dir", tmp_path / "runs",
    )  # fmt: skip
    assert code == 0, err
    assert "recipe standard augments images alone (shift, rotation, zoom, elastic)" in err


def test_augmentation_module_names_its_sources():
    for source in ("Um et al. 2017", "Le Guennec", "Iwana and Uchida 2021"):
        assert source in augmentation.__doc__
