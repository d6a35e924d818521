"""Layouts of samples and the conversions between them.

The layouts are image `(H, W, C)`, sequence `(T, F)` and frames `(T, H, W, C)`. Every conversion is a
reshape or a transposition: no pixel is lost or changed. An image whose height or width cannot be cut
evenly is made larger first: its last row or column is repeated. Arrays have a batch axis in front and
belong to any Keras backend; `shape` and `name` need no backend. docs/layouts.md shows each conversion.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from zoo import aliases
from zoo.architecture import FROM_IMAGE, LAYOUTS, FromImage, Layout

STRIPS = 4
Shape = tuple[int, ...]


def check(layout: Layout, shape: Shape) -> None:
    """Check that `shape`, without the batch axis, is a shape of `layout`.

    Raises:
        ValueError: it is not.
    """
    rank = {"image": 3, "sequence": 2, "frames": 4}[layout]
    if len(shape) != rank or min(shape) < 1:
        raise ValueError(f"{layout} samples have {rank} axes, each at least 1; received {shape}")


def name(source: Layout, target: Layout, how: FromImage = "whole") -> str:
    """The name of a conversion in records and tables, such as `image to frames: space_to_depth`.

    `how` counts only where an image, or a sequence as an image, is cut into frames.
    """
    if source == target:
        return f"{source}: as stored"
    return f"{source} to {target}: {_METHODS.get((source, target), how)}"


def recorded(given: Mapping[str, Any]) -> str:
    """The conversion in a record's `input`; the oldest records have only its parts."""
    if text := given.get("conversion"):
        return aliases.conversion(text)
    source, target = (aliases.current(aliases.LAYOUTS, given[end]) for end in ("source", "target"))
    return name(source, target, aliases.current(aliases.FRAMES_FROM_IMAGE, given["how"]))


_METHODS = {
    ("image", "sequence"): "a step for each row",
    ("sequence", "image"): "one channel",
    ("frames", "image"): "time as channels",
    ("frames", "sequence"): "a step for each frame",
}


def conversions() -> Iterator[tuple[Layout, Layout, FromImage]]:
    """Every conversion once: source, target, and how an image becomes frames."""
    for source in LAYOUTS:
        for target in LAYOUTS:
            cuts = target == "frames" and source != "frames"
            for how in FROM_IMAGE if cuts else FROM_IMAGE[:1]:
                yield source, target, how


def shape(source: Layout, source_shape: Shape, target: Layout, how: FromImage = "whole") -> Shape:
    """The shape of one sample after conversion from `source` to `target`.

    Raises:
        ValueError: `source_shape` is no shape of the layout `source`.
    """
    check(source, source_shape)
    if source == target:
        return tuple(source_shape)
    if source == "image":
        return _image_shape(source_shape, target, how)
    if source == "sequence":
        steps, features = source_shape
        image = (steps, features, 1)
        return image if target == "image" else _image_shape(image, "frames", how)
    steps, height, width, channels = source_shape
    if target == "image":
        return (height, width, steps * channels)
    return (steps, height * width * channels)


def convert(x: Any, source: Layout, target: Layout, how: FromImage = "whole") -> Any:
    """Convert a batch `x` from layout `source` to `target`. Differentiable, on any backend."""
    from keras import ops

    sample = tuple(x.shape[1:])
    result = shape(source, sample, target, how)
    if source == target:
        return x
    if source == "frames" and target == "image":
        return ops.reshape(ops.transpose(x, (0, 2, 3, 1, 4)), (-1, *result))
    if source == "sequence" and target == "frames":
        x, sample = ops.reshape(x, (-1, *sample, 1)), (*sample, 1)
    if target == "frames":
        x = _enlarged(x, how)
        sample = tuple(x.shape[1:])
    if target == "frames" and how == "space_to_depth":
        height, width, channels = sample
        x = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
        x = ops.transpose(x, (0, 2, 4, 1, 3, 5))
    return ops.reshape(x, (-1, *result))


def _image_shape(image: Shape, target: Layout, how: FromImage) -> Shape:
    height, width, channels = image
    if target == "sequence":
        return (height, width * channels)
    rows, columns = _DIVISORS[how]
    frame = (-(-height // rows), -(-width // columns), channels)
    return (rows * columns, *frame)


_DIVISORS: Mapping[FromImage, tuple[int, int]] = {
    "whole": (1, 1),
    "strips": (STRIPS, 1),
    "space_to_depth": (2, 2),
}
"""What the height and the width of an image are divided by when it becomes frames."""


def _enlarged(images: Any, how: FromImage) -> Any:
    """Images `(N, H, W, C)` whose last row and column are repeated until they can be cut evenly."""
    from keras import ops

    for axis, parts in zip((1, 2), _DIVISORS[how], strict=True):
        size = images.shape[axis]
        if missing := -size % parts:
            places = [min(place, size - 1) for place in range(size + missing)]
            images = ops.take(images, ops.convert_to_tensor(places, "int32"), axis=axis)
    return images
