"""The input contract that a run records, and the conversion of samples that are stored otherwise.

Whatever is answered by a trained model goes through it, so that the model is given what it was
trained on: a sample that was stored otherwise is converted exactly, or refused.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

import numpy as np

from zoo.architecture import Layout
from zoo.datasets.dataset import Dataset
from zoo.datasets.encoding import (
    BRIGHT,
    BYTES,
    UNIT,
    PixelRange,
    Statistics,
    extremes,
    pixel_range,
    polarity_of,
)
from zoo.datasets.pixels import Background, Resize
from zoo.datasets.readings import Reading
from zoo.datasets.samples import Samples, Stored
from zoo.datasets.unequal import padded_to
from zoo.errors import UsageError
from zoo.reading_records import reading_of, record_of
from zoo.runs.record import ContractRecord, Dtype, Factor, Polarity, SamplesRecord
from zoo.runs.run import Run

MARGIN = 0.25
"""How far beyond the training samples' own spread a sample may lie before it is called unusual."""
WIDER = 10.0
"""Values without a pixel range are refused if their range is so many times that of training's."""


OTHER_SIZES: dict[Resize, str] = {"fit": "fitted", "crop": "cropped", "stretch": "stretched"}
"""How run.json calls what is done to pictures of other sizes."""


@dataclass(frozen=True)
class InputContract:
    """What samples looked like in training, as they are stored: before scaling and layout.

    Attributes:
        layout: the dataset's layout; shape: one sample's, without the batch axis.
        dtype: `uint8` or `float32`.
        pixel_range: the values of black and white; None where numbers are no pixels.
        polarity: of a dataset that is defined so: what is drawn is `light on dark`; a picture that is
            the other way round is inverted. None: pictures are taken as they are.
        centred: whether pictures of other sizes are cut out and centred as MNIST's digits were.
        resize: how other pictures are brought to `shape`, as those of training were.
        padded: whether sequences may be shorter than `shape` says: their ends are NaN.
        classes: the classes' names, in the order of the model's outputs.
        seen: what the training samples were like; None in runs of before contracts.
        reading: how sound files or films become samples; None: images, or no files.
        background: what training's transparent pictures were laid on; None: it had none.
    """

    layout: Layout
    shape: tuple[int, ...]
    dtype: Dtype
    pixel_range: PixelRange | None
    classes: tuple[str, ...]
    polarity: Polarity | None = None
    centred: bool = False
    resize: Resize = "fit"
    seen: Statistics | None = field(default=None, hash=False)
    padded: bool = False
    reading: Reading | None = None
    background: Background | None = None

    @classmethod
    def of(cls, dataset: Dataset, x_train: Stored) -> "InputContract":
        """The contract of a dataset with training samples `x_train` `(N, *shape)`."""
        return cls(
            dataset.layout,
            tuple(x_train.shape[1:]),
            cast("Dtype", str(x_train.dtype)),
            pixel_range(x_train, dataset.layout),
            tuple(dataset.classes),
            dataset.polarity,
            dataset.centred,
            dataset.parameters.get("resize") or "fit",
            Statistics.of(x_train, dataset.layout),
            dataset.padded,
            dataset.reading,
            _background(dataset.parameters.get("background")),
        )

    def as_record(self) -> ContractRecord:
        """What run.json keeps as `contract`; `of_run` reads it back."""
        return ContractRecord(
            layout=self.layout,
            shape=self.shape,
            dtype=self.dtype,
            pixel_range=self.pixel_range,
            polarity=self.polarity,
            centred=self.centred,
            other_sizes="centred" if self.centred else OTHER_SIZES[self.resize],
            padded=self.padded or None,
            background=self.background,
            seen=SamplesRecord(**vars(self.seen)) if self.seen else None,
            reading=record_of(self.reading) if self.reading else None,
        )

    @classmethod
    def of_run(cls, run: Run) -> "InputContract":
        """The contract that a run was trained with."""
        classes = tuple(run.record.dataset.classes)
        kept = run.record.contract
        return cls.from_record(kept, classes) if kept else _of_an_older_run(run, classes)

    @classmethod
    def from_record(cls, kept: ContractRecord, classes: tuple[str, ...]) -> "InputContract":
        """The contract that `as_record` made the record of.

        Raises:
            ZooError: it does not say how files are read.
        """
        return cls(
            kept.layout,
            kept.shape,
            kept.dtype,
            kept.pixel_range,
            classes,
            kept.polarity,
            kept.centred,
            _resize(kept.other_sizes),
            _statistics(kept.seen) if kept.seen else None,
            bool(kept.padded),
            reading_of(kept.reading, kept.shape) if kept.reading else None,
            _background(kept.background),
        )

    def stored(self, x: Stored, given: PixelRange | None, name: str) -> tuple[Stored, str]:
        """Samples that are stored otherwise, as training's were; and what was done, if anything.

        Args:
            x: `(N, *shape)`.
            given: the values of black and white in `x`; None: they are no pixels.
            name: what to call the samples.

        Raises:
            UsageError: their values cannot be those that the model knows; both ranges are named.
        """
        if self.pixel_range == given:
            if given is None:
                self._check_width(x, name)
            return x, ""
        if self.pixel_range is None or given is None:
            raise UsageError(
                f"{name} has {x.dtype} values from {_span(extremes(x))}; the model was trained on "
                f"{self.values()}. Store both alike."
            )
        said = f"{name}: values {_span(given)} become {_span(self.pixel_range)}, as in training"
        return _moved(x, given, self.pixel_range), said

    def _check_width(self, x: Stored, name: str) -> None:
        if self.seen is None:
            return
        low, high = extremes(x)
        known = (self.seen.minimum, self.seen.maximum)
        width, ours = high - low, known[1] - known[0]
        if max(width, ours) > WIDER * min(width, ours):
            raise UsageError(
                f"{name} has values from {_span((low, high))}; the model was trained on values from "
                f"{_span(known)}. Store both alike."
            )

    def values(self) -> str:
        """What the model was trained on, in words: `uint8 pixels from 0 to 255`."""
        if self.pixel_range:
            return f"{self.dtype} pixels from {_span(self.pixel_range)}"
        seen = self.seen
        return f"{self.dtype} values" + (
            f" from {_span((seen.minimum, seen.maximum))}" if seen else ""
        )

    def batch(self, samples: Any) -> np.ndarray:
        """Samples in memory `(N, *shape)` as training's were stored; a single one becomes a batch.

        Floats that fill no range of pixels are taken as stored like training's if they lie in its range.

        Raises:
            UsageError: they have another shape, or values that cannot be those that the model knows.

        Where the run was trained on sequences of unequal length, they may have other lengths than
        `shape` says, up to its own; a list may hold sequences `(T, F)` of several.
        """
        x = padded_to(self.shape, samples) if self.padded else np.asarray(samples)
        if self.layout == "image" and x.shape[-2:] == self.shape[:2] and self.shape[-1] == 1:
            x = x[..., None]
        x = x[None] if x.shape == self.shape else x
        x = _plain(x, self.layout)
        if x.shape[1:] != self.shape or not len(x) or x.dtype.kind not in "uif":
            raise UsageError(
                f"the run reads {self.layout} (N, {', '.join(map(str, self.shape))}); received "
                f"{x.dtype} {x.shape}."
            )
        given = pixel_range(x, self.layout)
        if given is None and self.pixel_range and self.dtype == "float32" and x.dtype.kind == "f":
            low, high = extremes(x)
            if self.pixel_range[0] <= low and high <= self.pixel_range[1]:
                given = self.pixel_range
        stored, _ = self.stored(x, given, "the array")
        return np.asarray(stored)

    def check_side(self, x: Stored, name: str) -> None:
        """Refuse images that are certainly inverted, compared with all training images.

        Raises:
            UsageError: they are dark on light and training's light on dark, or the reverse.
        """
        if self.seen is None or self.seen.polarity is None:
            return
        polarity = polarity_of(x, self.layout)
        if polarity and polarity != self.seen.polarity:
            raise UsageError(
                f"{name} has images {polarity}, and all training images are {self.seen.polarity}. "
                "Use `invert=True` to invert them, or `invert=False` to take them as they are."
            )

    def labels(self, y: np.ndarray, classes: Sequence[str], name: str) -> tuple[np.ndarray, str]:
        """Labels of a dataset with these classes as the model numbers them; and what was done.

        Raises:
            UsageError: a class is none of the model's.
        """
        if tuple(classes) == self.classes:
            return y, ""
        if unknown := [each for each in classes if each not in self.classes]:
            raise UsageError(
                f"{name} has the class {unknown[0]!r}, which the model does not know; it knows "
                f"{', '.join(self.classes[:20])}. Name the classes as in training (in an npz: the "
                "text array classes)."
            )
        places = np.array([self.classes.index(each) for each in classes], y.dtype)
        missing = [each for each in self.classes if each not in classes]
        left_out = f"; it has no {', '.join(missing[:10])}" if missing else ""
        return places[y], f"{name}: classes are matched by name{left_out}"

    def unusual(self, sample: np.ndarray) -> str:
        """How a sample `(*shape)` differs from all training samples; or empty."""
        if self.seen is None:
            return ""
        seen, values = self.seen, sample.astype("float64")
        values = values[~np.isnan(values)] if self.padded else values
        facts = {
            "brightness" if self.pixel_range else "mean": (float(values.mean()), seen.means),
            "contrast" if self.pixel_range else "deviation": (float(values.std()), seen.deviations),
            "lowest value": (float(values.min()), (seen.minimum, seen.maximum)),
            "highest value": (float(values.max()), (seen.minimum, seen.maximum)),
        }
        return "; ".join(
            f"{what} {value:.4g}, in training {low:.4g} to {high:.4g}"
            for what, (value, (low, high)) in facts.items()
            if _beyond(value, low, high, seen.maximum - seen.minimum)
        )


def _statistics(seen: SamplesRecord) -> Statistics:
    return Statistics(**{each.name: getattr(seen, each.name) for each in fields(Statistics)})


def _beyond(value: float, low: float, high: float, width: float) -> bool:
    # Samples that are all alike (a spot in four places) have no spread of their own.
    allowed = max(MARGIN * (high - low), 0.02 * width)
    return not low - allowed <= value <= high + allowed


def _span(ends: PixelRange) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"


def _moved(x: Stored, given: PixelRange, wanted: PixelRange) -> Stored:
    """float32, so that nothing is rounded; the model's own pipeline reads both."""
    factor = (wanted[1] - wanted[0]) / (given[1] - given[0])
    if isinstance(x, Samples):
        return Moved(x, factor, wanted[0] - given[0] * factor)
    return _affine(x, factor, wanted[0] - given[0] * factor)


def _affine(x: np.ndarray, factor: float, offset: float) -> np.ndarray:
    return (x.astype("float64") * factor + offset).astype("float32")


def _plain(x: np.ndarray, layout: Layout) -> np.ndarray:
    """Values as an npz file's of the same type are read; a few samples alone may not tell how.

    Raises:
        UsageError: they can be read in two ways.
    """
    if layout == "sequence" or x.dtype.kind not in "bu" or not x.size:
        return x.astype("float32") if x.dtype.kind == "b" else x
    if x.dtype.kind == "b":
        return x.astype("uint8") * np.uint8(255)
    high = int(x.max())
    if high == 1:
        raise UsageError(
            "the array has the values 0 and 1 only: give x.astype(bool) if 1 is white, or floats if they "
            "are values of 255."
        )
    if x.dtype.itemsize != 2 or BRIGHT <= high <= BYTES[1] or not high:
        return x
    if high <= BYTES[1]:
        raise UsageError(
            f"the array is uint16 and has no value above {high}: give x.astype('uint8') if white is 255, "
            "or x / 65535 if it is 65535."
        )
    return (x / 65535).astype("float32")


class Moved(Samples):
    """Lazy samples, each value `v` as `v * factor + offset`."""

    dtype = np.dtype("float32")

    def __init__(self, samples: Samples, factor: float, offset: float):
        self.shape = samples.shape
        self._samples, self._factor, self._offset = samples, factor, offset

    def take(self, indices: np.ndarray) -> np.ndarray:
        return _affine(self._samples.take(indices), self._factor, self._offset)

    @property
    def checksum(self) -> str:
        return f"{self._samples.checksum} * {self._factor} + {self._offset}"


def invert(x: Stored, black_and_white: PixelRange) -> Stored:
    """Invert the pixels, exactly."""
    low, high = black_and_white
    if isinstance(x, Samples):
        return Moved(x, -1.0, low + high)
    return _affine(x, -1.0, low + high).astype(x.dtype)


def _of_an_older_run(run: Run, classes: tuple[str, ...]) -> InputContract:
    """The contract of a run that was recorded before contracts: only what is certain.

    Its scaling tells: 1/255 is that of bytes (or of floats from 0 to 255), 1 that of floats to 1.
    """
    from zoo.datasets.catalog import BUILT_IN

    given, dataset = run.record.input, run.record.dataset
    known = BUILT_IN.get(dataset.name)
    defined = known if known and known.origin == dataset.origin else None
    black_and_white = BYTES if defined else _range_by_scale(given.scale, given.offset)
    contract = InputContract(
        given.source,
        given.shape,
        "uint8" if black_and_white == BYTES else "float32",
        black_and_white,
        classes,
    )
    if defined:
        return replace(contract, polarity=defined.polarity, centred=defined.centred)
    return contract


def _range_by_scale(scale: Factor, offset: Factor) -> PixelRange | None:
    if offset or isinstance(scale, tuple):
        return None
    return next((each for each in (BYTES, UNIT) if math.isclose(scale, 1 / each[1])), None)


def _background(given: str | None) -> Background | None:
    return cast("Background", given) if given in ("white", "black") else None


def _resize(other_sizes: str | None) -> Resize:
    return next((how for how, said in OTHER_SIZES.items() if said == other_sizes), "fit")
