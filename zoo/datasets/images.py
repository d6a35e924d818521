"""Reading image files: with EXIF orientation, and limits on size."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from zoo.datasets.bounds import check_regular
from zoo.errors import DataError

FORMATS = ("PNG", "JPEG", "MPO", "BMP", "WEBP", "TIFF", "GIF", "PPM", "AVIF")
"""Formats that Pillow may decode. Not EPS, for which it starts another program."""

MOST_PIXELS = 50_000_000
"""Larger images are refused before they are decoded: as RGBA this is 200 MB."""

OPAQUE = 255
"""The alpha value of an opaque pixel."""

_TRANSPOSED = (5, 6, 7, 8)
"""EXIF orientations that swap height and width."""

_PNG_METADATA = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
"""PNG chunks that can contain an orientation."""


def open_image(path: Path, wanted: tuple[int, int] | None = None) -> Image.Image:
    """Decode the first image of a file, in its own mode, rotated by its EXIF orientation.

    Args:
        wanted: height and width that it will be resized to. A JPEG of 4 times that size or more is
            decoded at a half, a quarter or an eighth, at least twice as large as wanted: that is
            several times faster.

    Raises:
        DataError: it is missing, no regular file, no image, damaged or larger than `MOST_PIXELS`.
    """
    with opened_image(path) as image:
        if wanted is not None and image.format == "JPEG":
            _decode_smaller(image, wanted)
        image.load()
        if image.mode == "LAB":
            raise DataError(f"{path}: has CIELAB colours, which are not read; save it as RGB.")
        return upright(_sixteen_bits(image) if _mode(image) != image.mode else image)


def _mode(image: Image.Image) -> str:
    """Pillow's mode, but that of a 16-bit PGM, which Pillow reads as 32 bits."""
    return "I;16" if image.format == "PPM" and image.mode == "I" else image.mode


def _sixteen_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).clip(0, 2**16 - 1).astype("uint16"))


def shrinking(size: tuple[int, int], wanted: tuple[int, int]) -> int:
    """By which whole factor an image is reduced before it is resized: the result is at least twice as
    large as wanted, in both directions, and nothing is done below a factor of 2.

    Args:
        size, wanted: of one order, such as height and width.
    """
    return max(1, min(length // (2 * least) for length, least in zip(size, wanted, strict=True)))


def _decode_smaller(image: Image.Image, wanted: tuple[int, int]) -> None:
    height, width = wanted[::-1] if _orientation(image) in _TRANSPOSED else wanted
    factor = shrinking(image.size, (width, height))
    if factor >= 2:
        image.draft(None, (image.width // factor, image.height // factor))


@dataclass(frozen=True)
class Announced:
    """An image's header: height and width as from `open_image`, and Pillow's mode.

    `transparency`: it has an alpha channel or a transparent colour, used or not.
    """

    height: int
    width: int
    mode: str
    transparency: bool


def announced(path: Path, *, verify: bool = True) -> Announced:
    """Read a file's header without decoding pixels.

    Args:
        verify: read the whole file and verify its checksums, where its format has some.

    Raises:
        DataError: as `open_image`.
    """
    with opened_image(path) as image:
        size, mode, transparency = image.size, _mode(image), image.has_transparency_data
        transposed = None if verify else _is_transposed(path, image)
        if verify:
            image.verify()  # after which nothing more can be read
    if transposed is None:
        with opened_image(path) as image:
            transposed = _is_transposed(path, image)
    width, height = reversed(size) if transposed else size
    return Announced(height, width, mode, transparency)


def is_transparent(image: Image.Image) -> bool:
    """Whether any pixel is transparent; an alpha channel can be opaque everywhere."""
    if not image.has_transparency_data:
        return False
    if image.mode.startswith("I;16"):  # a grey value that stands for transparent
        return bool((np.asarray(image) == image.info["transparency"]).any())
    alpha = image.convert("RGBA").getchannel("A")
    return any(alpha.histogram()[:OPAQUE])


def upright(image: Image.Image) -> Image.Image:
    """A copy rotated by its EXIF orientation, unless that is unreadable."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow has no one error for damaged EXIF
        return image.copy()


def _is_transposed(path: Path, image: Image.Image) -> bool:
    # Pillow decodes a PNG to look for EXIF behind its pixels: only where there may be some.
    if image.format == "PNG":
        content = path.read_bytes()
        if not any(each in content for each in _PNG_METADATA):
            return False
    return _orientation(image) in _TRANSPOSED


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1


@contextlib.contextmanager
def opened_image(path: Path) -> Iterator[Image.Image]:
    """A file's image, opened and not decoded; errors within the block name the file.

    Raises:
        DataError: as `open_image`.
    """
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
    """The `FORMATS` that this Pillow supports; it raises KeyError for others."""
    Image.init()
    return [each for each in FORMATS if each in Image.OPEN]


def _check_size(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(path, f"{image.width}×{image.height} pixels")


def _too_large(path: Path, size: str = "more than Pillow decodes") -> DataError:
    return DataError(
        f"{path}: has {size}; at most {MOST_PIXELS // 10**6} million are read. Make it smaller."
    )
