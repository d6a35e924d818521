"""The table of docs/sequences.md: which architecture uses time, and what it costs.

`python bench/results.py table` writes it from four comparisons (bench/compare.sh): `motion` and its
control, `spoken_digits` with speakers that training knows and with one that it does not.
"""

import comparisons
from results_page import Key, accuracy_with_interval

from zoo import layouts
from zoo.comparison.row_schema import Row
from zoo.comparison.schema import ComparisonReport
from zoo.comparison.table import markdown_table
from zoo.environment import cores_in_words

MOTION, CONTROL = Key("motion", "", "clips"), Key("motion", "order=shuffled", "clips")
SPOKEN, HELD_OUT = Key("spoken_digits", "", "small"), Key("spoken_digits", "split=theo", "small")
BLIND_TO_ORDER = 0.5
"""What a model that is blind to the order of frames can reach on `motion`: see docs/sequences.md."""
TITLES = [
    "architecture", "`motion` as", "order true", "order shuffled", "due to order, points",
    "`spoken_digits`", "speaker held out", "parameters", "training a run", "clips/s",
]  # fmt: skip


def rows_of(report: ComparisonReport) -> dict[str, Row]:
    """By architecture; what failed has none."""
    return {row.name: row for row in report.rows if row.status == "ok"}


def verdicts(motion: dict[str, Row]) -> str:
    """Who was seen to use the order: whose whole interval is above what the blind can reach."""
    ahead = {name: row for name, row in motion.items() if row.interval[0] > BLIND_TO_ORDER}
    behind = [name for name in motion if name not in ahead]
    said = []
    if ahead:
        fastest = max(ahead, key=lambda name: ahead[name].train_images_per_second.median)
        said += [
            f"These use the order of the frames (the whole interval is above 50 %): {listed(ahead)}.",
            f"The fastest of them to train: {listed([fastest])}.",
        ]
    if behind:
        said.append(f"No use of the order was found with this recipe: {listed(behind)}.")
    return " ".join(said)


def owed(row: Row, control: Row | None) -> str:
    """What is lost where the frames come in any order, in points."""
    if control is None:
        return ""
    return f"{round(100 * (row.accuracy - control.accuracy), 1) + 0:+.1f}"


def accuracy(row: Row | None) -> str:
    """Empty where there is no row."""
    return accuracy_with_interval(row.accuracy, row.interval) if row else ""


def listed(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


def block() -> str:
    found = comparisons.comparisons()
    by_key = {key: rows_of(found[key]) for key in (MOTION, CONTROL, SPOKEN, HELD_OUT)}
    motion, control, spoken, held_out = by_key.values()
    lines = [
        (
            f"`{name}`",
            layouts.recorded(row.input),
            accuracy(row),
            accuracy(control.get(name)),
            owed(row, control.get(name)),
            accuracy(spoken.get(name)),
            accuracy(held_out.get(name)),
            f"{row.parameters:,}",
            comparisons.span(comparisons.training_seconds(found[MOTION], name)),
            row.text["inference_images_per_second"],
        )
        for name, row in motion.items()
    ]
    device = found[MOTION].conditions
    where = f"{device.device.name}, {cores_in_words(device.cores)}, {device.backend}"
    seeds = ", ".join(
        f"{comparisons.title(key)}: {max(len(row.seeds) for row in rows.values())}"
        for key, rows in by_key.items()
    )
    return (
        f"{markdown_table(TITLES, lines)}\n{verdicts(motion)}\n\nTest accuracies with 95 % intervals. "
        f"Seeds: {seeds}. Parameters, training and inference speed are for `motion`, on {where}. "
        "[Results](results.md) has the rest.\n"
    )
