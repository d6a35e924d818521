"""Image files: one reader for all of them, upright and bounded."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from zoo.datasets.bounds import check_regular
from zoo.errors import DataError

FORMATS = ("PNG", "JPEG", "MPO", "BMP", "WEBP", "TIFF", "GIF", "PPM", "AVIF")
"""What Pillow may decode. Not EPS, for which it starts another program."""

MOST_PIXELS = 50_000_000
"""Larger images are refused before they are decoded: as RGBA this is 200 MB."""

OPAQUE = 255
"""Alpha of a pixel that hides what is behind it."""

_TRANSPOSED = (5, 6, 7, 8)
"""EXIF orientations that swap height and width."""

_PNG_METADATA = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
"""The chunks that may tell an orientation."""


def open_image(path: Path) -> Image.Image:
    """The first image of a file, decoded, in its own mode, turned as its EXIF orientation says.

    Raises:
        DataError: it is missing, no regular file, no image, damaged or larger than `MOST_PIXELS`.
    """
    with _opened(path) as image:
        image.load()
        return upright(image)


@dataclass(frozen=True)
class Announced:
    """What an image's header says: height and width as `open_image` gives them, and Pillow's mode.

    `transparency`: it has an alpha channel or a transparent colour, used or not.
    """

    height: int
    width: int
    mode: str
    transparency: bool


def announced(path: Path, *, verify: bool = True) -> Announced:
    """What a file's header says; pixels are not decoded.

    Args:
        verify: read the whole file and verify its checksums, where its format has some.

    Raises:
        DataError: as `open_image`.
    """
    with _opened(path) as image:
        size, mode, transparency = image.size, image.mode, image.has_transparency_data
        if verify:
            image.verify()
    width, height = reversed(size) if _is_transposed(path) else size
    return Announced(height, width, mode, transparency)


def is_transparent(image: Image.Image) -> bool:
    """Whether some of its pixels are; an alpha channel may be opaque everywhere."""
    if not image.has_transparency_data:
        return False
    alpha = image.convert("RGBA").getchannel("A")
    return any(alpha.histogram()[:OPAQUE])


def upright(image: Image.Image) -> Image.Image:
    """A copy, turned as its EXIF orientation says; unreadable EXIF turns nothing."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow has no one error for damaged EXIF
        return image.copy()


def _is_transposed(path: Path) -> bool:
    with _opened(path) as image:
        # Pillow decodes a PNG to look for EXIF behind its pixels: only where there may be some.
        if image.format == "PNG" and not any(each in path.read_bytes() for each in _PNG_METADATA):
            return False
        return _orientation(image) in _TRANSPOSED


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    check_regular(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of EXIF and large sizes; both are looked at here
            with Image.open(path, formats=_formats()) as image:
                _check_size(path, image)
                yield image
    except UnidentifiedImageError as error:
        raise DataError(
            f"{path}: is no image that can be read; give a PNG or JPEG file."
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except MemoryError as error:
        raise DataError(f"{path}: takes more memory than there is.") from error
    except DataError:
        raise
    except Exception as error:  # each of Pillow's decoders has its own
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: is damaged or cannot be read ({reason}).") from error


def _formats() -> list[str]:
    """Those of `FORMATS` that this Pillow has; it raises KeyError for others."""
    Image.init()
    return [each for each in FORMATS if each in Image.OPEN]


def _check_size(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(path, f"{image.width}×{image.height} pixels")


def _too_large(path: Path, size: str = "more than Pillow decodes") -> DataError:
    return DataError(
        f"{path}: has {size}; at most {MOST_PIXELS // 10**6} million are read. Make it smaller."
    )
