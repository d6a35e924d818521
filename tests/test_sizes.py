"""Every shipped architecture takes any size of images, sequences and clips, and none explodes."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo import Registry, layouts
from zoo.manifest import Manifest

NAMES = sorted(Manifest.read().architectures)
MOST = 6_000_000
"""Parameters, whatever the size: the largest recorded model has some million."""
SMALLEST = {"image": (16, 16, 1), "sequence": (8, 1), "frames": (2, 16, 16, 1)}
ODD = {"image": (33, 47, 3), "sequence": (29, 12), "frames": (7, 33, 47, 3)}
LARGEST = {"image": (224, 224, 4), "sequence": (2000, 64), "frames": (64, 112, 112, 3)}
MORE = [
    ("image", (17, 16, 2)), ("image", (64, 64, 3)), ("image", (96, 224, 1)),
    ("sequence", (8, 64)), ("sequence", (100, 1)), ("sequence", (427, 6)), ("sequence", (2000, 1)),
    ("frames", (64, 16, 16, 1)), ("frames", (16, 64, 64, 3)), ("frames", (2, 112, 112, 4)),
]  # fmt: skip


@pytest.fixture(scope="module")
def build():
    registry = Registry.discover()

    def make(name, source, shape):
        keras.utils.clear_session(free_memory=False)
        found, _ = registry.architecture(name)
        settings = found.defaults()
        target = found.input_layout(source, settings)
        given = layouts.shape(source, shape, target, found.frames_from_image)
        model = found.build(given, 5, **settings)
        assert model.count_params() < MOST, (name, source, shape)
        return lambda x: model(
            layouts.convert(x, source, target, found.frames_from_image), training=False
        )

    return make


def test_sizes_are_made_of_all_layouts():
    assert set(SMALLEST) == set(ODD) == set(LARGEST) == set(layouts.LAYOUTS)


@pytest.mark.parametrize("source", SMALLEST)
@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_and_odd_sizes_are_answered(name, source, build):
    """Of the layouts whose conversions differ: its own, and images, and what becomes frames."""
    rng = np.random.default_rng(0)
    for shape in (SMALLEST[source], ODD[source])[: 2 if source == "sequence" else 1]:
        model = build(name, source, shape)
        logits = ops.convert_to_numpy(model(rng.random((2, *shape), "float32")))
        assert logits.shape == (2, 5) and np.isfinite(logits).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_largest_sizes_are_built(name, build):
    for source, shape in LARGEST.items():
        build(name, source, shape)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "shape"), [*ODD.items(), *MORE])
@pytest.mark.parametrize("name", NAMES)
def test_other_sizes_are_built(name, source, shape, build):
    build(name, source, shape)
