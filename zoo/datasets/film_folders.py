"""A user's own films: a folder for each class, in it the files."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

from zoo.datasets.animation import is_animated
from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.film import ANIMATED, SUFFIXES, VIDEOS, FilmForm
from zoo.datasets.film_clips import FilmClips
from zoo.datasets.film_opening import opened
from zoo.datasets.film_reading import FilmReading
from zoo.datasets.folders import SPLITS, entries, folders
from zoo.datasets.image_folders import LARGEST, Colour, check_size
from zoo.datasets.image_listing import IMAGES, Kind, Listing, holds, listing_of
from zoo.datasets.listed_arrays import arrays_of
from zoo.datasets.pixels import Background, Resize
from zoo.errors import DataError, UsageError

FILMS = Kind(
    "film", SUFFIXES, "films are in CLASS/CLIP.mp4, and clips of pictures in CLASS/CLIP/FRAME.png"
)
FRAMES = 16
"""Of each film, unless asked otherwise."""
MOST_FRAMES = 1024
HIGHEST_FPS = 1000.0


@dataclass(frozen=True)
class Choices:
    """How films become clips; see `dataset_from_films`."""

    frames: int | None = None
    fps: float | None = None
    size: int | None = None
    resize: Resize | None = None
    colour: Colour = "auto"
    background: Background = "refuse"

    def check(self) -> None:
        """
        Raises:
            UsageError: a value out of range, or one that needs another.
        """
        if self.frames is not None and not 1 <= self.frames <= MOST_FRAMES:
            raise UsageError(f"frames is {self.frames}; use 1 to {MOST_FRAMES:,}.")
        if self.fps is not None and not 0 < self.fps <= HIGHEST_FPS:
            raise UsageError(f"fps is {self.fps:g}; use more than 0, up to {HIGHEST_FPS:g}.")
        check_size(self.size, self.resize)


def holds_films(path: Path) -> bool:
    """Whether `path/CLASS` or `path/SPLIT/CLASS` holds films, and no folder of pictures.

    Pictures that may be animated are films if every one is.
    """
    classes = [
        inner
        for each in folders(path)
        for inner in ((folders(each) or [each]) if each.name.lower() in SPLITS else [each])
    ]
    files = [file for each in classes for file in entries(each)]
    endings = {file.suffix.lower() for file in files}
    if not endings & set(VIDEOS) and not (files and is_animated(files[0])):
        return False  # found out without a look at each file
    if any(holds(inner, IMAGES) for each in classes for inner in folders(each)):
        return False  # clips of pictures, and a film among them
    return bool(endings & set(VIDEOS)) or all(map(is_animated, files))


def dataset_from_films(path: Path) -> Dataset:
    """The films in `path/CLASS/CLIP.mp4`, in `path/train/CLASS`, `path/test/CLASS`, or those that
    `path/labels.csv` lists (`zoo.datasets.image_table`).

    MP4, MOV, Matroska, WebM and AVI are read by PyAV; animated GIF, WebP and PNG need nothing. Files
    are taken in the order of their names, classes too. Without `train` and `test` a fifth of the
    films, by class, is held out for testing. A film is decoded when its clip is asked for.

    Args:
        path: the folder.

    Returns:
        A dataset of layout `frames`, samples `(frames, size, size, channels)` uint8, with the
        parameters `frames` (16 by default, evenly over the time of each film), `fps` (so many frames a
        second, from the beginning), `size` and `resize` (`fit`, `crop` or `stretch`; by default all
        films must have one size), `colour` (`auto`: grey if all are) and `background` (behind
        transparent pixels).

    Raises:
        DataError: a class is empty, or a film cannot be read; the message names it.

    Example:
        >>> dataset_from_films(Path("sports")).configured({"size": "64"}).shape  # doctest: +SKIP
        (16, 64, 64, 3)
    """
    found = _Films(listing_of(path, FILMS))

    def make(
        *,
        frames: Annotated[
            int | None, "of each film; none: 16, or with fps as many as the shortest has"
        ] = None,
        fps: Annotated[
            float | None, "frames a second, from the beginning; none: evenly over the film"
        ] = None,
        size: Annotated[int | None, "pixels of each side; none: all have one size already"] = None,
        resize: Annotated[Resize | None, "how other sizes become that; none: fit"] = None,
        colour: Annotated[Colour, "grey or rgb; auto: grey if all are"] = "auto",
        background: Annotated[Background, "what lies behind transparent pixels"] = "refuse",
    ) -> Dataset:
        """The same films, brought to a length, size and colour in another way."""
        chosen = Choices(frames, fps, size, resize, colour, background)
        chosen.check()
        return replace(found.dataset(chosen), make=make, parameters=asdict(chosen))

    return make()


class _Films:
    """The files of a listing, and what their first frames say, read once."""

    def __init__(self, listing: Listing):
        self.listing, self.path = listing, listing.path

    @cached_property
    def forms(self) -> dict[Path, FilmForm]:
        """Of each file; damaged ones are named here, before training."""
        return {file: _form(file) for files, _ in self.listing.files.values() for file in files}

    def dataset(self, chosen: Choices) -> Dataset:
        first = next(iter(self.forms.values()))
        side = (first.height, first.width) if chosen.size is None else (chosen.size, chosen.size)
        grey = chosen.colour == "grey" or (
            chosen.colour == "auto" and all(form.grey for form in self.forms.values())
        )
        shape = (self._frames(chosen), *side, 1 if grey else 3)
        reading = FilmReading(shape, chosen.fps, chosen.resize or "fit", chosen.background)
        return Dataset(
            name=named_after(self.path.resolve().name),
            classes=self.listing.classes,
            layout="frames",
            shape=shape,
            load=lambda _: self._load(chosen, reading),
            reading=reading,
            summary=f"films of {self.path}",
            origin=str(self.path.resolve()),
            notes=(*self.listing.notes, *_said(self.forms, reading)),
        )

    def _frames(self, chosen: Choices) -> int:
        if chosen.frames is not None:
            return chosen.frames
        if chosen.fps is None:
            return FRAMES
        least = int(self._shortest * chosen.fps + 1e-6)
        return min(max(least, 1), MOST_FRAMES)

    @cached_property
    def _shortest(self) -> float:
        return min(map(_seconds, self.forms))

    def _load(self, chosen: Choices, reading: FilmReading) -> Arrays:
        if chosen.size is None:
            self._check_sizes()
        return arrays_of(
            self.listing,
            lambda files: FilmClips(self.path, files, reading),
            "films",
            "train and test of your own",
        )

    def _check_sizes(self) -> None:
        """Refuse sizes that differ, or are too large, where none is chosen."""
        sizes = sorted({(form.width, form.height) for form in self.forms.values()})
        (least, most), count = (sizes[0], sizes[-1]), len(sizes)
        choose = "`data_parameters={'size': 64, 'resize': 'fit'}`; resize is fit, crop or stretch."
        if count > 1:
            raise DataError(
                f"{self.path}: has films of {count:,} sizes, from {least[0]}×{least[1]} to "
                f"{most[0]}×{most[1]}. Choose one: {choose}"
            )
        if max(most) > LARGEST:
            raise DataError(
                f"{self.path}: has films of {most[0]}×{most[1]} pixels, which is more than "
                f"{LARGEST:,} a side. Choose a size: {choose}"
            )


def _form(file: Path) -> FilmForm:
    with opened(file) as film:
        form = film.form
    if form.count == 1 and file.suffix.lower() in ANIMATED:
        raise DataError(f"{file}: is a picture that does not move, among films; move it away.")
    return form


def _seconds(file: Path) -> float:
    with opened(file) as film:
        return film.seconds


def _said(forms: Mapping[Path, FilmForm], reading: FilmReading) -> Iterator[str]:
    """What is converted, and how many files it is."""
    number, every = len(forms), list(forms.values())
    frames, height, width, channels = reading.shape
    kinds = Counter(form.name for form in every)
    yield "films are read from " + ", ".join(f"{name} ({kinds[name]:,})" for name in sorted(kinds))
    yield (
        f"{frames} frames are taken evenly over the time of each film"
        if reading.fps is None
        else f"{frames} frames are taken of each film, {reading.fps:g} a second from its beginning"
    )
    counted = {
        f"are resized to {width}×{height}": [(f.height, f.width) != (height, width) for f in every],
        "are turned upright": [form.turned for form in every],
        "of more than 8 bits are read with 8": [form.bits > 8 for form in every],
        f"have fewer than {frames} frames; some are repeated": [
            form.count is not None and form.count < frames for form in every
        ],
        "in colour are read as grey": [channels == 1 and not form.grey for form in every],
    }
    for what, which in counted.items():
        if count := sum(which):
            yield f"{count:,} of {number:,} films {what}"
