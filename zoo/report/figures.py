"""The figures of a comparison, each as inline SVG."""

import statistics
import warnings
from itertools import pairwise, zip_longest
from typing import Any

import matplotlib.style
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator

from zoo.comparison.diagnostics_schema import Curve
from zoo.comparison.row_schema import Row
from zoo.comparison.schema import ComparisonReport, Pair
from zoo.report.figure_labels import (
    LINE,
    Measured,
    Place,
    accuracy_axis,
    label_ends,
    label_points,
    percent_ticks,
    short,
)
from zoo.report.fronts_figure import draw_fronts
from zoo.report.svg import GRID, INK, MUTED, PAPER, STYLE, Key, inline
from zoo.report.words import capitalized, signed
from zoo.scoring import ACCURACY, Metric

POINTS = 72
MOST_PAIRS = 40
MOST_ENDS = 6
"""Ends of curves that still have room for a name each, where they end anywhere."""


def draw(
    report: ComparisonReport, curves: dict[str, list[Curve]], keys: dict[str, Key]
) -> dict[str, Markup | None]:
    """`pairs`, `throughput`, `epochs`, `seconds`, `fronts`; None where there is nothing to draw."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        # Only DejaVu's widths are used; the reader's fonts show the names.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        return {
            "pairs": _pairs(report.pairs, report.judged_by, report.rope or 0.0),
            "throughput": _throughput(report.rows, keys, report.judged_by),
            "epochs": _curves(curves, keys, "epochs"),
            "seconds": _curves(curves, keys, "seconds"),
            "fronts": draw_fronts(report.fronts, report.rows, keys, report.judged_by),
        }


ALONE = "--ink:#1f2328;--muted:#6b7280;--grid:#e5e7eb;--paper:#ffffff"
"""The page's colours, for a figure that stands outside of it."""


def plot_pairs(pairs: list[Pair], metric: Metric = ACCURACY) -> str:
    """The differences as a figure of its own, inline SVG; empty where there is nothing to draw."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        drawn = _pairs(pairs, metric)
    return f'<div style="max-width:48em;{ALONE}">{drawn}</div>' if drawn else ""


def _pairs(pairs: list[Pair], metric: Metric, rope: float = 0.0) -> Markup | None:
    """Differences with their intervals around a line at zero, and the margin of equivalence as a band."""
    if not pairs or len(pairs) > MOST_PAIRS:
        return None
    figure, axes = _figure(0.75 + 0.27 * len(pairs))
    scale = 100 if metric.percent else 1
    for height, pair in enumerate(pairs):
        colour = INK if pair.different else MUTED
        ends = [scale * end for end in pair.interval]
        axes.plot(ends, [height] * 2, color=colour, linewidth=2 if pair.different else 1.2)
        fill = INK if pair.different else PAPER
        axes.plot(
            scale * pair.difference, height, "o", markerfacecolor=fill, markeredgecolor=colour
        )
    axes.axvline(0, color=INK, linewidth=1, zorder=1)
    if rope:
        axes.axvspan(-scale * rope, scale * rope, color=GRID, alpha=0.6, linewidth=0, zorder=0)
    axes.set_yticks(
        range(len(pairs)),
        [f"{short(p.first, 16)} − {short(p.second, 16)}" for p in pairs],
    )
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(_signed))
    axes.set_xlabel(_difference_label(metric))
    told = [p for p in pairs if p.different]
    return inline(
        figure,
        "pairs",
        f"Differences of {metric.short} with intervals. {len(told)} of {len(pairs)} pairs are told apart"
        + "".join(f"; {p.first} − {p.second} {signed(p.difference, metric)}" for p in told),
    )


def _difference_label(metric: Metric) -> str:
    if metric.name == "accuracy":
        return "difference, percentage points"
    unit = ", percentage points" if metric.percent else ""
    better = "; less is better" if metric.lower_is_better else ""
    return f"difference of {metric.title}{unit}{better}"


def _throughput(rows: list[Row], keys: dict[str, Key], metric: Metric) -> Markup | None:
    """The metric against samples per second, with the Pareto front."""
    places = {
        row.name: (row.inference_images_per_second.median, row.judged)
        for row in rows
        if row.judged is not None and row.inference_images_per_second
    }
    if not places:
        return None
    figure, axes = _figure(3.9)
    bars = {
        row.name: [(places[row.name][0], end) for end in row.judged_interval]
        for row in rows
        if row.name in places and row.judged_interval
    }
    for name, place in places.items():
        axes.plot(*place, keys[name].marker, color=keys[name].colour, markersize=8)
    for name, bar in bars.items():
        axes.plot(*zip(*bar, strict=True), color=keys[name].colour, zorder=1.5)
    _throughput_axes(axes, [speed for speed, _ in places.values()], metric)
    edge = _front(axes, [places[row.name] for row in rows if row.name in places and row.pareto])
    label_points(axes, keys, places, [*bars.values(), *edge])
    said = (f"{n} {metric.with_unit(y)} at {x:,.0f} samples/s" for n, (x, y) in places.items())
    title = f"{capitalized(metric.title)} against throughput, logarithmic"
    return inline(figure, "throughput", f"{title}: {'; '.join(said)}")


def _throughput_axes(axes: Axes, speeds: list[float], metric: Metric) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(speeds) / 1.6, max(speeds) * 1.6)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.set_xlabel("samples per second, inference (logarithmic)")
    axes.margins(y=0.1)
    low, high = axes.get_ylim()
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
    if metric.percent:
        percent_ticks(axes, [share for share in ticks if low <= share <= min(high, 1)])
    axes.set_ylabel(metric.title + (" (less is better)" if metric.lower_is_better else ""))
    if metric.lower_is_better:
        # Up and to the right is better, whatever the metric.
        axes.invert_yaxis()


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


def _curves(curves: dict[str, list[Curve]], keys: dict[str, Key], against: str) -> Markup | None:
    """Validation accuracy: the mean over seeds, a band from the least to the greatest."""
    lines = {name: _over_seeds(seeds, against) for name, seeds in curves.items()}
    lines = {name: line for name, line in lines.items() if line}
    if not lines:
        return None
    figure, axes = _figure(max(3.4, 0.9 + len(lines) * LINE / POINTS))
    accuracy_axis(axes, [v for line in lines.values() for point in line for v in point[1:]])
    for name, line in lines.items():
        key = keys[name]
        xs, means, lows, highs = zip(*line, strict=True)
        axes.fill_between(xs, lows, highs, color=key.colour, alpha=0.16, linewidth=0)
        axes.plot(xs, means, marker=key.marker, color=key.colour, clip_on=False)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.margins(x=0.03)
    axes.set_xlabel("epoch" if against == "epochs" else "training seconds")
    if against == "epochs":
        label_ends(axes, keys, lines)
    else:
        axes.set_xlim(0, 1.12 * axes.dataLim.x1)
    if against == "seconds" and len(lines) <= MOST_ENDS:
        paths: dict[str, list[Place]] = {
            name: [point[:2] for point in line] for name, line in lines.items()
        }
        label_points(
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


def _figure(height: float) -> tuple[Figure, Axes]:
    """So many inches high, and narrow enough to be read on a phone."""
    figure = Figure(figsize=(5.6, height), dpi=POINTS, layout="constrained")
    return figure, figure.subplots()


def _signed(number: float, _position: int) -> str:
    return f"{number:+.4g}".replace("-", "−") if number else "0"
