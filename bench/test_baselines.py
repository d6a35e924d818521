"""Our training step of `cnn` against the same network and loop written by hand.

Only on an idle machine: PyTorch's OpenMP threads spin, and one busy process beside them can make
its loop thirty times slower.
"""

import baselines
import keras
import numpy as np
import pytest
from sizes import IMAGES, SMALLEST
from test_trainer import SIZES, ours

from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset
from zoo.recipe import resolve
from zoo.training import order
from zoo.training.backend import choose_device
from zoo.training.build import build_model

LOOPS = {
    "torch": ("torch", baselines.torch_epoch),
    "jax": ("jax", baselines.jax_epoch),
    "scanned-jax": ("jax", baselines.scanned_jax_epoch),
}
"""Each loop's package and the loop."""
PLAIN = {"shift": 0, "rotation": 0.0, "zoom": 0.0}


SETTINGS = (
    {},
    {"convolutions": (2, 3), "dropout": 0.0},
    {"strided": False, "filters": (4, 8, 12)},
    {"convolutions": (0, 1)},
    {"convolutions": (1, 0)},
    {"convolutions": (0, 0)},
)
"""Beside the defaults: what a change of the defaults could bring, and the baselines must follow."""


def library(loop: str):
    """Its loop; a test without the library is skipped."""
    package, make = LOOPS[loop]
    pytest.importorskip(package, reason=f"no {package} here: pip install 'archzoo[{package}]'")
    return package, make


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("loop", ["torch", "jax"])
def test_the_network_by_hand_is_the_plugins(loop, settings):
    _, make = library(loop)
    registry = Registry.discover()
    architecture, _ = registry.architecture("cnn")
    hyperparameters = {**architecture.defaults(), **settings}
    images = np.random.default_rng(0).random((4, 28, 28, 1), "float32")
    recipe = resolve(registry.manifest, "standard", "cnn", PLAIN)
    network = baselines.Network.of(hyperparameters)
    by_hand = make(images, np.zeros(4, "int32"), np.zeros((1, 4), "int32"), recipe, network)
    model = build_model(architecture, (28, 28, 1), 10, {**hyperparameters, "dropout": 0.0})
    weights = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    assert by_hand.shapes == [each.shape for each in weights]
    ours = keras.ops.convert_to_numpy(model(images, training=True))
    np.testing.assert_allclose(by_hand.logits(weights, images), ours, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("loop", LOOPS)
def test_an_epoch_against_a_plain_loop(loop, against, benchmark):
    package, make = library(loop)
    device = choose_device(keras.backend.backend(), "auto")
    if loop == "scanned-jax" and device.kind == "cpu":
        pytest.skip("XLA runs a convolution within a loop on one core of a CPU")
    examples, batch = SIZES[device.kind]
    registry = Registry.discover()
    architecture, _ = registry.architecture("cnn")
    dataset = find_dataset(IMAGES, registry)
    arrays = dataset.load(Locations.of_user())
    x, y = np.ascontiguousarray(arrays.x_train[:examples]), arrays.y_train[:examples]
    recipe = resolve(registry.manifest, "standard", "cnn", {**PLAIN, "batch_size": batch})
    batches = order.batches(0, 1, examples, batch)
    other = make(x, y, batches, recipe, baselines.Network.of(architecture.defaults()))
    if other.device != device.kind:
        pytest.skip(f"Keras trains on the {device.kind}, plain {package} on the {other.device}")
    # The cycle is one pass long: this one learns, later ones are timed at its zero, as ours are.
    other()
    first = other.loss
    against(
        ours(architecture, dataset, x, y, recipe),
        other,
        rounds=7,
        baseline=f"a plain {loop} loop",
        backend=keras.backend.backend(),
        device=device.name,
        examples=examples,
        batch=batch,
        parameters=other.parameters,
    )
    assert other.loss < first / 2 or SMALLEST
    info = benchmark.extra_info
    info["images_per_second"] = round(examples / benchmark.stats.stats.median)
    info["baseline_images_per_second"] = round(examples / info["baseline_seconds"])
