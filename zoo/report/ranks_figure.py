"""The critical-difference diagram: mean ranks on an axis, bars over those that cannot be told apart."""

import math
import warnings

import matplotlib.style
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.formatting import listed
from zoo.report.figure_labels import short
from zoo.report.svg import INK, MUTED, STYLE, Key, inline
from zoo.studies.datasets_schema import DatasetsReport, RankedRow

POINTS = 72
STEP, BAR = 0.24, 0.13
"""Inches from one name to the next, and from one bar to the next."""
TOP = 0.35


def draw_ranks(report: DatasetsReport, keys: dict[str, Key]) -> Markup:
    """The diagram as inline SVG."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        return _diagram(report, keys)


def _diagram(report: DatasetsReport, keys: dict[str, Key]) -> Markup:
    rows, bars = report.rows, len(report.groups)
    left = rows[: (len(rows) + 1) // 2]
    right = rows[len(left) :][::-1]
    room = TOP + BAR * (bars + 1)
    height = room + STEP * len(left) + 0.15
    figure = Figure(figsize=(6.6, height), dpi=POINTS)
    axes = figure.add_axes((0.27, 0, 0.46, 1))
    low, high = math.floor(rows[0].mean_rank), math.ceil(rows[-1].mean_rank)
    high = max(high, low + 1)
    axes.set(xlim=(low, high), ylim=(height, 0))
    axes.set_axis_off()
    _axis(axes, low, high)
    for place, row in enumerate(left):
        _name(axes, row, keys[row.name], room + STEP * place, low, -1)
    for place, row in enumerate(right):
        _name(axes, row, keys[row.name], room + STEP * place, high, 1)
    ranks = {row.name: row.mean_rank for row in rows}
    for place, group in enumerate(report.groups):
        ends, margin = (ranks[group[0]], ranks[group[-1]]), 0.008 * (high - low)
        axes.plot(
            (ends[0] - margin, ends[1] + margin), [TOP + BAR * (place + 0.75)] * 2, color=INK,
            linewidth=3.5, solid_capstyle="butt", clip_on=False,
        )  # fmt: skip
    told = "; ".join(f"{listed(group)} cannot be told apart" for group in report.groups)
    said = ", ".join(f"{row.name} {row.mean_rank:.2f}" for row in rows)
    return inline(
        figure, "ranks", f"Critical-difference diagram. Mean ranks: {said}. {told}".strip()
    )


def _axis(axes: Axes, low: int, high: int) -> None:
    axes.plot((low, high), (TOP, TOP), color=MUTED, linewidth=1.2, clip_on=False)
    step = max(1, (high - low) // 10)
    for rank in range(low, high + 1):
        if (rank - low) % step == 0:
            axes.plot((rank, rank), (TOP, TOP - 0.08), color=MUTED, clip_on=False)
            axes.text(rank, TOP - 0.12, str(rank), ha="center", va="bottom", color=MUTED)


def _name(axes: Axes, row: RankedRow, key: Key, height: float, end: int, side: int) -> None:
    """A line from the axis down and out to the name, which has the mean rank beside it."""
    axes.plot(
        (row.mean_rank, row.mean_rank, end), (TOP, height, height), color=key.colour, linewidth=1.1,
        clip_on=False,
    )  # fmt: skip
    axes.plot(
        row.mean_rank, TOP, key.marker, color=key.colour, markersize=6, clip_on=False, zorder=3
    )
    text = (
        f"{short(row.name)}  {row.mean_rank:.2f}"
        if side < 0
        else f"{row.mean_rank:.2f}  {short(row.name)}"
    )
    axes.annotate(
        text, (end, height), (6 * side, 0), textcoords="offset points",
        ha="right" if side < 0 else "left", va="center_baseline", color=key.colour, annotation_clip=False,
    )  # fmt: skip
