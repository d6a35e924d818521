"""Writing names into figures where they cover nothing, and ticks of shares."""

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from zoo.report.svg import GRID, Key

LONGEST = 22
LINE, WIDTH = 13, 6.4
"""From one label to the next, and about the width of a letter, in points."""

LEADER = {"arrowstyle": "-", "color": GRID, "linewidth": 0.8, "shrinkB": 5}

Place = Any
"""A point: two numbers in a tuple or an array."""
Box = tuple[float, float, float, float]
Measured = tuple[float, float, float, float]
"""Where along the x axis; mean, least and greatest over seeds."""


def label_points(
    axes: Axes, keys: dict[str, Key], places: dict[str, Place], lines: list[list[Place]]
) -> None:
    """Write each name beside its place, where it covers no place, line or earlier name."""
    cast(Figure, axes.figure).draw_without_rendering()
    seen = {name: axes.transData.transform(place) for name, place in places.items()}
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in seen.values()]
    for line in lines:
        taken += _along([axes.transData.transform(place) for place in line])
    for name, place in places.items():
        text = short(name)
        width = WIDTH * len(text)
        candidates = [
            (dx, dy, _box(seen[name], dx, dy, width))
            for dy in (LINE * step for step in (0, 1, -1, 2, -2, 3, -3, 4, -4))
            for dx in (9, -9, 0)
        ]
        dx, dy, box = min(candidates, key=lambda c: _covered(c[2], taken, axes.bbox.extents))
        taken.append(box)
        axes.annotate(
            text,
            place,
            (dx, dy),
            textcoords="offset points",
            ha="center" if dx == 0 else "left" if dx > 0 else "right",
            va="center_baseline",
            color=keys[name].colour,
            annotation_clip=False,
            arrowprops=LEADER | {"relpos": (0.5, 0.5)} if abs(dy) > LINE else None,
        )


def _along(line: list[Place]) -> list[Box]:
    """Boxes that cover a line."""
    boxes = []
    for (x0, y0), (x1, y1) in pairwise(line):
        steps = 1 + int(max(abs(x1 - x0), abs(y1 - y0)) / 4)
        for step in range(steps + 1):
            x, y = x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps
            boxes.append((x - 2, y - 2, x + 2, y + 2))
    return boxes


def _box(place: Place, dx: float, dy: float, width: float) -> Box:
    left = place[0] + dx - (width / 2 if dx == 0 else width if dx < 0 else 0)
    return left, place[1] + dy - LINE / 2, left + width, place[1] + dy + LINE / 2


def _covered(box: Box, taken: list[Box], room: Sequence[float]) -> int:
    """How much would be written over; all of it outside the axes."""
    left, bottom, right, top = box
    if left < room[0] or bottom < room[1] or right > room[2] + LINE or top > room[3]:
        return len(taken) + 1
    return sum(left < x1 and x0 < right and bottom < y1 and y0 < top for x0, y0, x1, y1 in taken)


def label_ends(axes: Axes, keys: dict[str, Key], lines: dict[str, list[Measured]]) -> None:
    """Write each name to the right, at its line's height as far as the names leave room."""
    cast(Figure, axes.figure).draw_without_rendering()
    bottom, height = axes.bbox.y0, axes.bbox.height
    ends = {
        name: (axes.transData.transform((line[-1][0], line[-1][1]))[1] - bottom) / height
        for name, line in lines.items()
    }
    step = LINE / height
    names = sorted(ends, key=ends.__getitem__)
    for name, place in zip(names, _spread([ends[n] for n in names], step), strict=True):
        x, mean = lines[name][-1][:2]
        axes.annotate(
            short(name),
            (x, mean),
            (1.06, place),
            textcoords="axes fraction",
            va="center_baseline",
            color=keys[name].colour,
            annotation_clip=False,
            arrowprops=LEADER,
        )


def _spread(places: list[float], step: float) -> list[float]:
    """Ascending places, moved as little as keeps them `step` apart within 0 to 1."""
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _first(groups[-2], step) + len(groups[-2]) * step > _first(
            groups[-1], step
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_first(group, step) + n * step for group in groups for n in range(len(group))]


def _first(group: list[float], step: float) -> float:
    """Where the lowest of a group begins that is centred on its members and kept within 0 to 1."""
    span = (len(group) - 1) * step
    return max(0.0, min(1 - span, statistics.fmean(group) - span / 2))


def accuracy_axis(axes: Axes, values: list[float]) -> None:
    """Equal steps for equal ratios of errors: 90 to 99 % takes the room of 99 to 99.9 %.

    This scale has no place for 100 %: what never errs is drawn at the upper edge.
    """
    errors = [1 - value for value in values if value < 1] or [0.001]
    ceiling = 1 - min(errors) / 2

    def stretch(accuracy: Any) -> Any:
        return -np.log10(1 - np.minimum(accuracy, ceiling))

    def accuracy(stretched: Any) -> Any:
        return 1 - 10.0 ** (-stretched)

    bottom, top = stretch([min(values), max(values)])
    margin = 0.05 * (top - bottom) or 0.3
    low, high = accuracy(bottom - margin), accuracy(top + margin)
    axes.set_yscale("function", functions=(stretch, accuracy))
    axes.set_ylim(low, min(high, ceiling))
    percent_ticks(axes, _accuracy_ticks(low, min(high, ceiling)))
    axes.set_ylabel("validation accuracy")


def _accuracy_ticks(low: float, high: float) -> list[float]:
    """Round accuracies between two: 50, 80, 90, 95, 98, 99 % …, or evenly spaced if those are few."""
    for multiples in ((10, 5, 2), (10, 7, 5, 3, 2)):
        errors = [m * 10.0**-k for k in range(1, 7) for m in multiples]
        ticks = [round(1 - error, 9) for error in errors if low <= 1 - error <= high]
        if len(ticks) > 3:
            return ticks
    return [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]


def percent_ticks(axes: Axes, shares: list[float]) -> None:
    """Ticks of the y axis, all with as many decimals as the one that needs most."""
    digits = max(len(f"{100 * share:.6g}".partition(".")[2]) for share in shares)
    axes.set_yticks(shares, [f"{100 * share:.{digits}f} %" for share in shares])
    axes.yaxis.set_minor_locator(FixedLocator([]))


def short(name: str, longest: int = LONGEST) -> str:
    """A name that fits a figure and that SVG can hold."""
    name = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return name if len(name) <= longest else name[: longest - 1] + "…"
