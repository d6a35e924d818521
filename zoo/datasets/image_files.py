"""Image files as samples: each is read when it is asked for, by several threads."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.datasets.file_digests import checksum_of_files, digest_of
from zoo.datasets.images import is_transparent, open_image
from zoo.datasets.parallel import each_in_order, workers
from zoo.datasets.pixels import Background, Resize, laid, pixels_of, reduced, resized
from zoo.datasets.samples import Samples

FILES_PER_THREAD = 4
"""Fewer files at once are read without threads."""


@dataclass(frozen=True)
class Reader:
    """Reads files as samples of one shape."""

    shape: tuple[int, ...]
    resize: Resize
    background: Background

    def read(self, file: Path) -> np.ndarray:
        """The pixels of a file, `shape` uint8.

        Raises:
            DataError: it cannot be read.
        """
        height, width, channels = self.shape
        image = reduced(open_image(file, (height, width)), (height, width))
        if is_transparent(image):
            image = laid(image, file, self.background)
        pixels = resized(pixels_of(image, file, channels, []), height, width, self.resize)
        return pixels.round().clip(0, 255).astype(np.uint8)


class ImageFiles(Samples):
    """Images `(N, H, W, C)` uint8, each read from its file when it is asked for.

    Args:
        root: the folder of all of them.
        files: in the samples' order.
        reader: how a file becomes a sample.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, root: Path, files: Sequence[Path], reader: Reader):
        self.root, self.files, self.reader = root, files, reader
        self.shape = (len(files), *reader.shape)

    def take(self, indices: np.ndarray) -> np.ndarray:
        made = np.empty((len(indices), *self.reader.shape), self.dtype)
        files = [self.files[number] for number in indices]
        with closing(each_in_order(self.reader.read, files, self._threads(len(files)))) as read:
            for place, pixels in enumerate(read):
                made[place] = pixels
        return made

    def _threads(self, count: int) -> int:
        return min(workers(), max(1, count // FILES_PER_THREAD))

    @cached_property
    def source_digests(self) -> list[bytes]:
        """SHA-256 of each file's bytes."""
        return list(each_in_order(digest_of, self.files))

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of how files are read, of their names and of their bytes."""
        return checksum_of_files(self.reader, self.root, self.files, self.source_digests)
