"""Generated clips: a digit moves over a canvas, in noise, mostly occluded.

A clip depends only on `(seed, split, index)`. Each clip has its own section of Philox 4×64 (Salmon et
al. 2011, https://doi.org/10.1145/2063384.2063405): the key is seed and split, the counter starts at the
index. Only raw 64-bit words are drawn, followed by integer or basic IEEE operations, so that clips are
the same with every NumPy version and on every machine.
"""

import hashlib
import json
import math
from abc import abstractmethod
from dataclasses import asdict
from statistics import NormalDist

import numpy as np

from zoo.datasets.clip_settings import DIRECTIONS, SIZE, TILE, TILES, ClipSettings
from zoo.datasets.samples import Samples

VERSION = 1
"""Of the generator; increase it when any clip changes."""

BACKGROUND, INK = 64, 128
"""Grey levels: of an empty pixel, and the most that ink adds."""

BLOCK = 64
"""Clips generated at once; their memory fits into a processor's cache."""

_STEPS = np.array([(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)], float)
_STEPS /= np.sqrt((_STEPS**2).sum(axis=1, keepdims=True))
"""One pixel in each of `DIRECTIONS`, as (down, right)."""


_ANGLES = [math.tau * each / 256 for each in range(256)]
_COMPASS = np.array([(round(math.sin(each), 9), round(math.cos(each), 9)) for each in _ANGLES])
"""256 directions; rounded, because sines differ in their last bits between processors."""


class Clips(Samples):
    """Clips `(N, frames, 36, 36, 1)` uint8 of some digits.

    Args:
        setting: their parameters.
        split: 0 for training, 1 for testing.
        images: digits `(M, 28, 28, 1)` uint8.
        labels: their classes `(M,)`.
    """

    kind: str

    def __init__(self, setting: ClipSettings, split: int, images: np.ndarray, labels: np.ndarray):
        count = setting.test_clips if split else setting.clips
        self.shape, self.dtype = (count, setting.frames, SIZE, SIZE, 1), np.dtype("uint8")
        self._setting, self._split = setting, split
        self._key = np.array([setting.seed, split], "uint64")
        self._ink = np.round(np.arange(256) * (INK / 255)).astype("uint8")
        self._images, self._labels = images[..., 0], labels
        self._digits = self._order(labels)
        self._noise = _quantiles(setting.noise)

    @abstractmethod
    def _order(self, labels: np.ndarray) -> list[np.ndarray]:
        """For each class, the indices of the digits in its clips, in a random order."""

    @abstractmethod
    def _path(self, words: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The digits' corners in each frame, in pixels (down, right): `(n, frames, 2)`.

        `words` `(n, 4)` are random 64-bit words of each clip.
        """

    @property
    def labels(self) -> np.ndarray:
        """The labels `(N,)` int32: the classes in turn, so that they are balanced."""
        return self._label(np.arange(len(self))).astype("int32")

    def _label(self, indices: np.ndarray) -> np.ndarray:
        return indices % len(self._digits)

    @property
    def checksum(self) -> str:
        setting = asdict(self._setting)
        del setting["clips"], setting["test_clips"]  # these are in the shape
        if setting["order"] == "true":
            del setting["order"]  # as before this parameter existed
        facts = {
            "kind": self.kind,
            "version": VERSION,
            "shape": self.shape,
            "split": self._split,
            "images": hashlib.sha256(np.ascontiguousarray(self._images).data).hexdigest(),
            "labels": hashlib.sha256(self._labels.astype("<i4").tobytes()).hexdigest(),
            **setting,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def take(self, indices: np.ndarray) -> np.ndarray:
        clips = np.empty((len(indices), *self.shape[1:]), "uint8")
        for start in range(0, len(indices), BLOCK):
            part = np.asarray(indices[start : start + BLOCK])
            clips[start : start + len(part), ..., 0] = self._make(part)
        return clips

    def _make(self, indices: np.ndarray) -> np.ndarray:
        """Clips `(n, frames, 36, 36)`."""
        labels = self._label(indices)
        words = self._words(indices)
        header, tiles, noise, order = self._parts(words)
        corners = np.floor(self._path(header, labels)).astype(int) % SIZE
        frames = _moved(self._canvases(indices, labels), corners)
        _occlude(frames, tiles, self._setting.seen)
        frames = _noisy(frames, noise, self._noise)
        if self._setting.order == "shuffled":
            order = np.argsort(order, axis=1, kind="stable")
            frames = np.take_along_axis(frames, order[..., None, None], axis=1)
        return frames

    def _words(self, indices: np.ndarray) -> np.ndarray:
        """The random 64-bit words of each clip, `(n, words)`."""
        frames = self._setting.frames
        # The words for the order come last, so that the others do not depend on them.
        count = 4 + frames * (TILES * 2 + SIZE * SIZE) // 8 + frames
        words = np.empty((len(indices), count), "uint64")
        for row, index in zip(words, indices, strict=True):
            counter = np.array([0, index, 0, 0], "uint64")
            row[:] = np.random.Philox(key=self._key, counter=counter).random_raw(count)
        return words

    def _parts(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Split the words: for the path, each tile, each pixel and each frame."""
        frames, end = self._setting.frames, 4 + self._setting.frames * TILES // 4
        rest = np.ascontiguousarray(words[:, 4:end]).astype("<u8").view("<u2")
        pixels = np.ascontiguousarray(words[:, end:-frames]).astype("<u8").view("u1")
        return (
            words[:, :4],
            rest.reshape(-1, frames, TILES),
            pixels.reshape(-1, frames, SIZE, SIZE),
            words[:, -frames:],
        )

    def _canvases(self, indices: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Each clip's digit in the corner of a canvas, in grey levels: `(n, 36, 36)`."""
        rounds = indices // len(self._digits)
        chosen = [
            self._digits[label][turn % len(self._digits[label])]
            for label, turn in zip(labels, rounds, strict=True)
        ]
        images = self._images[chosen]
        canvases = np.zeros((len(chosen), SIZE, SIZE), "uint8")
        canvases[:, : images.shape[1], : images.shape[2]] = self._ink[images]
        return canvases


class MovingDigits(Clips):
    """The label is the digit, which moves in a random direction and bounces at the canvas' sides."""

    kind = "moving_digits"

    def _order(self, labels: np.ndarray) -> list[np.ndarray]:
        shuffled = _shuffled(self._key, len(labels))
        return [shuffled[labels[shuffled] == label] for label in range(10)]

    def _path(self, words: np.ndarray, labels: np.ndarray) -> np.ndarray:
        room = SIZE - self._images.shape[1]
        step = self._setting.speed * _COMPASS[words[:, 2] >> np.uint64(56)]
        # Mirrored at the sides, the path is a straight line with a period of twice the room.
        start = 2 * room * _uniform(words[:, :2])
        straight = _straight(start, step, self._setting.frames) % (2 * room)
        return room - np.abs(straight - room)


class Motion(Clips):
    """The label is the direction. The digit starts anywhere and moves straight on, wrapping around.

    A reversed clip is equally likely under the opposite direction: neither a single frame nor
    the frames without their order distinguish the two.
    """

    kind = "motion"

    def _order(self, labels: np.ndarray) -> list[np.ndarray]:
        shuffled = _shuffled(self._key, len(labels))
        return np.array_split(shuffled, len(DIRECTIONS))

    def _path(self, words: np.ndarray, labels: np.ndarray) -> np.ndarray:
        start = SIZE * _uniform(words[:, :2])
        return _straight(start, self._setting.speed * _STEPS[labels], self._setting.frames)


def _straight(start: np.ndarray, step: np.ndarray, frames: int) -> np.ndarray:
    """Positions `(n, frames, 2)` from a start `(n, 2)`, with a step `(n, 2)` per frame."""
    return start[:, None] + step[:, None] * np.arange(frames)[:, None]


def _uniform(words: np.ndarray) -> np.ndarray:
    """Random words as numbers in [0, 1)."""
    return (words >> np.uint64(11)) * 2.0**-53


def _shuffled(key: np.ndarray, count: int) -> np.ndarray:
    """The indices below `count` in a random order, from random numbers that no clip uses."""
    counter = np.array([0, 0, 1, 0], "uint64")
    return np.argsort(np.random.Philox(key=key, counter=counter).random_raw(count), kind="stable")


def _quantiles(deviation: float) -> np.ndarray:
    """The grey level of an empty pixel for 256 equally likely amounts of normal noise."""
    normal = NormalDist()
    noise = np.array([normal.inv_cdf((each + 0.5) / 256) for each in range(256)])
    return np.round(BACKGROUND + deviation * noise / noise.std()).astype("int16")


def _moved(canvases: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Canvases `(n, 36, 36)` shifted, with wrap-around, to `(n, frames, 2)`: `(n, frames, 36, 36)`."""
    twice = np.tile(canvases, (1, 2, 2))
    windows = np.lib.stride_tricks.sliding_window_view(twice, (SIZE, SIZE), axis=(1, 2))
    down, right = (-corners[..., 0]) % SIZE, (-corners[..., 1]) % SIZE
    return windows[np.arange(len(canvases))[:, None], down, right]


def _occlude(frames: np.ndarray, numbers: np.ndarray, visible: int) -> None:
    """Clear all tiles except the `visible` ones with the lowest random numbers, in place."""
    if visible == TILES:
        return
    seen = np.zeros(numbers.shape, "uint8")
    lowest = np.argsort(numbers, axis=-1, kind="stable")[..., :visible]
    np.put_along_axis(seen, lowest, 1, axis=-1)
    side = SIZE // TILE
    tiles = frames.reshape(*frames.shape[:2], side, TILE, side, TILE)
    tiles *= seen.reshape(*seen.shape[:2], side, 1, side, 1)


def _noisy(frames: np.ndarray, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The frames on a noisy background: uint8, clipped to 0 and 255."""
    grey = levels[numbers]
    grey += frames
    return np.clip(grey, 0, 255, out=grey).astype("uint8")
