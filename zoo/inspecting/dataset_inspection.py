"""What `zoo.inspect_dataset` finds out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ImageSizes:
    """Sizes of image files, `(width, height)` in pixels as EXIF turns them.

    Attributes:
        smallest, median, largest: by area.
        commonest: the sizes that most files have, with how many.
        count: how many different sizes there are.
    """

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    commonest: tuple[tuple[int, int, int], ...]
    count: int


@dataclass(frozen=True)
class Copies:
    """Samples that are there more than once: the same bytes, or the same pixels in another file format.

    Attributes:
        compared: how many samples were compared.
        within: by split, how many are copies of an earlier sample of the same split.
        leaked: by split, how many samples of `test` and `validation` are training samples, too.
        other_label: how many copies have another label than the first.
        examples: pairs of names, those across splits first.
    """

    compared: int
    within: Mapping[str, int]
    leaked: Mapping[str, int]
    other_label: int
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Problem:
    """A file, and what is wrong with it."""

    path: str
    reason: str


@dataclass(frozen=True)
class DatasetInspection:
    """What is in a dataset, and what to do next.

    Attributes:
        dataset: as it was given.
        kind: what it was recognised as, in words.
        layout, shape: of its samples, as they would be trained on; None if it cannot be loaded.
        classes: their names, in label order.
        counts: samples by split and class. Without a test set of its own, a fifth is held out.
        parameters: the dataset's parameters that the data need, or those given.
        refusal: why training would refuse the data as they are, and what to do; None: it would not.
        sizes, formats, modes: of image files; None and empty for other data.
        unreadable: damaged files, at most `LISTED`; unreadable_count: of how many there are.
        ignored: files and folders that are not used, and why, at most `LISTED`; ignored_count: all.
        copies: samples that are there more than once; None: too many to compare.
        uniform: names of samples with one value only, at most `LISTED`; uniform_count: all.
        notes: how the data are read, and what looks wrong, one line each.
        commands: what to type next, as calls of `zoo`.
        contact_sheet: the picture that was written; None if none was.
        looked_at, files: how many files were opened, and how many there are.
    """

    dataset: str
    kind: str
    layout: str | None = None
    shape: tuple[int, ...] | None = None
    classes: tuple[str, ...] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    refusal: str | None = None
    sizes: ImageSizes | None = None
    formats: Mapping[str, int] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    unreadable: tuple[Problem, ...] = ()
    unreadable_count: int = 0
    ignored: tuple[Problem, ...] = ()
    ignored_count: int = 0
    copies: Copies | None = None
    uniform: tuple[str, ...] = ()
    uniform_count: int = 0
    notes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    contact_sheet: Path | None = None
    looked_at: int = 0
    files: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        sheet = None if self.contact_sheet is None else str(self.contact_sheet)
        return {**asdict(self), "contact_sheet": sheet}


LISTED = 20
"""The most files that a list of an inspection names."""
