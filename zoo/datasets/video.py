"""Clips in folders: one folder per class, in it one per clip, in it the frames as images."""

import hashlib
import math
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.folders import check_classes, entries, in_nfc, notes, splits
from zoo.datasets.images import announced, is_transparent, open_image
from zoo.datasets.samples import Samples
from zoo.datasets.split import hold_out_test
from zoo.errors import DataError, UsageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
FILMS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mpeg", ".webm", ".wmv", ".gif")
CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3}
"""Of the kinds of image that are read without losing anything."""


@dataclass(frozen=True)
class Clip:
    """A clip: a folder of images, and its class.

    Frames are kept as names, not paths: equal names of several clips share memory.
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
    """What is in the folder, by name; images are opened by `load` and when clips are read."""

    def __init__(self, path: Path):
        self.path = path
        self.splits = splits(path, _holds_clips)
        root = self.splits.get("train", path)
        self.classes = tuple(_classes(root))
        if len(self.classes) < 2:
            there = f"only {self.classes[0]}" if self.classes else "none"
            raise DataError(
                f"{root}: holds a folder for each class, at least two; there is {there}. "
                "Images are in CLASS/CLIP/FRAME.png."
            )
        check_classes(root, self.classes)
        self.train = self._clips(root)
        self.test = self._other("test")
        self.validation = self._other("validation")

    def _other(self, split: str) -> list[Clip] | None:
        if split not in self.splits:
            return None
        self._check_same_classes(self.splits[split])
        return self._clips(self.splits[split])

    def _check_same_classes(self, root: Path) -> None:
        if odd := sorted(set(_classes(root)) ^ set(self.classes)):
            names = f"{self.splits['train'].name} and {root.name}"
            raise DataError(f"{self.path}: only one of {names} has the class {odd[0]}.")

    def _clips(self, root: Path) -> list[Clip]:
        found, there = [], _classes(root)
        for label, name in enumerate(self.classes):
            clips = _folders(there[name])
            if not clips:
                raise DataError(f"{there[name]}: holds no clip; a clip is a folder of images.")
            found += [Clip(each, _images(each), label) for each in clips]
        return found

    def dataset(self, frames: int | None, make: Callable[..., Dataset]) -> Dataset:
        height, width, channels = _facts(self.train[0].folder / self.train[0].frames[0])
        count = self._count(frames)
        return Dataset(
            name=named_after(self.path.resolve().name),
            classes=self.classes,
            layout="frames",
            shape=(count, height, width, channels),
            load=lambda _: self._load((count, height, width, channels), every=frames is None),
            summary=str(self.path),
            origin=str(self.path.resolve()),
            make=make,
            parameters={"frames": frames},
            notes=notes(self.path, self.splits, self.classes),
        )

    @property
    def _by_length(self) -> list[Clip]:
        """All clips, the shortest first."""
        every = [*self.train, *(self.test or ()), *(self.validation or ())]
        return sorted(every, key=lambda clip: len(clip.frames))

    def _count(self, wanted: int | None) -> int:
        """Frames of each clip."""
        shortest = self._by_length[0]
        least = len(shortest.frames)
        if wanted is not None and not 1 <= wanted <= least:
            raise UsageError(
                f"`data_parameters={ {'frames': wanted}!r}`: use 1 to {least}; {shortest.folder} has {least}."
            )
        return least if wanted is None else wanted

    def _check_same_length(self) -> None:
        shortest, *_, longest = self._by_length
        least, most = len(shortest.frames), len(longest.frames)
        if least != most:
            raise DataError(
                f"{shortest.folder}: has {least} frames and {longest.folder} has {most}; take as "
                f"many of each: `data_parameters={ {'frames': least}!r}`."
            )

    def _load(self, shape: tuple[int, ...], every: bool) -> Arrays:
        if every:
            self._check_same_length()
        train, test = self.train, self.test
        if test is None:
            labels = np.array([clip.label for clip in train])
            kept, held = hold_out_test(labels, self.classes, self.path, "clips", "train and test")
            train, test = [train[each] for each in kept], [train[each] for each in held]
        arrays = [
            (VideoClips(self.path, clips, shape), np.array([clip.label for clip in clips], "int32"))
            for clips in (train, test, self.validation)
            if clips is not None
        ]
        return Arrays(*arrays[0], *arrays[1], str(self.path.resolve()), *sum(arrays[2:], ()))


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
        if channels > wanted[2] and not _is_grey(frame):
            raise DataError(f"{frame}: is in colour and the first image is grey; make all alike.")

    def take(self, indices: np.ndarray) -> np.ndarray:
        clips = np.empty((len(indices), *self.shape[1:]), "uint8")
        for clip, index in zip(clips, indices, strict=True):
            for place, frame in zip(clip, self._frames(index), strict=True):
                place[:] = _read(frame, self.shape[2:])
        return clips

    @cached_property
    def checksum(self) -> str:  # type: ignore[override]
        """SHA-256 of the names and the bytes of all images that are taken."""
        whole = hashlib.sha256(str(self.shape).encode())
        for index in range(len(self)):
            for frame in self._frames(index):
                whole.update(in_nfc(frame.relative_to(self._root).as_posix()).encode())
                whole.update(hashlib.sha256(frame.read_bytes()).digest())
        return whole.hexdigest()


def _spaced(frames: Sequence[str], count: int) -> list[str]:
    """Take `count` frames, evenly spaced."""
    return [frames[math.floor((each + 0.5) * len(frames) / count)] for each in range(count)]


def _classes(root: Path) -> dict[str, Path]:
    """The folders of classes by their names in NFC, in order."""
    return {in_nfc(each.name): each for each in _folders(root)}


def _folders(root: Path) -> list[Path]:
    """List the folders in a folder that must hold nothing else."""
    found = entries(root)
    for each in found:
        if not each.is_dir():
            raise DataError(f"{each}: is {_kind(each)}")
    return sorted(found, key=_in_order)


def _kind(path: Path) -> str:
    """Describe a file that lies where a folder is expected, and what to do about it."""
    if path.suffix.lower() in FILMS:
        clip = path.with_suffix("")
        given, frames = shlex.quote(str(path)), shlex.quote(f"{clip}/%d.png")
        make = f"mkdir {shlex.quote(str(clip))} && ffmpeg -i {given} -vf fps=5,scale=64:64 {frames}"
        return (
            "a film, among folders of images. Films are in CLASS/FILM alone; or make a folder of "
            f"frames of it, and move it away: {make}"
        )
    if path.suffix.lower() in SUFFIXES:
        return (
            "an image; a clip is a folder of images, CLASS/CLIP/FRAME.png. Single images are in "
            "CLASS/IMAGE alone."
        )
    return "a file; folders are expected here: CLASS/CLIP/FRAME.png."


def _holds_clips(folder: Path) -> bool:
    """Whether a folder is a class: its folders hold images."""
    clips = (each for each in entries(folder) if each.is_dir())
    return any(each.suffix.lower() in SUFFIXES for clip in clips for each in entries(clip))


def _images(folder: Path) -> tuple[str, ...]:
    found = [each for each in entries(folder) if each.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError(f"{folder}: is a clip without an image ({', '.join(SUFFIXES)}).")
    return tuple(sys.intern(each.name) for each in sorted(found, key=_in_order))


def _in_order(path: Path) -> list[tuple[int, str]]:
    """Sort key for natural order: frame2 comes before frame10."""
    parts = re.split(r"(\d+)", in_nfc(path.name))
    return [(int(part) if part.isdigit() else -1, part) for part in parts]


def _facts(frame: Path) -> tuple[int, int, int]:
    """Height, width and channels, from the file's header; few files' pixels are decoded for it."""
    found = announced(frame)
    if found.mode not in CHANNELS:
        raise DataError(
            f"{frame}: is {found.mode}; save it as 8-bit grey or RGB, without transparency."
        )
    if found.transparency and is_transparent(open_image(frame)):
        raise DataError(
            f"{frame}: is transparent in places, and what lies behind it is not known. Save it on the "
            "background that it belongs on."
        )
    return found.height, found.width, CHANNELS[found.mode]


def _is_grey(frame: Path) -> bool:
    """Whether an image in a colour mode has only grey pixels."""
    pixels = np.asarray(open_image(frame).convert("RGB"))
    return bool((pixels == pixels[..., :1]).all())


def _read(frame: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The pixels, `(H, W, C)` uint8."""
    pixels = np.asarray(open_image(frame).convert("L" if shape[-1] == 1 else "RGB"))
    if pixels.shape[:2] != shape[:2]:
        raise DataError(f"{frame}: has another size now; it was changed meanwhile.")
    return pixels.reshape(shape)
