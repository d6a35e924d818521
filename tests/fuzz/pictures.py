"""Files of pictures, right and wrong: every format that is read, and PNGs by their chunks."""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from PIL import Image

EXIF = Image.Exif()
EXIF[0x0112] = 6


def _picture(mode: str) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 4), "uint8")
    if mode == "I;16":
        return Image.fromarray(pixels[..., 0].astype("uint16") * 257)
    if mode == "F":
        return Image.fromarray(pixels[..., 0].astype("float32"))
    return Image.fromarray(pixels).convert(mode)


def _saved(mode: str, kind: str, **options) -> bytes:
    file = io.BytesIO()
    _picture(mode).save(file, kind, **options)
    return file.getvalue()


def genuine() -> dict[str, bytes]:
    """Pictures by their file's name."""
    found = {
        f"{mode.lower().replace(';', '_')}.png": _saved(mode, "PNG")
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
    }
    more = {
        "a.jpg": ("RGB", "JPEG", {"exif": EXIF}),
        "cmyk.jpg": ("CMYK", "JPEG", {}),
        "a.bmp": ("RGB", "BMP", {}),
        "a.gif": ("P", "GIF", {}),
        "a.webp": ("RGB", "WEBP", {}),
        "a.tif": ("RGB", "TIFF", {"compression": "tiff_deflate", "exif": EXIF}),
        "f.tif": ("F", "TIFF", {}),
        "a.ppm": ("RGB", "PPM", {}),
        "turned.png": ("L", "PNG", {"exif": EXIF}),
    }
    return found | {name: _saved(mode, kind, **o) for name, (mode, kind, o) in more.items()}


@dataclass(frozen=True)
class Chunk:
    kind: bytes
    data: bytes
    right: bool = True
    """Whether its checksum is."""
    length: int | None = None

    def content(self) -> bytes:
        checksum = zlib.crc32(self.kind + self.data) ^ (not self.right)
        length = len(self.data) if self.length is None else self.length
        return struct.pack(">I", length) + self.kind + self.data + struct.pack(">I", checksum)


def png(chunks: list[Chunk]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(each.content() for each in chunks)


def _header(width: int, height: int, depth: int, colour: int, interlaced: int) -> Chunk:
    return Chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


SIZES = st.one_of(
    st.integers(0, 40), st.sampled_from([1000, 7071, 7072, 13000, 2**16, 2**31 - 1, 2**32 - 1])
)
HEADERS = st.builds(
    _header,
    SIZES,
    SIZES,
    st.sampled_from([0, 1, 2, 4, 8, 16, 32]),
    st.sampled_from([0, 2, 3, 4, 6, 1, 9]),
    st.sampled_from([0, 1, 7]),
)
PIXELS = st.builds(
    lambda length, value, level: Chunk(b"IDAT", zlib.compress(bytes([value]) * length, level)),
    st.integers(0, 400) | st.sampled_from([10**5, 5 * 10**7]),
    st.sampled_from([0, 1, 4, 9, 255]),
    st.sampled_from([1, 9]),
)
KINDS = [
    b"PLTE", b"tRNS", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"acTL", b"fcTL",
    b"fdAT", b"IDAT", b"IEND", b"pHYs", b"sRGB", b"abcd", b"ABCD", b"\x1b[3m",
]  # fmt: skip
DATA = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([
        EXIF.tobytes(), b"MM\0*\0\0\0\x08\xff\xff", b"key\0\0" + zlib.compress(b"x" * 10**7),
        b"\0\0\0\x02\0\0\0\0", b"\xff" * 256, b"\0" * 26,
    ]),
)  # fmt: skip
OTHERS = st.builds(
    Chunk,
    st.sampled_from(KINDS),
    DATA,
    st.sampled_from([True, True, True, False]),
    st.none() | st.sampled_from([0, 1, 2**31, 2**32 - 1]),
)
CHUNKS = st.builds(
    lambda header, before, pixels, after: png([header, *before, *pixels, *after]),
    HEADERS,
    st.lists(OTHERS, max_size=3),
    st.lists(PIXELS, min_size=1, max_size=2),
    st.lists(OTHERS, max_size=2) | st.just([Chunk(b"IEND", b"")]),
)
