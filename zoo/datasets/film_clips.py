"""Clips of films, decoded when they are asked for; as many as there is room for are kept."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.datasets.file_digests import checksum_of_files, digest_of
from zoo.datasets.film_reading import FilmReading
from zoo.datasets.samples import Samples

KEPT_BYTES = 2**27
"""Of decoded clips, in memory: decoding takes many times as long as a small model's step."""


class FilmClips(Samples):
    """Clips `(N, T, H, W, C)` uint8, each decoded from its film when it is asked for.

    Args:
        root: the folder of all of them.
        files: in the samples' order.
        reading: how a film becomes a clip.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, root: Path, files: Sequence[Path], reading: FilmReading):
        self.root, self.files, self.reading = root, files, reading
        self.shape = (len(files), *reading.shape)
        self._kept: dict[int, np.ndarray] = {}

    def take(self, indices: np.ndarray) -> np.ndarray:
        made = np.empty((len(indices), *self.reading.shape), self.dtype)
        for place, number in enumerate(indices):
            made[place] = self._clip(int(number))
        return made

    def _clip(self, number: int) -> np.ndarray:
        """A clip, decoded once if there is room; the first ones stay, as each epoch takes all."""
        if (kept := self._kept.get(number)) is not None:
            return kept
        clip = self.reading.read(self.files[number])
        if (len(self._kept) + 1) * clip.nbytes <= KEPT_BYTES:
            self._kept[number] = clip
        return clip

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of how films are read, of their names and of their bytes."""
        return checksum_of_files(self.reading, self.root, self.files, map(digest_of, self.files))
