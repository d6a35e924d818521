"""The table of conversions in docs/layouts.md, and its pictures, made by the conversions themselves.

python docs/layouts.py            rewrite them
python docs/layouts.py --check    fail if they are not what zoo.layouts does

A digit of MNIST, a recording of spoken_digits and a clip of motion are needed (ZOO_DATA_DIR).
"""

import colorsys
import sys
from pathlib import Path

import blocks
import numpy as np
from PIL import Image

from zoo import Locations, layouts
from zoo.datasets.catalog import BUILT_IN

PAGE = Path(__file__).with_name("layouts.md")
FOLDER = Path(__file__).with_name("layouts")
WHAT = {
    "image to sequence: a step for each row": "Each row of pixels, with its channels, is a step.",
    "image to frames: whole": "One frame: the image.",
    "image to frames: strips": "Four frames, from top to bottom.",
    "image to frames: space_to_depth": "Four frames of half resolution: even rows and columns, even rows "
    "and odd columns, odd rows and even columns, odd and odd.",
    "sequence to image: one channel": "Steps are the height, features the width, in one channel.",
    "sequence to frames: whole": "One frame: the image that the sequence makes.",
    "sequence to frames: strips": "Four frames of that image: each is a quarter of the steps.",
    "sequence to frames: space_to_depth": "Four frames of that image, of every second step and feature: each "
    "spans the whole time.",
    "frames to image: time as channels": "Early fusion: time becomes channels, a frame after the other.",
    "frames to sequence: a step for each frame": "Each frame, flattened row by row, is a step.",
}

GAP, SIDE, WIDEST = 6, 24, 900
"""Pixels between parts, between source and result, and what still fits side by side."""

INK, PAPER = np.array([16, 16, 32]), 255


def samples() -> dict[str, np.ndarray]:
    """One of each layout, in grey levels."""
    locations = Locations.of_user()
    clip = BUILT_IN["motion"].made_with({"frames": 6, "clips": 8, "noise": 0.0, "visible": 1.0})
    spoken = BUILT_IN["spoken_digits"].load(locations).x_test
    return {
        "image": BUILT_IN["mnist"].load(locations).x_test[0],
        "sequence": spoken[(spoken > 0).sum(axis=(1, 2)).argmax()],  # the longest
        "frames": (clip.load(locations).x_test[7].astype("int") - 64).clip(0) * 255 // 128,
    }


def coloured(sample: np.ndarray) -> np.ndarray:
    """Each pixel's colour `(pixels, 3)`: its first axis (row, step or frame) is the hue."""
    steps = np.linspace(0.6, 0.02, len(sample))
    hues = np.array([colorsys.hsv_to_rgb(hue, 0.35, 1.0) for hue in steps]) * 255
    paper = np.repeat(hues, sample[0].size, axis=0)
    return (paper + (INK - paper) * sample.reshape(-1, 1) / 255).round().astype("uint8")


def beside(parts: list[np.ndarray], gap: int, axis: int) -> np.ndarray:
    """Pictures in a row (axis 1) or a column (axis 0), each in the middle of the other axis."""
    size = max(part.shape[1 - axis] for part in parts)
    space = [size, size, 3]
    space[axis] = gap
    found = []
    for part in parts:
        room = size - part.shape[1 - axis]
        widths = [(0, 0), (0, 0), (0, 0)]
        widths[1 - axis] = (room // 2, room - room // 2)
        found += [np.pad(part, widths, constant_values=PAPER), np.full(space, PAPER, "uint8")]
    return np.concatenate(found[:-1], axis=axis)


def enlarged(pixels: np.ndarray, down: int, right: int) -> np.ndarray:
    return pixels.repeat(down, axis=0).repeat(right, axis=1)


def drawn(pixels: np.ndarray, layout: str) -> np.ndarray:
    """A sample whose elements are colours `(*shape, 3)`."""
    if layout == "sequence":
        wide = pixels.shape[1] > 100
        lines = [enlarged(line[None], 8 if wide else 3, 1 if wide else 4) for line in pixels]
        return beside(lines, 3 if wide else 1, axis=0)
    if layout == "frames":
        return beside([drawn(each, "image") for each in pixels], GAP, axis=1)
    return stacked([enlarged(pixels[:, :, each], 3, 3) for each in range(pixels.shape[2])])


def stacked(planes: list[np.ndarray]) -> np.ndarray:
    """Channels one behind the other, the first in front."""
    step = 18
    height, width = planes[0].shape[:2]
    back = step * (len(planes) - 1)
    whole = np.full((height + back, width + back, 3), PAPER, "uint8")
    for number in reversed(range(len(planes))):
        top, left = back - step * number, step * number
        whole[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1] = PAPER
        whole[top : top + height, left : left + width] = planes[number]
    return whole


def arrow(down: bool) -> np.ndarray:
    """A triangle that points right, or down."""
    half = 9
    rows, columns = np.mgrid[-half : half + 1, 0 : half + 1]
    inside = np.abs(rows) + columns <= half
    shape = np.where(inside[..., None], np.array([120, 120, 120]), PAPER).astype("uint8")
    return shape.transpose(1, 0, 2) if down else shape


def picture(sample: np.ndarray, source: str, target: str, how: str) -> np.ndarray:
    """What is stored, and what the model reads: the conversion moves the pixels' numbers."""
    colours = coloured(sample)
    numbers = np.arange(sample.size, dtype="float32").reshape(1, *sample.shape)
    moved = np.asarray(layouts.convert(numbers, source, target, how)).astype(int)
    ends = [drawn(colours[each[0]], kind) for each, kind in (
        (numbers.astype(int), source), (moved, target))]  # fmt: skip
    axis = 1 if sum(each.shape[1] for each in ends) < WIDEST else 0
    return beside([ends[0], arrow(down=axis == 0), ends[1]], SIDE, axis)


def slug(name: str) -> str:
    return name.replace(": ", "-").replace(" ", "-")


def shape(size) -> str:
    return " × ".join(map(str, size))


def table(shapes: dict[str, tuple[int, ...]]) -> str:
    """A line for each conversion that moves anything."""
    rows = [("in records and tables", "what it does", "for example", "picture"), ("---",) * 4]
    for source, target, how in layouts.conversions():
        if source == target:
            continue
        name = layouts.name(source, target, how)
        after = layouts.shape(source, shapes[source], target, how)
        link = f"![{name}](layouts/{slug(name)}.png)"
        rows.append((f"`{name}`", WHAT[name], f"{shape(shapes[source])} to {shape(after)}", link))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def same(path: Path, pixels: np.ndarray) -> bool:
    """Whether a file shows just this; how it is compressed does not count."""
    if not path.is_file():
        return False
    there = np.asarray(Image.open(path).convert("RGB"))
    return there.shape == pixels.shape and bool((there == pixels).all())


def main(arguments: list[str]) -> None:
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    check = bool(arguments)
    taken = samples()
    for source, target, how in layouts.conversions():
        path = FOLDER / f"{slug(layouts.name(source, target, how))}.png"
        if source == target or same(path, pixels := picture(taken[source], source, target, how)):
            continue
        if check:
            sys.exit(f"{path} is not what zoo.layouts does: python docs/layouts.py")
        FOLDER.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path, optimize=True)
    shapes = {layout: sample.shape for layout, sample in taken.items()}
    blocks.write(PAGE, {"conversions": table(shapes)}, "python docs/layouts.py", check)


if __name__ == "__main__":
    main(sys.argv[1:])
