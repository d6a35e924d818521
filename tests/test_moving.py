"""Clips that code makes of MNIST: what they are of, and what can be told from them."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zoo.datasets import moving
from zoo.datasets.catalog import BUILT_IN
from zoo.datasets.clip_settings import DIRECTIONS, ORDERS
from zoo.datasets.location import Locations
from zoo.errors import DataMissing, UsageError
from zoo.testing import DATASET_CHECKS

NAMES = ("moving_digits", "motion")
PLAIN = {"noise": 0.0, "visible": 1.0}
"""Nothing but the digit on its ground."""

GROUND = 64


@pytest.fixture(scope="module")
def load(data_dir):
    """Arrays of a dataset with some parameters; MNIST is read once for all of them."""
    places = Locations.of_user(str(data_dir))
    digits = moving.MNIST.load(places)
    read = replace(moving.MNIST, load=lambda _: digits)

    def loaded(name, **values):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(moving, "MNIST", read)
            return BUILT_IN[name].made_with(values).load(places)

    return loaded


@pytest.mark.parametrize("name", NAMES)
def test_the_first_clips_are_pinned(name, load):
    """Clips that change make old and new runs incomparable without anyone noticing."""
    x = load(name).x_train[:20]
    assert (x.shape, x.dtype) == ((20, 10, 36, 36, 1), np.uint8)
    assert hashlib.sha256(x.tobytes()).hexdigest()[:16] == PINNED[name]


PINNED = {"moving_digits": "4f74074da7c3c08a", "motion": "765b622e24a4b45d"}


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_depends_on_seed_split_and_index_alone(name, load):
    arrays = load(name)
    random = np.random.default_rng(0)
    some = random.permutation(len(arrays.x_train))[:150]
    together = arrays.x_train[some]
    assert np.array_equal(together[::-1], arrays.x_train[some[::-1]])
    assert np.array_equal(together[77], arrays.x_train[int(some[77])])
    # More clips are more of the same ones.
    more = load(name, clips=30_000, test_clips=10)
    assert np.array_equal(more.x_train[some], together)
    assert np.array_equal(more.x_test[:10], arrays.x_test[:10])
    assert more.checksums["x_train"] != arrays.checksums["x_train"]
    assert not np.array_equal(arrays.x_train[:5], arrays.x_test[:5])
    other = load(name, seed=1)
    assert not np.array_equal(other.x_train[:5], arrays.x_train[:5])


@pytest.mark.parametrize("name", NAMES)
def test_the_checksum_of_the_test_set_is_that_of_what_determines_it(name, load):
    first = load(name).checksums
    assert load(name, clips=500).checksums["x_test"] == first["x_test"]
    other = {
        "frames": 9,
        "speed": 1.0,
        "noise": 3.0,
        "visible": 1.0,
        "seed": 2,
        "order": "shuffled",
    }
    for key, value in other.items():
        changed = load(name, **{key: value}).checksums
        assert all(changed[split] != first[split] for split in ("x_train", "x_test")), key
    shorter = load(name, test_clips=500).checksums
    assert shorter["x_test"] != first["x_test"]
    assert shorter["x_train"] == first["x_train"]


@pytest.mark.parametrize("name", NAMES)
def test_classes_have_equal_shares(name, load):
    arrays = load(name)
    for labels in (arrays.y_train, arrays.y_test):
        counts = np.bincount(labels)
        assert len(counts) == len(BUILT_IN[name].classes)
        assert counts.max() - counts.min() <= 1
        assert labels.dtype == np.int32


def prints_of(ink) -> np.ndarray:
    """Of digits `(n, 36, 36)`, wherever on the torus: the spectrum's magnitude knows no place."""
    spectrum = np.abs(np.fft.rfft2(ink.astype("float32"))).reshape(len(ink), -1)
    return spectrum / np.linalg.norm(spectrum, axis=1, keepdims=True)


def nearest(clips, images) -> tuple[np.ndarray, np.ndarray]:
    """How like each clip's first frame the likest of MNIST's images is, and which that is."""
    seen = prints_of(clips[:, 0, ..., 0].astype("float32") - GROUND)
    parts = [
        seen @ prints_of(np.pad(images[start : start + 5000], ((0, 0), (0, 8), (0, 8)))).T
        for start in range(0, len(images), 5000)
    ]
    likeness = np.concatenate(parts, axis=1)
    return likeness.max(axis=1), likeness.argmax(axis=1)


@pytest.mark.parametrize("name", NAMES)
def test_digits_are_mnists_and_those_of_training_are_not_those_of_testing(name, load, mnist_arrays):
    arrays = load(name, **PLAIN)
    for split in ("train", "test"):
        clips = getattr(arrays, f"x_{split}")[:200]
        likeness, which = nearest(clips, mnist_arrays[f"x_{split}"])
        assert likeness.min() > 0.9999  # ink has half of the grey levels
        assert len(set(which)) == 200  # each is taken once before any is taken again
        if name == "moving_digits":
            labels = getattr(arrays, f"y_{split}")[:200]
            assert np.array_equal(mnist_arrays[f"y_{split}"][which], labels)
    elsewhere, _ = nearest(arrays.x_test[:200], mnist_arrays["x_train"])
    assert (elsewhere > 0.9999).mean() < 0.01


def displacements(clips) -> np.ndarray:
    """Pixels down and right from frame to frame, on the torus: the peak of the correlation."""
    spectra = np.fft.fft2(clips[..., 0].astype(float) - GROUND)
    correlation = np.fft.ifft2(spectra[:, 1:] * spectra[:, :-1].conj()).real
    peak = correlation.reshape(*correlation.shape[:2], -1).argmax(axis=-1)
    return (np.stack(np.divmod(peak, 36), axis=-1) + 18) % 36 - 18


def test_motion_is_in_the_direction_of_its_label(load):
    arrays = load("motion", **PLAIN, speed=2.5)
    moved = displacements(arrays.x_test[:800]).sum(axis=1)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(9 * 2.5, abs=1.5)
    # Up is negative; angles run counter-clockwise from the right.
    angle = np.degrees(np.arctan2(-moved[:, 0], moved[:, 1]))
    assert np.array_equal(np.round(angle / 45).astype(int) % 8, arrays.y_test[:800])
    assert DIRECTIONS[0::2] == ("right", "up", "left", "down")


def test_a_moving_digit_stays_on_the_canvas_and_bounces(load):
    arrays = load("moving_digits", **PLAIN, frames=40)
    clips = arrays.x_test[:100]
    ink = (clips != GROUND)[..., 0]
    # None of it comes in on the other side: it is never more than 28 pixels wide or high.
    for axis in (2, 3):
        there = ink.any(axis=axis)
        first, last = there.argmax(axis=-1), 35 - there[..., ::-1].argmax(axis=-1)
        assert (last - first).max() < 28
    assert np.array_equal(ink.sum(axis=(2, 3)), np.repeat(ink[:, :1].sum(axis=(2, 3)), 40, axis=1))
    steps = displacements(clips)
    assert np.abs(steps).max() <= 3
    assert np.abs(steps.cumsum(axis=1)).max() <= 8
    turned = (np.sign(steps) == 1).any(axis=1) & (np.sign(steps) == -1).any(axis=1)
    assert turned.any(axis=1).mean() > 0.99


def test_noise_and_occlusion_are_as_described(load):
    empty = load("motion", visible=1 / 36, noise=20.0).x_train[:50].astype(float)
    assert empty.mean() == pytest.approx(GROUND, abs=2)
    assert empty.std() == pytest.approx(20, abs=1)
    whole = load("motion", **PLAIN).x_train[:200]
    part = load("motion", noise=0.0, visible=0.25).x_train[:200]
    tiles = (200, 10, 6, 6, 6, 6)
    same = (whole == part).reshape(tiles).all(axis=(3, 5))
    blank = (part == GROUND).reshape(tiles).all(axis=(3, 5))
    assert (same | blank).all()
    inked = (whole != GROUND).reshape(tiles).any(axis=(3, 5))
    assert same[inked].mean() == pytest.approx(0.25, abs=0.02)
    assert (~blank).sum(axis=(2, 3)).max() <= 9
    # Other tiles in each frame.
    assert (same[:, 0] == same[:, 1]).all(axis=(1, 2)).mean() < 0.02


def test_backwards_is_the_opposite_direction(load):
    arrays = load("motion", **PLAIN)
    clips, labels = arrays.x_test[:800], arrays.y_test[:800]
    forwards, backwards = displacements(clips), displacements(clips[:, ::-1])
    for label in range(8):
        steps = forwards[labels == (label + 4) % 8].reshape(-1, 2)
        seen = backwards[labels == label].reshape(-1, 2)
        assert set(map(tuple, steps)) == set(map(tuple, seen))
        assert (
            stats.ks_2samp(steps[:, 0] * 50 + steps[:, 1], seen[:, 0] * 50 + seen[:, 1])[1] > 1e-4
        )


def orderless(clips) -> np.ndarray:
    """What the frames say without their order: mean, deviation and extremes over time."""
    x = clips[..., 0].astype("float32")
    parts = [x.mean(axis=1), x.std(axis=1), x.max(axis=1), x.min(axis=1)]
    coarse = [part.reshape(len(x), 12, 3, 12, 3).mean(axis=(2, 4)) for part in parts]
    coarse.append(np.abs(np.fft.rfft2(parts[0]))[:, :12, :12])
    return np.concatenate([each.reshape(len(x), -1) for each in coarse], axis=1)


def test_without_the_order_nobody_tells_a_direction_from_its_opposite(load):
    from sklearn.linear_model import RidgeClassifier
    from sklearn.preprocessing import StandardScaler

    arrays = load("motion", noise=8.0, visible=1.0)
    train, test = orderless(arrays.x_train[:4000]), orderless(arrays.x_test[:2000])
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    y, wanted = arrays.y_train[:4000], arrays.y_test[:2000]

    def hits(rows, asked, target):
        model = RidgeClassifier(alpha=1000).fit(train[rows], target(y[rows]))
        return int((model.predict(test[asked]) == target(wanted[asked])).sum())

    everyone = slice(None)
    # The features do see the smear: the axis of the movement is in them, and that is all.
    assert hits(everyone, everyone, lambda label: label % 4) > 0.4 * 2000
    right = sum(
        hits(y % 4 == axis, wanted % 4 == axis, lambda label: label // 4) for axis in range(4)
    )
    low, high = stats.binom.interval(0.9999, 2000, 0.5)
    assert low <= right <= high


def correlations(clips, pairs) -> np.ndarray:
    """How alike two frames are, moved against each other by up to 4 pixels; the mean over pairs."""
    spectra = np.fft.rfft2(clips[..., 0].astype("float32") - GROUND)
    total = sum(spectra[:, later] * spectra[:, earlier].conj() for earlier, later in pairs)
    likeness = np.roll(np.fft.irfft2(total), (4, 4), axis=(1, 2))[:, :9, :9]
    return likeness.reshape(len(clips), -1) / len(pairs)


def test_order_is_what_tells_the_direction(load):
    """A linear model of what pairs of frames say: of neighbours in their order, of all in any."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frames = range(10)
    neighbours = [(t, t + 1) for t in range(9)]
    everyone = [(s, t) for s in frames for t in frames if s != t]
    seen = {
        "nothing": ("true", lambda clips: clips.mean(axis=1).reshape(len(clips), -1)),
        "in order": ("true", lambda clips: correlations(clips, neighbours)),
        "as a set": ("true", lambda clips: correlations(clips, everyone)),
        "shuffled": ("shuffled", lambda clips: correlations(clips, neighbours)),
    }
    share, count = {}, 1600
    for name, (order, features) in seen.items():
        arrays = load("motion", order=order)
        model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10))
        model.fit(features(arrays.x_train[:3200]), arrays.y_train[:3200])
        share[name] = model.score(features(arrays.x_test[:count]), arrays.y_test[:count])
    bound = stats.binom.ppf(0.9999, count, [1 / 8, 1 / 2]) / count
    assert share["nothing"] <= bound[0]
    assert share["in order"] > 0.9
    for blind in ("as a set", "shuffled"):
        # It does see the axis, and chance decides which way.
        assert bound[0] < share[blind] <= bound[1], blind


@pytest.mark.parametrize("name", NAMES)
def test_shuffled_clips_are_the_same_frames_in_another_order(name, load):
    true, shuffled = load(name), load(name, order="shuffled")
    for split in ("train", "test"):
        one, other = (getattr(each, f"x_{split}")[:150] for each in (true, shuffled))
        places = [
            [int((frame == frames).all(axis=(1, 2, 3)).argmax()) for frame in clip]
            for frames, clip in zip(one, other, strict=True)
        ]
        assert all(sorted(order) == list(range(10)) for order in places)
        assert all(
            (frames[order] == clip).all()
            for frames, order, clip in zip(one, places, other, strict=True)
        )
        assert len(set(map(tuple, places))) == 150  # of 3.6 million
        firsts = np.bincount([order[0] for order in places], minlength=10)
        assert stats.chisquare(firsts)[1] > 1e-4
        assert np.array_equal(getattr(true, f"y_{split}"), getattr(shuffled, f"y_{split}"))
        assert true.checksums[f"x_{split}"] != shuffled.checksums[f"x_{split}"]


def test_one_frame_says_nothing_of_the_direction(load):
    arrays = load("motion", **PLAIN)
    weight = arrays.x_test[:4000][:, 4, ..., 0].astype(float) - GROUND
    turn = np.exp(2j * np.pi * np.arange(36) / 36)
    for place in (weight.sum(axis=1) @ turn, weight.sum(axis=2) @ turn):
        around = np.angle(place)
        groups = [around[arrays.y_test == label] for label in range(8)]
        assert all(stats.kstest(each, "uniform", (-np.pi, 2 * np.pi))[1] > 1e-4 for each in groups)


BOUNDS = st.fixed_dictionaries(
    {
        "frames": st.integers(2, 5),
        "clips": st.integers(10, 3000),
        "test_clips": st.integers(10, 50),
        "speed": st.floats(0.1, 17),
        "noise": st.floats(0, 255),
        "visible": st.floats(1 / 36, 1),
        "seed": st.integers(0, 2**31 - 1),
        "order": st.sampled_from(ORDERS),
    }
)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(NAMES), BOUNDS, st.lists(st.integers(0, 2**40), max_size=130))
def test_any_parameters_make_clips_by_index(load, name, values, wanted):
    arrays = load(name, **values)
    indices = np.array(wanted, "int64") % values["clips"]
    clips = arrays.x_train[indices]
    assert clips.shape == (len(indices), values["frames"], 36, 36, 1)
    if len(indices):
        last = int(indices[-1])
        assert np.array_equal(clips[-1], load(name, **values).x_train[last])
    assert len(arrays.y_train) == len(arrays.x_train) == values["clips"]
    assert len(set(arrays.y_test[:10])) >= 8


@pytest.mark.parametrize(
    ("name", "pair", "part"),
    [
        ("motion", "frames=1", "from 2 to"),
        ("moving_digits", "frames=0", "from 1 to"),
        ("motion", "clips=7", "from 8 to"),
        ("moving_digits", "test_clips=9", "from 10 to"),
        ("motion", "speed=0", "from 0.1 to 17"),
        ("moving_digits", "speed=-1", "from 0 to 17"),
        ("motion", "speed=nan", "float, finite"),
        ("motion", "noise=300", "from 0 to 255"),
        ("motion", "visible=0", "from 0.0278 to 1"),
        ("motion", "visible=1.5", "from 0.0278 to 1"),
        ("motion", "seed=-1", "from 0 to 2147483647"),
        ("moving_digits", "order=reversed", "'true' | 'shuffled'"),
    ],
)
def test_values_that_make_no_sense(name, pair, part, zoo_here):
    result = zoo_here("train", "cnn", "--dataset", name, "--data-set", pair)
    assert_one_line_error(result, 2, f"--data-set {pair.split('=')[0]}=", part)
    with pytest.raises(UsageError, match=part):
        key, value = pair.split("=")
        BUILT_IN[name].configured({key: value})


@pytest.mark.parametrize("name", NAMES)
def test_without_mnist_they_say_what_mnist_says(name, zoo_here):
    with pytest.raises(DataMissing, match="mnist is not on this machine"):
        BUILT_IN[name].load(Locations.of_user())
    assert_one_line_error(zoo_here("train", "cnn", "--dataset", name), 1, "mnist is not on this")


def test_convlstm2d_trains_on_motion_and_records_it(zoo, data_dir, tmp_path):
    chosen = [f"--data-set={each}" for each in ("frames=4", "clips=200", "test_clips=40")]
    done = zoo(
        *("train", "convlstm2d", "--dataset", "motion", *chosen, "--data-dir", data_dir),
        *("--recipe", "tutorial", "--epochs", "1", "--set", "filters=4", "--json"),
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    given = {"frames": 4, "clips": 200, "test_clips": 40}
    wanted = {**given, "speed": 2.0, "noise": 32.0, "visible": 0.5, "seed": 0, "order": "true"}
    assert record["dataset"]["parameters"] == wanted
    assert record["dataset"]["sizes"] == {"train": 183, "validation": 17, "test": 40}
    assert record["input"]["input_shape"] == [4, 36, 36, 1]
    assert record["input"]["conversion"] == "frames: as stored"


@pytest.mark.parametrize("name", NAMES)
def test_the_checks_hold(name, zoo, data_dir):
    few = ["--data-set", "clips=400", "--data-set", "test_clips=80", "--data-set", "frames=3"]
    done = zoo("check", name, *few, env={"ZOO_DATA_DIR": str(data_dir)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(DATASET_CHECKS)} passed" in done.stdout
