"""What a search may draw for one parameter: a range of numbers, or a choice of values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEYS = ("low", "high", "log", "step")


@dataclass(frozen=True)
class Range:
    """A range of numbers that `zoo.tune` draws a hyperparameter from.

    It goes into the annotation of a hyperparameter of `build`. Importing it imports no Keras.

    Args:
        low, high: both ends can be drawn. Whole numbers for a hyperparameter of type int.
        log: draw the logarithm uniformly, so that 16 to 32 is as probable as 256 to 512.
        step: draw `low`, `low + step`, ...; not with `log`.

    Example:
        >>> from typing import Annotated
        >>> def build(input_shape, num_classes, *,
        ...           units: Annotated[int, "units of the LSTM", Range(16, 512, log=True)] = 64): ...
        >>> Architecture("net", build, "sequence", "one LSTM").hyperparameters["units"].space
        Range(low=16, high=512, log=True, step=None)
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __str__(self) -> str:
        parts = [f"{self.low} to {self.high}"]
        parts += ["logarithmic"] if self.log else []
        parts += [f"step {self.step}"] if self.step is not None else []
        return ", ".join(parts)

    def holds(self, value: Any) -> bool:
        """Whether a value lies between the ends."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high


@dataclass(frozen=True, init=False)
class Choice:
    """Values that `zoo.tune` chooses a hyperparameter from.

    Args:
        values: two or more, of the hyperparameter's type.

    Example:
        >>> Choice((16, 32), (32, 64)).values
        ((16, 32), (32, 64))
    """

    values: tuple[Any, ...]

    def __init__(self, *values: Any):
        object.__setattr__(self, "values", values)

    def __str__(self) -> str:
        return " | ".join(map(_text, self.values))

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return any(each == value and type(each) is type(value) for each in self.values)


Space = Range | Choice


def space_in(value: Any) -> Space:
    """The range or choice that a value of a TOML file stands for.

    Raises:
        ValueError: it is neither `{ low = ..., high = ... }` nor a list; the message says what to write.
    """
    if isinstance(value, list):
        return Choice(*(tuple(each) if isinstance(each, list) else each for each in value))
    if not isinstance(value, dict):
        raise ValueError(
            f"is {value!r}; write {{ low = 0.001, high = 0.1, log = true }}, or a list of values"
        )
    for key in value:
        if key not in KEYS:
            raise ValueError(f"has the key {key!r}; a range has low, high, log and step")
    _check_types(value)
    return Range(value["low"], value["high"], value.get("log", False), value.get("step"))


def _check_types(table: Mapping[str, Any]) -> None:
    for key in ("low", "high"):
        if key not in table:
            raise ValueError(f"has no {key}; a range has low and high")
    for key, value in table.items():
        if key == "log" and not isinstance(value, bool):
            raise ValueError(f"has log = {value!r}; use true or false")
        if key != "log" and not is_number(value):
            raise ValueError(f"has {key} = {value!r}; use a number")


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, and not True or False."""
    ordinary = isinstance(value, int | float) and not isinstance(value, bool)
    return ordinary and math.isfinite(value)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
