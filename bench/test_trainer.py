"""Our training step against `keras.Model.fit` on the same model, data and batch."""

import keras
import numpy as np
import pytest

from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset
from zoo.recipe import Recipe
from zoo.training import order
from zoo.training.backend import choose_device
from zoo.training.build import build_model
from zoo.training.engine import Sums, make_engine
from zoo.training.optimizer import make_optimizer
from zoo.training.pipeline import Pipeline

EXAMPLES, BATCH = 6400, 128


def ours(architecture, dataset, x, y, recipe):
    backend = keras.backend.backend()
    pipeline = Pipeline.fitted(dataset, architecture, recipe, x)
    model = build_model(architecture, pipeline.input_shape, 10, architecture.defaults())
    optimizer = make_optimizer(recipe, EXAMPLES // BATCH)
    optimizer.build(model.trainable_variables)
    device = choose_device(backend, "auto")
    engine = make_engine(backend, model, optimizer, pipeline, recipe, device, False)
    engine.load(x, y)
    batches = order.batches(0, 1, EXAMPLES, BATCH)
    engine.compile(batches, None)
    return lambda: engine.train(batches, None, Sums(), lambda done, read: False)


def fit(architecture, dataset, x, y, recipe):
    pipeline = Pipeline.fitted(dataset, architecture, recipe, x)
    model = build_model(architecture, pipeline.input_shape, 10, architecture.defaults())
    model.compile(
        make_optimizer(recipe, EXAMPLES // BATCH),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    prepared = keras.ops.convert_to_numpy(pipeline(x))  # fit gets its data ready-made
    return lambda: model.fit(prepared, y, batch_size=BATCH, verbose=0)


@pytest.mark.parametrize("name", ["cnn", "cnn_lstm", "convlstm2d", "lrcn"])
def test_an_epoch_against_fit(name, against):
    registry = Registry.discover()
    architecture, _ = registry.architecture(name)
    dataset = find_dataset("mnist", registry)
    arrays = dataset.load(Locations.of_user())
    x, y = np.ascontiguousarray(arrays.x_train[:EXAMPLES]), arrays.y_train[:EXAMPLES]
    recipe = Recipe(batch_size=BATCH)
    against(
        ours(architecture, dataset, x, y, recipe),
        fit(architecture, dataset, x, y, recipe),
        rounds=5,
        yardstick="keras.Model.fit",
        backend=keras.backend.backend(),
        examples=EXAMPLES,
        batch=BATCH,
    )
