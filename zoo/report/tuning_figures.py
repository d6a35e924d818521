"""The figures of a study, each as inline SVG."""

import math
import warnings
from typing import Any

import matplotlib.style
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from zoo.formatting import percent
from zoo.parameters import as_text
from zoo.report.figure_labels import percent_ticks, short
from zoo.report.svg import INK, MUTED, STYLE, Key, inline
from zoo.tuning.tuning_report import TunedRow, TuningReport

POINTS = 72
MOST_DIMENSIONS = 8
"""Axes of parallel coordinates, and bars of importances, that can still be read."""
BEST_SHARE = 0.25
"""Of the trials; they are drawn in colour."""
UNITS = {"trials": "trials", "steps": "training steps", "seconds": "seconds of training"}


def draw(report: TuningReport, keys: dict[str, Key]) -> dict[str, Markup | None]:
    """`moves`, `curves`, and of each architecture by number `importance-N` and `parallel-N`; None where
    there is nothing to draw."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        found = {"moves": _moves(report, keys), "curves": _curves(report, keys)}
        for number, row in enumerate(report.rows):
            found[f"importance-{number}"] = _importance(row, keys[row.name], number)
            found[f"parallel-{number}"] = _parallel(report, row, keys[row.name], number)
        return found


def score(value: float | None, objective: str) -> str:
    """`97.50 %`, or a loss."""
    if value is None:
        return "—"
    return percent(value) if objective == "val_accuracy" else f"{value:.4f}"


def _moves(report: TuningReport, keys: dict[str, Key]) -> Markup | None:
    """Ranks with the defaults on the left, after tuning on the right, a line for each architecture."""
    rows = [row for row in report.rows if row.default is not None and row.best is not None]
    if not rows:
        return None
    figure, axes = _figure(1.0 + 0.32 * len(rows))
    sign = 1 if report.objective == "val_accuracy" else -1
    places = {
        side: _places({row.name: getattr(row, value) for row in rows}, sign)
        for side, value in (("default", "default"), ("tuned", "best"))
    }
    for row in rows:
        key, ends = keys[row.name], (places["default"][row.name], places["tuned"][row.name])
        axes.plot((0, 1), ends, marker=key.marker, color=key.colour, clip_on=False)
        left = f"{row.default_rank}. {short(row.name)}  {score(row.default, report.objective)}"
        right = f"{row.tuned_rank}. {short(row.name)}  {score(row.best, report.objective)}"
        axes.text(-0.04, ends[0], left, ha="right", va="center_baseline", color=key.colour)
        axes.text(1.04, ends[1], right, ha="left", va="center_baseline", color=key.colour)
    for x, title in ((0, "with the defaults"), (1, "after equal tuning")):
        axes.text(
            x, -0.9, title, ha="right" if not x else "left", va="center_baseline", color=MUTED
        )
    axes.set(xlim=(-1.1, 2.1), ylim=(len(rows) - 0.4, -1.2))
    axes.set_axis_off()
    moved = "; ".join(f"{row.name} {row.default_rank} to {row.tuned_rank}" for row in rows)
    return inline(figure, "moves", f"Ranks by {report.objective}, defaults to tuned: {moved}")


def _places(scores: dict[str, float], sign: int) -> dict[str, int]:
    ordered = sorted(scores, key=lambda name: (-sign * scores[name], name))
    return {name: place for place, name in enumerate(ordered)}


def _curves(report: TuningReport, keys: dict[str, Key]) -> Markup | None:
    """The expected best score against the budget, with the band of all orders."""
    rows = [row for row in report.rows if row.curve]
    if not rows:
        return None
    figure, axes = _figure(3.8)
    for row in rows:
        key = keys[row.name]
        xs = [point.cost for point in row.curve]
        lows, highs = ([getattr(p, end) for p in row.curve] for end in ("low", "high"))
        axes.fill_between(xs, lows, highs, color=key.colour, alpha=0.13, linewidth=0)
        means = [point.mean for point in row.curve]
        every = max(1, len(xs) // 12)
        axes.plot(xs, means, marker=key.marker, color=key.colour, markevery=every, label=row.name)
    _score_axis(axes, report.objective)
    axes.set_xlabel(f"{UNITS[report.unit]} of each architecture")
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=report.unit != "seconds", min_n_ticks=1))
    legend = axes.legend(
        loc="lower right" if report.objective == "val_accuracy" else "upper right",
        frameon=False, ncols=1 + len(rows) // 8, fontsize=9,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_color(INK)
    ends = "; ".join(f"{row.name} {score(row.curve[-1].mean, report.objective)}" for row in rows)
    return inline(figure, "curves", f"Expected best {report.objective} against the budget: {ends}")


def _score_axis(axes: Axes, objective: str) -> None:
    if objective != "val_accuracy":
        axes.set_ylabel("validation loss (less is better)")
        return
    low, high = axes.get_ylim()
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
    percent_ticks(axes, [share for share in ticks if low <= share <= min(high, 1)])
    axes.set_ylabel("validation accuracy")


def _importance(row: TunedRow, key: Key, number: int) -> Markup | None:
    shown = list(row.importances.items())[:MOST_DIMENSIONS]
    if not shown:
        return None
    figure, axes = _figure(0.55 + 0.26 * len(shown))
    names = [short(name.partition(".")[2]) for name, _ in shown]
    axes.barh(names, [share for _, share in shown], color=key.colour, height=0.62)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(0, max(0.05, 1.05 * max(share for _, share in shown)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f} %"))
    said = "; ".join(
        f"{name} {100 * share:.0f} %" for name, (_, share) in zip(names, shown, strict=True)
    )
    return inline(
        figure, f"importance-{number}", f"Importance of each parameter of {row.name}: {said}"
    )


def _parallel(report: TuningReport, row: TunedRow, key: Key, number: int) -> Markup | None:
    """Each complete trial as a line through the values that it had, the best quarter in colour."""
    trials = [each for each in row.trials if each.score is not None]
    if len(trials) < 2:
        return None
    names = _dimensions(row)
    sign = 1 if report.objective == "val_accuracy" else -1
    trials.sort(key=lambda each: sign * (each.score or 0.0))
    scales = {name: _Scale(row, name) for name in names}
    scores = [each.score or 0.0 for each in trials]
    figure, axes = _figure(3.3)
    best = max(1, round(BEST_SHARE * len(trials)))
    for place, trial in enumerate(trials):
        heights = [scales[name].height(trial.values.get(name)) for name in names]
        heights.append(_share(trial.score or 0.0, min(scores), max(scores)))
        good = place >= len(trials) - best
        style: dict[str, Any] = {
            "color": key.colour if good else MUTED,
            "alpha": 0.9 if good else 0.35,
        }
        axes.plot(
            heights, linewidth=2.4 if place == len(trials) - 1 else 1.2, clip_on=False, **style
        )
    ends = [(scales[name].low, scales[name].high) for name in names]
    ends.append((score(min(scores), report.objective), score(max(scores), report.objective)))
    _axes_of(axes, [name.partition(".")[2] for name in names] + [report.objective], ends)
    title = f"Parallel coordinates of {len(trials)} complete trials of {row.name}"
    return inline(figure, f"parallel-{number}", title)


def _axes_of(axes: Axes, titles: list[str], ends: list[tuple[str, str]]) -> None:
    for x, (low, high) in enumerate(ends):
        axes.plot((x, x), (0, 1), color=MUTED, linewidth=0.8, zorder=1)
        axes.text(x, -0.05, short(low, 10), ha="center", va="top", color=MUTED, fontsize=8)
        axes.text(x, 1.05, short(high, 10), ha="center", va="bottom", color=MUTED, fontsize=8)
    axes.set(xlim=(-0.3, len(titles) - 0.7), ylim=(-0.14, 1.14))
    axes.set_xticks(
        range(len(titles)), [short(each, 16) for each in titles], rotation=25, ha="right"
    )
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _dimensions(row: TunedRow) -> list[str]:
    """The dimensions that are shown: the most important ones first, the others in their order."""
    known = [each["name"] for each in row.space]
    ordered = [*row.importances, *(name for name in known if name not in row.importances)]
    return ordered[:MOST_DIMENSIONS]


class _Scale:
    """How high on its axis a value of a dimension is drawn, from 0 to 1."""

    def __init__(self, row: TunedRow, name: str):
        space = next(each for each in row.space if each["name"] == name)
        self._values = [as_text(each) for each in space.get("values", ())]
        self._log = bool(space.get("log"))
        drawn = [each.values[name] for each in row.trials if name in each.values]
        if self._values:
            self.low, self.high = self._values[0], self._values[-1]
            return
        self._ends = (min(space["low"], *drawn), max(space["high"], *drawn))
        self._log = self._log and self._ends[0] > 0
        self.low, self.high = (f"{end:.3g}" for end in self._ends)

    def height(self, value: Any) -> float:
        if self._values:
            text = as_text(value)
            place = self._values.index(text) if text in self._values else -0.5
            return place / (len(self._values) - 1)
        low, high = self._ends
        if self._log:
            return _share(math.log(value), math.log(low), math.log(high))
        return _share(value, low, high)


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.6, height), dpi=POINTS, layout="constrained")
    return figure, figure.subplots()
