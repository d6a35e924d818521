"""Our training step against `keras.Model.fit` on the same model, data and batch.

On the backend that `KERAS_BACKEND` names; bench/record.sh runs it for each.
"""

import keras
import numpy as np
import pytest
from sizes import IMAGES, size

from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset
from zoo.recipe import Recipe
from zoo.training import order
from zoo.training.backend import backend_of, choose_device, make_engine
from zoo.training.build import build_model
from zoo.training.optimizer import make_optimizer
from zoo.training.pipeline import Pipeline
from zoo.training.running import RunningMetrics

# A GPU is asked for more: small batches are all launching there, and 50 of them are over at once.
SIZES = size({"cpu": (3200, 128), "gpu": (51200, 256)}, {"cpu": (256, 128), "gpu": (256, 128)})
"""The examples of an epoch and of a batch, by the kind of device."""

SHIPPED = ["cnn", "cnn_lstm", "conv3d", "convlstm2d", "gru", "lrcn", "tcn", "transformer"]


def engine_for(architecture, dataset, x, y, recipe):
    """An engine with its examples, and an epoch's batches."""
    backend = keras.backend.backend()
    steps, batch = len(x) // recipe.batch_size, recipe.batch_size
    pipeline = Pipeline.fitted(dataset, architecture, recipe, x, architecture.defaults())
    model = build_model(architecture, pipeline.input_shape, 10, architecture.defaults())
    optimizer = make_optimizer(recipe, steps)
    optimizer.build(model.trainable_variables)
    device = choose_device(backend, "auto")
    engine = make_engine(backend, model, optimizer, pipeline, recipe, device, False)
    engine.load(x, y)
    return engine, order.batches(0, 1, len(x), batch)


def ours(*given):
    engine, batches = engine_for(*given)
    engine.compile(batches, None)
    return lambda: engine.train(batches, None)


def together(count, *given):
    """An epoch of so many seeds in one program."""
    engines, batches = zip(*(engine_for(*given) for _ in range(count)), strict=True)
    no_maps = [None] * count
    joint = backend_of("jax").join(engines)
    joint.compile(batches, no_maps)

    def train():
        joint.begin([RunningMetrics()] * count)
        with joint.chunks(batches, no_maps) as chunks:
            for chunk in chunks:
                joint.step(chunk)
        joint.end()

    return train


def fit(architecture, dataset, x, y, recipe):
    pipeline = Pipeline.fitted(dataset, architecture, recipe, x, architecture.defaults())
    model = build_model(architecture, pipeline.input_shape, 10, architecture.defaults())
    model.compile(
        make_optimizer(recipe, len(x) // recipe.batch_size),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    prepared = keras.ops.convert_to_numpy(pipeline(x))  # fit gets its data ready-made
    return lambda: model.fit(prepared, y, batch_size=recipe.batch_size, verbose=0)


def given(name):
    """What is trained: the arguments of the above, and what the record says of them."""
    registry = Registry.discover()
    architecture, _ = registry.architecture(name)
    dataset = find_dataset(IMAGES, registry)
    arrays = dataset.load(Locations.of_user())
    device = choose_device(keras.backend.backend(), "auto")
    examples, batch = SIZES[device.kind]
    x, y = np.ascontiguousarray(arrays.x_train[:examples]), arrays.y_train[:examples]
    info = {
        "backend": keras.backend.backend(),
        "device": device.name,
        "examples": examples,
        "batch": batch,
    }
    return (architecture, dataset, x, y, Recipe(batch_size=batch)), info


@pytest.mark.parametrize("name", size(SHIPPED, ["cnn"]))
def test_an_epoch_against_fit(name, against):
    arguments, info = given(name)
    against(
        ours(*arguments),
        fit(*arguments),
        rounds=7,
        baseline="keras.Model.fit",
        **info,
    )


def test_eight_seeds_together_against_one(against):
    arguments, info = given("cnn")
    if (info["backend"], choose_device("jax", "auto").kind) != ("jax", "gpu"):
        pytest.skip("seeds are trained together by JAX on a GPU")
    against(together(8, *arguments), ours(*arguments), rounds=5, baseline="one seed alone", **info)
