"""What an architecture must keep to: latency, memory, parameters; and how long may be spent to find one."""

import re
from dataclasses import dataclass

from zoo.errors import UsageError

SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
BYTES = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
COUNTS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
MOST_MINUTES = 60 * 24 * 30
_NUMBER = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]*)")


@dataclass(frozen=True)
class Limits:
    """What a candidate must keep to; None: no limit.

    Attributes:
        latency: seconds for one sample, the median.
        memory: bytes, the peak of the process that answers.
        parameters: trainable numbers.
    """

    latency: float | None = None
    memory: int | None = None
    parameters: int | None = None


def limits_of(
    latency: str | float | None, memory: str | int | None, parameters: str | int | None
) -> Limits:
    """The limits that are given as texts or numbers.

    >>> limits_of("5ms", "200MB", "1.5M")
    Limits(latency=0.005, memory=200000000, parameters=1500000)
    >>> limits_of(0.005, "1GiB", None)
    Limits(latency=0.005, memory=1073741824, parameters=None)

    Raises:
        UsageError: one is no number above 0, has an unknown unit, or a text has none.
    """
    held = _read("memory", memory, BYTES, "200MB or 1GiB")
    count = _read("parameters", parameters, COUNTS, "500000, 500k or 2M")
    return Limits(
        _read("latency", latency, SECONDS, "5ms or 0.005s"),
        None if held is None else int(held),
        None if count is None else int(count),
    )


def _read(
    name: str, given: str | float | None, units: dict[str, float] | dict[str, int], example: str
) -> float | None:
    if given is None:
        return None
    found = _value(given, units)
    if found is None or not 0 < found < 1e18:
        raise UsageError(
            f"`{name}={given!r}`: use a number above 0 with its unit, as in {example}."
        )
    return found


def _value(given: str | float, units: dict[str, float] | dict[str, int]) -> float | None:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    match = _NUMBER.fullmatch(str(given).strip().lower())
    if match is None or match[2] not in units:
        return None
    return float(match[1]) * units[match[2]]


def seconds_of_minutes(minutes: float) -> float:
    """The seconds that may be spent.

    Raises:
        UsageError: `minutes` is not above 0, or more than a month.
    """
    if not 0 < minutes <= MOST_MINUTES:
        raise UsageError(f"`minutes={minutes:g}`: use a number above 0, such as 30.")
    return 60.0 * minutes
