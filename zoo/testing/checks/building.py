"""Checks: `build` works for different image shapes, class counts and batch sizes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoo.named_sizes import BASE
from zoo.testing.check import Check, CheckFailed
from zoo.testing.explanation import seen
from zoo.testing.harness import CLASS_COUNTS, CLASSES, IMAGES, Harness, Shape, answers

if TYPE_CHECKING:
    import keras
    import numpy as np

BATCH = 3
NAME_AXES = (
    "use return_sequences=False in the last recurrent layer; pass ops.squeeze and ops.reshape explicit "
    "axes, never the batch axis."
)


def _builds(harness: Harness) -> str:
    parameters = []
    for image in IMAGES:
        for classes in CLASS_COUNTS:
            try:
                parameters.append(harness.build(image, classes).count_params())
            except CheckFailed:
                raise
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise CheckFailed(
                    f"for input {harness.shape(image)} and {classes} classes: {seen(error)}",
                    "derive all sizes from input_shape and num_classes, and pad images that may be too "
                    "small.",
                ) from error
    return f"{len(parameters)} models, of {min(parameters):,} to {max(parameters):,} parameters"


def _sizes(harness: Harness) -> str:
    architecture = harness.architecture
    if not architecture.sizes:
        return "no sizes but base"
    counts = {BASE: harness.build().count_params()}
    for size, changed in architecture.sizes.items():
        try:
            counts[size] = harness.build(**changed).count_params()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise CheckFailed(
                f"{architecture.name}@{size} cannot be built for input {harness.shape()}: {seen(error)}",
                f"change the hyperparameters of size {size}, or what build does with them.",
            ) from error
    listed = sorted(counts.items(), key=lambda item: item[1])
    return "parameters: " + ", ".join(f"{size} {count:,}" for size, count in listed)


def _built(harness: Harness) -> Iterator[tuple[Shape, int, "keras.Model"]]:
    """Every model that can be built; raises only if none can. `builds` reports the others."""
    failure, some = None, False
    for image in IMAGES:
        for classes in CLASS_COUNTS:
            try:
                model = harness.build(image, classes)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                failure = error
                continue
            some = True
            yield image, classes, model
    if failure and not some:
        raise failure


def _output(harness: Harness) -> str:
    for image, classes, model in _built(harness):
        what = f"for images {image} and {classes} classes"
        given = answers(model, harness.samples(BATCH, image))
        _check_output(given, (BATCH, classes), what)
    return (
        f"(batch, classes), finite, for {len(IMAGES)} shapes and {len(CLASS_COUNTS)} class counts"
    )


def _batch_of_one(harness: Harness) -> str:
    model = harness.build()
    try:
        given = answers(model, harness.samples(1))
    except Exception as error:
        raise CheckFailed(f"a single sample fails: {seen(error)}", NAME_AXES) from error
    _check_output(given, (1, CLASSES), "for a single sample")
    return f"output of shape (1, {CLASSES})"


def _check_output(given: "np.ndarray", wanted: tuple[int, int], what: str) -> None:
    import numpy as np

    if given.shape != wanted:
        raise CheckFailed(
            f"{what} the output has shape {given.shape}; expected {wanted}",
            f"end with layers.Dense(num_classes) on one vector per sample; {NAME_AXES}",
        )
    if not np.isfinite(given).all():
        raise CheckFailed(
            f"{what} {np.sum(~np.isfinite(given))} of {given.size} outputs are NaN or infinite",
            "look for a division by zero, or a logarithm or square root of a value that can be 0 or less.",
        )


BUILDS = Check(
    "builds",
    "build returns a model for two image shapes and three class counts.",
    "Users train on their own data, with other sizes, channels and class counts than yours.",
    _builds,
)
SIZES = Check(
    "sizes",
    "Each named size can be built.",
    "NAME@SIZE must not fail when somebody trains it.",
    _sizes,
)
OUTPUT = Check(
    "output",
    "The output has shape (batch, classes) and is finite.",
    "Loss and accuracy compare one row of numbers with one label.",
    _output,
)
BATCH_OF_ONE = Check(
    "batch_of_one",
    "A batch of one sample works.",
    "zoo predict and most applications classify one image at a time.",
    _batch_of_one,
)
