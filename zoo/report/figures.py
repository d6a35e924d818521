"""The figures of a comparison, each as inline SVG."""

import statistics
import warnings
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import Any, cast

import matplotlib.style
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator

from zoo.comparison.schema import ComparisonReport, Curve, Pair, Row
from zoo.report.svg import GRID, INK, MUTED, PAPER, STYLE, Key, inline
from zoo.report.words import points

POINTS = 72
LONGEST = 22
MOST_PAIRS = 40
MOST_ENDS = 6
"""Ends of curves that still have room for a name each, where they end anywhere."""
LINE, WIDTH = 13, 6.4
"""From one label to the next, and about the width of a letter, in points."""

LEADER = {"arrowstyle": "-", "color": GRID, "linewidth": 0.8, "shrinkB": 5}

Place = Any
"""A point: two numbers in a tuple or an array."""
Box = tuple[float, float, float, float]
Measured = tuple[float, float, float, float]
"""Where along the x axis; mean, least and greatest over seeds."""


def draw(
    report: ComparisonReport, curves: dict[str, list[Curve]], keys: dict[str, Key]
) -> dict[str, Markup | None]:
    """`pairs`, `throughput`, `epochs` and `seconds`; None where there is nothing to draw."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        # Only DejaVu's widths are used; the reader's fonts show the names.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        return {
            "pairs": _pairs(report.pairs),
            "throughput": _throughput(report.rows, keys),
            "epochs": _curves(curves, keys, "epochs"),
            "seconds": _curves(curves, keys, "seconds"),
        }


ALONE = "--ink:#1f2328;--muted:#6b7280;--grid:#e5e7eb;--paper:#ffffff"
"""The page's colours, for a figure that stands outside of it."""


def plot_pairs(pairs: list[Pair]) -> str:
    """The differences as a figure of its own, inline SVG; empty where there is nothing to draw."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        drawn = _pairs(pairs)
    return f'<div style="max-width:48em;{ALONE}">{drawn}</div>' if drawn else ""


def _pairs(pairs: list[Pair]) -> Markup | None:
    """Differences with their intervals around a line at zero."""
    if not pairs or len(pairs) > MOST_PAIRS:
        return None
    figure, axes = _figure(0.75 + 0.27 * len(pairs))
    for height, pair in enumerate(pairs):
        colour = INK if pair.different else MUTED
        ends = [100 * end for end in pair.interval]
        axes.plot(ends, [height] * 2, color=colour, linewidth=2 if pair.different else 1.2)
        fill = INK if pair.different else PAPER
        axes.plot(100 * pair.difference, height, "o", markerfacecolor=fill, markeredgecolor=colour)
    axes.axvline(0, color=INK, linewidth=1, zorder=1)
    axes.set_yticks(
        range(len(pairs)),
        [f"{_short(p.first, 16)} − {_short(p.second, 16)}" for p in pairs],
    )
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(_signed))
    axes.set_xlabel("difference, percentage points")
    told = [p for p in pairs if p.different]
    return inline(
        figure,
        "pairs",
        f"Differences of accuracy with intervals. {len(told)} of {len(pairs)} pairs are told apart"
        + "".join(f"; {p.first} − {p.second} {points(p.difference)}" for p in told),
    )


def _throughput(rows: list[Row], keys: dict[str, Key]) -> Markup | None:
    """Accuracy against samples per second, with the Pareto front."""
    places = {
        row.name: (row.inference_images_per_second.median, row.accuracy)
        for row in rows
        if row.accuracy is not None and row.inference_images_per_second
    }
    if not places:
        return None
    figure, axes = _figure(3.9)
    bars = {
        row.name: [(places[row.name][0], end) for end in row.interval]
        for row in rows
        if row.name in places and row.interval
    }
    for name, place in places.items():
        axes.plot(*place, keys[name].marker, color=keys[name].colour, markersize=8)
    for name, bar in bars.items():
        axes.plot(*zip(*bar, strict=True), color=keys[name].colour, zorder=1.5)
    _throughput_axes(axes, [speed for speed, _ in places.values()])
    edge = _front(axes, [places[row.name] for row in rows if row.name in places and row.pareto])
    _label_points(axes, keys, places, [*bars.values(), *edge])
    said = (f"{n} {100 * y:.2f} % at {x:,.0f} samples/s" for n, (x, y) in places.items())
    return inline(
        figure, "throughput", f"Test accuracy against throughput, logarithmic: {'; '.join(said)}"
    )


def _throughput_axes(axes: Axes, speeds: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(speeds) / 1.6, max(speeds) * 1.6)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.set_xlabel("samples per second, answering (logarithmic)")
    axes.margins(y=0.1)
    low, high = axes.get_ylim()
    shares = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
    _percent_ticks(axes, [share for share in shares if low <= share <= min(high, 1)])
    axes.set_ylabel("test accuracy")


def _front(axes: Axes, front: list[Place]) -> list[list[Place]]:
    """Draw the edge of what the points of the front are not worse than; its corners."""
    if not front:
        return []
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    speeds, accuracies = zip(*sorted(front), strict=True)
    xs, ys = [left, *speeds, speeds[-1]], [accuracies[0], *accuracies, bottom]
    style: dict[str, Any] = {"color": MUTED, "linewidth": 1, "linestyle": (0, (4, 3)), "zorder": 1}
    axes.plot(xs, ys, drawstyle="steps-pre", **style)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    return [
        [(x0, y0), (x0, y1), (x1, y1)] for (x0, y0), (x1, y1) in pairwise(zip(xs, ys, strict=True))
    ]


def _label_points(
    axes: Axes, keys: dict[str, Key], places: dict[str, Place], lines: list[list[Place]]
) -> None:
    """Write each name beside its place, where it covers no place, line or earlier name."""
    cast(Figure, axes.figure).draw_without_rendering()
    seen = {name: axes.transData.transform(place) for name, place in places.items()}
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in seen.values()]
    for line in lines:
        taken += _along([axes.transData.transform(place) for place in line])
    for name, place in places.items():
        text = _short(name)
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


def _curves(curves: dict[str, list[Curve]], keys: dict[str, Key], against: str) -> Markup | None:
    """Validation accuracy: the mean over seeds, a band from the least to the greatest."""
    lines = {name: _over_seeds(seeds, against) for name, seeds in curves.items()}
    lines = {name: line for name, line in lines.items() if line}
    if not lines:
        return None
    figure, axes = _figure(max(3.4, 0.9 + len(lines) * LINE / POINTS))
    _accuracy_axis(axes, [v for line in lines.values() for point in line for v in point[1:]])
    for name, line in lines.items():
        key = keys[name]
        xs, means, lows, highs = zip(*line, strict=True)
        axes.fill_between(xs, lows, highs, color=key.colour, alpha=0.16, linewidth=0)
        axes.plot(xs, means, marker=key.marker, color=key.colour, clip_on=False)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.margins(x=0.03)
    axes.set_xlabel("epoch" if against == "epochs" else "training seconds")
    if against == "epochs":
        _label_ends(axes, keys, lines)
    else:
        axes.set_xlim(0, 1.12 * axes.dataLim.x1)
    if against == "seconds" and len(lines) <= MOST_ENDS:
        paths: dict[str, list[Place]] = {
            name: [point[:2] for point in line] for name, line in lines.items()
        }
        _label_points(
            axes, keys, {name: path[-1] for name, path in paths.items()}, list(paths.values())
        )
    ends = "; ".join(f"{name} ends at {100 * line[-1][1]:.2f} %" for name, line in lines.items())
    return inline(figure, against, f"Validation accuracy over {axes.get_xlabel()}: {ends}")


def _over_seeds(seeds: list[Curve], against: str) -> list[Measured]:
    """Each epoch that has a measurement."""
    line = []
    measured = [zip(getattr(seed, against), seed.val_accuracy, strict=True) for seed in seeds]
    for epoch in zip_longest(*measured, fillvalue=(None, None)):
        here = [pair for pair in epoch if None not in pair]
        if here:
            places, values = zip(*here, strict=True)
            mean = statistics.fmean(values)
            line.append((statistics.fmean(places), mean, min(values), max(values)))
    return line


def _accuracy_axis(axes: Axes, values: list[float]) -> None:
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
    _percent_ticks(axes, _accuracy_ticks(low, min(high, ceiling)))
    axes.set_ylabel("validation accuracy")


def _accuracy_ticks(low: float, high: float) -> list[float]:
    """Round accuracies between two: 50, 80, 90, 95, 98, 99 % …, or evenly spaced if those are few."""
    for multiples in ((10, 5, 2), (10, 7, 5, 3, 2)):
        errors = [m * 10.0**-k for k in range(1, 7) for m in multiples]
        ticks = [round(1 - error, 9) for error in errors if low <= 1 - error <= high]
        if len(ticks) > 3:
            return ticks
    return [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]


def _label_ends(axes: Axes, keys: dict[str, Key], lines: dict[str, list[Measured]]) -> None:
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
            _short(name),
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


def _figure(height: float) -> tuple[Figure, Axes]:
    """So many inches high, and narrow enough to be read on a phone."""
    figure = Figure(figsize=(5.6, height), dpi=POINTS, layout="constrained")
    return figure, figure.subplots()


def _percent_ticks(axes: Axes, shares: list[float]) -> None:
    """Ticks of the y axis, all with as many decimals as the one that needs most."""
    digits = max(len(f"{100 * share:.6g}".partition(".")[2]) for share in shares)
    axes.set_yticks(shares, [f"{100 * share:.{digits}f} %" for share in shares])
    axes.yaxis.set_minor_locator(FixedLocator([]))


def _signed(number: float, _position: int) -> str:
    return f"{number:+.4g}".replace("-", "−") if number else "0"


def _short(name: str, longest: int = LONGEST) -> str:
    """A name that fits a figure and that SVG can hold."""
    name = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return name if len(name) <= longest else name[: longest - 1] + "…"
