"""Our training step of `cnn` against the same network and loop written by hand.

Only on an idle machine: PyTorch's OpenMP threads spin, and one busy process beside them can make
its loop thirty times slower.
"""

import math

import keras
import numpy as np
import pytest
import yardsticks
from test_trainer import SIZES, ours

from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset
from zoo.recipe import resolve
from zoo.training import order
from zoo.training.backend import choose_device
from zoo.training.build import build_model

LOOPS = {
    "torch": ("torch", yardsticks.torch_epoch),
    "jax": ("jax", yardsticks.jax_epoch),
    "scanned-jax": ("jax", yardsticks.scanned_jax_epoch),
}
"""Each loop's package and the loop."""
PLAIN = {"shift": 0, "rotation": 0.0, "zoom": 0.0}


@pytest.mark.parametrize("loop", LOOPS)
def test_an_epoch_against_a_plain_loop(loop, against, benchmark):
    package, make = LOOPS[loop]
    pytest.importorskip(package, reason=f"no {package} here: pip install 'archzoo[{package}]'")
    device = choose_device(keras.backend.backend(), "auto")
    if loop == "scanned-jax" and device.kind == "cpu":
        pytest.skip("XLA runs a convolution within a loop on one core of a CPU")
    examples, batch = SIZES[device.kind]
    registry = Registry.discover()
    architecture, _ = registry.architecture("cnn")
    dataset = find_dataset("mnist", registry)
    arrays = dataset.load(Locations.of_user())
    x, y = np.ascontiguousarray(arrays.x_train[:examples]), arrays.y_train[:examples]
    recipe = resolve(registry.manifest, "standard", "cnn", {**PLAIN, "batch_size": batch})
    batches = order.batches(0, 1, examples, batch)
    other = make(x, y, batches, recipe, **architecture.defaults())
    if other.device != device.kind:
        pytest.skip(f"Keras trains on the {device.kind}, plain {package} on the {other.device}")
    model = build_model(architecture, x.shape[1:], 10, architecture.defaults())
    assert other.parameters == sum(math.prod(v.shape) for v in model.trainable_variables)

    # The cycle is one pass long: this one learns, later ones are timed at its zero, as ours are.
    other()
    first = other.loss
    against(
        ours(architecture, dataset, x, y, recipe),
        other,
        rounds=7,
        yardstick=f"a plain {loop} loop",
        backend=keras.backend.backend(),
        device=device.name,
        examples=examples,
        batch=batch,
        parameters=other.parameters,
    )
    assert other.loss < first / 2
    info = benchmark.extra_info
    info["images_per_second"] = round(examples / benchmark.stats.stats.median)
    info["yardstick_images_per_second"] = round(examples / info["yardstick_seconds"])
