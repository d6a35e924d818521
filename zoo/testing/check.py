"""A check, how it reports a failure, and its verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "skipped"]


class CheckFailed(Exception):
    """A check fails.

    Args:
        seen: what was seen; further lines may hold frames of the author's code.
        change: what the author can do about it.
    """

    def __init__(self, seen: str, change: str):
        super().__init__(seen)
        self.seen, self.change = seen, change


class Skipped(Exception):
    """A check cannot run here; the text says why."""


@dataclass(frozen=True)
class Check:
    """A property that every architecture, or every dataset, must have.

    Args:
        name: used by `zoo.check` and in test names.
        says: the property, in one sentence.
        why: why it matters, in one sentence.
        run: takes a `Harness` (for datasets a `DatasetHarness`) and returns what was seen, in a few
            words. Raises `CheckFailed` or `Skipped`; any other exception counts as a failure in
            the author's code.
    """

    name: str
    says: str
    why: str
    run: Callable[[Any], str]


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    Args:
        check: the check.
        state: `passed`, `failed` or `skipped`.
        seen: what was seen; for a skipped check, the reason.
        change: what to do about a failure; empty otherwise.
        seconds: how long the check took.
    """

    check: Check
    state: State
    seen: str
    change: str
    seconds: float

    @property
    def law(self) -> Check:
        """The former name of `check`."""
        return self.check
