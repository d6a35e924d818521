"""Clips for architectures of sequences: a small CNN makes the features of each frame, or none does."""

import numpy as np
import pytest
from keras import ops

import zoo
from zoo import Registry, layouts
from zoo.testing import CHECKS, enforce

SEQUENCES = (
    "convlstm1d", "fcn", "gru", "inception_time", "lstm", "lstm_fcn", "resnet1d", "tcn", "transformer",
)  # fmt: skip
CLIP = (4, 20, 20, 1)


def clips(count, seed):
    """A bright square that moves to the right, or to the left; it begins anywhere."""
    rng = np.random.default_rng(seed)
    x = np.zeros((count, *CLIP), "uint8")
    y = (np.arange(count) % 2).astype("int32")
    for clip, label in zip(x, y, strict=True):
        row, column = rng.integers(0, 20, 2)
        for step, frame in enumerate(clip):
            columns = (column + (1 if label else -1) * 4 * step + np.arange(4)) % 20
            frame[np.ix_((row + np.arange(4)) % 20, columns)] = 255
    return x, y


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    data = (*clips(512, 0), *clips(128, 1))

    def trained(**settings):
        return zoo.train(
            "gru", data, recipe="small", epochs=6, runs_dir=folder,
            hyperparameters={"units": 24, "depth": 1, **settings},
        )  # fmt: skip

    return trained


def test_motion_is_seen_by_features_of_frames_and_the_conversion_is_recorded(train):
    cnn, flat = train(), train(frame_features="flat")
    assert cnn.record.input.conversion == "frames to sequence: a CNN on each frame"
    assert cnn.record.input.input_shape == CLIP
    assert flat.record.input.conversion == "frames to sequence: a step for each frame"
    assert flat.record.input.input_shape == (4, 400)
    assert cnn.metrics["test_accuracy"] > 0.9
    x, _ = clips(16, 2)
    for run in (cnn, flat):
        assert run.predict(x).probabilities.shape == (16, 2)
    assert zoo.load_run(cnn.folder).model().input_shape == (None, *CLIP)


def test_where_it_has_no_effect_it_is_no_cause_of_the_numbers(train):
    """Runs on images and sequences, and flat ones of before, are found again."""
    flat, cnn = (
        zoo.plan("gru", "motion", hyperparameters={"frame_features": how})
        for how in ("flat", "cnn")
    )
    image = zoo.plan("gru", "digits")
    assert "frame_features" not in flat._in_use() and "frame_features" not in image._in_use()
    assert cnn._in_use()["frame_features"] == "cnn"


@pytest.mark.parametrize("name", SEQUENCES)
def test_all_architectures_of_sequences_read_frames(name):
    architecture, _ = Registry.discover().architecture(name)
    assert architecture.input_layout("frames", architecture.defaults()) == "frames"
    assert architecture.input_layout("image", architecture.defaults()) == "sequence"
    x = np.random.default_rng(0).random((3, *CLIP), "float32")
    model = architecture.build(CLIP, 5)
    assert ops.convert_to_numpy(model(x, training=False)).shape == (3, 5)
    flat = architecture.build(CLIP, 5, frame_features="flat")
    same = architecture.build(layouts.shape("frames", CLIP, "sequence"), 5)
    assert flat.count_params() == same.count_params() != model.count_params()


def test_the_check_of_hyperparameters_tries_it_on_clips():
    architecture, _ = Registry.discover().architecture("fcn")
    enforce(next(each for each in CHECKS if each.name == "hyperparameters_matter"), architecture)

    def build(input_shape, num_classes, *, frame_features: str = "cnn"):
        import keras

        inputs = keras.Input(input_shape)
        x = keras.layers.Flatten()(inputs)
        return keras.Model(inputs, keras.layers.Dense(num_classes)(x))

    build.__annotations__["frame_features"] = zoo.layers.FrameFeatures
    wrong = zoo.Architecture("wrong", build, layout="sequence", summary="for a test")
    with pytest.raises(AssertionError, match="frame_features has no effect on clips"):
        enforce(next(e for e in CHECKS if e.name == "hyperparameters_matter"), wrong)
