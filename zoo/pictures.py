"""Reading image files for prediction: any size and mode, by the input contract of the run."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from zoo.contract import InputContract
from zoo.datasets.encoding import BYTES, PixelRange, side
from zoo.datasets.images import announced, is_transparent, open_image
from zoo.datasets.pixels import (
    DONE,
    MODES,
    as_rgba,
    lanczos,
    on_background,
    pixels_of,
    reduced,
    resized,
)
from zoo.errors import DataError, UsageError

INK = 0.2
"""Share of the contrast above which a pixel counts as part of what is drawn."""

DIGIT_BOX = 20 / 28
"""MNIST fits a digit into 20 of 28 pixels and centres its mass (LeCun et al. 1998)."""

PAPER = 0.1
"""Share of the contrast that a background may differ from black before it is made black."""

ELONGATED = 2.0
"""Times that a picture's proportions may differ from training's before it is called unusual."""

Size = tuple[int, ...]
"""Height and width, and whatever follows."""


@dataclass
class Picture:
    """A sample read from an image file.

    Attributes:
        sample: `(H, W, C)`, stored as training's samples were.
        done: what was done to the picture's pixels, in words.
        unusual: how the sample is unlike all of training's; empty if it is not.
    """

    path: Path
    sample: np.ndarray
    done: list[str] = field(default_factory=list)
    unusual: str = ""


@dataclass(frozen=True)
class PictureReader:
    """Reads pictures by the contract of a run.

    Args:
        contract: of a run that reads images.
        inverted: whether pictures are inverted; None: as the dataset is defined, and a picture that
            is certainly the other way round than training's is refused.
    """

    contract: InputContract
    inverted: bool | None = None

    def __post_init__(self) -> None:
        contract = self.contract
        if contract.layout != "image":
            raise UsageError(
                f"the run reads {contract.layout}, not images; use zoo evaluate with samples in a .csv, "
                ".parquet, .ts or .npz file, or give an array to `predict` in Python."
            )
        if contract.shape[-1] not in MODES:
            raise UsageError(
                f"the run reads images of {contract.shape[-1]} channels, which picture files do not "
                "have; use zoo evaluate with an npz."
            )
        if contract.pixel_range is None:
            raise UsageError(
                f"the run was trained on {contract.values()}, and which of them are black and white "
                "is not known; use zoo evaluate with an npz, or train on pixels from 0 to 255, 0 to "
                "1 or -1 to 1."
            )

    @property
    def black_and_white(self) -> PixelRange:
        assert self.contract.pixel_range
        return self.contract.pixel_range

    def read(self, path: Path) -> Picture:
        """A file's picture.

        Raises:
            DataError: the file is missing, no image, damaged, or cannot be converted without a guess.
            UsageError: it is the other way round than all of training's images.
        """
        done: list[str] = []
        drawn = self.contract.polarity and self.contract.shape[-1] == 1 and self.inverted is None
        wanted = None if drawn else (self.contract.shape[0], self.contract.shape[1])
        header, image = announced(path, verify=False), open_image(path, wanted)
        size = header.height, header.width
        pixels = self._pixels(reduced(image, wanted), path, done)
        if drawn:
            pixels = self._as_defined(pixels, size, done)
        else:
            pixels = self._sized(pixels, size, done)
            if self.inverted:
                pixels = BYTES[1] - pixels
                done.append("inverted")
        picture = Picture(path, self._stored(pixels), done)
        self._check_side(picture)
        facts = (self.contract.unusual(picture.sample), self._proportions(size))
        picture.unusual = "; ".join(filter(None, facts))
        return picture

    def _pixels(self, image: Image.Image, path: Path, done: list[str]) -> np.ndarray:
        """From 0 to 255, `(H, W, C)`; transparent ones on the paper that shows what is drawn."""
        channels, background = self.contract.shape[-1], self.contract.background
        if background and is_transparent(image):
            image = on_background(image, background)
            done.append(f"transparent, laid on {background} as in training")
        elif is_transparent(image) and channels != 4:
            image = _on_paper(image, path, self.contract, done)
        return pixels_of(image, path, channels, done)

    def _sized(self, pixels: np.ndarray, size: Size, done: list[str]) -> np.ndarray:
        """Resize to the model's size, in the same way as in training."""
        height, width, _ = self.contract.shape
        if pixels.shape[:2] == (height, width):
            return pixels
        how = self.contract.resize
        done.append(f"{DONE[how]}, from {size[1]}×{size[0]} to {width}×{height}")
        return resized(pixels, height, width, how)

    def _proportions(self, size: Size) -> str:
        """Whether the proportions differ much from training; cut-out drawings may differ."""
        ours = self.contract.shape[1] / self.contract.shape[0]
        given = size[1] / size[0]
        if self.contract.centred or max(given / ours, ours / given) <= ELONGATED:
            return ""
        return f"width to height {given:.3g}, in training {ours:.3g}"

    def _as_defined(self, pixels: np.ndarray, size: Size, done: list[str]) -> np.ndarray:
        """Convert to what the dataset defines: light on dark, in its size and place."""
        grey, (height, width, _) = pixels[..., 0], self.contract.shape
        background, polarity = side(pixels)
        if polarity == "dark on light":
            done.append("inverted")
            pixels, background = BYTES[1] - pixels, BYTES[1] - background
        same_size = grey.shape == (height, width)
        if same_size and background <= PAPER * BYTES[1]:
            return pixels
        grey = _light_on_dark(grey)
        if same_size:
            done.append("contrast stretched")
            return grey[..., None]
        what = "cut out and centred" if self.contract.centred else "fitted"
        done.append(f"{what}, from {size[1]}×{size[0]} to {width}×{height}")
        if self.contract.centred:
            return _centred(grey, height, width)[..., None]
        return resized(grey[..., None], height, width, "fit")

    def _stored(self, pixels: np.ndarray) -> np.ndarray:
        """Convert pixels from 0 to 255 to the range and dtype of the training samples."""
        if self.contract.dtype == "uint8":
            return pixels.round().clip(0, 255).astype("uint8")
        low, high = self.black_and_white
        return (low + pixels.clip(0, 255) / 255 * (high - low)).astype("float32")

    def _check_side(self, picture: Picture) -> None:
        """Refuse a picture that is certainly inverted: other polarity, and far from the background."""
        seen = self.contract.seen
        if seen is None or seen.polarity is None or self.inverted is not None:
            return
        assert seen.background is not None
        low, high = self.black_and_white
        background, polarity = side(picture.sample)
        if polarity == seen.polarity or abs(background - seen.background) < (high - low) / 2:
            return
        raise UsageError(
            f"{picture.path}: is {polarity or 'even'}, and all training images are {seen.polarity}. "
            "Use `invert=True` to invert it, or `invert=False` to take it as it is."
        )


def _on_paper(
    image: Image.Image, path: Path, contract: InputContract, done: list[str]
) -> Image.Image:
    """Lay a transparent drawing on a background: black under light strokes, white under dark ones.

    Raises:
        DataError: the training images have no one background, so that the paper would be a guess.
    """
    if not (contract.polarity or (contract.seen and contract.seen.polarity)):
        raise DataError(
            f"{path}: is transparent in places, and training images had no transparency. Save it on "
            "the background that it belongs on."
        )
    image = as_rgba(image)
    grey = np.asarray(image.convert("RGB").convert("L"), "float64")
    alpha = np.asarray(image.getchannel("A"), "float64")
    light = alpha.any() and np.average(grey, weights=alpha) > BYTES[1] / 2
    paper = "black" if light else "white"
    done.append(f"transparent, laid on {paper}")
    return Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("RGB")


def _light_on_dark(grey: np.ndarray) -> np.ndarray:
    """Stretch the contrast: 0 for the background (the median of the border), 255 for the drawing."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    difference = grey - np.median(border)
    # What is drawn departs further from the background on its own side.
    ink = (difference if difference.max() >= -difference.min() else -difference).clip(0)
    return ink * (255 / ink.max()) if ink.max() > 0 else ink


def _centred(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fit the drawing into MNIST's box, with its centre of mass in the middle."""
    rows, columns = (np.flatnonzero((grey > INK * 255).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((height, width))
    drawn = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = DIGIT_BOX * min(height, width) / max(drawn.shape)
    small = lanczos(drawn, *(max(1, round(length * scale)) for length in drawn.shape))
    weights = small / small.sum()
    result = np.zeros((height, width))
    start = []
    for axis, (length, room) in enumerate(zip(small.shape, result.shape, strict=True)):
        mass = (weights.sum(axis=1 - axis) * np.arange(length)).sum()
        start.append(int(np.clip(round((room - 1) / 2 - mass), 0, room - length)))
    result[start[0] : start[0] + small.shape[0], start[1] : start[1] + small.shape[1]] = small
    return result
