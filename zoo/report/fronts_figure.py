"""The figure of Pareto fronts: the chosen metric against each cost."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator

from zoo.comparison.fronts_schema import Front, FrontEntry
from zoo.comparison.row_schema import Row
from zoo.formatting import size
from zoo.report.figure_labels import Place, label_points, percent_ticks
from zoo.report.svg import MUTED, PAPER, Key, inline
from zoo.scoring import Metric

POINTS = 72
MOST = 24
"""Architectures that a panel still has room for."""
LABELS = {
    "train_seconds": "seconds of training (logarithmic)",
    "flops": "FLOPs of a sample (logarithmic)",
    "latency": "milliseconds for one sample (logarithmic)",
    "memory": "GiB of memory in training (logarithmic)",
}
UNITS = {"latency": 1e3, "memory": 1 / 2**30}
"""By what a cost is multiplied to be shown."""


def draw_fronts(
    fronts: list[Front], rows: list[Row], keys: dict[str, Key], metric: Metric
) -> Markup | None:
    """A panel for each cost; None where there is nothing to draw, or too much.

    Filled: on the front. Hollow: dominated. Pale: nobody can tell.
    """
    shown = [front for front in fronts if front.cost in LABELS and len(front.entries) <= MOST]
    if not shown:
        return None
    judged = {row.name: row for row in rows if row.judged is not None}
    figure = Figure(figsize=(5.6, 2.9 * len(shown)), dpi=POINTS, layout="constrained")
    panels = figure.subplots(len(shown), squeeze=False)[:, 0]
    for axes, front in zip(panels, shown, strict=True):
        _panel(axes, front, judged, metric)
    for axes, front in zip(panels, shown, strict=True):
        _names(axes, front, judged, keys)
    return inline(figure, "fronts", "; ".join(_said(front, metric) for front in shown))


def _scaled(front: Front, value: float) -> float:
    return value * UNITS.get(front.cost, 1)


def _panel(axes: Axes, front: Front, rows: Mapping[str, Row], metric: Metric) -> None:
    axes.set_xscale("log")
    low = min(_scaled(front, each.low or each.cost) for each in front.entries)
    high = max(_scaled(front, each.high or each.cost) for each in front.entries)
    margin = max(1.15, (high / low) ** 0.12)
    axes.set_xlim(low / margin, high * margin)
    ends = [end for each in front.entries for end in rows[each.name].judged_interval or ()]
    ends += [rows[each.name].judged or 0.0 for each in front.entries]
    room = 0.08 * (max(ends) - min(ends)) or 0.01
    axes.set_ylim(min(ends) - room, max(ends) + room)
    subs = (1, 2, 5) if high / low < 100 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs if high / low > 2.5 else range(1, 10)))
    axes.xaxis.set_major_formatter(FuncFormatter(_tick))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.set_xlabel(LABELS[front.cost])
    bottom, top = axes.get_ylim()
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(bottom, top)
    if metric.percent:
        percent_ticks(axes, [tick for tick in ticks if bottom <= tick <= min(top, 1)])
    axes.set_ylabel(metric.title)
    if metric.lower_is_better:
        axes.invert_yaxis()


def _tick(value: float, _position: int) -> str:
    return size(value) if value >= 10_000 else f"{value:g}"


def _names(axes: Axes, front: Front, rows: Mapping[str, Row], keys: dict[str, Key]) -> None:
    """The points with their ranges, and their names where they cover nothing."""
    places: dict[str, Place] = {}
    bars: list[list[Place]] = []
    for each in front.entries:
        row, key = rows[each.name], keys[each.name]
        x, y = _scaled(front, each.cost), row.judged or 0.0
        places[each.name] = (x, y)
        mine: list[list[Place]] = [[(x, end) for end in row.judged_interval or (y, y)]]
        if each.low is not None and each.high is not None:
            mine.append([(_scaled(front, end), y) for end in (each.low, each.high)])
        for bar in mine:
            axes.plot(*zip(*bar, strict=True), color=key.colour, linewidth=1, zorder=1.5)
        bars += mine
        axes.plot(x, y, key.marker, markersize=8, **_style(each, key))
    label_points(axes, keys, places, bars)


def _style(entry: FrontEntry, key: Key) -> dict[str, Any]:
    if entry.state == "front":
        return {"color": key.colour, "zorder": 3}
    if entry.state == "dominated":
        return {"markerfacecolor": PAPER, "markeredgecolor": MUTED, "zorder": 2}
    return {"markerfacecolor": PAPER, "markeredgecolor": key.colour, "zorder": 2.5}


def _said(front: Front, metric: Metric) -> str:
    by_state: dict[str, list[str]] = {}
    for each in front.entries:
        by_state.setdefault(each.state, []).append(each.name)
    states = ", ".join(f"{state}: {' '.join(names)}" for state, names in by_state.items())
    return f"{metric.title} against {LABELS[front.cost]}: {states}"
