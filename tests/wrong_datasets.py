"""A right dataset, and for each check of the kit one that fails it."""

import os
from dataclasses import replace

import numpy as np

from zoo import Arrays, Dataset

SHAPE = (6, 6, 1)
CLASSES = ("dark", "bright", "striped")


def arrays(**changes) -> Arrays:
    """Thirty training and fifteen test images, all different; `changes` change an array each."""
    generator = np.random.default_rng(0)
    found = {}
    for split, count in (("train", 30), ("test", 15)):
        found[f"x_{split}"] = generator.integers(0, 256, (count, *SHAPE), "uint8")
        found[f"y_{split}"] = np.arange(count, dtype="int32") % len(CLASSES)
    for name, change in changes.items():
        found[name] = change(found[name])
    return Arrays(**found, source="made")


def right(_):
    return arrays()


def wrong_shape(_):
    return arrays(x_train=lambda x: x[..., 0], x_test=lambda x: x[..., 0])


def fewer_labels(_):
    return arrays(y_test=lambda y: y[:-3])


def wide(_):
    return arrays(x_train=lambda x: x.astype("float64"), x_test=lambda x: x.astype("float64"))


def long_labels(_):
    return arrays(y_train=lambda y: y.astype("int64"))


def unlike(_):
    return arrays(x_test=lambda x: x.astype("float32"))


def brighter_in_the_test(_):
    """Pixels from 0 to 1 in training, and from 0 to 255 in the test set."""
    return arrays(
        x_train=lambda x: (x / 255).astype("float32"), x_test=lambda x: x.astype("float32")
    )


def in_pieces(_):
    return arrays(x_train=lambda x: np.asfortranarray(x))


def not_a_number(_):
    def change(x):
        x = x.astype("float32")
        x[3, 2] = np.nan
        return x

    return arrays(x_train=change, x_test=lambda x: x.astype("float32"))


def from_one(_):
    # Class 0 stays where it is, so that no class is missing.
    return arrays(y_train=lambda y: np.where(np.arange(len(y)) > 20, 3, y).astype("int32"))


def never_asked(_):
    return arrays(y_test=lambda y: np.minimum(y, 1))


def leaky(_):
    train = arrays().x_train
    return arrays(x_test=lambda x: np.concatenate([x[:-2], train[:2]]))


LOADS = []


def shuffled(_):
    """Another order each time, but the same first one in every process."""
    LOADS.append(1)
    order = np.random.default_rng(len(LOADS)).permutation(30)
    return arrays(x_train=lambda x: x[order])


def by_process(_):
    """The number of the process decides: what hash() and sets of texts do, too."""

    def marked(x):
        x = x.copy()
        x.reshape(-1)[:4] = np.frombuffer(np.uint32(os.getpid()).tobytes(), "uint8")
        return x

    return arrays(x_train=marked)


def raises(_):
    raise OSError("the disk has gone")


def validated(**changes) -> Arrays:
    """`arrays` and nine to validate on, `x` and `y` of which `changes` change."""
    found = {
        "x": np.random.default_rng(1).integers(0, 256, (9, *SHAPE), "uint8"),
        "y": np.arange(9, dtype="int32") % len(CLASSES),
    }
    for name, change in changes.items():
        found[name] = change(found[name])
    return replace(arrays(), x_validation=found["x"], y_validation=found["y"])


def right_with_validation(_):
    return validated()


def validation_of_other_shape(_):
    return validated(x=lambda x: x[..., 0])


def validation_without_labels(_):
    return validated(y=lambda _: None)


def validation_in_long_labels(_):
    return validated(y=lambda y: y.astype("int64"))


def validation_unlike(_):
    return validated(x=lambda x: x.astype("float32"))


def validation_not_a_number(_):
    """The other splits are floats, too."""
    made = validated(x=lambda x: np.where(np.arange(6)[:, None] == 2, np.nan, x).astype("float32"))
    return replace(
        made, x_train=made.x_train.astype("float32"), x_test=made.x_test.astype("float32")
    )


def validation_beyond_the_classes(_):
    return validated(y=lambda y: y + np.int32(1))


def dataset(load, **changes) -> Dataset:
    made = Dataset(
        name=load.__name__, classes=CLASSES, layout="image", shape=SHAPE, load=load, summary="made"
    )
    return replace(made, **changes)


FLAT = dataset(right, name="flat", shape=(36,))
ONE_CLASS = dataset(right, name="one_class", classes=("a", "a", "b"))


def zoo_datasets():
    functions = (right, by_process, raises)
    return [dataset(each) for each in functions]
