"""Our training step of `cnn` against the same network and loop written by hand.

Only on an idle machine: PyTorch's OpenMP threads spin, and one busy process beside them can make
its loop thirty times slower.
"""

import math

import keras
import numpy as np
import pytest
import yardsticks
from test_trainer import BATCH, EXAMPLES, ours

from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset
from zoo.recipe import resolve
from zoo.training import order
from zoo.training.backend import choose_device
from zoo.training.build import build_model

LOOPS = {"torch": yardsticks.torch_epoch, "jax": yardsticks.jax_epoch}
PLAIN = {"batch_size": BATCH, "shift": 0, "rotation": 0.0, "zoom": 0.0}


@pytest.mark.parametrize("package", LOOPS)
def test_an_epoch_against_a_plain_loop(package, against, benchmark):
    pytest.importorskip(package, reason=f"no {package} here: pip install 'archzoo[{package}]'")
    registry = Registry.discover()
    architecture, _ = registry.architecture("cnn")
    dataset = find_dataset("mnist", registry)
    arrays = dataset.load(Locations.of_user())
    x, y = np.ascontiguousarray(arrays.x_train[:EXAMPLES]), arrays.y_train[:EXAMPLES]
    recipe = resolve(registry.manifest, "standard", "cnn", PLAIN)
    batches = order.batches(0, 1, EXAMPLES, BATCH)
    other = LOOPS[package](x, y, batches, recipe, **architecture.defaults())
    device = choose_device(keras.backend.backend(), "auto").kind
    if other.device != device:
        pytest.skip(f"Keras trains on the {device}, plain {package} on the {other.device}")
    model = build_model(architecture, x.shape[1:], 10, architecture.defaults())
    assert other.parameters == sum(math.prod(v.shape) for v in model.trainable_variables)

    # The cycle is one pass long: this one learns, later ones are timed at its zero, as ours are.
    other()
    first = other.loss
    against(
        ours(architecture, dataset, x, y, recipe),
        other,
        rounds=5,
        yardstick=f"a plain {package} loop",
        backend=keras.backend.backend(),
        examples=EXAMPLES,
        batch=BATCH,
        parameters=other.parameters,
    )
    assert other.loss < first / 2
    info = benchmark.extra_info
    info["images_per_second"] = round(EXAMPLES / benchmark.stats.stats.median)
    info["yardstick_images_per_second"] = round(EXAMPLES / info["yardstick_seconds"])
