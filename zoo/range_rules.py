"""Whether a range or a choice fits the parameter that is drawn from it."""

from typing import Any

from zoo.errors import UsageError
from zoo.parameters import Parameter, as_text
from zoo.ranges import Choice, Range, Space, is_number


def fault_of(space: Space, parameter: Parameter) -> str:
    """Why a parameter cannot be drawn from a space, in words; else empty. Defaults are not looked at."""
    if isinstance(space, Range):
        return _fault_of_range(space) or _fault_of_ends(space, parameter)
    return _fault_of_choice(space, parameter)


def _fault_of_range(space: Range) -> str:
    if not (is_number(space.low) and is_number(space.high)):
        return f"the ends {space.low!r} and {space.high!r} are not both numbers"
    if space.low == space.high:
        return f"{space.low:g} to {space.high:g} is one value; leave it fixed, or give a range"
    if space.low > space.high:
        return f"{space.low:g} to {space.high:g} is empty; give the lower end first"
    if space.log and space.low <= 0:
        return f"a logarithmic range begins above 0, not at {space.low:g}"
    return "" if space.step is None else _fault_of_step(space, space.step)


def _fault_of_step(space: Range, step: Any) -> str:
    if space.log or not is_number(step) or step <= 0:
        return f"step is {step!r}; use a positive number, and not with log"
    if space.low + step > space.high:
        return f"step {step:g} leaves one value of {space.low:g} to {space.high:g}"
    return ""


def _fault_of_ends(space: Range, parameter: Parameter) -> str:
    for end in (space.low, space.high, space.low if space.step is None else space.step):
        if not _fits(parameter, end):
            return f"{end!r} is no {parameter.type_name}"
        if isinstance(end, float) and type(parameter.parse(as_text(end))) is not float:
            return f"{end!r} is no {parameter.type_name}"
    return ""


def _fault_of_choice(space: Choice, parameter: Parameter) -> str:
    texts = [as_text(each) for each in space.values]
    if not texts:
        return "it has no value to choose from"
    for value in space.values:
        if not _fits(parameter, value):
            return f"{value!r} is no {parameter.type_name}"
    if len(set(texts)) == 1:
        return f"{texts[0]} is one value; leave it fixed, or give two or more"
    for text in texts:
        if texts.count(text) > 1:
            return f"{text} is there twice"
    return ""


def _fits(parameter: Parameter, value: Any) -> bool:
    """Whether a value, written as text, is read as it is; a float may be written as a whole number."""
    try:
        found = parameter.parse(as_text(value))
    except UsageError:
        return False
    if isinstance(found, float):
        return is_number(value)
    return type(found) is type(value) and found == value
