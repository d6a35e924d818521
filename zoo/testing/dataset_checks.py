"""The laws of datasets."""

import math

from zoo import layouts
from zoo.errors import DataError
from zoo.testing import check_process as process
from zoo.testing.check import Broken, Check
from zoo.testing.dataset_harness import SPLITS, DatasetCase

TWINS = 0.01
"""The share of test samples that may be training samples, byte for byte.

MNIST, Fashion-MNIST and digits have none. Real data of few pixels or symbols may have some, by
chance alone.
"""


def _declared(case: DatasetCase) -> str:
    dataset = case.dataset
    try:
        layouts.check(dataset.layout, tuple(dataset.shape))
    except KeyError:
        raise Broken(f"layout is {dataset.layout!r}", "use 'image', 'rows' or 'frames'.") from None
    except ValueError as error:
        raise Broken(str(error), "mend layout or shape in zoo.Dataset(...).") from error
    classes = dataset.classes
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise Broken(f"classes are {classes!r}", "name at least two classes, each once.")
    return f"{dataset.layout} {tuple(dataset.shape)}, {len(classes)} classes"


def _shapes(case: DatasetCase) -> str:
    arrays, wanted = case.arrays, tuple(case.dataset.shape)
    if (arrays.x_validation is None) != (arrays.y_validation is None):
        raise Broken("only one of x_validation and y_validation is there", "give both or neither.")
    sizes = []
    for split in case.splits:
        x, y = getattr(arrays, f"x_{split}"), getattr(arrays, f"y_{split}")
        if tuple(x.shape[1:]) != wanted:
            raise Broken(
                f"x_{split} has shape {x.shape}; (N, {', '.join(map(str, wanted))}) is declared",
                "mend shape in zoo.Dataset(...), or what load returns; grey images have an axis "
                "of 1 for their channel.",
            )
        if y.shape != (len(x),) or not len(x):
            raise Broken(
                f"x_{split} has {len(x)} samples and y_{split} shape {y.shape}",
                "give one whole number per sample, (N,); one-hot rows: y.argmax(axis=1).",
            )
        sizes.append(f"{len(x):,} to {split}")
    return ", ".join(sizes)


def _dtypes(case: DatasetCase) -> str:
    import numpy as np

    arrays = case.arrays
    allowed = {"x": (np.uint8, np.float32), "y": (np.int32,)}
    for name in (f"{each}_{split}" for each in "xy" for split in case.splits):
        array = getattr(arrays, name)
        kinds = allowed[name[0]]
        if array.dtype not in kinds:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise Broken(f"{name} is {array.dtype}", f"use {names}, as in {name}.astype(...).")
        if isinstance(array, np.ndarray) and not array.flags.c_contiguous:
            raise Broken(
                f"{name} is not contiguous in memory", "wrap it in numpy.ascontiguousarray(...)."
            )
    for split in case.splits:
        if (dtype := getattr(arrays, f"x_{split}").dtype) != arrays.x_train.dtype:
            raise Broken(
                f"x_train is {arrays.x_train.dtype} and x_{split} {dtype}",
                "store both alike; they are scaled alike.",
            )
    return f"{arrays.x_train.dtype} samples, {arrays.y_train.dtype} labels"


def _finite(case: DatasetCase) -> str:
    import numpy as np

    from zoo.datasets.samples import blocks

    for split in case.splits:
        x = getattr(case.arrays, f"x_{split}")
        if wrong := sum(int(np.sum(~np.isfinite(block))) for block in blocks(x)):
            raise Broken(
                f"{wrong:,} of {math.prod(x.shape):,} values of x_{split} are NaN or infinite",
                "replace them, or leave those samples out.",
            )
    ends = [(block.min(), block.max()) for block in blocks(case.arrays.x_train)]
    return f"from {min(low for low, _ in ends):g} to {max(high for _, high in ends):g}"


def _same_range(case: DatasetCase) -> str:
    from zoo.datasets.encoding import pixel_range
    from zoo.datasets.quality import check_alike

    try:
        check_alike(case.dataset, case.arrays)
    except DataError as error:
        raise Broken(str(error), "scale all splits alike, before they are saved.") from error
    found = pixel_range(case.arrays.x_train, case.dataset.layout)
    return f"pixels from {found[0]:g} to {found[1]:g}" if found else "values that are no pixels"


def _label_range(case: DatasetCase) -> str:
    number = len(case.dataset.classes)
    for split in case.splits:
        y = getattr(case.arrays, f"y_{split}")
        if y.min() < 0 or y.max() >= number:
            raise Broken(
                f"y_{split} has labels from {y.min()} to {y.max()}; {number} classes are named",
                f"number the classes from 0 to {number - 1}, or name those that are missing.",
            )
    return f"from 0 to {number - 1}"


def _every_class(case: DatasetCase) -> str:
    import numpy as np

    classes = case.dataset.classes
    fewest = []
    for split in SPLITS:
        y = getattr(case.arrays, f"y_{split}")
        counts = [int(np.sum(y == label)) for label in range(len(classes))]
        if missing := [name for name, n in zip(classes, counts, strict=True) if not n]:
            raise Broken(
                f"y_{split} has no sample of {', '.join(map(repr, missing[:5]))}",
                "split class by class, or leave that class out of the dataset.",
            )
        fewest.append(f"{min(counts):,} to {split}")
    return f"at least {' and '.join(fewest)}, of each class"


def _disjoint(case: DatasetCase) -> str:
    from zoo.datasets.quality import digests

    train = set(digests(case.arrays.x_train))
    test = digests(case.arrays.x_test)
    twins = [place for place, sample in enumerate(test) if sample in train]
    share = len(twins) / max(1, len(test))
    if share > TWINS:
        raise Broken(
            f"{len(twins):,} of {len(test):,} test samples ({100 * share:.3g} %) are training "
            f"samples, byte for byte; the first is test sample {twins[0]}",
            "split before copying or augmenting, and remove duplicates before splitting.",
        )
    return f"{len(twins)} of {len(test):,} test samples are training samples, too"


def _same_order(case: DatasetCase) -> str:
    import numpy as np

    from zoo.testing.fingerprints import fingerprints, spread

    again = case.dataset.load(case.locations)
    _check_same(fingerprints(case.arrays), fingerprints(again), "a second load")
    for split in case.splits:
        x = getattr(case.arrays, f"x_{split}")
        if isinstance(x, np.ndarray):
            continue
        chosen = spread(len(x))
        together = x[chosen]
        backwards, alone = x[chosen[::-1]][::-1], [x[int(index)] for index in chosen]
        if not (np.array_equal(together, backwards) and np.array_equal(together, alone)):
            raise Broken(
                f"samples of x_{split} depend on which others are asked for with them",
                "make each from its index alone; a generator that runs on from one to the next "
                "does not.",
            )
        if (together.shape[1:], together.dtype) != (x.shape[1:], x.dtype):
            raise Broken(
                f"x_{split} says {x.dtype} {x.shape[1:]} and gives {together.dtype} "
                f"{together.shape[1:]}",
                "mend shape and dtype, or take.",
            )
    return "two loads are the same, byte for byte"


def _same_elsewhere(case: DatasetCase) -> str:
    from zoo.testing.fingerprints import fingerprints

    known = fingerprints(case.arrays)
    answer = process.ask("fingerprints", source=case.source.as_json())
    _check_same(known, answer["fingerprints"], "a load in a new process")
    return f"x_train {known['x_train'][:12]}, x_test {known['x_test'][:12]}"


def _check_same(first: dict[str, str], second: dict[str, str], what: str) -> None:
    if changed := [name for name in first | second if first.get(name) != second.get(name)]:
        raise Broken(
            f"{what} gives other bytes in {', '.join(changed)}",
            "sort file names, draw with a generator of a fixed seed "
            "(numpy.random.default_rng(0)), and depend on no set, hash() or clock.",
        )


DATASET_LAWS: tuple[Check, ...] = (
    Check(
        "declared",
        "Layout, shape and classes are declared, and fit together.",
        "zoo datasets lists them, and an architecture is built for them, before anything is "
        "loaded.",
        _declared,
    ),
    Check(
        "shapes",
        "The arrays have the declared shape, with a label for each sample.",
        "The model is built for what is declared and trained on what is loaded.",
        _shapes,
    ),
    Check(
        "dtypes",
        "Samples are uint8 or float32, labels int32, each array in one piece of memory.",
        "The data lie on the device as they are stored; their checksum is that of their bytes.",
        _dtypes,
    ),
    Check(
        "finite_values",
        "No value is NaN or infinite.",
        "One of them makes the loss NaN, in the epoch that meets it.",
        _finite,
    ),
    Check(
        "same_range",
        "Pixels have the same black and white in every split.",
        "A model that was trained on 0 to 1 answers 0 to 255 with confidence, and wrongly.",
        _same_range,
    ),
    Check(
        "label_range",
        "Labels run from 0 to the number of classes less one.",
        "A label beyond the last output reads memory it should not, or silently trains nothing.",
        _label_range,
    ),
    Check(
        "every_class",
        "Every class is in the training set and in the test set.",
        "A class that is never seen cannot be learned, one that is never asked is not measured.",
        _every_class,
    ),
    Check(
        "disjoint",
        f"At most {100 * TWINS:g} % of the test samples are training samples, byte for byte.",
        "Accuracy on what was learned by heart says nothing about new data.",
        _disjoint,
    ),
    Check(
        "same_order",
        "Loading twice gives the same samples in the same order.",
        "The split into training and validation is by place: another order is another split.",
        _same_order,
    ),
    Check(
        "same_elsewhere",
        "A new process loads the same bytes.",
        "The checksums are part of a run's identity: others would train every run anew.",
        _same_elsewhere,
    ),
)
