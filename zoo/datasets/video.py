"""A user's own clips: a folder for each class, in it one for each clip, in it its frames as images."""

import hashlib
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from PIL import Image, UnidentifiedImageError

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.samples import Samples
from zoo.datasets.split import stratified
from zoo.errors import DataError, UsageError

TEST_SHARE = 0.2
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3}
"""Of the kinds of image that are read without losing anything."""


@dataclass(frozen=True)
class Clip:
    """A folder of images, and which class it is of.

    Frames are names: clips that call theirs alike share them, which a path each would not.
    """

    folder: Path
    frames: tuple[str, ...]
    label: int


def dataset_from_video(path: Path) -> Dataset:
    """The dataset in `path/CLASS/CLIP/FRAME.png`, or in `path/train/CLASS/...` and `path/test/...`.

    Frames are the images of a clip in the order of their names, 2 before 10; all have one size, grey
    or in colour. Without `train` and `test` a fifth of the clips, by class, is held out for testing.
    Images are read when they are asked for. The parameter `frames` takes so many of each clip.

    Raises:
        DataError: a folder is empty, an image cannot be read; the message names it.
    """
    source = _Folder(path)

    def make(
        *,
        frames: Annotated[
            int | None, "of each clip, evenly spaced; none: all, where all have as many"
        ] = None,
    ) -> Dataset:
        return source.dataset(frames, make)

    return make()


class _Folder:
    """What is in the folder, by name; images are opened by `load` and by whoever asks for clips."""

    def __init__(self, path: Path):
        self.path = path
        has = {name: (path / name).is_dir() for name in ("train", "test")}
        if has["test"] and not has["train"]:
            raise DataError(f"{path}: has test and no train; give both, or the classes alone.")
        root = path / "train" if has["train"] else path
        self.classes = tuple(each.name for each in _folders(root))
        if len(self.classes) < 2:
            there = f"only {self.classes[0]}" if self.classes else "none"
            raise DataError(
                f"{root}: holds a folder for each class, at least two; there is {there}. "
                "Images are in CLASS/CLIP/FRAME.png."
            )
        self.train = self._clips(root)
        self.test: list[Clip] | None = None
        if has["test"]:
            self._check_same_classes(path / "test")
            self.test = self._clips(path / "test")

    def _check_same_classes(self, root: Path) -> None:
        classes = {each.name for each in _folders(root)}
        if odd := sorted(classes ^ set(self.classes)):
            raise DataError(f"{self.path}: only one of train and test has the class {odd[0]}.")

    def _clips(self, root: Path) -> list[Clip]:
        found = []
        for label, name in enumerate(self.classes):
            clips = _folders(root / name)
            if not clips:
                raise DataError(f"{root / name}: holds no clip; a clip is a folder of images.")
            found += [Clip(each, _images(each), label) for each in clips]
        return found

    def dataset(self, frames: int | None, make) -> Dataset:
        height, width, channels = _facts(self.train[0].folder / self.train[0].frames[0])
        count = self._count(frames)
        return Dataset(
            name="".join(c if c.isalnum() else "_" for c in self.path.resolve().name.lower()),
            classes=self.classes,
            layout="frames",
            shape=(count, height, width, channels),
            load=lambda _: self._load((count, height, width, channels), every=frames is None),
            summary=str(self.path),
            origin=str(self.path.resolve()),
            make=make,
            parameters={"frames": frames},
        )

    @property
    def _by_length(self) -> list[Clip]:
        """All clips, the shortest first."""
        return sorted([*self.train, *(self.test or ())], key=lambda clip: len(clip.frames))

    def _count(self, wanted: int | None) -> int:
        """Frames of each clip."""
        shortest = self._by_length[0]
        least = len(shortest.frames)
        if wanted is not None and not 1 <= wanted <= least:
            raise UsageError(
                f"--data-set frames={wanted}: use 1 to {least}; {shortest.folder} has {least}."
            )
        return least if wanted is None else wanted

    def _check_same_length(self) -> None:
        shortest, *_, longest = self._by_length
        least, most = len(shortest.frames), len(longest.frames)
        if least != most:
            raise DataError(
                f"{shortest.folder}: has {least} frames and {longest.folder} has {most}; take as "
                f"many of each: --data-set frames={least}."
            )

    def _load(self, shape: tuple[int, ...], every: bool) -> Arrays:
        if every:
            self._check_same_length()
        train, test = self.train, self.test
        if test is None:
            labels = np.array([clip.label for clip in train])
            held_out = round(TEST_SHARE * len(train))
            if held_out == 0:
                raise DataError(
                    f"{self.path}: {len(train)} clips are too few to hold out a test set; give "
                    "train and test."
                )
            kept, held = stratified(labels, held_out, seed=0)
            train, test = [train[each] for each in kept], [train[each] for each in held]
        arrays = [
            (VideoClips(self.path, clips, shape), np.array([clip.label for clip in clips], "int32"))
            for clips in (train, test)
        ]
        return Arrays(*arrays[0], *arrays[1], str(self.path.resolve()))


class VideoClips(Samples):
    """Clips `(N, T, H, W, C)` uint8, read from their images when they are asked for.

    Args:
        root: the folder of all of them.
        clips: at least T frames each.
        shape: `(T, H, W, C)`.

    Raises:
        DataError: an image cannot be opened, or is of another size or kind; it is named.
    """

    def __init__(self, root: Path, clips: Sequence[Clip], shape: tuple[int, ...]):
        self.shape, self.dtype = (len(clips), *shape), np.dtype("uint8")
        self._root = root
        self._clips = clips
        for index in range(len(clips)):
            for frame in self._frames(index):
                self._check(frame)

    def _frames(self, index: int) -> list[Path]:
        clip = self._clips[index]
        return [clip.folder / name for name in _spaced(clip.frames, self.shape[1])]

    def _check(self, frame: Path) -> None:
        height, width, channels = _facts(frame)
        wanted = self.shape[2:]
        if (height, width) != wanted[:2]:
            raise DataError(
                f"{frame}: is {width}×{height} pixels and the first image {wanted[1]}×{wanted[0]}; "
                "make all alike."
            )
        if channels > wanted[2]:
            raise DataError(f"{frame}: is in colour and the first image is grey; make all alike.")

    def take(self, indices):
        clips = np.empty((len(indices), *self.shape[1:]), "uint8")
        for clip, index in zip(clips, indices, strict=True):
            for place, frame in zip(clip, self._frames(index), strict=True):
                place[:] = _read(frame, self.shape[-1])
        return clips

    @cached_property
    def checksum(self):  # type: ignore[override]
        """SHA-256 of the names and the bytes of all images that are taken."""
        whole = hashlib.sha256(str(self.shape).encode())
        for index in range(len(self)):
            for frame in self._frames(index):
                whole.update(frame.relative_to(self._root).as_posix().encode())
                whole.update(hashlib.sha256(frame.read_bytes()).digest())
        return whole.hexdigest()


def _spaced(frames: Sequence[str], count: int) -> list[str]:
    """`count` of the frames: the middles of as many equal parts."""
    return [frames[math.floor((each + 0.5) * len(frames) / count)] for each in range(count)]


def _folders(root: Path) -> list[Path]:
    """The folders in a folder, which holds nothing else that is not hidden."""
    found = [each for each in _entries(root) if not each.name.startswith(".")]
    for each in found:
        if not each.is_dir():
            raise DataError(f"{each}: is a file; folders are expected here: CLASS/CLIP/FRAME.png.")
    return sorted(found, key=_in_order)


def _images(folder: Path) -> tuple[str, ...]:
    found = [each for each in _entries(folder) if each.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError(f"{folder}: is a clip without an image ({', '.join(SUFFIXES)}).")
    return tuple(sys.intern(each.name) for each in sorted(found, key=_in_order))


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}).") from error


def _in_order(path: Path) -> list[tuple[int, str]]:
    """Names with numbers in the order of the numbers: frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part) if part.isdigit() else -1, part) for part in parts]


def _facts(frame: Path) -> tuple[int, int, int]:
    """Height, width and channels, from the file's header; its pixels are not decoded."""
    with _opened(frame) as image:
        if image.mode not in CHANNELS:
            raise DataError(
                f"{frame}: is {image.mode}; save it as 8-bit grey or RGB, without transparency."
            )
        facts = image.height, image.width, CHANNELS[image.mode]
        try:
            image.verify()
        except (OSError, SyntaxError) as error:  # Pillow's, for a damaged PNG
            raise DataError(f"{frame}: is damaged ({error}).") from error
        return facts


def _read(frame: Path, channels: int) -> np.ndarray:
    """The pixels, `(H, W, C)` uint8."""
    try:
        with _opened(frame) as image:
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    except (OSError, SyntaxError) as error:
        raise DataError(f"{frame}: is damaged ({error}).") from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _opened(frame: Path) -> Image.Image:
    try:
        return Image.open(frame)
    except UnidentifiedImageError as error:
        raise DataError(f"{frame}: is no image that can be read.") from error
    except OSError as error:
        raise DataError(f"{frame}: cannot be read ({error.strerror or error}).") from error
