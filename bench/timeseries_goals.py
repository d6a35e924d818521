"""The goals on time series of bench/goals.toml beside what timeseries.jsonl says of them.

A goal is judged by two figures where both are there: the mean over seeds on the default split, and the mean
over resamples. `best` is the architecture with the highest mean test accuracy: a choice among several that
the test set made, so that its figure is a little high.
"""

import statistics
from typing import NamedTuple

from goals import READ, UNTRIED

from zoo.comparison.table import markdown_table
from zoo.formatting import percent

GOALS: list[dict] = READ["timeseries"]
ASKED = {False: 5, True: 10}
"""Trainings that a goal asks for: seeds on the default split, and resamples."""
WHAT = {False: "default split", True: "resamples"}
TITLES = ["set", "architecture", "goal", *WHAT.values(), "", "training a run"]


class Figure(NamedTuple):
    """The mean accuracy of an architecture's trainings of one kind."""

    architecture: str
    mean: float
    trainings: int

    @property
    def text(self) -> str:
        return f"{percent(self.mean)}, `{self.architecture}` ({self.trainings})"


def figure(lines: list[dict], goal: dict, *, resampled: bool) -> Figure | None:
    """The one that speaks of a goal; None: nothing is recorded. What has fewer trainings than a goal asks
    for is `best` only where nothing has as many."""
    values: dict[str, list[float]] = {}
    for line in lines:
        if line["set"] == goal["set"] and bool(line["resample"]) == resampled:
            values.setdefault(line["architecture"], []).append(line["accuracy"])
    if goal["architecture"] != "best":
        values = {k: v for k, v in values.items() if k == goal["architecture"]}
    found = [Figure(name, statistics.mean(each), len(each)) for name, each in values.items()]
    enough = [each for each in found if each.trainings >= ASKED[resampled]]
    return max(enough or found, key=lambda each: (each.mean, each.trainings), default=None)


def bound(goal: dict, published: dict) -> float:
    """The lowest accuracy that reaches a goal."""
    if "within" not in goal:
        return goal["goal"]
    mean, spread = _published(goal, published)
    return mean - spread


def _published(goal: dict, published: dict) -> tuple[float, float]:
    each = published[goal["set"], goal["within"]]
    return float(each["mean_over_resamples"]), float(each["standard_deviation"])


def wish(goal: dict, published: dict) -> str:
    if "within" not in goal:
        return f"at least {percent(goal['goal'])}"
    mean, spread = _published(goal, published)
    return (
        f"at least {percent(mean - spread)} over resamples (published {percent(mean)} ± "
        f"{100 * spread:.2f})"
    )


def verdict(found: dict[bool, Figure | None], goal: dict, published: dict) -> str:
    """By the better of two figures that have enough trainings; if none has, by the better of those that are
    there. A goal beside published resamples is judged by resamples alone."""
    kinds = [True] if "within" in goal else [False, True]
    there = [(each, kind) for kind in kinds if (each := found[kind])]
    enough = [(each, kind) for each, kind in there if each.trainings >= ASKED[kind]]
    if not there:
        return "not recorded"
    (_, mean, trainings), kind = max(enough or there, key=lambda each: each[0].mean)
    least = bound(goal, published)
    met = "reached" if mean >= least else f"missed by {100 * (least - mean):.2f} points"
    return met if enough else f"{met} with {trainings} of {ASKED[kind]} trainings"


def times(lines: list[dict], goal: dict, found: dict[bool, Figure | None]) -> list[float]:
    """What the trainings took that the figures are of, in seconds."""
    names = {each.architecture for each in found.values() if each}
    of = [x for x in lines if x["set"] == goal["set"] and x["architecture"] in names]
    return sorted(line["seconds"] for line in of)


def section(lines: list[dict], published: dict) -> str:
    """The table of the goals, and what was tried for those that are missed."""
    rows, missed = [], []
    for goal in GOALS:
        found = {kind: figure(lines, goal, resampled=kind) for kind in ASKED}
        met = verdict(found, goal, published)
        seconds = times(lines, goal, found)
        name = "the best" if goal["architecture"] == "best" else f"`{goal['architecture']}`"
        took = f"{seconds[0]:.0f} to {seconds[-1]:.0f} s" if seconds else ""
        if seconds and seconds[-1] > goal["seconds"]:
            took += f", at most {goal['seconds']} s: exceeded"
        figures = [each.text if each else "" for each in found.values()]
        rows.append((goal["set"], name, wish(goal, published), *figures, met, took))
        if met.startswith("missed"):
            missed.append(f"- {goal['set']}, {name}: {met}. {goal.get('tried', UNTRIED)}")
    told = ["Missed:\n", *missed, ""] if missed else []
    return "\n".join([
        "Goals, with the number of trainings in brackets. A goal is reached if the mean over seeds on the "
        "default split reaches it, or the mean over resamples; one beside a published mean, if the mean "
        "over resamples is at most one published standard deviation below. `InceptionTime` as published is "
        "an ensemble of five networks, `inception_time` is one. The best is chosen by test accuracy, so "
        "that its figure is a little high. Two trainings ran at a time, one thread each, beside other work: "
        "their times are upper bounds.\n",
        markdown_table(TITLES, rows),
        *told,
    ])  # fmt: skip
