"""From a plan to what is trained: model, optimizer, engine, and the batches of an epoch."""

from typing import TYPE_CHECKING

import numpy as np

from zoo import layouts
from zoo.datasets.samples import Samples
from zoo.errors import UsageError
from zoo.training import augmentation, order
from zoo.training.backend import make_engine, seed_everything
from zoo.training.backends.base import Engine
from zoo.training.build import build_model
from zoo.training.chunks import Transforms
from zoo.training.device import Device
from zoo.training.examples import Examples
from zoo.training.loader import streams
from zoo.training.optimizer import make_optimizer
from zoo.training.pipeline import Pipeline, unequal_by
from zoo.training.plan import Plan
from zoo.training.sequence_augmentation import SequenceMaps

if TYPE_CHECKING:
    import keras


def prepare_engine(
    plan: Plan, examples: Examples, device: Device, deterministic: bool, precision: str
) -> Engine:
    """Build model, optimizer and engine for a plan, from its seed.

    Args:
        plan: what is trained.
        examples: the data, to which the scaling is fitted.
        device: where it is trained.
        deterministic: whether bits must repeat.
        precision: Keras' dtype policy; the plan may say `auto`.

    Raises:
        PluginError: the architecture does not build.
        UsageError: the dataset's samples cannot be given the architecture's layout.
    """
    import keras

    recipe = plan.recipe
    keras.utils.clear_session(free_memory=False)  # names and Keras' own generator start anew
    seed_everything(plan.backend, plan.seed)
    keras.config.set_dtype_policy(precision)
    pipeline = Pipeline.fitted(
        plan.dataset, plan.architecture, recipe, examples.x_train, plan.hyperparameters
    )
    model = model_of(plan, pipeline.shape)
    steps = recipe.total_steps(len(examples.y_train) // recipe.batch_size)
    optimizer = make_optimizer(recipe, steps)
    optimizer.build(model.trainable_variables)
    engine = make_engine(plan.backend, model, optimizer, pipeline, recipe, device, deterministic)
    if recipe.class_weight == "balanced":
        engine.class_weights = balanced_weights(examples.y_train, len(plan.dataset.classes))
    return engine


def balanced_weights(labels: np.ndarray, classes: int) -> tuple[float, ...]:
    """The loss weight of each class, by scikit-learn's formula "balanced": n / (k * n_c).

    k counts the classes that have examples; others weigh nothing.

    >>> balanced_weights(np.array([0, 0, 0, 1]), 2)
    (0.6666666666666666, 2.0)
    """
    counts = np.bincount(labels, minlength=classes)
    present = np.count_nonzero(counts)
    return tuple(len(labels) / (present * count) if count else 0.0 for count in counts.tolist())


def model_of(plan: Plan, shape: tuple[int, ...]) -> "keras.Model":
    """A plan's model, for stored samples of a shape.

    Raises:
        PluginError: the architecture does not build.
        UsageError: the samples cannot be given the architecture's layout.
    """
    architecture, dataset = plan.architecture, plan.dataset
    how = architecture.frames_from_image
    try:
        target = architecture.input_layout(dataset.layout, plan.hyperparameters)
        given = layouts.shape(dataset.layout, tuple(shape), target, how)
    except ValueError as error:
        raise UsageError(f"{architecture.name} on {dataset.name}: {error}.") from error
    classes = len(dataset.classes)
    masked = unequal_by(dataset, architecture) == "masked"
    return build_model(
        architecture, given, classes, plan.hyperparameters, plan.origin, masked=masked
    )


def load_examples(engine: Engine, examples: Examples) -> None:
    """Give the engine the training examples; lazy ones that are not streamed are made, once."""
    x = examples.x_train
    engine.load(x if streams(x, engine.device) else np.asarray(x), examples.y_train)


def load_to_time(engine: Engine, examples: Examples, batches: np.ndarray) -> np.ndarray:
    """Give the engine examples for steps that are only timed; returns the batches to time.

    Those of the first batch stand for all lazy ones, so that what is timed makes or reads no sample.
    """
    if not isinstance(examples.x_train, Samples):
        load_examples(engine, examples)
        return batches
    first = batches[0]
    engine.load(examples.x_train[first], examples.y_train[first])
    return np.tile(np.arange(len(first), dtype=first.dtype), (len(batches), 1))


def epoch_batches(
    plan: Plan, examples: Examples, engine: Engine, epoch: int
) -> tuple[np.ndarray, Transforms]:
    """The batches of an epoch (from 1), a function of the seed and the epoch.

    The last epoch ends where the recipe's `steps` end.

    Returns:
        Indices `(steps, batch_size)`, and augmentation parameters `(steps, batch_size, n)` or None.
    """
    seed, recipe = plan.seed, plan.recipe
    if recipe.sampling == "balanced":
        batches = order.balanced_batches(seed, epoch, examples.y_train, recipe.batch_size)
    else:
        batches = order.batches(seed, epoch, len(examples.y_train), recipe.batch_size)
    each = len(batches)
    batches = batches[: recipe.total_steps(each) - (epoch - 1) * each]
    if not engine.augments:
        return batches, None
    if engine.pipeline.source == "sequence":
        length, channels = engine.pipeline.shape
        return batches, SequenceMaps(recipe, seed, epoch, length, channels, *batches.shape)
    height, width = examples.x_train.shape[-3:-1]
    transforms = augmentation.transforms(recipe, seed, epoch, batches.size, height, width)
    return batches, transforms.reshape(*batches.shape, -1)
