"""What a law is, how it says that it is broken, and what came of checking it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "skipped"]


class Broken(Exception):
    """A law does not hold.

    Args:
        seen: what was seen; further lines may hold the author's frames.
        change: what the author may do about it.
    """

    def __init__(self, seen: str, change: str):
        super().__init__(seen)
        self.seen, self.change = seen, change


class Skipped(Exception):
    """A law cannot be checked here; the text says why."""


@dataclass(frozen=True)
class Check:
    """One thing that can be relied on.

    Attributes:
        name: what `--law` takes.
        says: the law, in a sentence.
        why: why it matters, in a sentence.
        check: takes a `Harness` (of a dataset: a `DatasetCase`) and returns what was seen, in a few
            words. Raises `Broken` or `Skipped`; anything else it raises is the author's exception.
    """

    name: str
    says: str
    why: str
    check: Callable[[Any], str]


@dataclass(frozen=True)
class Verdict:
    """What came of checking a law.

    Attributes:
        seen: what was seen; of a skipped law, why it was skipped.
        change: what to do about a failure; else empty.
    """

    law: Check
    state: State
    seen: str
    change: str
    seconds: float
