"""What each image file is: decoded once, by several threads; damaged ones are told, not raised."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from zoo.datasets.images import is_transparent, open_image, opened_image
from zoo.datasets.parallel import each_in_order
from zoo.datasets.pixels import SIXTEEN_BITS
from zoo.errors import DataError
from zoo.inspecting.dataset_inspection import ImageSizes

EVEN = 2
"""An image whose values differ by no more than this, of 255, is said to have one value."""
COMMONEST = 3


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A file that can be read: `size` is width and height, `digest` is of its pixels."""

    size: tuple[int, int]
    format: str
    mode: str
    transparent: bool
    uniform: bool
    digest: bytes


Looked = ImageFacts | str
"""What was found, or why the file cannot be read."""


def look_at_all(files: Sequence[Path], progress: Callable[[int, int], None]) -> list[Looked]:
    """Facts of each file, in order; `progress(done, all)` is called now and then."""
    found: list[Looked] = []
    with closing(each_in_order(look_at, files)) as looked:
        for each in looked:
            found.append(each)
            progress(len(found), len(files))
    return found


def look_at(file: Path) -> Looked:
    """Decode a file."""
    try:
        with opened_image(file) as opened:
            kind, mode = opened.format or "?", opened.mode
        image = open_image(file)
        transparent = is_transparent(image)
        pixels = _comparable(image, transparent)
    except DataError as error:
        return str(error).removeprefix(f"{file}: ")
    except (ValueError, OSError, MemoryError) as error:
        return f"cannot be converted ({error})"
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    ends = 257 * EVEN if pixels.dtype == np.uint16 else EVEN
    uniform = int(pixels.max()) - int(pixels.min()) <= ends if pixels.ndim == 2 else _even(pixels)
    return ImageFacts(image.size, kind, mode, transparent, uniform, digest.digest())


def _even(pixels: np.ndarray) -> bool:
    flat = pixels.reshape(-1, pixels.shape[-1])
    return bool((flat.max(axis=0).astype(int) - flat.min(axis=0) <= EVEN).all())


def _comparable(image: Image.Image, transparent: bool) -> np.ndarray:
    """Pixels that are equal for equal pictures, whatever mode they are stored in."""
    if image.mode in (*SIXTEEN_BITS, "I", "F"):
        return np.asarray(image)
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))


def sizes_of(facts: Sequence[ImageFacts]) -> ImageSizes | None:
    """How large the images are; None: there are none."""
    if not facts:
        return None
    by_area = sorted((each.size for each in facts), key=lambda size: (size[0] * size[1], size))
    counts = Counter(by_area)
    return ImageSizes(
        by_area[0],
        by_area[len(by_area) // 2],
        by_area[-1],
        tuple((*size, count) for size, count in counts.most_common(COMMONEST)),
        len(counts),
    )
