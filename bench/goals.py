"""The goals of bench/goals.toml beside what the comparisons' records say of them."""

import math
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeVar

from comparisons import Key, as_text, key_of, span, title, training_seconds

from zoo.comparison.row_schema import Row
from zoo.comparison.schema import ComparisonReport, Ensemble
from zoo.comparison.table import markdown_table
from zoo.formatting import percent

READ = tomllib.loads((Path(__file__).parent / "goals.toml").read_text())
ACCURACY: list[dict] = READ["accuracy"]
SPEED: list[dict] = READ["speed"]
GPU: list[dict] = READ["gpu"]
PUBLISHED: list[dict] = READ["published"]
T = TypeVar("T", Row, Ensemble)
UNTRIED = "Nothing was tried yet."


def interval(row: Row | Ensemble) -> str:
    """That of a comparison's line, in words."""
    return " to ".join(map(percent, row.interval))


def best(lines: list[T]) -> T | None:
    """The most accurate of a comparison's lines; what failed has no accuracy."""
    return max(lines, key=lambda each: each.accuracy or 0, default=None)


def key_of_goal(goal: dict) -> Key:
    return Key(goal["dataset"], as_text(goal.get("data", {})), goal["recipe"])


def goals_of(key: Key) -> dict[str, dict]:
    asked = key._replace(settings="")
    return {goal["architecture"]: goal for goal in ACCURACY if key_of_goal(goal) == asked}


def wish(goal: dict) -> str:
    if "at_most" in goal:
        return f"at most {percent(goal['at_most'])}"
    return percent(goal["goal"])


def verdict(
    accuracy: float, seeds: int, goal: dict | None, low: float | None = None
) -> tuple[str, str]:
    """The goal, and whether it is reached: the mean itself counts, not its interval.

    A control's bound holds for the chance, not for the draw: it is kept unless the whole interval,
    which begins at `low`, lies above.
    """
    if goal is None:
        return "", ""
    wanted = f"{wish(goal)}, {goal['seeds']} seeds"
    if "at_most" in goal:
        return wanted, "kept" if low is None or low <= goal["at_most"] else "exceeded"
    if accuracy < goal["goal"]:
        return wanted, f"missed by {100 * (goal['goal'] - accuracy):.2f} points"
    fewer = f" with {seeds} seed{'s' * (seeds > 1)}" if seeds < goal["seeds"] else ""
    return wanted, f"reached{fewer}"


def goal_of(report: ComparisonReport, row: Row) -> dict | None:
    """The goal that speaks of an architecture's row, by its name or by its place."""
    goals = goals_of(key_of(report))
    goal = goals.get(row.name) or goals.get("every")
    if row.accuracy == best(report.rows).accuracy:
        goal = goal or goals.get("best")
    return goal


def goal_of_ensemble(report: ComparisonReport, ensemble: Ensemble) -> dict | None:
    """The best ensemble is the one that the goal speaks of."""
    if ensemble.accuracy < best(report.ensembles).accuracy:
        return None
    return goals_of(key_of(report)).get("ensemble")


class Judged(NamedTuple):
    """What a comparison says of a goal."""

    goal: dict
    settings: str
    """The hyperparameters that were given, as text."""
    row: Row | Ensemble | None
    """The comparison's line that speaks of the goal; None: no comparison speaks of it."""
    seeds: int
    seconds: list[int]
    """What its runs took to train, shortest first; of an ensemble, none."""

    @property
    def met(self) -> str:
        if self.row is None:
            return "not recorded"
        return verdict(self.row.accuracy, self.seeds, self.goal, self.row.interval[0])[1]

    @property
    def slow(self) -> bool:
        """A goal may bound the seconds of a run, too: of each one."""
        return bool(self.seconds) and self.seconds[-1] > self.goal.get("seconds", math.inf)

    @property
    def time(self) -> str:
        """What the runs took, beside the bound if there is one."""
        if not self.seconds:
            return ""
        kept = "exceeded" if self.slow else "kept"
        bound = f", at most {self.goal['seconds']} s: {kept}" if "seconds" in self.goal else ""
        return f"{span(self.seconds)}{bound}"


def _line(goal: dict, report: ComparisonReport) -> tuple[Row | Ensemble, int, list[int]] | None:
    """The line of a comparison that decides on a goal, its seeds (of an ensemble, its members), and what
    its runs took."""
    if goal["architecture"] == "ensemble":
        row = best(report.ensembles)
        return row and (row, row.members, [])
    rows = [row for row in report.rows if row.status == "ok"]
    if goal["architecture"] == "best":
        row = best(rows)
    elif goal["architecture"] == "every":  # the one that the bound is tightest for
        row = max(rows, key=lambda row: row.interval[0], default=None)
    else:
        row = next((row for row in rows if row.name == goal["architecture"]), None)
    return row and (row, len(row.seeds), training_seconds(report, row.name))


def judged(found: dict[Key, ComparisonReport]) -> Iterator[Judged]:
    """Goal by goal, each record of it; the sizes that are the defaults first."""
    for goal in ACCURACY:
        records = [
            Judged(goal, key.settings, *line)
            for key, report in sorted(found.items())
            if key._replace(settings="") == key_of_goal(goal) and (line := _line(goal, report))
        ]
        yield from records or [Judged(goal, "", None, 0, [])]


def at_a_glance(found: dict[Key, ComparisonReport]) -> str:
    """All goals of accuracy in one table: ours, and what others published of the kind."""
    rows = [
        (
            title(key_of_goal(each.goal)),
            _who(each.goal["architecture"], each.settings),
            f"{wish(each.goal)}, {each.goal['seeds']} seeds",
            *_ours(each),
            _beside(each.goal),
        )
        for each in judged(found)
    ]
    titles = ["dataset, recipe", "architecture", "goal", "test accuracy", "95 % interval", "seeds",
              "parameters", "", "training a run", "published"]  # fmt: skip
    return (
        "## Goals\n\n"
        "A goal is for any size of an architecture; listed hyperparameters override the defaults. The seeds "
        "of an ensemble are its members. [Published results](#published-results) has the details of the "
        "last column.\n\n" + markdown_table(titles, rows)
    )


def _ours(each: Judged) -> tuple[str, ...]:
    if each.row is None:
        return ("", "", "", "", each.met, "")
    parameters = getattr(each.row, "parameters", None)  # an ensemble has none
    return (
        f"**{percent(each.row.accuracy, 3)}**",
        interval(each.row),
        str(each.seeds),
        f"{parameters:,}" if parameters else "",
        each.met,
        each.time,
    )


def _who(architecture: str, settings: str) -> str:
    """`cnn` with `filters=8,16,32`: whose the hyperparameters are need not be said twice."""
    name = {"best": "the best", "every": "every one", "ensemble": "the best ensemble"}.get(
        architecture, f"`{architecture}`"
    )
    given = settings.replace(f"{architecture}.", "")
    return f"{name} with `{given}`" if given else name


def _beside(goal: dict) -> str:
    """The published figures of an architecture's kind, each with its source."""
    return "; ".join(
        f"[{each['accuracy']}]({each['source']})"
        for each in PUBLISHED
        if each["dataset"] == goal["dataset"] and goal["architecture"] in each["beside"]
    )


def missed(found: dict[Key, ComparisonReport]) -> list[str]:
    """A line for each goal that a record misses: by how much, at which size, and what was tried."""
    lines = []
    for goal, group in groupby(judged(found), key=lambda each: each.goal):
        records = [each for each in group if each.row]
        if not any(each.slow or each.met.startswith(("missed", "exceeded")) for each in records):
            continue
        told = "; ".join(map(_told, records))
        lines.append(
            f"- {title(key_of_goal(goal))}, {_who(goal['architecture'], '')}, {wish(goal)}: {told}. "
            f"{goal.get('tried', UNTRIED)}"
        )
    return lines


def _told(each: Judged) -> str:
    size = f" with `{each.settings}`" if each.settings else ""
    slow = f", {each.time}" if each.slow else ""
    return f"{percent(each.row.accuracy, 3)}{size}, {each.met}{slow}"
