"""Class weights and balanced sampling: what a rare class counts in training."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from test_training import assert_same_results

import zoo
from zoo.errors import UsageError, ZooError
from zoo.recipe import Recipe
from zoo.runs.run import Run
from zoo.training.examples import Examples
from zoo.training.order import balanced_batches
from zoo.training.prepare import balanced_weights


@given(labels=st.lists(st.integers(0, 5), min_size=1, max_size=200))
def test_weights_are_those_of_scikit_learn(labels):
    y = np.array(labels)
    present = np.unique(y)
    wanted = np.zeros(6)
    wanted[present] = compute_class_weight("balanced", classes=present, y=y)
    np.testing.assert_allclose(balanced_weights(y, 6), wanted)


@given(
    labels=st.lists(st.integers(0, 3), min_size=8, max_size=200),
    batch_size=st.integers(1, 8),
    seed=st.integers(0, 100),
)
def test_each_class_is_drawn_equally_often(labels, batch_size, seed):
    y = np.array(labels)
    drawn = balanced_batches(seed, 1, y, batch_size)
    assert drawn.shape == (len(y) // batch_size, batch_size) and drawn.dtype == np.int32
    counts = np.bincount(y[drawn.ravel()], minlength=4)[np.unique(y)]
    assert counts.max() - counts.min() <= 1
    times = np.bincount(drawn.ravel(), minlength=len(y))
    for each in np.unique(y):  # all of a class, before one of it comes again
        assert np.ptp(times[y == each]) <= 1
    assert np.array_equal(drawn, balanced_batches(seed, 1, y, batch_size))


def test_only_one_of_them_can_be_used():
    with pytest.raises(UsageError, match="balanced already by class_weight"):
        Recipe(class_weight="balanced", sampling="balanced")


NET = """
def build(input_shape, num_classes):
    import keras
    from keras import layers
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), layers.Dense(num_classes)])
"""


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    """95 to 5: two classes that overlap."""
    random = np.random.default_rng(0)
    y = (np.arange(1000) % 20 == 0).astype("int64")
    x = random.normal(0, 1, (1000, 6, 1)) + 0.6 * y[:, None, None]
    folder = tmp_path_factory.mktemp("rare")
    np.savez(
        folder / "rare.npz", x_train=x[:600].astype("float32"), y_train=y[:600],
        x_test=x[600:].astype("float32"), y_test=y[600:], layout=np.array("sequence"),
    )  # fmt: skip
    (folder / "net.py").write_text(NET)
    return folder


class Killed(zoo.Callback):
    def on_epoch_begin(self, epoch):
        if epoch == 2:
            raise ZooError("killed")


def test_a_rare_class_is_found_more_often(rare, tmp_path):
    changes = {"normalization": "standard", "learning_rate": 0.02, "validation": 0.2}

    def train(runs="runs", **more):
        return zoo.train(
            str(rare / "net.py"), str(rare / "rare.npz"), recipe="tutorial", epochs=3,
            recipe_changes={**changes, **more.pop("changes", {})}, runs_dir=tmp_path / runs,
            progress=False, **more,
        )  # fmt: skip

    def recall(run):
        return run.evaluate(str(rare / "rare.npz")).scores.classes[1].recall

    plain = train()
    weighted = train(changes={"class_weight": "balanced"})
    balanced = train(changes={"sampling": "balanced"})
    assert min(recall(weighted), recall(balanced)) > recall(plain) + 0.2
    # Losses of validation are not weighted.
    arrays = zoo.load_dataset(rare / "rare.npz").load(None)
    examples = Examples.split(arrays, weighted.recipe)
    given = weighted.predict(examples.x_validation).probabilities
    loss = -np.log(given[np.arange(len(given)), examples.y_validation]).mean()
    assert weighted.read_history()[-1]["val_loss"] == pytest.approx(loss, rel=1e-3)
    assert weighted.record.recipe["class_weight"] == "balanced"
    assert balanced.record.recipe["sampling"] == "balanced"
    assert len({plain.name, weighted.name, balanced.name}) == 3
    for kind in ("class_weight", "sampling"):
        with pytest.raises(ZooError, match="killed"):
            train("killed", changes={kind: "balanced"}, callbacks=[Killed()])
        again = train("killed", changes={kind: "balanced"})
        whole = weighted if kind == "class_weight" else balanced
        assert_same_results(Run.open(whole.folder), Run.open(again.folder))
