"""The budget of a study: how much of what each architecture gets."""

import re
from dataclasses import dataclass
from typing import Literal

from zoo.errors import UsageError
from zoo.formatting import duration

Unit = Literal["trials", "steps", "seconds"]

ARGUMENTS: dict[Unit, str] = {"trials": "trials", "steps": "budget_steps", "seconds": "budget"}
"""The argument of `zoo.tune` for each unit."""
SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
MOST_TRIALS = 10_000
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


@dataclass(frozen=True)
class Budget:
    """What each architecture gets: so many trials, training steps or seconds."""

    unit: Unit
    amount: float

    def __str__(self) -> str:
        return in_words(self.unit, self.amount)


def in_words(unit: Unit, amount: float) -> str:
    """`20 trials`, `12,000 steps`, `2 h 00 min`."""
    if unit == "seconds":
        return duration(amount)
    one = unit.removesuffix("s") if amount == 1 else unit
    return f"{amount:,.0f} {one}"


def budget_of(trials: int | None, budget: str | float | None, budget_steps: int | None) -> Budget:
    """The one budget that is given.

    Raises:
        UsageError: none or several are given, or it is not even one.
    """
    given = [each for each in (trials, budget, budget_steps) if each is not None]
    if len(given) != 1:
        what = "none" if not given else "several"
        raise UsageError(
            f"the budget of each architecture is `trials`, `budget` or `budget_steps`; {what} is given. "
            "Use one of them, for example `trials=20`."
        )
    if trials is not None:
        if not 1 <= trials <= MOST_TRIALS:
            raise UsageError(f"`trials={trials}`: use 1 to {MOST_TRIALS:,} trials.")
        return Budget("trials", trials)
    if budget_steps is not None:
        if budget_steps < 1:
            raise UsageError(f"`budget_steps={budget_steps}`: use at least the steps of one trial.")
        return Budget("steps", budget_steps)
    assert budget is not None
    return Budget("seconds", seconds_of(budget))


def seconds_of(text: str | float) -> float:
    """The seconds of a duration.

    >>> seconds_of("2h"), seconds_of("1.5 min"), seconds_of("1h30m"), seconds_of(90)
    (7200.0, 90.0, 5400.0, 90.0)

    Raises:
        UsageError: it is no duration, or none above 0.
    """
    written = str(text).strip().lower()
    parts = _DURATION.findall(written)
    rest = _DURATION.sub("", written).strip()
    known = bool(parts) and not rest and all(unit in (*SECONDS, "") for _, unit in parts)
    total = sum(float(number) * SECONDS.get(unit, 1) for number, unit in parts) if known else 0.0
    if not 0 < total < 1e8:
        raise UsageError(f"`budget={text!r}`: write a duration such as 90s, 30min, 2h or 1h30m.")
    return float(total)
