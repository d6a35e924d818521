"""A user's own images: a folder for each class, in it the image files."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.image_files import ImageFiles, Reader
from zoo.datasets.image_listing import Listing, listing_of
from zoo.datasets.images import Announced, announced, is_transparent, open_image
from zoo.datasets.listed_arrays import arrays_of
from zoo.datasets.parallel import each_in_order
from zoo.datasets.pixels import (
    GREY,
    SIXTEEN_BITS,
    Background,
    Resize,
    is_grey,
    transparent,
)
from zoo.errors import DataError, UsageError

SMALLEST, LARGEST = 4, 1024
"""Pixels of a side that images are brought to."""

Colour = Literal["auto", "grey", "rgb"]


@dataclass(frozen=True)
class Choices:
    """How files become samples; see `dataset_from_images`."""

    size: int | None = None
    resize: Resize | None = None
    colour: Colour = "auto"
    background: Background = "refuse"

    def check(self) -> None:
        """
        Raises:
            UsageError: a value out of range, or one that needs another.
        """
        check_size(self.size, self.resize)


def check_size(size: int | None, resize: Resize | None) -> None:
    """
    Raises:
        UsageError: the size is out of range, or it is missing and a way to resize is chosen.
    """
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise UsageError(f"size is {size}; use {SMALLEST} to {LARGEST} pixels.")
    if size is None and resize is not None:
        raise UsageError(f"resize is {resize}; it goes with a size, such as size=64.")


def dataset_from_images(path: Path) -> Dataset:
    """The images in `path/CLASS/IMAGE`, in `path/train/CLASS/IMAGE`, `path/test/...`, or those that
    `path/labels.csv` lists (`zoo.datasets.image_table`).

    Files are taken in the order of their names, classes too. Without `train` and `test` a fifth of
    the images, by class, is held out for testing. Files are read when a sample is asked for.

    Args:
        path: the folder.

    Returns:
        A dataset of layout `image`, samples `(size, size, channels)` uint8, with the parameters
        `size` and `resize` (`fit`, `crop` or `stretch`; by default all images must have one size),
        `colour` (`auto`: grey if all are) and `background` (behind transparent pixels).

    Raises:
        DataError: a class is empty, or an image cannot be read; the message names it.

    Example:
        >>> dataset_from_images(Path("pets")).configured({"size": "64"}).shape  # doctest: +SKIP
        (64, 64, 3)
    """
    found = _Images(listing_of(path))

    def make(
        *,
        size: Annotated[int | None, "pixels of each side; none: all have one size already"] = None,
        resize: Annotated[Resize | None, "how other sizes become that; none: fit"] = None,
        colour: Annotated[Colour, "grey or rgb; auto: grey if all are"] = "auto",
        background: Annotated[Background, "what lies behind transparent pixels"] = "refuse",
    ) -> Dataset:
        """The same images, brought to a size and colour in another way."""
        chosen = Choices(size, resize, colour, background)
        chosen.check()
        return replace(found.dataset(chosen), make=make, parameters=asdict(chosen))

    return make()


class _Images:
    """The files of a listing, and what their headers say, read once."""

    def __init__(self, listing: Listing):
        self.listing, self.path = listing, listing.path

    @cached_property
    def headers(self) -> dict[Path, Announced]:
        """What each file's header says; damaged files are named here, before training."""
        files = [file for files, _ in self.listing.files.values() for file in files]
        read = each_in_order(lambda file: announced(file, verify=False), files)
        return dict(zip(files, read, strict=True))

    def dataset(self, chosen: Choices) -> Dataset:
        first = next(iter(self.headers.values()))
        side = (first.height, first.width) if chosen.size is None else (chosen.size, chosen.size)
        channels = self._channels(chosen.colour)
        shape = (*side, channels)
        reader = Reader(shape, chosen.resize or "fit", chosen.background)
        return Dataset(
            name=named_after(self.path.resolve().name),
            classes=self.listing.classes,
            layout="image",
            shape=shape,
            load=lambda _: self._load(chosen, reader),
            summary=f"images of {self.path}",
            origin=str(self.path.resolve()),
            notes=(*self.listing.notes, *self._said(shape)),
        )

    @cached_property
    def in_colour(self) -> bool:
        """Whether an image is in colour; those of a colour mode are decoded until one is."""
        return any(
            header.mode not in GREY and not is_grey(open_image(file))
            for file, header in self.headers.items()
        )

    def _channels(self, colour: Colour) -> int:
        return 3 if colour == "rgb" or (colour == "auto" and self.in_colour) else 1

    def _said(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What is converted, and how many files it is."""
        sizes = [
            header for header in self.headers.values() if (header.height, header.width) != shape[:2]
        ]
        if sizes:
            yield f"{len(sizes):,} of {len(self.headers):,} images are resized to {shape[1]}×{shape[0]}"
        modes = [header.mode for header in self.headers.values()]
        for what, which in (("CMYK", ("CMYK",)), ("16-bit", SIXTEEN_BITS)):
            if count := sum(mode in which for mode in modes):
                yield f"{count:,} {what} images are read as 8-bit {'RGB' if shape[2] == 3 else 'grey'}"
        if shape[2] == 3 and (count := sum(mode in GREY for mode in modes)):
            yield f"{count:,} grey images are read as RGB, as others are in colour"

    def _load(self, chosen: Choices, reader: Reader) -> Arrays:
        self._check(chosen)
        return arrays_of(
            self.listing,
            lambda files: ImageFiles(self.path, files, reader),
            "images",
            "train and test of your own",
        )

    def _check(self, chosen: Choices) -> None:
        """Refuse sizes that differ, unless one is chosen; and transparency, unless its background is."""
        sizes = sorted({(each.width, each.height) for each in self.headers.values()})
        if len(sizes) > 1 and chosen.size is None:
            (least, most), count = (sizes[0], sizes[-1]), len(sizes)
            raise DataError(
                f"{self.path}: has images of {count:,} sizes, from {least[0]}×{least[1]} to "
                f"{most[0]}×{most[1]}. Choose one: `data_parameters={{'size': 64, 'resize': 'fit'}}`; "
                "resize is fit, crop or stretch."
            )
        if chosen.background != "refuse":
            return
        for file, header in self.headers.items():
            if header.transparency and is_transparent(open_image(file)):
                raise transparent(file)
