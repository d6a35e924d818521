"""`build` gives a model whatever the images, the number of classes and the batch."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoo.testing.check import Broken, Check
from zoo.testing.explanation import seen
from zoo.testing.harness import CLASS_COUNTS, CLASSES, IMAGES, Harness, Shape, answers

if TYPE_CHECKING:
    import keras
    import numpy as np

BATCH = 3
NAME_AXES = (
    "a recurrent layer gives one with return_sequences=False; tell ops.squeeze and ops.reshape which "
    "axes they may touch, never the first."
)


def _builds(case: Harness) -> str:
    parameters = []
    for image in IMAGES:
        for classes in CLASS_COUNTS:
            try:
                parameters.append(case.build(image, classes).count_params())
            except Broken:
                raise
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise Broken(
                    f"for input {case.shape(image)} and {classes} classes: {seen(error)}",
                    "take sizes from input_shape and num_classes, and pad where an image may be "
                    "too small.",
                ) from error
    return f"{len(parameters)} models, of {min(parameters):,} to {max(parameters):,} parameters"


def _built(case: Harness) -> Iterator[tuple[Shape, int, "keras.Model"]]:
    """Every model that can be built; that others cannot is told by another law, if any can."""
    failure, some = None, False
    for image in IMAGES:
        for classes in CLASS_COUNTS:
            try:
                model = case.build(image, classes)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                failure = error
                continue
            some = True
            yield image, classes, model
    if failure and not some:
        raise failure


def _output(case: Harness) -> str:
    for image, classes, model in _built(case):
        what = f"for images {image} and {classes} classes"
        given = answers(model, case.samples(BATCH, image))
        _check_output(given, (BATCH, classes), what)
    return (
        f"(batch, classes), finite, for {len(IMAGES)} shapes and {len(CLASS_COUNTS)} class counts"
    )


def _batch_of_one(case: Harness) -> str:
    model = case.build()
    try:
        given = answers(model, case.samples(1))
    except Exception as error:
        raise Broken(f"a single sample fails: {seen(error)}", NAME_AXES) from error
    _check_output(given, (1, CLASSES), "for a single sample")
    return f"output of shape (1, {CLASSES})"


def _check_output(given: "np.ndarray", wanted: tuple[int, int], what: str) -> None:
    import numpy as np

    if given.shape != wanted:
        raise Broken(
            f"{what} the output has shape {given.shape}; {wanted} is wanted",
            f"end with layers.Dense(num_classes) on one vector per sample; {NAME_AXES}",
        )
    if not np.isfinite(given).all():
        raise Broken(
            f"{what} {np.sum(~np.isfinite(given))} of {given.size} outputs are NaN or infinite",
            "look for a division by zero, a logarithm or a square root of what may be 0 or less.",
        )


BUILDS = Check(
    "builds",
    "build gives a model for two image shapes and three numbers of classes.",
    "People train on their own data: other sizes, colours and classes than yours.",
    _builds,
)
OUTPUT = Check(
    "output",
    "The output has shape (batch, classes) and is finite.",
    "The loss and the accuracy compare one row of numbers with one label.",
    _output,
)
BATCH_OF_ONE = Check(
    "batch_of_one",
    "A single sample is answered, too.",
    "zoo predict and every application ask for one image at a time.",
    _batch_of_one,
)
