"""What predict sees of a picture file is what training saw of it, bit for bit, whatever file it is."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from zoo.contract import InputContract
from zoo.datasets.catalog import own_dataset
from zoo.errors import DataError
from zoo.pictures import PictureReader


def pixels(height: int, width: int, seed: int = 0) -> Image.Image:
    """A smooth colour picture with noise, and transparent in a corner."""
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.arange(height), np.arange(width))[..., None] * [3, 5, 2, 0]
    made = (ramp + rng.integers(0, 40, (height, width, 4))) % 256
    made[..., 3] = 255
    made[: height // 3, : width // 3, 3] = rng.integers(0, 256)
    return Image.fromarray(made.astype("uint8"))


def saved(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def orientation(number: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


def png_of(
    width: int, height: int, colour: int, depth: int, row: bytes, before: bytes = b""
) -> bytes:
    """A PNG written by hand: what Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress((b"\0" + row) * height)
    parts = chunk(b"IHDR", head), before and chunk(b"tRNS", before), chunk(b"IDAT", body)
    return b"\x89PNG\r\n\x1a\n" + b"".join(part for part in parts if part) + chunk(b"IEND", b"")


def deep(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype("uint16") * 257)


MAKERS = {
    "1.png": lambda i: saved(i.convert("1"), "PNG"),
    "L.png": lambda i: saved(i.convert("L"), "PNG"),
    "LA.png": lambda i: saved(i.convert("LA"), "PNG"),
    "P.png": lambda i: saved(i.convert("RGB").convert("P"), "PNG"),
    "P-hole.png": lambda i: saved(i.convert("RGB").convert("P"), "PNG", transparency=3),
    "RGB.png": lambda i: saved(i.convert("RGB"), "PNG"),
    "RGBA.png": lambda i: saved(i, "PNG"),
    "opaque.png": lambda i: saved(i.convert("RGB").convert("RGBA"), "PNG"),
    "I16.png": lambda i: saved(deep(i), "PNG"),
    "I16-hole.png": lambda i: png_of(8, 8, 0, 16, bytes(range(16)), b"\2\3"),
    "RGB16.png": lambda i: png_of(9, 7, 2, 16, bytes(range(54))),
    "RGB-hole.png": lambda i: png_of(9, 7, 2, 8, bytes(range(27)), b"\0\0\0\1\0\2"),
    "P.gif": lambda i: saved(i.convert("RGB"), "GIF"),
    "hole.gif": lambda i: saved(i.convert("RGB").convert("P"), "GIF", transparency=5),
    "moving.gif": lambda i: saved(
        i.convert("RGB"), "GIF", save_all=True, append_images=[i.convert("L").convert("RGB")]
    ),
    "L.jpg": lambda i: saved(i.convert("L"), "JPEG"),
    "RGB.JPG": lambda i: saved(i.convert("RGB"), "JPEG", quality=60),
    "progressive.jpeg": lambda i: saved(i.convert("RGB"), "JPEG", progressive=True),
    "CMYK.jpg": lambda i: saved(i.convert("RGB").convert("CMYK"), "JPEG"),
    "RGB.bmp": lambda i: saved(i.convert("RGB"), "BMP"),
    "P.bmp": lambda i: saved(i.convert("L").convert("P"), "BMP"),
    "RGB.webp": lambda i: saved(i.convert("RGB"), "WEBP", quality=70),
    "RGBA.webp": lambda i: saved(i, "WEBP", lossless=True),
    "RGB.tif": lambda i: saved(i.convert("RGB"), "TIFF", compression="tiff_lzw"),
    "CMYK.tif": lambda i: saved(i.convert("RGB").convert("CMYK"), "TIFF"),
    "I16.tiff": lambda i: saved(deep(i), "TIFF"),
    "LAB.tif": lambda i: saved(Image.merge("LAB", i.convert("RGB").split()), "TIFF"),
    "YCbCr.tif": lambda i: saved(i.convert("RGB").convert("YCbCr"), "TIFF"),
    "RGBA.tif": lambda i: saved(i, "TIFF"),
    "L.pgm": lambda i: saved(i.convert("L"), "PPM"),
    "I16.pgm": lambda i: saved(deep(i), "PPM"),
    "jpeg.png": lambda i: saved(i.convert("RGB"), "JPEG"),  # by its content, not its name
    **{
        f"turned{number}.jpg": lambda i, number=number: saved(
            i.convert("RGB"), "JPEG", exif=orientation(number)
        )
        for number in range(1, 9)
    },
}
SIZES = [(8, 8), (31, 17), (9, 70), (64, 64), (130, 90), (1, 40)]
CHOICES = st.fixed_dictionaries({
    "size": st.sampled_from(["4", "8", "15"]),
    "resize": st.sampled_from(["fit", "crop", "stretch"]),
    "colour": st.sampled_from(["auto", "grey", "rgb"]),
    "background": st.sampled_from(["refuse", "white", "black"]),
})  # fmt: skip
REFUSED = ("is transparent in places", "32-bit pixels")


def compare(root, names, size, chosen) -> int:
    """Read a folder as training does and each file as predict does; how many files were compared."""
    for name in "ab":
        (root / name).mkdir(exist_ok=True)
    for number, name in enumerate(names):
        content = MAKERS[name](pixels(*size, number))
        (root / "ab"[number % 2] / f"{number:02}{name}").write_bytes(content)
    for number in range(6):
        plain = saved(pixels(*size, number).convert("L"), "PNG")
        (root / "ab"[number % 2] / f"plain{number}.png").write_bytes(plain)
    dataset = own_dataset(root).configured(chosen)
    x = dataset.load(None).x_train
    seen = InputContract.of(dataset, x)
    reader = PictureReader(seen, False)
    for number, file in enumerate(x.files):
        read = reader.read(file)
        np.testing.assert_array_equal(x[number], read.sample, err_msg=f"{file.name} {chosen}")
    return len(x)


@pytest.mark.parametrize("colour", ["grey", "rgb"])
def test_every_kind_of_file_is_read_alike(colour, tmp_path):
    chosen = {"size": "12", "resize": "fit", "colour": colour, "background": "white"}
    readable = [name for name in MAKERS if name != "LAB.tif"]
    assert compare(tmp_path, readable, (50, 70), chosen) > 25


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.sampled_from(sorted(MAKERS)), min_size=5, max_size=8),
    st.sampled_from(SIZES),
    CHOICES,
)
def test_any_files_sizes_and_choices(tmp_path_factory, names, size, chosen):
    try:
        compare(tmp_path_factory.mktemp("some"), names, size, chosen)
    except DataError as error:
        assert any(each in str(error) for each in ("transparent in places", "CIELAB"))


@pytest.mark.parametrize("number", range(1, 9))
def test_a_jpeg_is_decoded_at_less_than_its_size_only_where_that_is_enough(number, tmp_path):
    """Also turned: the size that is wanted is that after EXIF's orientation."""
    from zoo.datasets.images import open_image

    file = tmp_path / "x.jpg"
    pixels(160, 60).convert("RGB").save(file, exif=orientation(number))
    tall, wide = (60, 160) if number > 4 else (160, 60)
    assert open_image(file).size == (wide, tall)
    assert open_image(file, (tall // 4, wide // 4)).size == (wide // 2, tall // 2)
    assert open_image(file, (tall // 4 + 1, wide // 4)).size == (wide, tall)


def test_lab_is_refused_by_name(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.tif").write_bytes(MAKERS["LAB.tif"](pixels(8, 8)))
    with pytest.raises(DataError, match=r"x\.tif: has CIELAB colours"):
        own_dataset(tmp_path)
