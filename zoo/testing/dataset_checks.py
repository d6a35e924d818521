"""The checks of datasets."""

import math

from zoo import layouts
from zoo.errors import DataError
from zoo.testing import check_process as process
from zoo.testing.check import Check, CheckFailed
from zoo.testing.dataset_harness import SPLITS, DatasetHarness

TWINS = 0.01
"""The largest share of test samples that may be byte-identical to training samples.

MNIST, Fashion-MNIST and digits have none. Real data with few pixels or symbols can have some by
chance.
"""


def _declared(harness: DatasetHarness) -> str:
    dataset = harness.dataset
    try:
        layouts.check(dataset.layout, tuple(dataset.shape))
    except KeyError:
        raise CheckFailed(
            f"layout is {dataset.layout!r}", "use 'image', 'sequence' or 'frames'."
        ) from None
    except ValueError as error:
        raise CheckFailed(str(error), "correct layout or shape in zoo.Dataset(...).") from error
    classes = dataset.classes
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise CheckFailed(f"classes are {classes!r}", "name at least two classes, each once.")
    return f"{dataset.layout} {tuple(dataset.shape)}, {len(classes)} classes"


def _shapes(harness: DatasetHarness) -> str:
    arrays, wanted = harness.arrays, tuple(harness.dataset.shape)
    if (arrays.x_validation is None) != (arrays.y_validation is None):
        raise CheckFailed(
            "only one of x_validation and y_validation is given", "give both or neither."
        )
    sizes = []
    for split in harness.splits:
        x, y = getattr(arrays, f"x_{split}"), getattr(arrays, f"y_{split}")
        if tuple(x.shape[1:]) != wanted:
            raise CheckFailed(
                f"x_{split} has shape {x.shape}; (N, {', '.join(map(str, wanted))}) is declared",
                "correct shape in zoo.Dataset(...), or what load returns; grey images have a channel "
                "axis of 1.",
            )
        if y.shape != (len(x),) or not len(x):
            raise CheckFailed(
                f"x_{split} has {len(x)} samples and y_{split} shape {y.shape}",
                "give one integer per sample, shape (N,); convert one-hot rows with y.argmax(axis=1).",
            )
        sizes.append(f"{len(x):,} to {split}")
    return ", ".join(sizes)


def _dtypes(harness: DatasetHarness) -> str:
    import numpy as np

    arrays = harness.arrays
    allowed = {"x": (np.uint8, np.float32), "y": (np.int32,)}
    for name in (f"{each}_{split}" for each in "xy" for split in harness.splits):
        array = getattr(arrays, name)
        kinds = allowed[name[0]]
        if array.dtype not in kinds:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise CheckFailed(f"{name} is {array.dtype}", f"use {names}: {name}.astype(...).")
        if isinstance(array, np.ndarray) and not array.flags.c_contiguous:
            raise CheckFailed(
                f"{name} is not contiguous in memory", "wrap it in numpy.ascontiguousarray(...)."
            )
    for split in harness.splits:
        if (dtype := getattr(arrays, f"x_{split}").dtype) != arrays.x_train.dtype:
            raise CheckFailed(
                f"x_train is {arrays.x_train.dtype} and x_{split} {dtype}",
                "use one dtype; both are scaled in the same way.",
            )
    return f"{arrays.x_train.dtype} samples, {arrays.y_train.dtype} labels"


def _finite(harness: DatasetHarness) -> str:
    import numpy as np

    from zoo.datasets.samples import blocks
    from zoo.datasets.unequal import check_padding

    def finite(block: np.ndarray) -> np.ndarray:
        return np.isfinite(block) | (np.isnan(block) & harness.dataset.padded)

    try:
        check_padding(harness.dataset, harness.arrays)
    except DataError as error:
        raise CheckFailed(str(error), "give only whole steps at the end as NaN.") from error
    for split in harness.splits:
        x = getattr(harness.arrays, f"x_{split}")
        if wrong := sum(int(np.sum(~finite(block))) for block in blocks(x)):
            raise CheckFailed(
                f"{wrong:,} of {math.prod(x.shape):,} values of x_{split} are NaN or infinite",
                "replace them, or remove those samples.",
            )
    ends = [(np.nanmin(block), np.nanmax(block)) for block in blocks(harness.arrays.x_train)]
    return f"from {min(low for low, _ in ends):g} to {max(high for _, high in ends):g}"


def _same_pixel_range(harness: DatasetHarness) -> str:
    from zoo.datasets.encoding import pixel_range
    from zoo.datasets.quality import check_alike

    try:
        check_alike(harness.dataset, harness.arrays)
    except DataError as error:
        raise CheckFailed(
            str(error), "scale all splits in the same way before saving them."
        ) from error
    found = pixel_range(harness.arrays.x_train, harness.dataset.layout)
    return f"pixels from {found[0]:g} to {found[1]:g}" if found else "values that are not pixels"


def _label_range(harness: DatasetHarness) -> str:
    number = len(harness.dataset.classes)
    for split in harness.splits:
        y = getattr(harness.arrays, f"y_{split}")
        if y.min() < 0 or y.max() >= number:
            raise CheckFailed(
                f"y_{split} has labels from {y.min()} to {y.max()}; {number} classes are named",
                f"number the classes from 0 to {number - 1}, or add the missing class names.",
            )
    return f"from 0 to {number - 1}"


def _every_class(harness: DatasetHarness) -> str:
    import numpy as np

    classes = harness.dataset.classes
    fewest = []
    for split in SPLITS:
        y = getattr(harness.arrays, f"y_{split}")
        counts = [int(np.sum(y == label)) for label in range(len(classes))]
        if missing := [name for name, n in zip(classes, counts, strict=True) if not n]:
            raise CheckFailed(
                f"y_{split} has no sample of {', '.join(map(repr, missing[:5]))}",
                "stratify the split by class, or remove that class from the dataset.",
            )
        fewest.append(f"{min(counts):,} to {split}")
    return f"at least {' and '.join(fewest)}, of each class"


def _disjoint(harness: DatasetHarness) -> str:
    from zoo.datasets.quality import digests

    train = set(digests(harness.arrays.x_train))
    test = digests(harness.arrays.x_test)
    twins = [place for place, sample in enumerate(test) if sample in train]
    share = len(twins) / max(1, len(test))
    if share > TWINS:
        raise CheckFailed(
            f"{len(twins):,} of {len(test):,} test samples ({100 * share:.3g} %) are byte-identical to "
            f"training samples; the first is test sample {twins[0]}",
            "split before copying or augmenting, and remove duplicates before splitting.",
        )
    return f"{len(twins)} of {len(test):,} test samples are also training samples"


def _reproducible_load(harness: DatasetHarness) -> str:
    import numpy as np

    from zoo.testing.fingerprints import fingerprints, spread

    again = harness.dataset.load(harness.locations)
    _check_same(fingerprints(harness.arrays), fingerprints(again), "a second load")
    for split in harness.splits:
        x = getattr(harness.arrays, f"x_{split}")
        if isinstance(x, np.ndarray):
            continue
        chosen = spread(len(x))
        together = x[chosen]
        backwards, alone = x[chosen[::-1]][::-1], [x[int(index)] for index in chosen]
        if not (np.array_equal(together, backwards) and np.array_equal(together, alone)):
            raise CheckFailed(
                f"samples of x_{split} depend on which others are requested with them",
                "make each sample from its index alone, not with a generator that is shared by "
                "several.",
            )
        if (together.shape[1:], together.dtype) != (x.shape[1:], x.dtype):
            raise CheckFailed(
                f"x_{split} declares {x.dtype} {x.shape[1:]} and returns {together.dtype} "
                f"{together.shape[1:]}",
                "correct shape and dtype, or take.",
            )
    return "two loads are byte-identical"


def _same_in_new_process(harness: DatasetHarness) -> str:
    from zoo.testing.fingerprints import fingerprints

    known = fingerprints(harness.arrays)
    answer = process.ask("fingerprints", ref=harness.ref.as_json())
    _check_same(known, answer["fingerprints"], "a load in a new process")
    return f"x_train {known['x_train'][:12]}, x_test {known['x_test'][:12]}"


def _check_same(first: dict[str, str], second: dict[str, str], what: str) -> None:
    if changed := [name for name in first | second if first.get(name) != second.get(name)]:
        raise CheckFailed(
            f"{what} gives other bytes in {', '.join(changed)}",
            "sort file names, draw with a generator of fixed seed "
            "(numpy.random.default_rng(0)), and do not depend on a set's order, hash() or the clock.",
        )


DATASET_CHECKS: tuple[Check, ...] = (
    Check(
        "declared",
        "Layout, shape and classes are declared and consistent.",
        "zoo datasets lists them, and models are built for them, before any data are loaded.",
        _declared,
    ),
    Check(
        "shapes",
        "The arrays have the declared shape, with a label for each sample.",
        "The model is built for the declared shape and trained on the loaded arrays.",
        _shapes,
    ),
    Check(
        "dtypes",
        "Samples are uint8 or float32, labels int32, and every array is contiguous in memory.",
        "Data are copied to the device as they are stored, and their bytes are checksummed.",
        _dtypes,
    ),
    Check(
        "finite_values",
        "No value is NaN or infinite.",
        "A single NaN makes the loss NaN.",
        _finite,
    ),
    Check(
        "same_pixel_range",
        "Pixels have the same range in every split.",
        "A model trained on 0 to 1 gives wrong predictions for 0 to 255, with high confidence.",
        _same_pixel_range,
    ),
    Check(
        "label_range",
        "Labels are from 0 to the number of classes minus one.",
        "A label beyond the last output reads invalid memory, or silently has no effect.",
        _label_range,
    ),
    Check(
        "every_class",
        "Every class is in the training set and in the test set.",
        "A class without training samples cannot be learned; one without test samples is not measured.",
        _every_class,
    ),
    Check(
        "disjoint",
        f"At most {100 * TWINS:g} % of the test samples are byte-identical to training samples.",
        "Accuracy on memorized samples says nothing about new data.",
        _disjoint,
    ),
    Check(
        "reproducible_load",
        "Loading twice gives the same samples in the same order.",
        "The training and validation split goes by position: another order is another split.",
        _reproducible_load,
    ),
    Check(
        "same_in_new_process",
        "A new process loads the same bytes.",
        "Checksums are part of a run's identity: if they change, every run is trained again.",
        _same_in_new_process,
    ),
)
