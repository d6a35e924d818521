"""The picture of a comparison in README.md: what each architecture learns and costs, and what can be told.

`python bench/results.py table` draws docs/comparison.svg from the record of bench/compare.sh.
"""

from pathlib import Path

import comparisons
from frames_curve import COLOURS, MARKERS, source_of
from sizes import RESULTS

from zoo.comparison.row_schema import Row
from zoo.comparison.schema import ComparisonReport, Pair

HERE = Path(__file__).parent
RECORD = RESULTS / "compare-mnist-quick.json"
FIGURE = HERE.parent / "docs" / "comparison.svg"
INK, MUTED, GRID = "#1f2328", "#57606a", "#dddddd"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "archzoo",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


def draw(source: Path = RECORD, target: Path = FIGURE) -> None:
    """Two panels on white paper; the same bytes again."""
    import matplotlib.style
    from matplotlib.figure import Figure

    report = ComparisonReport.read(source)
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(10, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        accuracies(left, report.rows)
        differences(right, report.pairs)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
        seeds = max(len(row.seeds) for row in report.rows)
        figure.suptitle(
            f"{comparisons.title(comparisons.key_of(report)).replace('`', '')}: {seeds} seeds each",
            x=0.01, ha="left", weight="bold",
        )  # fmt: skip
        figure.savefig(
            target, format="svg", metadata={"Date": None, "Description": source_of(source)}
        )


def accuracies(axes, rows: list[Row]) -> None:
    """Mean test accuracy with its interval, against inference speed."""
    for number, row in enumerate(rows):
        speed = row.inference_images_per_second.median
        mean, (low, high) = 100 * row.accuracy, (100 * end for end in row.interval)
        axes.errorbar(
            [speed], [mean], [[mean - low], [high - mean]],
            color=COLOURS[number], marker=MARKERS[number], markersize=8, elinewidth=1.8,
        )  # fmt: skip
        axes.annotate(
            row.name, (speed, mean), (9, 0), textcoords="offset points",
            va="center", color=COLOURS[number], weight="bold",
        )  # fmt: skip
    speeds = [row.inference_images_per_second.median for row in rows]
    axes.set_xscale("log")
    axes.set_xlim(min(speeds) / 1.25, max(speeds) * 1.6)
    shown = [each for each in (5_000, 10_000, 20_000, 50_000) if each < max(speeds) * 1.6]
    axes.set_xticks(shown, [f"{each:,}" for each in shown])
    axes.minorticks_off()
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set(xlabel="inference, images/s", ylabel="test accuracy, %")
    axes.set_title("Accuracy and cost", loc="left", fontsize=11)


def differences(axes, pairs: list[Pair]) -> None:
    """Each pair's difference with its interval; filled where the corrected test finds one."""
    for height, pair in enumerate(pairs):
        low, high = (100 * end for end in pair.interval)
        axes.plot([low, high], [height, height], color=MUTED, linewidth=1.8)
        axes.plot(
            100 * pair.difference, height, "o", markersize=8, markeredgecolor=INK,
            markerfacecolor=INK if pair.different else "white",
        )  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1, zorder=1)
    names = [f"{pair.first} − {pair.second}" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names, color=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(pairs) - 0.5, -0.5)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_xlabel("difference, points, with its 95 % interval")
    told = sum(pair.different for pair in pairs)
    verdict = f"{told} of {len(pairs)} pairs differ" if told else "cannot tell any pair apart"
    axes.set_title(f"Verdict: {verdict}", loc="left", fontsize=11)


def is_drawn(source: Path = RECORD, figure: Path = FIGURE) -> bool:
    """Whether the figure is of this record."""
    return figure.exists() and source_of(source) in figure.read_text()
