"""What a dataset is, and the arrays it loads."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.architecture import Layout
from zoo.datasets.location import Locations

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Arrays:
    """A dataset in memory, in its native layout.

    Attributes:
        x_train, x_test: samples, `(N, *shape)`, uint8 (0 to 255) or float32.
        y_train, y_test: labels, `(N,)` int32, from 0 to the number of classes less one.
        source: the folder, file or address they were read from.
    """

    x_train: "np.ndarray"
    y_train: "np.ndarray"
    x_test: "np.ndarray"
    y_test: "np.ndarray"
    source: str

    @cached_property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each array's bytes."""
        names = ("x_train", "y_train", "x_test", "y_test")
        return {name: hashlib.sha256(getattr(self, name).data).hexdigest() for name in names}


def named_after(text: str) -> str:
    """A dataset's name made of a file's or a folder's."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())


@dataclass(frozen=True)
class Dataset:
    """A named dataset. Making one loads nothing.

    Attributes:
        name: what `--dataset` takes.
        classes: the classes' names, in label order.
        layout: the native layout: `image`, `rows` or `frames`.
        shape: one sample's shape in that layout, without the batch axis.
        load: returns the arrays; raises `zoo.errors.DataMissing` where they are not to be had.
        summary: one line.
        origin: where it comes from, an address.
        licence: under which terms.
        find: the folder or file it is in already, or None; reads no data.
        fetch: downloads it into the cache and returns the folder; None if there is nothing to.
    """

    name: str
    classes: tuple[str, ...]
    layout: Layout
    shape: tuple[int, ...]
    load: Callable[[Locations], Arrays]
    summary: str = ""
    origin: str = ""
    licence: str = ""
    find: Callable[[Locations], Path | None] | None = None
    fetch: Callable[[Locations], Path] | None = None
