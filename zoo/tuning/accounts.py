"""What each architecture has spent of its budget, and which one is next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoo.tuning.budget import Budget, in_words
from zoo.tuning.trials import Trial

MOST_FAILURES = 3
"""An architecture whose first trials all fail is given up after so many."""


@dataclass(frozen=True)
class Account:
    """The trials of an architecture, against its budget."""

    trials: Sequence[Trial]
    budget: Budget

    @property
    def spent(self) -> float:
        """In the budget's unit; trials that are being trained are counted."""
        if self.budget.unit == "trials":
            return len(self.trials)
        return sum(getattr(each, self.budget.unit) for each in self.trials)

    @property
    def left(self) -> float:
        return max(0.0, self.budget.amount - self.spent)

    @property
    def given_up(self) -> bool:
        """Whether nothing but failures came of it."""
        ended = [each for each in self.trials if each.ended]
        return len(ended) >= MOST_FAILURES and all(each.state == "failed" for each in ended)

    @property
    def done(self) -> bool:
        """Whether no trial may begin: the budget is spent, or the cheapest trial would exceed it."""
        if self.given_up or not self.left:
            return True
        if self.budget.unit == "trials":
            return False
        whole = [getattr(t, self.budget.unit) for t in self.trials if t.state == "complete"]
        return self.left < min(whole, default=0)

    @property
    def complete(self) -> bool:
        """Whether the budget is spent, and no trial is being trained."""
        return self.done and not self.given_up and all(each.ended for each in self.trials)


def next_of(accounts: Mapping[str, Account]) -> str | None:
    """The architecture that has spent least, so that a study that is stopped leaves them equal."""
    open_ones = {name: each for name, each in accounts.items() if not each.done}
    if not open_ones:
        return None
    return min(open_ones, key=lambda name: (open_ones[name].spent, len(open_ones[name].trials)))


def left_in_words(accounts: Mapping[str, Account]) -> str:
    """`12 trials left`"""
    budget = next(iter(accounts.values())).budget
    left = sum(0 if each.done else each.left for each in accounts.values())
    return f"{in_words(budget.unit, left)} left" if left else "none left"
