"""A whole epoch with augmentation against the same one without.

From the epoch's number to its last step, as a training does it: the order of the examples, what the
host draws for each image, and the steps themselves. The images are the same; nothing else differs.
"""

from dataclasses import replace

import keras
import pytest
from sizes import IMAGES, size

from zoo import Arrays, Locations, Plan, Recipe, Registry
from zoo.datasets.catalog import find_dataset
from zoo.recipe import resolve
from zoo.training.examples import Examples
from zoo.training.prepare import epoch_batches, prepare_engine
from zoo.training.runner import prepare_backend

EXAMPLES = size({"cpu": 3200, "gpu": 51200}, {"cpu": 256, "gpu": 256})
NAMES = size(["cnn", "cnn_lstm", "convlstm2d", "lrcn"], ["cnn"])
OFF = {"shift": 0, "rotation": 0.0, "zoom": 0.0, "shear": 0.0}
ELASTIC = 1.0


def recipe_of(kind: str, registry: Registry, architecture: str) -> Recipe:
    """Recipe `standard` without clean epochs, with one kind of augmentation."""
    changes = {
        "validation": 0.0,
        "clean_epochs": 0,
        "elastic": ELASTIC if kind == "affine-elastic" else 0.0,
    }
    if kind == "none":
        changes |= OFF
    return replace(resolve(registry.manifest, "standard", architecture), **changes)


def an_epoch(kind: str, registry: Registry, name: str):
    """A function that trains an epoch, and the plan and the device it trains by."""
    architecture, origin = registry.architecture(name)
    dataset, recipe = find_dataset(IMAGES, registry), recipe_of(kind, registry, name)
    backend = keras.backend.backend()
    plan = Plan(architecture, origin, architecture.defaults(), dataset, recipe, backend=backend)
    device, deterministic = prepare_backend(plan)
    mnist, count = dataset.load(Locations.of_user()), EXAMPLES[device.kind]
    few = Arrays(
        mnist.x_train[:count], mnist.y_train[:count], mnist.x_test, mnist.y_test, mnist.source
    )
    examples = Examples.split(few, recipe)
    engine = prepare_engine(plan, examples, device, deterministic, recipe.precision)
    assert engine.augments == (kind != "none")
    engine.load(examples.x_train, examples.y_train)
    engine.compile(*epoch_batches(plan, examples, engine, 1))

    def epoch():
        batches, maps = epoch_batches(plan, examples, engine, 1)
        sums = engine.train(batches, maps)
        assert sums.examples == count

    return epoch, plan, device


@pytest.mark.parametrize("kind", ["affine", "affine-elastic"])
@pytest.mark.parametrize("name", NAMES)
def test_an_augmented_epoch_against_a_plain_one(name, kind, against):
    registry = Registry.discover()
    augmented, plan, device = an_epoch(kind, registry, name)
    plain, _, _ = an_epoch("none", registry, name)
    against(
        augmented,
        plain,
        rounds=7,
        baseline="an epoch without augmentation",
        backend=plan.backend,
        device=device.name,
        examples=EXAMPLES[device.kind],
        batch=plan.recipe.batch_size,
        aim="at most 1.25",
    )
