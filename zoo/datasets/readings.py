"""How a file becomes a sample: of sounds and of films, each in a module of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np


class Reading(Protocol):
    """Reads files as samples of one shape, in training and for prediction."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a sample."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What run.json keeps beside the shape: `kind`, `audio` or `video`, and what was chosen."""

    def read(self, path: Path, done: list[str] | None = None) -> "np.ndarray":
        """The sample of a file, `shape` uint8; what is done to it is appended to `done`, in words.

        Raises:
            DataError: it is missing, damaged or of another kind.
        """
