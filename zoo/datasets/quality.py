"""Checks of a dataset's samples: warnings with figures, for a person to judge."""

import hashlib
from collections.abc import Iterator

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.encoding import (
    BYTES,
    PixelRange,
    Statistics,
    drawn,
    extremes,
    range_of,
)
from zoo.datasets.samples import Samples, Stored, blocks, without_padding
from zoo.datasets.unequal import check_padding
from zoo.errors import DataError

HASHED_BYTES = 2**28
"""Up to so many bytes of samples every one is compared with every other; beyond, none is."""
SHIFTED = 0.15
"""Classes' shares are said to differ if so much of the test set would have to change its class."""
OTHER_SPREAD = 5.0
"""Train and test are said to differ if one's deviation is so many times the other's."""
UNEVEN = 10.0
"""Features are said to have different units if one's range is so many times another's."""
OTHER_SCALE = 25.0
"""Images are said to be scaled otherwise if their range is so many times that of others."""
BEYOND = 0.25
"""How far beyond a range of pixels values may lie, as a share of it: noise and resizing go beyond."""
RARE = 5
"""A class with fewer training samples is named."""
SENTINELS = (-32768.0, -9999.0, -999.0, 999.0, 9999.0, 32767.0, 1e10, -1e10)
"""What stands for "missing" in many files."""
MAJORITY = 1.5
"""A class is said to be the majority if it has so many times its share among equals."""


def check_alike(dataset: Dataset, arrays: Arrays) -> None:
    """Check that all splits are stored in the same pixel range, and padded alike.

    Raises:
        DataError: black and white have other values in another split, and both ranges are named; or
            a sequence has NaN elsewhere than at its end.
    """
    check_padding(dataset, arrays)
    if dataset.layout == "sequence" or arrays.x_train.dtype == np.uint8:
        return
    known = extremes(arrays.x_train)
    train = range_of(*known)
    for name, x in _splits(arrays):
        ends = extremes(x)
        other = BYTES if x.dtype == np.uint8 else range_of(*ends)
        if train and other:
            differs = train != other
        else:
            differs = x.dtype != np.uint8 and _scaled(known, ends, train, other)
        if differs:
            (low, high), (least, most) = train or known, other or ends
            what = "pixels" if train and other else "values"
            raise DataError(
                f"{dataset.name}: x_train has {what} from {low:g} to {high:g} and x_{name} from "
                f"{least:g} to {most:g}; store both alike."
            )


def _scaled(
    one: PixelRange, other: PixelRange, range_of_one: PixelRange | None, of_other: PixelRange | None
) -> bool:
    """Whether images of such values are certainly scaled otherwise than others.

    Args:
        one, other: their lowest and highest values.
        range_of_one, of_other: their ranges of pixels, where they are known; not of both.
    """
    widths = sorted((one[1] - one[0], other[1] - other[0]))
    if widths[0] > 0 and widths[1] > OTHER_SCALE * widths[0]:
        return True
    known, values = (range_of_one, other) if range_of_one else (of_other, one)
    if known is None:
        return False
    beyond = BEYOND * (known[1] - known[0])
    return values[0] < known[0] - beyond or values[1] > known[1] + beyond


def findings(dataset: Dataset, arrays: Arrays, copies: bool = True) -> list[str]:
    """Warnings, one line each, worst first.

    Of many samples, ranges are those of some that are drawn, the same each time.

    Args:
        copies: whether samples are compared with each other.
    """
    x, y = arrays.x_train, arrays.y_train
    return [
        *_constant(x),
        *_sentinels(x),
        *_spreads(dataset, arrays),
        *_units(dataset, x),
        *(_twins(arrays) if copies else ()),
        *_shares(dataset, arrays),
        *_rare(dataset, y),
        *_majority(dataset, y),
    ]


def worth_saying(dataset: Dataset, arrays: Arrays, copies: bool = True) -> list[str]:
    """Notes before training: how the dataset was read, and warnings.

    Nothing of a built-in one, whose data are as they were published.

    Args:
        copies: as for `findings`.
    """
    from zoo.datasets.catalog import BUILT_IN

    known = BUILT_IN.get(dataset.name)
    if known and known.origin == dataset.origin:
        return []
    return [*dataset.notes, *findings(dataset, arrays, copies)]


def _splits(arrays: Arrays) -> Iterator[tuple[str, Stored]]:
    if len(arrays.x_test):  # a study's trials have none
        yield "test", arrays.x_test
    if arrays.x_validation is not None:
        yield "validation", arrays.x_validation


def _constant(x: Stored) -> Iterator[str]:
    low, high = extremes(x)
    if low == high:
        yield f"all values of x_train are {low:g}: there is nothing to learn from"


def _sentinels(x: Stored) -> Iterator[str]:
    if x.dtype == np.uint8:
        return
    values = np.concatenate([block.reshape(-1) for block in blocks(without_padding(drawn(x)))])
    for suspect in SENTINELS:
        count = int(np.count_nonzero(values == np.float32(suspect)))
        rest = values[values != np.float32(suspect)]
        if count and len(rest) and not rest.min() * 2 <= suspect <= rest.max() * 2:
            yield (
                f"{count:,} of {values.size:,} values of x_train are {suspect:g}, far from the others "
                f"({rest.min():g} to {rest.max():g}): do they stand for missing values? Replace them."
            )


def _spreads(dataset: Dataset, arrays: Arrays) -> Iterator[str]:
    train = Statistics.of(arrays.x_train, dataset.layout)
    for name, x in _splits(arrays):
        other = Statistics.of(x, dataset.layout)
        wider = max(train.deviation, other.deviation)
        narrower = min(train.deviation, other.deviation)
        apart = abs(train.mean - other.mean) > wider * 2
        if apart or wider > OTHER_SPREAD * narrower:
            yield (
                f"x_train and x_{name} are unlike: mean {train.mean:.4g} and {other.mean:.4g}, deviation "
                f"{train.deviation:.4g} and {other.deviation:.4g}, range {train.minimum:g} to "
                f"{train.maximum:g} and {other.minimum:g} to {other.maximum:g}"
            )
        elif train.polarity and other.polarity and train.polarity != other.polarity:
            yield f"x_train has images {train.polarity}, x_{name} {other.polarity}"


def channel_ranges(x: Stored) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest value of each channel, or feature of a sequence: `(C,)` each."""
    ends = [
        (flat.min(axis=0), flat.max(axis=0))
        for flat in (
            block.reshape(-1, block.shape[-1]) for block in blocks(without_padding(drawn(x)))
        )
    ]
    lows, highs = (np.stack(part) for part in zip(*ends, strict=True))
    return lows.min(axis=0).astype("float64"), highs.max(axis=0).astype("float64")


def has_units(x: Stored) -> bool:
    """Whether channels have such different ranges that each needs its own scaling."""
    if x.dtype == np.uint8 or x.shape[-1] < 2:
        return False
    low, high = channel_ranges(x)
    widths = (high - low)[high > low]
    return len(widths) > 1 and widths.max() > UNEVEN * widths.min()


def _units(dataset: Dataset, x: Stored) -> Iterator[str]:
    if not has_units(x):
        return
    low, high = channel_ranges(x)
    widths = np.where(high > low, high - low, np.nan)
    narrow, wide = int(np.nanargmin(widths)), int(np.nanargmax(widths))
    what = "feature" if dataset.layout == "sequence" else "channel"
    yield (
        f"{what}s have different ranges ({what} {narrow}: {low[narrow]:g} to {high[narrow]:g}, {what} "
        f"{wide}: {low[wide]:g} to {high[wide]:g}); each is scaled by its own"
    )


def _twins(arrays: Arrays) -> Iterator[str]:
    train, test = _comparable(arrays.x_train), _comparable(arrays.x_test)
    if train is None or test is None:
        return
    labels = dict(zip(train, arrays.y_train.tolist(), strict=True))
    if twins := sum(each in labels for each in test):
        yield (
            f"{twins:,} of {len(test):,} test samples are training samples, byte for byte: accuracy on "
            "them says nothing about new data"
        )
    pairs = zip(train, arrays.y_train.tolist(), strict=True)
    if torn := sum(labels[each] != label for each, label in pairs):
        yield f"{torn:,} training samples are there again, byte for byte, with another label"


def _comparable(x: Stored) -> list[bytes] | None:
    """A digest of each sample, or of its file; None: they cost too much."""
    if isinstance(x, Samples):
        return x.source_digests
    return digests(x) if x.nbytes <= HASHED_BYTES else None


def digests(x: Stored) -> list[bytes]:
    """Of each sample; the bytes themselves may not fit into memory."""
    return [
        hashlib.blake2b(sample.tobytes(), digest_size=16).digest()
        for block in blocks(x)
        for sample in block
    ]


def _shares(dataset: Dataset, arrays: Arrays) -> Iterator[str]:
    if not len(arrays.y_test):
        return
    number = len(dataset.classes)
    train, test = (np.bincount(y, minlength=number) for y in (arrays.y_train, arrays.y_test))
    train_shares, test_shares = train / train.sum(), test / test.sum()
    moved = np.abs(train_shares - test_shares).sum() / 2
    # Of few test samples chance alone makes other shares.
    by_chance = np.sqrt(number / len(arrays.y_test))
    if moved > max(SHIFTED, by_chance):
        worst = int(np.abs(train_shares - test_shares).argmax())
        yield (
            f"classes have other shares in train and test: {dataset.classes[worst]} "
            f"{100 * train_shares[worst]:.1f} % and {100 * test_shares[worst]:.1f} %"
        )
    if missing := [name for name, count in zip(dataset.classes, test, strict=True) if not count]:
        yield f"no test sample is of {', '.join(missing[:5])}: their accuracy is not measured"


def _rare(dataset: Dataset, y: np.ndarray) -> Iterator[str]:
    counts = np.bincount(y, minlength=len(dataset.classes))
    rare = [(name, n) for name, n in zip(dataset.classes, counts, strict=True) if n < RARE]
    if rare:
        named = ", ".join(f"{name} ({n})" for name, n in rare[:5])
        yield f"few training samples for so many classes: {named}"


def _majority(dataset: Dataset, y: np.ndarray) -> Iterator[str]:
    counts = np.bincount(y, minlength=len(dataset.classes))
    share = counts.max() / counts.sum()
    if share > MAJORITY / len(dataset.classes):
        yield (
            f"{100 * share:.1f} % of the training samples are of {dataset.classes[counts.argmax()]}: "
            "read accuracies beside the share of the largest class"
        )
